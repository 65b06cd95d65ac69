//! What the scanner makes of right and wrong texts.

use std::fmt::Write;

use proptest::prelude::*;

use super::ProblemKind::{
    ByteOrderMark, ControlCharacter, DuplicateKey, Empty, InvalidUtf8, LoneSurrogate, NanToken, NotJson, TooDeep, TooLarge, TrailingBytes,
    Truncated,
};
use super::*;

/// The value as text (`-` for none), and each problem as (kind, offset, path).
type Outcome = (String, Vec<(ProblemKind, usize, String)>);

fn read_within(bytes: &[u8], limits: Limits) -> Outcome {
    let Parsed { value, problems } = parse(bytes, &limits);
    let text = value.map_or("-".to_owned(), |value| value.to_string());
    let problems = problems.into_iter();
    (text, problems.map(|problem| (problem.kind, problem.offset, problem.path)).collect())
}

fn read(bytes: impl AsRef<[u8]>) -> Outcome {
    read_within(bytes.as_ref(), Limits::default())
}

fn outcome(text: &str, problems: &[(ProblemKind, usize, &str)]) -> Outcome {
    let owned = |&(kind, offset, path): &(ProblemKind, usize, &str)| (kind, offset, path.to_owned());
    (text.to_owned(), problems.iter().map(owned).collect())
}

#[test]
fn standard_json_has_no_problems() {
    let text = "\t{\"a\" : [1, -2.5e3, true,false ,null, \"x\\ty\\u00e9\\ud834\\udd1e\"],\r\n\"\": {}, \"é\": []} ";
    let value = "{\"a\":[1,-2.5e3,true,false,null,\"x\\tyé\u{1d11e}\"],\"\":{},\"é\":[]}";
    assert_eq!(read(text), outcome(value, &[]));
    for scalar in ["1", "\"x\"", "null", "1e999", "36893488147419103232"] {
        assert_eq!(read(scalar), outcome(scalar, &[]));
    }
}

