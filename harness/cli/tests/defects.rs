//! The oracle against kernels of which it is known what is wrong with them: each defect of a checked rule is noticed, and by no rule
//! that it does not break; kernels that are right give no finding.
//!
//! Here each defect meets the scenarios for its rule only, and a right kernel is different in many ways at once. `kernelcheck
//! selftest` without `--quick` plays more, and each way alone.

use std::time::Duration;

use assert_cmd::Command;
use fixture_kernel::{Defect, Variant};

/// Into how many tests the defects are split, so that each ends in time.
const PARTS: usize = 4;
/// And the kernels that are right, with which more is played.
const RIGHT_PARTS: usize = 2;

/// Ways to be right that one kernel has at once: there are many of them, and a whole play each takes long. Those that contradict each
/// other, or would have nothing left to show, are kept apart.
const TOGETHER: &[&[Variant]] = &[
    &[
        Variant::Chatty,
        Variant::OddIds,
        Variant::FarDates,
        Variant::StreamsSplit,
        Variant::CountsFromZero,
        Variant::ClosesAgain,
        Variant::HistoryFar,
        Variant::KnowsNothing,
    ],
    &[
        Variant::NullOptional,
        Variant::OddTopics,
        Variant::ErrorsTerse,
        Variant::OtherDefaults,
        Variant::OwnComm,
        Variant::ErrorsOnStderr,
        Variant::SignalOnly,
        Variant::Shuffled,
    ],
    &[
        Variant::AbortedAsError,
        Variant::BlankUncounted,
        Variant::ShutdownTold,
        Variant::RichData,
        Variant::CompletesAll,
        Variant::OddSubshells,
        Variant::OutputsLast,
        Variant::EscapedJson,
    ],
    &[
        Variant::InfoBare,
        Variant::ImagesInLines,
        Variant::AbortsOwnOnly,
        Variant::IdleAtStart,
        Variant::DebuggerTells,
        Variant::SlowStop,
        Variant::StrictChannels,
        Variant::StreamsMerged,
    ],
    &[Variant::MinimalSilent],
    &[Variant::MinimalBracketed],
];
/// Right kernels that only the full self-test plays: one play of them takes minutes.
const TAKE_LONG: &[Variant] = &[Variant::Slow, Variant::SlowFirst, Variant::Protocol50];

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
    defects_are_noticed(0);
}

#[test]
fn defects_are_noticed_2() {
    defects_are_noticed(1);
}

#[test]
fn defects_are_noticed_3() {
    defects_are_noticed(2);
}

#[test]
fn defects_are_noticed_4() {
    defects_are_noticed(3);
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
fn every_way_to_be_right_is_played() {
    let mut played: Vec<Variant> = TOGETHER.iter().copied().flatten().chain(TAKE_LONG).copied().collect();
    played.sort();
    assert_eq!(played, Variant::ALL);
}

/// Has the reference and the kernels of one part be played.
fn no_finding(part: usize) {
    let at_once = |variants: &&[Variant]| variants.iter().map(|variant| variant.name()).collect::<Vec<_>>().join("+");
    let kernels = std::iter::once("reference".to_owned()).chain(TOGETHER.iter().map(at_once));
    let (code, text) = selftest(kernels.skip(part).step_by(RIGHT_PARTS));
    assert_eq!(code, Some(0), "{text}");
}

/// Has the defects of one part be played.
fn defects_are_noticed(part: usize) {
    let defects = Defect::ALL.iter().filter(|defect| !FULL_ONLY.iter().any(|(known, _)| *known == defect.name()));
    let (code, text) = selftest(defects.skip(part).step_by(PARTS).map(|defect| defect.name().to_owned()));
    assert_eq!(code, Some(0), "{text}");
}

/// Exit code and stdout.
fn selftest(names: impl Iterator<Item = String>) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kernelcheck"));
    // A kernel that locks up is waited for; others take as little time as they need.
    command.args(["selftest", "--quick", "--quiet", "--jobs", "4", "--deadline-scale", "0.3"]).args(names);
    let output = command.timeout(Duration::from_secs(230)).output().expect("it runs");
    (output.status.code(), String::from_utf8(output.stdout).expect("UTF-8"))
}
