//! `kernelcheck run`: real kernels, though small ones.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::{Bench, SPEC};
use rustix::process::{Pid, Signal, kill_process};

#[test]
fn the_reference_kernel_needs_nothing_else() {
    let bench = Bench::new();
    let called = bench.call_by_small_spec(&["run", "--seed", "7"]);
    assert_eq!(called.code, Some(0), "{}\n{}", called.stdout, called.stderr);
    assert!(called.stdout.starts_with("CONFORMS: kernelcheck-reference "), "{}", called.stdout);
    assert!(called.stderr.contains("\n1/1 status/info\n"), "{}", called.stderr);
    let results = bench.results("kernelcheck-results/results.json");
    assert_eq!((&results["environment"]["seed"], &results["summary"]["pass"]), (&7.into(), &1.into()));
    let again = bench.call_by_small_spec(&["judge", "kernelcheck-results/trace.jsonl"]);
    assert_eq!(again.code, Some(0), "{}", again.stdout);
    // An earlier run's files are replaced, and with --quiet nothing is said meanwhile.
    let quiet = bench.call_by_small_spec(&["run", "--quiet", "--format", "json"]);
    assert_eq!((quiet.code, quiet.stderr.as_str()), (Some(0), ""), "{}", quiet.stdout);
    assert_eq!(quiet.stdout, bench.read("kernelcheck-results/results.json"));
    assert!(!bench.path("kernelcheck-results/report.txt").exists());
}

/// Numbers and spaces vary from run to run.
fn shape(text: &str) -> Vec<String> {
    let words = |line: &str| {
        line.split_whitespace().map(|word| if word.parse::<f64>().is_ok() { "N" } else { word }.to_owned()).collect::<Vec<_>>()
    };
    text.lines().skip_while(|line| !line.starts_with("Where the time went")).map(|line| words(line).join(" ")).collect()
}

#[test]
fn the_time_is_accounted_for() {
    let bench = Bench::new();
    let called = bench.call_by_small_spec(&["run", "--quiet", "--timings"]);
    assert_eq!(called.code, Some(0), "{}", called.stdout);
    insta::assert_debug_snapshot!(shape(&called.stdout));
    let results = bench.results("kernelcheck-results/results.json");
    let timings = &results["environment"]["timings"];
    let seconds = |what: &str| timings[what].as_f64().expect("a number");
    let sum: f64 = ["starting", "answers", "pauses", "exits", "harness"].map(seconds).iter().sum();
    assert!((sum - seconds("seconds")).abs() < 1e-6 && seconds("seconds") > 0.0, "{timings}");
    assert_eq!((&timings["kernels"], &timings["scenarios"][0]["name"]), (&1.into(), &"status/info".into()));
}

#[test]
fn a_run_tells_what_its_profile_lacks() {
    let bench = Bench::new();
    bench.write(
        "mine.toml",
        "summary = 'Mine.'\n[match]\nlanguage = ['reference']\n[snippets.hello]\ncode = 'print hello'\nstdout = \"hello\\n\"\n",
    );
    let called = bench.call(&["run", "--quiet", "--profile", "mine.toml", "--select", "errors/kinds"]);
    let results = bench.results("kernelcheck-results/results.json");
    let error = results["lacking"].as_array().expect("a list").iter().find(|one| one["snippet"] == "error").expect("it is lacking");
    assert_eq!((&error["shortened"], &error["scenarios"]), (&serde_json::json!(["errors/kinds"]), &serde_json::json!([])));
    assert!(error["rules"].as_array().expect("a list").contains(&"EXEC-06".into()), "{error}");
    for told in ["The profile mine lacks ", "    played in part: errors/kinds\n"] {
        assert!(called.stdout.contains(told), "{}", called.stdout);
    }
}

#[test]
fn the_configuration_names_the_kernel() {
    let bench = Bench::new();
    let program = env!("CARGO_BIN_EXE_kernelcheck");
    bench.write(
        "kernelcheck.toml",
        &format!("command = [\"{program}\", \"fixture-kernel\", \"{{connection_file}}\"]\nquiet = true\nout = \"o\"\n"),
    );
    let called = bench.call_by_small_spec(&["run"]);
    assert_eq!((called.code, called.stderr.as_str()), (Some(0), ""), "{}", called.stdout);
    let results = bench.results("o/results.json");
    assert_eq!(results["target"]["command"][1], "fixture-kernel");
}

#[test]
fn a_kernel_that_does_not_start_gives_no_verdict() {
    let bench = Bench::new();
    for (command, said) in [
        (["false", "{connection_file}"], "the kernel ended before it answered: exit code 1"),
        (["/no/such/kernel", "{connection_file}"], "no such file: /no/such/kernel"),
    ] {
        let called = bench.call_by_small_spec(&["run", "--", command[0], command[1]]);
        assert_eq!(called.code, Some(4), "{}\n{}", called.stdout, called.stderr);
        assert!(called.stdout.starts_with(&format!("NO VERDICT: {}", command[0])), "{}", called.stdout);
        assert!(called.stdout.contains(said), "{}", called.stdout);
        let results = bench.results("kernelcheck-results/results.json");
        assert_eq!(results["exit_code"], 4);
    }
}

#[test]
fn a_signal_ends_the_run_with_what_was_found() {
    let bench = Bench::new();
    let started = bench.path("started");
    rustix::fs::mkfifoat(rustix::fs::CWD, &started, 0o600.into()).expect("a pipe");
    let mut program = Command::new(env!("CARGO_BIN_EXE_kernelcheck"))
        .args(["run", "--specs", SPEC, "--out", "o", "--", "sh", "-c", "echo > started; exec sleep 100", "{connection_file}"])
        .current_dir(bench.dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    std::fs::read(started).expect("the kernel writes to it");
    let pid = Pid::from_raw(i32::try_from(program.id()).expect("a process id")).expect("a process");
    kill_process(pid, Signal::INT).expect("it lives");
    let stderr: Vec<String> = BufReader::new(program.stderr.take().expect("piped")).lines().map_while(Result::ok).collect();
    assert_eq!(program.wait().expect("it ends").code(), Some(4));
    assert_eq!(
        stderr,
        [
            "kernelcheck: ending the run; once more ends it at once, without results",
            "kernelcheck: cancelled; what was found so far stands in o",
        ]
    );
    let results = bench.results("o/results.json");
    assert_eq!(results["exit_code"], 4);
}