#[test]
fn the_reading_goes_on_past_faults_that_leave_the_structure_plain() {
    assert_eq!(read(b"\xef\xbb\xbf{}"), outcome("{}", &[(ByteOrderMark, 0, "")]));
    assert_eq!(read("{} {}"), outcome("{}", &[(TrailingBytes, 3, "")]));
    assert_eq!(
        read(b"[\"a\xc3(\", 1, \"\xff\xfe\"]"),
        outcome("[\"a\u{fffd}(\",1,\"\u{fffd}\u{fffd}\"]", &[(InvalidUtf8, 3, "[0]"), (InvalidUtf8, 12, "[2]"), (InvalidUtf8, 13, "[2]")])
    );
    assert_eq!(
        read("{\"n\": [NaN, Infinity, -Infinity]}"),
        outcome("{\"n\":[NaN,Infinity,-Infinity]}", &[(NanToken, 7, "n[0]"), (NanToken, 12, "n[1]"), (NanToken, 22, "n[2]")])
    );
    assert_eq!(
        read(r#"["\ud800", "\udc00x", "\ud800\u0041", "\ud800\ud834\udd1e"]"#),
        outcome(
            "[\"\u{fffd}\",\"\u{fffd}x\",\"\u{fffd}A\",\"\u{fffd}\u{1d11e}\"]",
            &[(LoneSurrogate, 2, "[0]"), (LoneSurrogate, 12, "[1]"), (LoneSurrogate, 23, "[2]"), (LoneSurrogate, 39, "[3]")]
        )
    );
    assert_eq!(read("[\"a\nb\"]"), outcome("[\"a\\nb\"]", &[(ControlCharacter, 3, "[0]")]));
    assert_eq!(
        read("[01, +1, .5, 1-2]"),
        outcome("[01,+1,.5,1-2]", &[(NotJson, 1, "[0]"), (NotJson, 5, "[1]"), (NotJson, 9, "[2]"), (NotJson, 13, "[3]")])
    );
    assert_eq!(read(r#"["\é\u12G4"]"#), outcome("[\"éu12G4\"]", &[(NotJson, 2, "[0]"), (NotJson, 5, "[0]")]));
}

#[test]
fn duplicate_keys_are_kept_and_found_in_small_and_large_objects() {
    assert_eq!(
        read(r#"{"a": 1, "b": {"a": 1, "a": 2}, "a": NaN}"#),
        outcome(r#"{"a":1,"b":{"a":1,"a":2},"a":NaN}"#, &[(DuplicateKey, 23, "b.a"), (DuplicateKey, 32, "a"), (NanToken, 37, "a")])
    );
    let mut large = String::from("{");
    for index in 0..50 {
        write!(large, "\"key{index}\":0,").expect("a String takes all text");
    }
    let offset = large.len();
    let text = format!("{large}\"key7\":1}}");
    assert_eq!(read(&text), outcome(&text, &[(DuplicateKey, offset, "key7")]));
}

#[test]
fn what_was_read_before_a_fault_is_kept() {
    assert_eq!(read(""), outcome("-", &[(Empty, 0, "")]));
    assert_eq!(read(" \n"), outcome("-", &[(Empty, 2, "")]));
    assert_eq!(read("{"), outcome("{}", &[(Truncated, 1, "")]));
    assert_eq!(read(r#"{"a": 1, "b": [1, "cut"#), outcome(r#"{"a":1,"b":[1]}"#, &[(Truncated, 22, "b[1]")]));
    assert_eq!(read(r#"{"a": 1, "a""#), outcome(r#"{"a":1}"#, &[(Truncated, 12, "a")]));
    assert_eq!(read("[tru"), outcome("[]", &[(Truncated, 4, "[0]")]));
    assert_eq!(read("[-"), outcome("[]", &[(Truncated, 2, "[0]")]));
    assert_eq!(read("[1, 2"), outcome("[1]", &[(Truncated, 5, "[1]")]));
    assert_eq!(read("[\"\\u12"), outcome("[]", &[(Truncated, 6, "[0]")]));
    assert_eq!(read("[truth]"), outcome("[]", &[(NotJson, 1, "[0]")]));
    assert_eq!(read("[1,]"), outcome("[1]", &[(NotJson, 3, "[1]")]));
    assert_eq!(read("{\"a\":1,}"), outcome("{\"a\":1}", &[(NotJson, 7, "")]));
    assert_eq!(read("{\"a\":1 \"b\":2}"), outcome("{\"a\":1}", &[(NotJson, 7, "")]));
    assert_eq!(read("{\"a\" 1}"), outcome("{}", &[(NotJson, 5, "a")]));
    assert_eq!(read("{'a': 1}"), outcome("{}", &[(NotJson, 1, "")]));
    assert_eq!(read("[1}"), outcome("[1]", &[(NotJson, 2, "[1]")]));
    assert_eq!(read("<html>"), outcome("-", &[(NotJson, 0, "")]));
    assert_eq!(read(b"\xff\xfe{\0}\0"), outcome("-", &[(NotJson, 0, "")]));
}

#[test]
fn every_cost_has_a_bound() {
    let limits = Limits { max_bytes: 12, max_depth: 2, max_nodes: 4 };
    assert_eq!(read_within(b"[0, 0, 0, 0]", limits), outcome("[0,0,0]", &[(TooLarge, 10, "[3]")]));
    assert_eq!(read_within(b"[0, 0, 0,  0]", limits), outcome("-", &[(TooLarge, 12, "")]));
    assert_eq!(read_within(b"[[[\"]\"]],1]", limits), outcome("[[null],1]", &[(TooDeep, 2, "[0][0]")]));
    let unlimited = Limits { max_depth: usize::MAX, ..Limits::default() };
    let deep = "[".repeat(100_000);
    assert_eq!(read_within(deep.as_bytes(), unlimited).1, {
        let path = "[0]".repeat(86);
        vec![(TooDeep, 1024, path.clone()), (Truncated, 100_000, path)]
    });
    let closed = format!("{deep}{}", "]".repeat(100_000));
    let nulled = format!("{}null{}", "[".repeat(900), "]".repeat(900));
    assert_eq!(read(&closed), outcome(&nulled, &[(TooDeep, 900, &"[0]".repeat(86))]));
}

#[test]
fn problems_and_paths_are_bounded_and_the_one_that_ended_the_reading_is_there() {
    let (_, problems) = read(format!("[{}", "NaN,".repeat(500)));
    assert_eq!((problems.len(), problems.last()), (21, Some(&(Truncated, 2001, "[500]".to_owned()))));
    let (_, problems) = read(format!("[{}01]", "NaN,".repeat(500)));
    assert_eq!((problems.len(), problems.last()), (21, Some(&(NotJson, 2001, "[500]".to_owned()))));
    let (_, problems) = read(format!("{{\"{}\": NaN}}", "é".repeat(1000)));
    assert_eq!(problems[0].2, format!("{}…", "é".repeat(128)));
}

#[test]
fn a_problem_tells_where_it_is() {
    let parsed = parse(b"{\"a\": [NaN]}", &Limits::default());
    assert_eq!(parsed.problems[0].to_string(), "NaN or Infinity at byte 7, in a[0]");
    assert_eq!(parse(b"", &Limits::default()).problems[0].to_string(), "empty at byte 0");
}

proptest! {
    #[test]
    fn any_bytes_can_be_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let parsed = parse(&bytes, &Limits::default());
        prop_assert!(parsed.value.is_some() || !parsed.problems.is_empty());
    }

    #[test]
    fn anything_made_of_json_tokens_can_be_read(text in r#"([\[\]{}:,]|"a"|"\\u?|1|-|\.|e|NaN|true| |\\){0,40}"#) {
        let parsed = parse(text.as_bytes(), &Limits::default());
        let accepted = serde_json::from_str::<serde_json::Value>(&text).is_ok();
        let faultless = parsed.problems.iter().all(|problem| problem.kind == DuplicateKey);
        prop_assert_eq!(accepted, faultless, "{:?}", parsed);
    }

    #[test]
    fn a_text_cut_anywhere_keeps_its_first_members(cut in 0_usize..40) {
        let text = r#"{"a": 1, "b": {"c": [true, null]}, "d": "\u0041"}"#;
        let parsed = parse(&text.as_bytes()[..cut], &Limits::default());
        let kinds: Vec<_> = parsed.problems.iter().map(|problem| problem.kind).collect();
        prop_assert_eq!(kinds, vec![if cut == 0 { Empty } else { Truncated }]);
        let first = parsed.value.as_ref().and_then(|value| value.get("a")).and_then(Json::as_i64);
        prop_assert_eq!(first, if cut > 7 { Some(1) } else { None });
    }
}
