//! A client: who it says it is, and the messages that it makes.

use crate::plan::{Format, Object, Outgoing, Sign};
use crate::trace::Bytes;
use crate::wire::{ConnectionInfo, Frame, Header, Message, PartName, Signer, UnknownScheme};

/// The protocol version that our own messages carry.
const PROTOCOL_VERSION: &str = "5.5";

/// One client. Its session id is also its ZeroMQ identity on shell, control and stdin, as with every real front end.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) session: String,
    /// Whether it is subscribed to all of iopub; otherwise no status is waited for on its behalf.
    pub(super) hears_all: bool,
    /// Whether it is cut off when it leaves, as by a network that is lost: the kernel is not told.
    pub(super) cut_off: bool,
}

/// The kernel's key, and one that is not.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) own: Signer,
    other: Signer,
}

impl Keys {
    /// The keys for a kernel that was given `link`.
    pub(super) fn new(link: &ConnectionInfo) -> Result<Self, UnknownScheme> {
        let mut forged = link.clone();
        forged.key.push_str(" and not this one");
        Ok(Self { own: link.signer()?, other: forged.signer()? })
    }
}

/// A message that is ready to go.
pub(super) struct Composed {
    pub(super) id: String,
    pub(super) frames: Vec<Frame>,
}

impl Client {
    pub(super) fn new(topics: &[Bytes], rng: &mut fastrand::Rng) -> Self {
        Self { session: uuid(rng), hears_all: topics.iter().any(|topic| topic.0.is_empty()), cut_off: false }
    }

    /// Makes the frames of `outgoing`, with a message id of its own.
    pub(super) fn compose(&self, outgoing: &Outgoing, keys: &Keys, date: &str, rng: &mut fastrand::Rng) -> Composed {
        let mut header = self.header(&outgoing.msg_type, date, rng);
        for (key, value) in &outgoing.header {
            header.insert(key.clone(), value.clone());
        }
        for key in &outgoing.without_header {
            header.shift_remove(key);
        }
        let id = header.get("msg_id").and_then(|id| id.as_str()).unwrap_or_default().to_owned();
        let part = |name: PartName, object: &Object| match outgoing.raw.get(&name) {
            Some(raw) => raw.0.clone(),
            None => spliced(spell(object, outgoing.format), outgoing.splice.get(&name)),
        };
        let message = Message {
            prefix: outgoing.idents.iter().map(|ident| ident.0.clone()).collect(),
            header: part(PartName::Header, &header),
            parent: part(PartName::Parent, &outgoing.parent),
            metadata: part(PartName::Metadata, &outgoing.metadata),
            content: part(PartName::Content, &outgoing.content),
            buffers: outgoing.buffers.iter().map(|buffer| buffer.0.clone()).collect(),
        };
        let before = message.prefix.len();
        let mut frames = sign(message, keys, outgoing.sign);
        if let Some(kept) = outgoing.cut_to {
            frames.truncate(before + kept as usize);
        }
        Composed { id, frames }
    }

    fn header(&self, msg_type: &str, date: &str, rng: &mut fastrand::Rng) -> Object {
        let header = Header {
            msg_id: uuid(rng),
            session: self.session.clone(),
            username: "kernelcheck".to_owned(),
            date: date.to_owned(),
            msg_type: msg_type.to_owned(),
            version: PROTOCOL_VERSION.to_owned(),
            subshell_id: None,
        };
        match serde_json::to_value(header) {
            Ok(serde_json::Value::Object(object)) => object,
            other => panic!("a header of strings is a JSON object, not {other:?}"),
        }
    }
}

