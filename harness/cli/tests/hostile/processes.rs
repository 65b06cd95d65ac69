//! Kernels that do not start, hang, flood their streams, die, or leave children behind.

use crate::bench::{Bench, SHORT};
use crate::run::Results;

/// A scenario of a few cells.
const CELLS: &str = "execute/plain";
/// What a run of few scenarios takes, in MiB.
const SMALL: u64 = 40;

#[test]
fn the_honest_kernel_is_the_measure() {
    let bench = Bench::new();
    let run = bench.play_with(&[], CELLS, SHORT);
    assert_eq!(run.keeps_within(SMALL, 20.0).code, Some(0));
    Results::of(&bench, CELLS).finds_only(&[]);
}

#[test]
fn one_that_exits_at_once_shows_its_last_words() {
    let bench = Bench::new();
    let run = bench.play("exits-at-once", CELLS);
    assert_eq!(run.keeps_within(SMALL, 20.0).code, Some(4));
    let results = Results::of(&bench, CELLS);
    results.finds("LIFE-01", "crash", "exit code 3").finds_only(&["LIFE-01"]);
    let said = "the kernel ended before it answered: exit code 3\nit wrote to stderr:\n  reference kernel: this kernel does not start";
    assert_eq!(results.troubles(), [said]);
}

#[test]
fn one_that_never_binds_is_told_apart_from_one_that_never_answers() {
    for (name, said) in
        [("never-binds", "it listens on none of its ports: shell ("), ("binds-never-answers", "it listens on all its ports")]
    {
        let bench = Bench::new();
        let run = bench.play(name, CELLS);
        assert_eq!(run.keeps_within(SMALL, 20.0).code, Some(4));
        let results = Results::of(&bench, CELLS);
        results.finds("LIFE-01", "deviation", "got no reply in time").finds_only(&["LIFE-01"]);
        let troubles = results.troubles();
        assert!(
            troubles.len() == 1 && troubles[0].starts_with("the kernel does not answer after 3.") && troubles[0].contains(said),
            "{troubles:?}"
        );
        assert!(troubles[0].contains("--deadline-scale"), "{troubles:?}");
    }
}

#[test]
fn ports_that_are_not_bound_are_found_channel_by_channel() {
    let select = "heartbeat/echo,kernel-info/shell-and-control";
    let bench = Bench::new();
    let run = bench.play("binds-some", select);
    assert_eq!(run.keeps_within(64, 30.0).code, Some(3));
    let results = Results::of(&bench, select);
    results.finds_lockup("heartbeat_lost").finds("CONN-01", "deviation", "nobody listens on the port of control");
    assert_eq!(results.troubles(), [""; 0]);
}

#[test]
fn a_hundred_megabytes_on_stdout_are_counted_and_not_kept() {
    let bench = Bench::new();
    let run = bench.play("floods-stdout", CELLS);
    assert_eq!(run.keeps_within(SMALL, 30.0).code, Some(0));
    Results::of(&bench, CELLS).finds_only(&[]);
    let trace = bench.read("out/trace.jsonl");
    assert!(trace.len() < 4 << 20, "{} bytes", trace.len());
}

#[test]
fn one_that_closes_its_sockets_while_it_starts_is_told_what_is_still_open() {
    let bench = Bench::new();
    let run = bench.play("closes-after-start", CELLS);
    assert_eq!(run.keeps_within(SMALL, 20.0).code, Some(4));
    let results = Results::of(&bench, CELLS);
    results.finds("LIFE-01", "lockup", "shell stuck");
    let troubles = results.troubles();
    assert!(troubles[0].contains(": it listens on hb (") && troubles[0].contains("), and not on shell ("), "{troubles:?}");
}

#[test]
fn one_that_dies_in_its_reply_is_a_crash() {
    let bench = Bench::new();
    let run = bench.play("dies-mid-reply", CELLS);
    assert_eq!(run.keeps_within(300, 30.0).code, Some(3));
    Results::of(&bench, CELLS).finds("EXEC-01", "crash", "exit code 1").finds_only(&["EXEC-01"]);
}

#[test]
fn one_that_ignores_every_request_to_end_is_ended() {
    let select = "life/shutdown-for-restart";
    let bench = Bench::new();
    let run = bench.play("ignores-sigterm", select);
    assert_eq!(run.keeps_within(64, 30.0).code, Some(3));
    Results::of(&bench, select).finds("LIFE-05", "lockup", "had not ended");
}

#[test]
fn a_child_in_a_session_of_its_own_goes_with_its_kernel() {
    let bench = Bench::new();
    let run = bench.play("forks-child", CELLS);
    assert_eq!(run.keeps_within(SMALL, 20.0).code, Some(0));
    Results::of(&bench, CELLS).finds_only(&[]);
}
