//! The target body for the decoder of messages: any bytes as frames, and what must hold of whatever is read from them.

use std::collections::BTreeSet;

use harness::wire::{Decoded, Frame, Json, Limits, ProblemKind, Scheme, Signer, Spool, View, decode, json};

/// Ends one frame and begins the next: the record separator of ASCII, which no honest frame holds.
const SEPARATOR: u8 = 0x1e;

/// Bounds that small inputs can reach.
const LIMITS: Limits = Limits { max_bytes: 2048, max_depth: 8, max_nodes: 64 };

/// More malformations than any message can have: for each part twenty problems of each of twelve kinds, the one that ended
/// the reading, and the wrong kind of value; and two of the frames.
const MOST_MALFORMATIONS: usize = 4 * (20 * 12 + 2) + 2;

/// A window that strings of small inputs are longer than.
const WINDOW: usize = 16;

/// Decodes `data`, frames set apart by the byte 0x1e, and holds what comes out against the invariants of the decoder.
///
/// # Panics
///
/// If an invariant is broken.
pub fn decode_frames(data: &[u8]) {
    let frames: Vec<Frame> = data.split(|&byte| byte == SEPARATOR).map(<[u8]>::to_vec).collect();
    let decoded = decode(&frames, &LIMITS);
    assert_eq!(decoded, decode(&frames, &LIMITS), "decoding is deterministic");
    check_bounds(&decoded);
    check_encoding(&decoded, &frames);
    for bytes in decoded.parts.iter().filter_map(|part| part.bytes) {
        check_text(&bytes);
        check_spooled(&bytes);
    }
}

fn check_bounds(decoded: &Decoded<'_>) {
    assert!(decoded.malformations.len() <= MOST_MALFORMATIONS);
    for value in decoded.parts.iter().filter_map(|part| part.value.as_ref()) {
        let (depth, nodes) = measure(value);
        assert!(depth <= LIMITS.max_depth, "depth {depth}");
        assert!(nodes <= LIMITS.max_nodes, "{nodes} values");
    }
}

/// The depth of containers and the number of values.
fn measure(value: &Json) -> (usize, usize) {
    let children: Vec<&Json> = match value {
        Json::Array(items) => items.iter().collect(),
        Json::Object(members) => members.iter().map(|(_, value)| value).collect(),
        _ => return (0, 1),
    };
    let measured = children.into_iter().map(measure);
    measured.fold((1, 1), |(depth, nodes), (below, more)| (depth.max(below + 1), nodes + more))
}

/// A message with all its parts is encoded to the same frames, but for the signature, and verifies.
fn check_encoding(decoded: &Decoded<'_>, frames: &[Frame]) {
    let Some(message) = decoded.to_message() else {
        return;
    };
    let signer = Signer::new(Scheme::HmacSha256, b"key");
    let mut encoded = message.clone().encode(&signer);
    let again = decode(&encoded, &LIMITS);
    assert!(again.verify(&signer), "a signature that we made verifies");
    assert_eq!(again.to_message(), Some(message), "a message comes back");
    let signature = decoded.prefix.len() + 1;
    encoded[signature].clone_from(&frames[signature]);
    assert_eq!(encoded, frames, "encoding restores the frames");
}

/// What is read of a text, written and read again, is the same, and now without problems of the text.
fn check_text(bytes: &[u8]) {
    let parsed = json::parse(bytes, &LIMITS);
    assert!(parsed.value.is_some() || !parsed.problems.is_empty());
    assert!(parsed.problems.iter().all(|problem| problem.offset <= bytes.len()));
    let kinds: BTreeSet<ProblemKind> = parsed.problems.iter().map(|problem| problem.kind).collect();
    let Some(value) = parsed.value.filter(|_| !kinds.contains(&ProblemKind::NotJson)) else {
        return;
    };
    let again = json::parse(value.to_string().as_bytes(), &Limits::default());
    let stays = |kind| matches!(kind, ProblemKind::DuplicateKey | ProblemKind::NanToken);
    assert!(again.problems.iter().all(|problem| stays(problem.kind)), "{:?}", again.problems);
    assert_eq!(again.value, Some(value), "a value survives its text");
}

/// What is read of a text in a spool is what is read of it in memory, wherever a window ends.
fn check_spooled(bytes: &[u8]) {
    let held = json::parse(bytes, &LIMITS);
    let spool = Spool::of_bytes(bytes.to_vec(), WINDOW);
    let spooled = json::parse(View::Spooled(&spool), &LIMITS);
    assert_eq!(spooled, held, "where it is kept makes no difference");
    let text = |parsed: &json::Parsed| parsed.value.as_ref().map(Json::to_string);
    assert_eq!(text(&spooled), text(&held), "nor to its text");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corpus_breaks_nothing() {
        crate::own::corpus::replay("decode", decode_frames);
    }

    #[test]
    fn values_are_measured_with_their_containers() {
        let text = br#"{"a": [1, [2]], "b": {}}"#;
        let value = json::parse(text, &Limits::default()).value;
        assert_eq!(value.as_ref().map(measure), Some((3, 6)));
    }
}
