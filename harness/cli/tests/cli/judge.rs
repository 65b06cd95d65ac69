//! `kernelcheck judge`: a trace gives its verdict, in each format.

use quick_junit::Report;

use super::Bench;

pub(crate) const KEPT: &str = r#"
! kernel
! scenario status/info
> shell kernel_info_request id=1 header.session=s
< iopub status parent=1 execution_state=busy
< shell kernel_info_reply parent=1 implementation=toy implementation_version="1.2" status=ok
< iopub status parent=1 execution_state=idle
! scenario_end
! end
"#;

pub(crate) fn broken() -> String {
    KEPT.replace("< iopub status parent=1 execution_state=idle\n", "")
}

#[test]
fn a_kept_rule_conforms_and_a_broken_one_does_not() {
    let bench = Bench::new();
    bench.trace("kept.jsonl", KEPT);
    bench.trace("broken.jsonl", &broken());
    let kept = bench.call_by_small_spec(&["judge", "kept.jsonl"]);
    assert_eq!((kept.code, kept.stderr.as_str()), (Some(0), ""), "{}", kept.stdout);
    let broken = bench.call_by_small_spec(&["judge", "broken.jsonl", "--verbose"]);
    assert_eq!((broken.code, broken.stderr.as_str()), (Some(1), ""), "{}", broken.stdout);
    let program = env!("CARGO_BIN_EXE_kernelcheck");
    insta::assert_snapshot!(format!("{}\n-----\n{}", kept.stdout, broken.stdout).replace(program, "kernelcheck"));
    assert_eq!(bench.call_by_small_spec(&["judge", "broken.jsonl", "--verbose"]), broken, "twice the same");
}

#[test]
fn a_trace_that_was_cut_gives_no_verdict() {
    let bench = Bench::new();
    bench.trace("cut.jsonl", KEPT.trim_end().trim_end_matches("! end"));
    bench.write("cut.jsonl", bench.read("cut.jsonl").trim_end().rsplit_once('\n').expect("lines").0);
    let called = bench.call_by_small_spec(&["judge", "cut.jsonl"]);
    assert_eq!(called.code, Some(4), "{}", called.stdout);
    assert!(called.stdout.contains("- cut.jsonl has no last line"), "{}", called.stdout);
}

#[test]
fn each_format_is_written_and_the_first_one_shown() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("out")).expect("writable");
    bench.trace("out/trace.jsonl", &broken());
    let called = bench.call_by_small_spec(&["judge", "out/trace.jsonl", "--out", "out", "--format", "junit,text"]);
    assert_eq!(called.code, Some(1), "{}", called.stderr);
    assert_eq!(called.stdout, bench.read("out/junit.xml"));
    let report = Report::deserialize_from_str(&called.stdout).expect("JUnit XML");
    let (tests, failures) = (report.tests, report.failures);
    assert_eq!((tests, failures), (2, 1));
    assert!(bench.read("out/report.txt").starts_with("DOES NOT CONFORM: toy 1.2\n"));
    let results = bench.results("out/results.json");
    assert_eq!((&results["exit_code"], &results["findings"][0]["rule"]), (&1.into(), &"STAT-02".into()));
    let trace = results["findings"][0]["trace"].as_str().expect("a place");
    assert!(trace.starts_with("trace.jsonl:"), "{trace}");
}
