//! Spec directories with mistakes of every kind.

use std::path::Path;

use crate::bench::Bench;

const SPECS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../specs");

/// A copy of the built-in spec.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("writable");
    for entry in std::fs::read_dir(from).expect("readable").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::write(target, std::fs::read(entry.path()).expect("readable")).expect("writable");
        }
    }
}

#[test]
fn every_mistake_of_a_spec_is_told_with_its_place() {
    let bench = Bench::new();
    copy(Path::new(SPECS), &bench.path("specs"));
    let spoil = |name: &str, from: &str, to: &str| {
        let text = bench.read(name);
        assert!(text.contains(from), "{name}");
        bench.write(name, text.replacen(from, to, 1));
    };
    spoil("specs/scenarios/execute/plain.toml", "summary ", "sumary ");
    spoil("specs/scenarios/execute/plain.toml", "snippet  = \"result\"", "snippet  = \"reslt\"");
    spoil("specs/rules/life/ready-in-time.md", "\"fail\"", "\"fial\"");
    bench.write("specs/messages/status.toml", b"\xff\xfe");
    bench.write("specs/profiles/python.toml", "[");
    let run = bench.call(&["--specs", "specs", "run"]);
    assert_eq!(run.keeps_within(64, 30.0).code, Some(2), "{}", run.stderr);
    for mistake in [
        "specs/messages/status.toml:1: this is not UTF-8",
        "specs/profiles/python.toml:1: ",
        "specs/rules/life/ready-in-time.md:4: unknown verdict `fial` (did you mean `fail`?)",
        "specs/scenarios/execute/plain.toml:1: unknown key `sumary` (did you mean `summary`?)",
    ] {
        assert!(run.stderr.contains(mistake), "{mistake}\n{}", run.stderr);
    }
}

#[test]
fn an_unknown_check_is_told_with_its_place() {
    let bench = Bench::new();
    copy(Path::new(SPECS), &bench.path("specs"));
    let rule = bench.read("specs/rules/life/ready-in-time.md");
    bench.write("specs/rules/life/ready-in-time.md", rule.replace("[check.response]", "[check.responce]"));
    let run = bench.call(&["--specs", "specs", "run"]);
    assert_eq!(run.keeps_within(64, 30.0).code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("ready-in-time.md:9: ") && run.stderr.contains("did you mean `response`?"), "{}", run.stderr);
}

#[test]
fn a_directory_without_a_spec_is_told() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("empty")).expect("writable");
    for dir in ["empty", "gone"] {
        let run = bench.call(&["--specs", dir, "run"]);
        assert_eq!(run.code, Some(2), "{}", run.stderr);
        assert!(run.stderr.contains(&format!("{dir}: no spec is here")), "{}", run.stderr);
    }
}
