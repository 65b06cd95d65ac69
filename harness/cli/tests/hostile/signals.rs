//! Signals to kernelcheck in the middle of a run: results after SIGINT and SIGTERM, a readable trace in any case, no kernel left.

use rustix::process::Signal;

use crate::bench::{Bench, Started};
use crate::run::Results;

/// Scenarios enough that no signal comes too late.
const MANY: &str = "execute,expressions,streams,errors,counter,interrupt,stdin";

fn start(bench: &Bench) -> Started<'_> {
    let mut started = bench.start(&["run", "--out", "out", "--seed", "1", "--select", MANY]);
    started.wait_for("\n2/");
    started
}

#[test]
fn the_first_signal_leaves_what_was_found_so_far() {
    for signal in [Signal::INT, Signal::TERM] {
        let bench = Bench::new();
        let started = start(&bench);
        started.signal(signal);
        let run = started.finish();
        assert_eq!(run.code, Some(4));
        assert!(run.stderr.contains("cancelled; what was found so far stands in out"), "{}", run.stderr);
        let results = Results::of(&bench, MANY);
        assert_eq!(results.exit_code(), 4);
        assert_eq!(results.finds_only(&[]).troubles(), ["the run ended early: cancelled"]);
    }
}

#[test]
fn a_second_signal_does_not_wait_for_results() {
    let bench = Bench::new();
    let mut started = start(&bench);
    started.signal(Signal::TERM);
    started.wait_for("once more ends it at once");
    started.signal(Signal::INT);
    assert_eq!(started.finish().code, Some(4));
    assert_eq!(Results::judged(&bench, MANY).finds_only(&[]).exit_code(), 4);
}

#[test]
fn a_killed_run_leaves_a_readable_trace() {
    let bench = Bench::new();
    let started = start(&bench);
    started.signal(Signal::KILL);
    assert_eq!(started.finish().code, None);
    let results = Results::judged(&bench, MANY);
    assert_eq!(results.exit_code(), 4);
    assert_eq!(results.finds_only(&[]).troubles(), ["out/trace.jsonl has no last line: its run did not come to its end"]);
    assert!(!bench.path("out/results.json").exists());
}

#[test]
fn a_signal_during_the_start_is_no_trouble_of_the_kernel() {
    let bench = Bench::new();
    let arguments = ["run", "--out", "out", "--", crate::bench::PROGRAM, "fixture-kernel", "--hostile", "never-binds", "{connection_file}"];
    let started = bench.start(&arguments);
    let trace = bench.path("out/trace.jsonl");
    bench.wait_until(|| std::fs::read_to_string(&trace).is_ok_and(|text| text.contains("\"kernel\":")));
    started.signal(Signal::INT);
    assert_eq!(started.finish().code, Some(4));
    let results = Results::of(&bench, "*");
    assert_eq!(results.finds_only(&[]).troubles(), ["the run ended early: cancelled"]);
}