/// 128 random bits in the usual spelling of a version 4 UUID.
pub(super) fn uuid(rng: &mut fastrand::Rng) -> String {
    let bits = (rng.u128(..) & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn sign(message: Message, keys: &Keys, how: Sign) -> Vec<Frame> {
    let at = message.prefix.len() + 1;
    let other = (how == Sign::OtherKey).then(|| keys.other.sign(&message.signed_parts()).into_bytes());
    let mut frames = message.encode(&keys.own);
    let good = frames[at].clone();
    if how == Sign::Tampered {
        frames[at + 4].push(b' ');
    }
    frames[at] = match how {
        Sign::Good | Sign::Tampered => good,
        Sign::Flipped => flipped(&good),
        Sign::OtherKey => other.unwrap_or_default(),
        Sign::Empty => Vec::new(),
        Sign::Short => good[..good.len() / 2].to_vec(),
        Sign::Long => [good.as_slice(), b"abc"].concat(),
        Sign::Raw => hex::decode(&good).unwrap_or(good),
        Sign::Upper => good.to_ascii_uppercase(),
        Sign::Nonsense => b"nonsense".to_vec(),
    };
    frames
}

fn flipped(good: &[u8]) -> Vec<u8> {
    let mut bad = good.to_vec();
    match bad.last_mut() {
        Some(last) => *last = if *last == b'0' { b'1' } else { b'0' },
        None => bad = b"0".repeat(64),
    }
    bad
}

fn spell(object: &Object, format: Format) -> Vec<u8> {
    let write = |value: &Object, pretty: bool| {
        let text = if pretty { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) };
        text.unwrap_or_else(|error| panic!("a JSON object with string keys always serializes: {error}"))
    };
    match format {
        Format::Compact => write(object, false).into_bytes(),
        Format::Spaced => format!("\r\n {}\t\n", write(object, true)).into_bytes(),
        Format::Reversed => write(&reversed(object), false).into_bytes(),
        Format::Escaped => escaped(&write(object, false)).into_bytes(),
    }
}

/// An object's text with more bytes before its closing brace.
fn spliced(mut text: Vec<u8>, more: Option<&Bytes>) -> Vec<u8> {
    if let (Some(more), Some(end)) = (more, text.iter().rposition(|byte| *byte == b'}')) {
        text.splice(end..end, more.0.iter().copied());
    }
    text
}

fn reversed(object: &Object) -> Object {
    object
        .iter()
        .rev()
        .map(|(key, value)| match value {
            serde_json::Value::Object(inner) => (key.clone(), serde_json::Value::Object(reversed(inner))),
            other => (key.clone(), other.clone()),
        })
        .collect()
}

/// All but ASCII, and every `a` inside a string, as `\u` escapes.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let (mut in_string, mut after_backslash) = (false, false);
    for c in json.chars() {
        if !c.is_ascii() || (in_string && !after_backslash && c == 'a') {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
        in_string ^= c == '"' && !after_backslash;
        after_backslash = c == '\\' && !after_backslash;
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::Owed;
    use crate::wire::{Channel, Limits, Scheme, decode, json};

    fn object(value: serde_json::Value) -> Object {
        value.as_object().expect("an object").clone()
    }

    #[test]
    fn every_spelling_says_the_same() {
        let said = object(json!({"code": "a 'é' \\ \"😀\"", "silent": false, "inner": {"x": 1, "y": [1, 2]}}));
        let plain = json::parse(&spell(&said, Format::Compact), &Limits::default());
        for format in [Format::Spaced, Format::Reversed, Format::Escaped] {
            let text = spell(&said, format);
            let parsed = json::parse(&text, &Limits::default());
            assert_eq!(parsed.problems, [], "{format:?}");
            assert_eq!(parsed.value, plain.value, "{format:?}");
            assert_ne!(text, spell(&said, Format::Compact), "{format:?}");
        }
        assert!(spell(&said, Format::Escaped).is_ascii());
    }

    #[test]
    fn only_a_good_signature_verifies() {
        let own = Signer::new(Scheme::HmacSha256, b"key");
        let keys = Keys { own: own.clone(), other: Signer::new(Scheme::HmacSha256, b"another") };
        let message = Message {
            header: b"{}".to_vec(),
            parent: b"{}".to_vec(),
            metadata: b"{}".to_vec(),
            content: b"{}".to_vec(),
            ..Message::default()
        };
        let verifies = |how| decode(&sign(message.clone(), &keys, how), &Limits::default()).verify(&own);
        assert!(verifies(Sign::Good));
        for how in [Sign::Flipped, Sign::Tampered, Sign::OtherKey, Sign::Empty, Sign::Short, Sign::Long, Sign::Raw, Sign::Upper] {
            assert!(!verifies(how), "{how:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_json_are_signed_like_any() {
        let mut rng = fastrand::Rng::with_seed(1);
        let own = Signer::new(Scheme::HmacSha256, b"key");
        let keys = Keys { own: own.clone(), other: own.clone() };
        let bytes = |text: &str| Bytes(text.as_bytes().to_vec());
        let honest = Outgoing::honest(Channel::Shell, "kernel_info_request", Object::new(), Owed::nothing());
        let outgoing = Outgoing {
            raw: [(PartName::Content, bytes("no JSON"))].into(),
            splice: [(PartName::Metadata, bytes("\"x\": NaN"))].into(),
            ..honest
        };
        let client = Client::new(&[], &mut rng);
        let frames = client.compose(&outgoing, &keys, "", &mut rng).frames;
        assert!(decode(&frames, &Limits::default()).verify(&own));
        assert_eq!(frames[4..], [b"{\"x\": NaN}".to_vec(), b"no JSON".to_vec()]);
        let cut = client.compose(&Outgoing { cut_to: Some(3), ..outgoing }, &keys, "", &mut rng).frames;
        assert_eq!(cut.len(), 3);
    }

    #[test]
    fn ids_are_version_4_uuids_and_follow_from_the_seed() {
        let id = uuid(&mut fastrand::Rng::with_seed(7));
        assert_eq!(id, uuid(&mut fastrand::Rng::with_seed(7)));
        assert_eq!((id.len(), &id[14..15], id.matches('-').count()), (36, "4", 4));
        assert!(matches!(&id[19..20], "8" | "9" | "a" | "b"));
    }
}
