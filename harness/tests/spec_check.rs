//! Contents held against the declared fields of a message type: which problems are seen, and which are not.

use harness::spec::{FieldProblem, MessageType, Spec};
use harness::wire::json::{self, Limits};

const HEAD: &str =
    "summary = 'x'\nchannels = ['iopub']\ndirection = 'to-client'\nrole = 'publication'\nstatus = 'required'\nsource = 'x'\n";

const FIELDS: &str = r#"
    [fields.count]
    type = "int|null"
    required = true
    min = 0
    max = 10
    summary = "x"
    [fields.ratio]
    type = "number"
    required = false
    max = 1
    summary = "x"
    [fields.state]
    type = "string"
    required = true
    allowed = ["busy", "idle"]
    pattern = "^[a-z]+$"
    summary = "x"
    [fields.why]
    type = "string"
    required = { state = "idle", count = 3 }
    summary = "x"
    [fields.rows]
    type = "array"
    required = false
    summary = "x"
    [fields."rows[]"]
    type = "object"
    required = true
    summary = "x"
    [fields."rows[].kind"]
    type = "string"
    required = true
    summary = "x"
    [fields."rows[].size"]
    type = "int"
    required = { "rows[].kind" = "box", state = "busy" }
    summary = "x"
    [fields.data]
    type = "object"
    required = false
    summary = "x"
    [fields."data{}"]
    type = "string"
    required = true
    summary = "x"
    [fields."data.depth"]
    type = "int"
    required = false
    summary = "x"
"#;

fn message_type() -> MessageType {
    let dir = tempfile::tempdir().expect("a directory for the file");
    std::fs::create_dir(dir.path().join("messages")).expect("the folder can be made");
    std::fs::write(dir.path().join("messages/note.toml"), format!("{HEAD}{FIELDS}")).expect("the file can be written");
    let mut spec = Spec::load(dir.path()).expect("the file has no mistake");
    spec.messages.remove("note").expect("it was loaded")
}

fn check(text: &str, only: Option<&[&str]>) -> Vec<FieldProblem> {
    let content = json::parse(text.as_bytes(), &Limits::default()).value;
    message_type().check(&content.expect("the text of this test is JSON"), only)
}

fn problem(path: &str, at: &str, wanted: &str, found: &str) -> FieldProblem {
    let [path, at, wanted, found] = [path, at, wanted, found].map(str::to_owned);
    FieldProblem { path, at, wanted, found }
}

#[test]
fn a_content_as_declared_and_more_than_that_is_fine() {
    let content =
        r#"{"count": null, "state": "idle", "ratio": 1e-3, "rows": [{"kind": "bag"}], "data": {"a": "b", "depth": 1}, "more": []}"#;
    assert_eq!(check(content, None), []);
}

#[test]
fn an_integer_is_one_by_its_spelling() {
    for (spelling, found) in [("1.0", "number 1.0"), ("1e0", "number 1e0"), ("true", "bool true"), ("\"1\"", "string \"1\"")] {
        let content = format!(r#"{{"count": {spelling}, "state": "busy"}}"#);
        assert_eq!(check(&content, None), [problem("count", "count", "int or null", found)]);
    }
}

#[test]
fn limits_hold_for_numbers_beyond_64_bits_too() {
    let content = |count: &str| format!(r#"{{"count": {count}, "state": "busy", "ratio": 1.5}}"#);
    let ratio = problem("ratio", "ratio", "at most 1", "number 1.5");
    let low = problem("count", "count", "at least 0", "int -99999999999999999999");
    let high = problem("count", "count", "at most 10", "int 11");
    assert_eq!(check(&content("-99999999999999999999"), None), [low, ratio.clone()]);
    assert_eq!(check(&content("11"), None), [high, ratio]);
}

#[test]
fn a_text_is_held_against_what_is_allowed_and_its_pattern() {
    let problems = [
        problem("state", "state", r#"one of "busy", "idle""#, r#"string "B""#),
        problem("state", "state", "text matching ^[a-z]+$", r#"string "B""#),
    ];
    assert_eq!(check(r#"{"count": 1, "state": "B"}"#, None), problems);
}

#[test]
fn conditions_hold_all_together_and_each_for_its_own_item() {
    let why = problem("why", "why", "string", "missing");
    assert_eq!(check(r#"{"count": 3, "state": "idle"}"#, None), [why]);
    assert_eq!(check(r#"{"count": 4, "state": "idle"}"#, None), []);
    let rows = r#"{"count": 3, "state": "busy", "rows": [{"kind": "bag"}, {"kind": "box", "size": 1}, {"kind": "box"}]}"#;
    assert_eq!(check(rows, None), [problem("rows[].size", "rows[2].size", "int", "missing")]);
}

#[test]
fn one_constraint_gives_one_problem_with_the_first_place() {
    let content = r#"{"count": 1, "state": "busy", "rows": [1, 2, {}], "data": {"depth": "x", "b": 2, "c": 3}}"#;
    let problems = [
        problem("rows[]", "rows[0]", "object", "int 1"),
        problem("rows[].kind", "rows[2].kind", "string", "missing"),
        problem("data.depth", "data.depth", "int", "string \"x\""),
        problem("data{}", "data.b", "string", "int 2"),
    ];
    assert_eq!(check(content, None), problems);
}

#[test]
fn only_some_fields_and_all_inside_them() {
    let content = r#"{"rows": [{}], "data": 1, "datum": 1}"#;
    assert_eq!(check(content, Some(&["rows"])), [problem("rows[].kind", "rows[0].kind", "string", "missing")]);
    assert_eq!(check(content, Some(&["dat", "why"])), []);
    let both = check(content, Some(&["data", "count"]));
    assert_eq!(both, [problem("count", "count", "int or null", "missing"), problem("data", "data", "object", "int 1")]);
}

#[test]
fn a_content_that_is_no_object_and_a_long_text() {
    assert_eq!(check("[]", None), [problem("", "", "object", "array")]);
    let found = format!("string \"{}…\"", "x".repeat(40));
    let content = format!(r#"{{"count": "{}", "state": "busy"}}"#, "x".repeat(500));
    assert_eq!(check(&content, None), [problem("count", "count", "int or null", &found)]);
}
