//! `kernelcheck fuzz`: nothing on a right kernel, and the shortest way to what only a particular sequence brings about on others.
//!
//! Seeds and numbers of plans are chosen so that each campaign holds what it is to find; whoever changes the generator chooses others.

use std::path::Path;
use std::time::Duration;

use assert_cmd::Command;
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_kernelcheck");

/// A campaign on a kernel of ours, in a directory of its own: its exit code, its report, and the directory.
fn fuzz(options: &[&str], personality: &[&str]) -> (Option<i32>, String, tempfile::TempDir) {
    let dir = tempfile::tempdir().expect("a directory");
    let mut command = Command::new(PROGRAM);
    command.current_dir(dir.path()).args(["fuzz", "-q", "--out", "found"]).args(options).arg("--");
    command.args([&[PROGRAM, "fixture-kernel"], personality, &["{connection_file}"]].concat());
    let output = command.timeout(Duration::from_secs(200)).output().expect("it runs");
    (output.status.code(), String::from_utf8(output.stdout).expect("UTF-8"), dir)
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).expect("it is there")).expect("JSON")
}

/// Has a defect be found, and gives the names of the steps that show it.
fn steps_of(defect: &str, seed: &str, runs: &str, kind: &str) -> Vec<String> {
    let (code, text, dir) = fuzz(&["--deadline-scale", "0.3", "--seed", seed, "--runs", runs], &["--defect", defect]);
    assert_eq!(code, Some(3), "{text}");
    let results = read(&dir.path().join("found/results.json"));
    let finding = results["findings"].as_array().expect("findings").iter().find(|finding| finding["kind"] == kind).expect("it was found");
    let reproducer = finding["reproducer"].as_str().expect("it has a reproducer");
    let plan = &read(&dir.path().join("found").join(reproducer))["plan"];
    plan["steps"].as_array().expect("steps").iter().map(|step| step["name"].as_str().expect("a name").to_owned()).collect()
}

/// The names without the numbers that make them unique.
fn kinds(steps: &[String]) -> Vec<&str> {
    steps.iter().map(|name| name.rsplit_once('-').map_or(name.as_str(), |(name, _)| name)).collect()
}

#[test]
fn nothing_is_found_on_a_right_kernel_1() {
    let (code, text, _dir) = fuzz(&["--runs", "150", "--seed", "1", "--jobs", "2"], &[]);
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn nothing_is_found_on_a_right_kernel_2() {
    let (code, text, _dir) = fuzz(&["--runs", "150", "--seed", "2", "--jobs", "2"], &[]);
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn a_crash_at_a_certain_moment_takes_four_steps() {
    let steps = steps_of("comm-info-while-asking", "21", "4", "crash");
    assert_eq!(kinds(&steps), ["answered-late", "wait", "comm_info_request", "answer"]);
}

#[test]
fn a_lockup_by_what_is_queued_takes_a_few_steps() {
    let steps = steps_of("comm-before-queued-cell", "9", "2", "lockup");
    assert!(steps.len() <= 5 && kinds(&steps).contains(&"comm_open"), "{steps:?}");
}

#[test]
fn a_lockup_by_the_second_of_a_kind_keeps_both() {
    let steps = steps_of("second-interrupted-question", "26", "2", "lockup");
    assert_eq!(kinds(&steps).iter().filter(|name| **name == "unanswered").count(), 2, "{steps:?}");
    assert!(steps.len() <= 10, "{steps:?}");
}

#[test]
fn what_was_found_can_be_replayed_and_shrunk() {
    let (code, text, dir) = fuzz(&["--seed", "21", "--runs", "4"], &["--defect", "comm-info-while-asking"]);
    assert_eq!(code, Some(3), "{text}");
    let again = |command: &str| {
        let mut again = Command::new(PROGRAM);
        again.current_dir(dir.path()).args([command, "-q", "found/reproducer-EXEC-01-1.json", "--"]);
        again.args([PROGRAM, "fixture-kernel", "--defect", "comm-info-while-asking", "{connection_file}"]);
        let output = again.timeout(Duration::from_secs(100)).output().expect("it runs");
        (output.status.code(), String::from_utf8(output.stdout).expect("UTF-8"))
    };
    let (code, text) = again("replay");
    assert!(code == Some(3) && text.starts_with("reproduced: EXEC-01"), "{code:?} {text}");
    let (code, text) = again("shrink");
    assert!(code == Some(3) && text.starts_with("CRASHES"), "{code:?} {text}");
}

#[test]
fn what_is_wrong_with_the_command_line_is_told() {
    let output = Command::new(PROGRAM).args(["fuzz", "--time", "soon"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("a time is wanted, as 90s, 5m or 1h"));
}
