//! Files that are out of place, or can't be read.

use std::path::Path;

use harness::spec::Spec;

use crate::{RULE, STATUS, mistakes_of};

#[test]
fn files_as_such() {
    let files = [
        ("messages/Status.toml", STATUS),
        ("messages/notes.txt", ""),
        ("rules/loose.md", RULE),
        ("messages/stream.toml", "a = \nb = 1\nb = 2\n[c\n"),
        ("messages/date.toml", "a = 2020-01-01\nb = 99999999999999999999\n"),
        ("scenarios/status/.draft.toml", "not looked at"),
    ];
    insta::assert_snapshot!(mistakes_of(&files), @r#"
    specs/messages/Status.toml: `Status` is not snake_case
    specs/messages/date.toml:1: dates must be written as strings
    specs/messages/date.toml:2: this integer does not fit into 64 bits
    specs/messages/notes.txt: no file of a spec has such a place: there are messages/NAME.toml, rules/GROUP/NAME.md, scenarios/GROUP/NAME.toml and profiles/NAME.toml
    specs/messages/stream.toml:1: string values must be quoted, expected literal string
    specs/messages/stream.toml:3: duplicate key
    specs/messages/stream.toml:4: unclosed table, expected `]`
    specs/rules/loose.md: no file of a spec has such a place: there are messages/NAME.toml, rules/GROUP/NAME.md, scenarios/GROUP/NAME.toml and profiles/NAME.toml
    "#);
}

#[test]
fn bytes_that_are_no_text() {
    let dir = tempfile::tempdir().expect("a directory for the files");
    std::fs::create_dir(dir.path().join("messages")).expect("the folder can be made");
    std::fs::write(dir.path().join("messages/status.toml"), b"a = 1\nb = \"\xff\"\n").expect("the file can be written");
    let errors = Spec::load(dir.path()).expect_err("bytes are no text").to_string();
    let shown = errors.replace(&dir.path().display().to_string(), "specs");
    assert_eq!(shown, "specs/messages/status.toml:2: this is not UTF-8");
}

#[test]
fn a_directory_without_a_spec() {
    let errors = Spec::load(Path::new("no/such/place")).expect_err("nothing is there");
    assert_eq!(errors.to_string(), "no/such/place: no spec is here: it would have one of the folders messages, rules, scenarios, profiles");
}
