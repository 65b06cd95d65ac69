//! `kernelcheck replay`: reproducers of seeded defects.

use serde_json::Value;

use super::Bench;

const PROGRAM: &str = env!("CARGO_BIN_EXE_kernelcheck");
const HONEST: [&str; 3] = [PROGRAM, "fixture-kernel", "{connection_file}"];
const SILENT: [&str; 5] = [PROGRAM, "fixture-kernel", "--defect", "no-error-on-iopub", "{connection_file}"];

/// Finds a defect, and gives the name of its reproducer.
fn find(bench: &Bench) -> String {
    let run = ["run", "-q", "--select", "errors/kinds,EXEC-06", "--out", "found", "--"];
    let found = bench.call(&[&run[..], &SILENT].concat());
    assert_eq!(found.code, Some(1), "{}\n{}", found.stdout, found.stderr);
    let results: Value = serde_json::from_str(&bench.read("found/results.json")).expect("JSON");
    let file = results["findings"][0]["reproducer"].as_str().expect("a finding has a reproducer").to_owned();
    assert!(found.stdout.contains(&format!("replay found/{file}")), "{}", found.stdout);
    format!("found/{file}")
}

#[test]
fn a_finding_is_there_again_or_gone() {
    let bench = Bench::new();
    let file = find(&bench);
    let again = bench.call(&[&["replay", "-q", &file, "--"][..], &SILENT].concat());
    assert_eq!(again.code, Some(1), "{}\n{}", again.stdout, again.stderr);
    assert!(again.stdout.starts_with("reproduced: EXEC-06: "), "{}", again.stdout);
    // A kernel in which it is mended answers otherwise, and the step that shows it is named.
    let gone = bench.call(&[&["replay", "-q", &file, "--"][..], &HONEST].concat());
    assert_eq!(gone.code, Some(0), "{}\n{}", gone.stdout, gone.stderr);
    assert!(gone.stdout.starts_with("gone: EXEC-06: ") && gone.stdout.contains("now it is iopub error"), "{}", gone.stdout);
}

#[test]
fn no_command_of_a_file_is_run() {
    let bench = Bench::new();
    let file = find(&bench);
    let refused = bench.call(&["replay", "-q", &file]);
    assert_eq!(refused.code, Some(2), "{}", refused.stdout);
    assert!(refused.stderr.contains("give that, or another, after `--`"), "{}", refused.stderr);
}

#[test]
fn what_is_no_reproducer_is_refused() {
    let bench = Bench::new();
    let sound = bench.read(&find(&bench));
    let cases = [
        ("{}", "no reproducer that this version knows"),
        (&sound.replace("\"reproducer\": 1", "\"reproducer\": 2"), "its version is 2"),
        (&sound.replace("\"clients\": [\n      \"a\"\n    ]", "\"clients\": []"), "no client `a`"),
    ];
    for (text, wanted) in cases {
        bench.write("bad.json", text);
        let refused = bench.call(&["replay", "bad.json"]);
        assert_eq!(refused.code, Some(2), "{}", refused.stdout);
        assert!(refused.stderr.contains("bad.json can't be replayed") && refused.stderr.contains(wanted), "{}", refused.stderr);
    }
}
