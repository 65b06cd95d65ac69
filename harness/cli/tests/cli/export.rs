//! `kernelcheck replay --export python`: the scripts tell a kernel that has a defect from one that has not.
//!
//! They are played by the Python of `KERNELCHECK_VENV`, which has pyzmq; without it they are only written.

use std::process::Command;

use serde_json::Value;

use super::Bench;

const PROGRAM: &str = env!("CARGO_BIN_EXE_kernelcheck");
const HONEST: [&str; 3] = [PROGRAM, "fixture-kernel", "{connection_file}"];

/// Finds a defect, and writes the script for what the rule has to say of it.
fn export(bench: &Bench, defect: &str, scenario: &str, rule: &str) {
    let kernel = ["--", PROGRAM, "fixture-kernel", "--defect", defect, "{connection_file}"];
    let found = bench.call(&[&["run", "-q", "--select", scenario, "--select", rule, "--out", "found"][..], &kernel].concat());
    let results: Value = serde_json::from_str(&bench.read("found/results.json")).expect("JSON");
    let of_rule = results["findings"].as_array().expect("findings").iter().find(|finding| finding["rule"] == rule);
    let file = of_rule.unwrap_or_else(|| panic!("{rule} finds nothing: {}", found.stdout))["reproducer"].as_str().expect("a reproducer");
    let exported = bench.call(&["replay", &format!("found/{file}"), "--export", "python", "--out", "again.py"]);
    assert_eq!((exported.code, &*exported.stdout), (Some(0), ""), "{}", exported.stderr);
}

/// Exit code and output of a script; nothing without a Python.
fn play(bench: &Bench, arguments: &[&str]) -> Option<(Option<i32>, String)> {
    let python = std::path::Path::new(&std::env::var_os("KERNELCHECK_VENV")?).join("bin/python");
    let output = Command::new(python).current_dir(bench.dir.path()).arg("again.py").args(arguments).output().expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some((output.status.code(), text(&output.stdout) + &text(&output.stderr)))
}

fn tells(defect: &str, scenario: &str, rule: &str) {
    let bench = Bench::new();
    export(&bench, defect, scenario, rule);
    let Some((code, text)) = play(&bench, &[]) else { return };
    assert_eq!(code, Some(1), "{text}");
    assert!(text.lines().last().is_some_and(|line| line.starts_with(&format!("REPRODUCED: {rule}: "))), "{text}");
    let honest: Vec<&str> = std::iter::once("--").chain(HONEST).collect();
    let (code, text) = play(&bench, &honest).expect("there is a Python");
    assert_eq!(code, Some(0), "{text}");
    assert!(text.lines().last().is_some_and(|line| line.starts_with(&format!("GONE: {rule}: "))), "{text}");
}

#[test]
fn an_answer_that_never_comes() {
    tells("no-reply-to-empty-code", "execute/blank", "EXEC-01");
}

#[test]
fn an_idle_that_never_comes() {
    tells("no-idle-after-error", "errors/kinds", "STAT-08");
}

#[test]
fn a_process_that_ends() {
    tells("dies-on-syntax-error", "errors/kinds", "EXEC-34");
}

#[test]
fn a_wrong_value() {
    tells("status-success", "abort/queue", "EXEC-02");
}

#[test]
fn a_missing_value() {
    tells("reply-without-status", "abort/queue", "EXEC-02");
}

#[test]
fn a_wrong_signature() {
    tells("status-unsigned", "execute/blank", "AUTH-01");
}

#[test]
fn what_takes_a_judgement_is_left_to_people() {
    let bench = Bench::new();
    export(&bench, "silent-failure-counts", "abort/silent", "EXEC-13");
    let Some((code, text)) = play(&bench, &[]) else { return };
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("\nLOOK YOURSELF: ") && text.contains("<*a "), "{text}");
}

#[test]
fn nothing_of_a_file_becomes_code() {
    let bench = Bench::new();
    export(&bench, "status-success", "abort/queue", "EXEC-02");
    let hostile = r##"\"\"\"'''\nopen('made', 'w')\n#"##;
    let file = bench.read("found/reproducer-EXEC-02-1.json");
    let file = file.replace("\"set\"", &format!("\"{hostile}\"")).replace("wanted one of", hostile).replace("marker = 1", hostile);
    bench.write("hostile.json", &file);
    let exported = bench.call(&["replay", "hostile.json", "--export", "python", "--out", "again.py"]);
    assert_eq!(exported.code, Some(0), "{}", exported.stderr);
    let Some((code, text)) = play(&bench, &[]) else { return };
    assert!(matches!(code, Some(0 | 1 | 3)), "{text}");
    assert!(!bench.path("made").exists());
}

#[test]
fn a_kernel_that_is_not_there_cannot_be_played() {
    let bench = Bench::new();
    export(&bench, "status-success", "abort/queue", "EXEC-02");
    let Some((code, text)) = play(&bench, &["no-such-kernelspec"]) else { return };
    assert_eq!(code, Some(2), "{text}");
    assert!(text.starts_with("NOT PLAYED: "), "{text}");
}
