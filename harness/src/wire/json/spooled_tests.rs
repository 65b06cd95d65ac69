//! Texts in spools: what is read of them is what is read of held ones, wherever a window ends.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Json, Limits, Parsed, parse};
use crate::wire::{Spool, View};

/// Windows of tests: the smallest that there may be, and a few more, so that edges fall everywhere.
const WINDOWS: [usize; 4] = [16, 17, 23, 64];

fn spooled(bytes: &[u8], window: usize, limits: &Limits) -> Parsed {
    let spool = Spool::of_bytes(bytes.to_vec(), window);
    parse(View::Spooled(&spool), limits)
}

/// Holds what is read in both ways against each other.
fn compare(bytes: &[u8]) {
    for limits in [Limits::default(), Limits { max_bytes: 100, max_depth: 2, max_nodes: 6 }] {
        let held = parse(bytes, &limits);
        for window in WINDOWS {
            let found = spooled(bytes, window, &limits);
            // By pieces first, as after that a long text may be held.
            assert_eq!(found, held, "in windows of {window}: {:?}", String::from_utf8_lossy(bytes));
            let (found, held) = (found.value.as_ref(), held.value.as_ref());
            assert_eq!(found.map(Json::to_string), held.map(Json::to_string), "written, in windows of {window}");
            assert_eq!(found.map(|found| found.shortened(20)), held.map(|held| held.shortened(20)));
            let texts = found.into_iter().flat_map(strings).zip(held.into_iter().flat_map(strings));
            texts.for_each(|(found, held)| {
                assert_eq!((found.len(), found.characters(), found.shortened(5)), (held.len(), held.characters(), held.shortened(5)));
                assert_eq!(&**found, &**held, "and held in the end");
            });
        }
    }
}

/// All strings in a value.
fn strings(value: &Json) -> Vec<&super::Text> {
    match value {
        Json::String(text) => vec![text],
        Json::Array(items) => items.iter().flat_map(strings).collect(),
        Json::Object(members) => members.iter().flat_map(|(_, value)| strings(value)).collect(),
        _ => Vec::new(),
    }
}

/// What strings are made of, right and wrong.
fn any_bits() -> impl Strategy<Value = Vec<u8>> {
    let bits: [&[u8]; 22] = [
        b"a",
        b"bc ",
        b"\xc3\xa9",
        b"\xe2\x82\xac",
        b"\xf0\x9f\x98\x80",
        b"\\n",
        b"\\\"",
        b"\\\\",
        b"\\u00e9",
        b"\\ud83d\\ude00",
        b"\\ud83d",
        b"\\ude00",
        b"\\u12",
        b"\\x",
        b"\\",
        b"\x01",
        b"\xff",
        b"\xe2\x82",
        b"\xf0\x9f",
        b"\xed\xa0\x80",
        b"'",
        b"0123456789abcdef",
    ];
    vec(prop::sample::select(bits.to_vec()), 0..30).prop_map(|bits| bits.concat())
}

/// A text with long strings in it, which may be broken off.
fn any_text() -> impl Strategy<Value = Vec<u8>> {
    let string = || any_bits().prop_map(|bits| [b"\"", bits.as_slice(), b"\""].concat());
    let value = prop_oneof![
        4 => string(),
        1 => Just(b"[1, {}]".to_vec()),
        1 => string().prop_map(|text| [b"[", text.as_slice(), b",[[", &text, b"]]]"].concat()),
        1 => Just(b"NaN".to_vec()),
        1 => any_bits(),
    ];
    let member = (prop_oneof![Just(b"\"k\"".to_vec()), string()], value).prop_map(|(key, value)| [key.as_slice(), b": ", &value].concat());
    (vec(member, 0..5), any::<bool>(), any::<prop::sample::Index>(), 0..4).prop_map(|(members, marked, cut, whole)| {
        let mark = if marked { "\u{feff}" } else { "" };
        let mut text = [mark.as_bytes(), b"{", &members.join(&b", "[..]), b"} "].concat();
        if whole == 0 {
            text.truncate(cut.index(text.len()));
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn where_a_text_is_kept_makes_no_difference(bytes in any_text()) {
        compare(&bytes);
    }

    #[test]
    fn nor_does_it_for_bytes_that_are_no_text(bits in vec(prop_oneof![any_bits(), Just(b"\"".to_vec()), Just(b"[{\"".to_vec())], 0..8)) {
        compare(&bits.concat());
    }
}

#[test]
fn a_long_string_is_left_where_it_is() {
    let spool = Spool::of_bytes(format!(r#"{{"text":"{}\n","name":"stdout"}}"#, "x".repeat(1000)).into_bytes(), 16);
    let parsed = parse(View::Spooled(&spool), &Limits::default());
    let text = parsed.value.as_ref().and_then(|value| value.get("text")?.as_text()).expect("a text");
    assert!((text.len(), text.pieces().count() > 60) == (1001, true) && text.pieces().all(|piece| piece.len() <= 16));
    assert_eq!(text.pieces().last().as_deref().map(|last| last.ends_with("x\n")), Some(true));
    assert!(*text == *format!("{}\n", "x".repeat(1000)) && *text != *format!("{}\n", "y".repeat(1000)));
}
