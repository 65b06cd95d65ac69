//! `--baseline` and `--write-baseline`.

use super::judge::{KEPT, broken};
use super::{Bench, Called};

/// A bench with a trace that keeps the rule and one that breaks it.
fn bench() -> Bench {
    let bench = Bench::new();
    bench.trace("kept.jsonl", KEPT);
    bench.trace("broken.jsonl", &broken());
    bench
}

fn judged(bench: &Bench, trace: &str, option: &str) -> Called {
    bench.call_by_small_spec(&["judge", trace, option, "known.toml"])
}

#[test]
fn what_is_written_is_known_and_stale_once_it_is_mended() {
    let bench = bench();
    let written = judged(&bench, "broken.jsonl", "--write-baseline");
    assert_eq!((written.code, written.stderr.as_str()), (Some(0), ""), "{}", written.stdout);
    insta::assert_snapshot!(bench.read("known.toml"));
    let reminded = judged(&bench, "broken.jsonl", "--baseline");
    assert!(reminded.stdout.starts_with("CONFORMS, BUT FOR KNOWN DEVIATIONS: toy 1.2\n"), "{}", reminded.stdout);
    assert!(reminded.stdout.contains("has no reason yet"), "{}", reminded.stdout);
    bench.write("known.toml", &bench.read("known.toml").replace("TODO: say why", "issue 12"));
    let known = judged(&bench, "broken.jsonl", "--baseline");
    assert_eq!((known.code, known.stdout.contains("Warning")), (Some(0), false), "{}", known.stdout);
    let stale = judged(&bench, "kept.jsonl", "--baseline");
    assert_eq!(stale.code, Some(1), "{}", stale.stdout);
    assert!(stale.stdout.contains("STALE known.toml\n") && stale.stdout.contains("line 5: STAT-02 in status/info\n"), "{}", stale.stdout);
    // Written anew, it loses what is stale, and keeps what is not.
    assert_eq!(judged(&bench, "broken.jsonl", "--write-baseline").code, Some(0));
    assert!(bench.read("known.toml").contains("issue 12"));
    assert_eq!(judged(&bench, "kept.jsonl", "--write-baseline").code, Some(0));
    assert!(!bench.read("known.toml").contains("[[known]]"));
}

#[test]
fn a_part_of_a_run_rewrites_nothing() {
    let bench = bench();
    let selected = bench.call_by_small_spec(&["judge", "kept.jsonl", "--write-baseline", "known.toml", "--select", "STAT-02"]);
    assert_eq!((selected.code, selected.stdout.as_str()), (Some(2), ""));
    assert!(selected.stderr.starts_with("kernelcheck: --write-baseline wants a whole run: "), "{}", selected.stderr);
    let nowhere = bench.call_by_small_spec(&["judge", "kept.jsonl", "--write-baseline", "no/known.toml"]);
    assert_eq!((nowhere.code, nowhere.stderr.as_str()), (Some(2), "kernelcheck: cannot write a baseline into no: it is no directory\n"));
    bench.trace("cut.jsonl", &broken().replace("! end\n", "! error start_failed no kernel\n! end\n"));
    let cut = judged(&bench, "cut.jsonl", "--write-baseline");
    assert_eq!(cut.code, Some(4), "{}", cut.stdout);
    assert_eq!(cut.stderr, "kernelcheck: known.toml: no baseline was written:\n  the run has no verdict: no kernel\n");
    bench.trace("given-up.jsonl", &KEPT.replace("! scenario_end", "! scenario_end abandoned"));
    let given_up = judged(&bench, "given-up.jsonl", "--write-baseline");
    assert_eq!(given_up.code, Some(1), "{}", given_up.stdout);
    assert!(given_up.stderr.contains("status/info was given up"), "{}", given_up.stderr);
    assert!(!bench.path("known.toml").exists());
}

#[test]
fn a_wrong_file_is_told_whole_before_anything_runs() {
    let bench = bench();
    bench.write("known.toml", "implementation = \"toy\"\nversion = \"1\"\n[[known]]\nrule = \"STAT-03\"\nscenario = \"status/inof\"\n");
    let refused = bench.call_by_small_spec(&["run", "--baseline", "known.toml"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""));
    assert_eq!(
        refused.stderr,
        "kernelcheck: known.toml:3: missing key `known[0].reason`\n\
         known.toml:4: unknown rule `STAT-03` (did you mean `STAT-02`?)\n\
         known.toml:5: unknown scenario `status/inof` (did you mean `status/info`?)\n"
    );
    let missing = bench.call_by_small_spec(&["run", "--baseline", "none.toml"]);
    assert_eq!(missing.code, Some(2));
    assert!(missing.stderr.starts_with("kernelcheck: cannot read the baseline none.toml: "), "{}", missing.stderr);
    assert!(!bench.path("kernelcheck-results").exists());
}

#[test]
fn a_run_is_held_against_it_by_the_configuration_too() {
    let bench = bench();
    let program = env!("CARGO_BIN_EXE_kernelcheck");
    let kernel = format!("[\"{program}\", \"fixture-kernel\", \"--defect\", \"no-error-on-iopub\", \"{{connection_file}}\"]");
    bench.write("kernelcheck.toml", &format!("command = {kernel}\nbaseline = \"known.toml\"\nselect = [\"errors/kinds\", \"EXEC-06\"]\n"));
    bench.write(
        "known.toml",
        "implementation = \"kernelcheck-reference\"\nversion = \"0.1.0\"\n[[known]]\nrule = \"EXEC-*\"\nscenario = \"errors/kinds\"\nreason = \"a seeded defect\"\n",
    );
    let known = bench.call(&["run", "--quiet", "--format", "json"]);
    assert_eq!((known.code, known.stderr.as_str()), (Some(0), ""), "{}", known.stdout);
    let results = bench.results("kernelcheck-results/results.json");
    assert_eq!(results["findings"][0]["known"], serde_json::json!({"line": 3, "reason": "a seeded defect"}));
    assert_eq!((&results["summary"]["known"], &results["baseline"]["entries"][0]["state"]), (&1.into(), &"showing".into()));
}

#[test]
fn the_example_that_is_explained_is_right() {
    let bench = Bench::new();
    let text = bench.call(&["explain", "baseline"]).stdout;
    let example = text.lines().skip_while(|line| !line.starts_with("  implementation")).take_while(|line| !line.starts_with("  place"));
    bench.write("known.toml", &example.map(|line| format!("{}\n", line.trim())).collect::<String>());
    // The file is read before the kernel is looked for in vain.
    let called = bench.call(&["run", "-q", "--baseline", "known.toml", "--", "false", "{connection_file}"]);
    assert_eq!(called.code, Some(4), "{}", called.stderr);
}
