//! `--wire zmtp`: the same verdicts over ZMTP of our own.

use harness::trace::{Event, Record, WireKind, read_trace};

use super::Bench;

/// By both transports: echoes, questions, and what many clients hear.
const SOME: &str = "heartbeat/echo,stdin/answers,xpub/passing";

/// Odd identities, what goes upstream on iopub, a client that comes again.
const MORE: &str = "clients/odd-identities,xpub/upstream,clients/reconnected,clients/handed-over";

/// Over which each client connected.
fn wires(trace: &[Record]) -> Vec<WireKind> {
    let wire = |record: &Record| if let Event::Connected(connected) = &record.event { Some(connected.wire) } else { None };
    trace.iter().filter_map(wire).collect()
}

#[test]
fn the_reference_kernel_conforms_over_either_transport() {
    for (transport, select) in [("tcp", format!("{SOME},{MORE}")), ("ipc", SOME.to_owned())] {
        let bench = Bench::new();
        let called = bench.call(&["run", "--quiet", "--wire", "zmtp", "--transport", transport, "--select", &select]);
        assert_eq!(called.code, Some(0), "{}\n{}", called.stdout, called.stderr);
        assert!(called.stdout.starts_with("CONFORMS: "), "{}", called.stdout);
        let results = bench.results("kernelcheck-results/results.json");
        assert_eq!((&results["target"]["wire"], &results["target"]["transport"]), (&"zmtp".into(), &transport.into()));
        let trace = read_trace(&bench.path("kernelcheck-results/trace.jsonl")).expect("a trace");
        assert!(wires(&trace).iter().all(|wire| *wire == WireKind::Zmtp));
        assert!(!trace.iter().any(|record| matches!(record.event, Event::Violation(_))), "libzmq keeps to ZMTP");
    }
}

#[test]
fn a_finding_is_played_again_over_the_wire_that_it_was_found_on() {
    let bench = Bench::new();
    let kernel = ["--", env!("CARGO_BIN_EXE_kernelcheck"), "fixture-kernel", "--defect", "no-error-on-iopub", "{connection_file}"];
    bench.write("kernelcheck.toml", "wire = 'zmtp'\nquiet = true\n");
    let found = bench.call(&[&["run", "--select", "errors/kinds,EXEC-06"][..], &kernel].concat());
    assert_eq!(found.code, Some(1), "{}\n{}", found.stdout, found.stderr);
    let results = bench.results("kernelcheck-results/results.json");
    let file = results["findings"][0]["reproducer"].as_str().expect("a finding has a reproducer");
    std::fs::remove_file(bench.path("kernelcheck.toml")).expect("it is there");
    for (wire, expected) in [(&[][..], "zmtp"), (&["--wire", "zmq"], "zmq")] {
        let again = bench.call(&[&["replay", "-q", &format!("kernelcheck-results/{file}")], wire, &kernel].concat());
        assert_eq!(again.code, Some(1), "{}\n{}", again.stdout, again.stderr);
        let trace = read_trace(&bench.path("kernelcheck-replay/trace.jsonl")).expect("a trace");
        assert_eq!(wires(&trace).first().map(|wire| wire.name()), Some(expected));
    }
}

#[test]
fn a_scenario_is_played_over_its_own_wire_unless_the_run_says_which() {
    let bench = Bench::new();
    for (wire, expected) in [(&[][..], vec![WireKind::Zmq, WireKind::Zmtp]), (&["--wire", "zmq"], vec![WireKind::Zmq])] {
        let called = bench.call(&[&["run", "--quiet", "--select", "streams/huge,heartbeat/echo"], wire].concat());
        assert_eq!(called.code, Some(0), "{}\n{}", called.stdout, called.stderr);
        assert_eq!(bench.results("kernelcheck-results/results.json")["target"]["wire"], "zmq", "what the others are played over");
        let trace = read_trace(&bench.path("kernelcheck-results/trace.jsonl")).expect("a trace");
        let mut wires = wires(&trace);
        wires.dedup();
        assert_eq!(wires, expected);
        let own = trace
            .iter()
            .filter_map(|record| if let Event::ScenarioStarted(started) = &record.event { Some(&started.plan["wire"]) } else { None });
        assert_eq!(own.filter(|wire| **wire == "zmtp").count(), expected.len() - 1, "who plays it again does as well");
    }
}
