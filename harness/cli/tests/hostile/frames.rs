//! Kernels that send what is no message, or too much of it.

use crate::bench::{Bench, FULL};
use crate::run::{Results, Run};

/// A scenario of a few cells.
const CELLS: &str = "execute/plain";

/// Plays a few cells within bounds.
fn play(hostile: &str) -> (Run, Results) {
    let bench = Bench::new();
    let run = bench.play(hostile, CELLS);
    run.keeps_within(64, 30.0);
    let results = Results::of(&bench, CELLS);
    assert_eq!(results.troubles(), [""; 0]);
    (run, results)
}

#[test]
fn messages_without_any_frame_are_malformed_and_no_answer() {
    let (run, results) = play("zero-frames");
    assert_eq!(run.code, Some(3));
    results.finds("WIRE-01", "deviation", "0 of 5 frames after the delimiter").finds("EXEC-01", "lockup", "never got its reply");
}

#[test]
fn messages_of_one_to_four_frames_are_malformed() {
    let (run, results) = play("short-messages");
    assert!(matches!(run.code, Some(1 | 3)), "{run:?}");
    results.finds("WIRE-01", "deviation", " of 5 frames after the delimiter");
}

#[test]
fn messages_without_a_delimiter_are_malformed_and_no_answer() {
    let (run, results) = play("no-delimiter");
    assert_eq!(run.code, Some(3));
    results.finds("WIRE-02", "deviation", "none of 5 frames is the delimiter").finds("EXEC-01", "lockup", "never got its reply");
}

#[test]
fn bad_signatures_are_found_and_the_messages_read() {
    let (run, results) = play("bad-signature");
    assert_eq!(run.code, Some(1));
    results.finds("AUTH-01", "deviation", " is wrong: it is that of other bytes or another key").finds_only(&["AUTH-01", "AUTH-15"]);
}

#[test]
fn contents_that_are_not_json_are_malformed() {
    for (hostile, said) in [
        ("non-json", "execute_reply on shell is malformed: content: not JSON at byte 1"),
        ("non-utf8", "execute_reply on shell is malformed: content: invalid UTF-8 at byte 12"),
        ("nan", "execute_reply on shell is malformed: content: NaN or Infinity at byte 11"),
    ] {
        let (run, results) = play(hostile);
        assert!(matches!(run.code, Some(1 | 3)), "{run:?}");
        results.finds("WIRE-04", "deviation", said);
    }
}

#[test]
fn ten_thousand_levels_are_read_as_far_as_is_safe() {
    let (run, results) = play("deep-nesting");
    assert!(matches!(run.code, Some(1 | 3)), "{run:?}");
    results.finds("EXEC-02", "deviation", "status of execute_reply is missing");
}

#[test]
fn frames_of_200_megabytes_are_cut_and_end_the_scenario() {
    let bench = Bench::new();
    let run = bench.play_with(&["--hostile", "huge-frame"], CELLS, FULL);
    assert_eq!(run.keeps_within(700, 60.0).code, Some(4));
    // What was cut off can't be missed in it.
    let results = Results::of(&bench, CELLS);
    results.finds_only(&[]);
    assert_eq!(results.troubles(), [flooded()]);
    assert!(run.stderr.contains("1/1 execute/plain: given up"), "{}", run.stderr);
    assert!(bench.read("out/trace.jsonl").len() < 4 << 20);
}

#[test]
fn a_flood_of_iopub_is_a_finding_or_an_end() {
    let select = "status/left-alone";
    let bench = Bench::new();
    let run = bench.play_with(&["--hostile", "iopub-flood"], select, FULL);
    run.keeps_within(450, 60.0);
    let results = Results::of(&bench, select);
    // How much comes while the kernel starts and is left alone depends on the machine; all of it may be more than is taken in.
    if run.code == Some(4) {
        let troubles = results.troubles();
        assert!(troubles.len() == 1 && troubles[0].contains("50000 messages or 256 MiB"), "{troubles:?}");
    } else {
        assert_eq!(run.code, Some(0));
        results.finds("STAT-14", "deviation", "stream was published").finds_only(&["STAT-14"]);
    }
}

fn flooded() -> &'static str {
    "the kernel sent more than 50000 messages or 256 MiB in one scenario, more than is taken in; it was given up there"
}
