//! The oracle against kernels of which it is known what is wrong with them: each defect of a checked rule is noticed, and kernels
//! that are right give no finding.
//!
//! Here each defect meets the scenarios for its rule only. `kernelcheck selftest` without `--quick` plays more, and looks for
//! findings that have nothing to do with the defect.

use std::time::Duration;

use assert_cmd::Command;
use fixture_kernel::{Defect, Variant};

/// Into how many tests the defects are split, so that each ends in time.
const PARTS: usize = 4;
/// And the kernels that are right, with which more is played.
const RIGHT_PARTS: usize = 8;

/// Defects that only the full self-test plays, with the reason.
const FULL_ONLY: &[(&str, &str)] = &[
    ("interrupt-late", "its interrupt comes after seven seconds, and deadlines have to be longer"),
    ("idle-too-late", "each of its answers takes four seconds and a half"),
    ("livelock-on-empty-code", "a kernel that works is waited for with patience, and this one works for nothing"),
    ("date-zeros-lost", "chance has it whether messages fall on the first tenth of a second"),
    ("lost-wakeup", "chance has it which request is the one that goes unnoticed"),
    ("long-code-echo-cut", "no scenario sends code of that length: kernels that drive a terminal would choke on it: not noticed yet"),
    ("publisher-drops", "chance has it what is lost, and a few scenarios may lose nothing of what its rule is about"),
    ("unsubscription-kills", "chance has it whether its death shows before the next client comes, and then it counts as that one's doing"),
    ("second-interrupted-question", "no scenario has that sequence: it is for `kernelcheck fuzz`"),
    ("comm-before-queued-cell", "no scenario has that sequence: it is for `kernelcheck fuzz`"),
    ("comm-info-while-asking", "no scenario has that sequence: it is for `kernelcheck fuzz`"),
    ("clients-in-parallel", "chance has it whether the cells of two clients are begun at once"),
];

#[test]
fn defects_are_noticed_1() {
    let missed = missed(0);
    assert!(missed.is_empty(), "{missed}");
}

#[test]
fn defects_are_noticed_2() {
    let missed = missed(1);
    assert!(missed.is_empty(), "{missed}");
}

#[test]
fn defects_are_noticed_3() {
    let missed = missed(2);
    assert!(missed.is_empty(), "{missed}");
}

#[test]
fn defects_are_noticed_4() {
    let missed = missed(3);
    assert!(missed.is_empty(), "{missed}");
}

#[test]
fn right_kernels_give_no_finding_1() {
    no_finding(0);
}

#[test]
fn right_kernels_give_no_finding_2() {
    no_finding(1);
}

#[test]
fn right_kernels_give_no_finding_3() {
    no_finding(2);
}

#[test]
fn right_kernels_give_no_finding_4() {
    no_finding(3);
}

#[test]
fn right_kernels_give_no_finding_5() {
    no_finding(4);
}

#[test]
fn right_kernels_give_no_finding_6() {
    no_finding(5);
}

#[test]
fn right_kernels_give_no_finding_7() {
    no_finding(6);
}

#[test]
fn right_kernels_give_no_finding_8() {
    no_finding(7);
}

/// Has the kernels of one part be played that are like the reference in time; the slow ones and the one without control take minutes.
fn no_finding(part: usize) {
    let takes_long = |variant: &Variant| matches!(variant, Variant::Slow | Variant::SlowFirst | Variant::Protocol50);
    let variants = Variant::ALL.iter().filter(|variant| !takes_long(variant)).map(|variant| variant.name());
    let (code, text) = selftest(std::iter::once("reference").chain(variants).skip(part).step_by(RIGHT_PARTS));
    assert_eq!(code, Some(0), "{text}");
}

/// The rows of the defects of one part that were missed.
fn missed(part: usize) -> String {
    let defects = Defect::ALL.iter().filter(|defect| !FULL_ONLY.iter().any(|(known, _)| *known == defect.name()));
    let (_, text) = selftest(defects.skip(part).step_by(PARTS).map(|defect| defect.name()));
    let rows: Vec<&str> = text.lines().filter(|line| line.contains(" MISSED ")).collect();
    assert!(text.contains(" defects: "), "{text}");
    rows.join("\n")
}

/// Exit code and stdout.
fn selftest<'a>(names: impl Iterator<Item = &'a str>) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kernelcheck"));
    // A kernel that locks up is waited for; others take as little time as they need.
    command.args(["selftest", "--quick", "--quiet", "--jobs", "4", "--deadline-scale", "0.3"]).args(names);
    let output = command.timeout(Duration::from_secs(230)).output().expect("it runs");
    (output.status.code(), String::from_utf8(output.stdout).expect("UTF-8"))
}
