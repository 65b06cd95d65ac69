//! Files that are missing, unreadable, or wrong: every mistake is told at once, with its place, before anything runs.

use crate::bench::Bench;

/// What is said on stderr, where the exit code is that of a usage error.
#[track_caller]
fn refused(bench: &Bench, arguments: &[&str]) -> String {
    let run = bench.call(arguments);
    assert_eq!(run.keeps_within(40, 20.0).code, Some(2), "{}{}", run.stdout, run.stderr);
    assert!(!bench.path("kernelcheck-results").exists());
    run.stderr.replace(&bench.dir.path().display().to_string(), "DIR")
}

#[test]
fn a_kernelspec_that_is_missing_or_broken_is_refused() {
    let bench = Bench::new();
    bench.write("jupyter/kernels/python3/kernel.json", r#"{"argv": ["#);
    bench.write("jupyter/kernels/numbers/kernel.json", r#"{"argv": [1], "display_name": "N", "language": 3}"#);
    std::fs::create_dir_all(bench.path("jupyter/kernels/folder/kernel.json")).expect("writable");
    let said = refused(&bench, &["run", "pyton3"]);
    assert!(said.starts_with("kernelcheck: no kernelspec named \"pyton3\"") && said.contains("python3"), "{said}");
    assert!(said.contains("looked in:\n  DIR/jupyter/kernels\n"), "{said}");
    let said = refused(&bench, &["run", "python3"]);
    assert!(said.starts_with("kernelcheck: DIR/jupyter/kernels/python3/kernel.json: not JSON: "), "{said}");
    let said = refused(&bench, &["run", "numbers"]);
    assert!(
        said.contains("numbers/kernel.json: argv[0]: wanted a string, found a number")
            && said.contains("language: wanted a string, found a number"),
        "{said}"
    );
    assert!(refused(&bench, &["run", "folder"]).contains("folder"));
}

#[test]
fn a_program_that_does_not_exist_is_no_verdict_that_says_where_it_was_sought() {
    let bench = Bench::new();
    let run = bench.call(&["run", "--out", "out", "--", "no-such-kernel", "{connection_file}"]);
    assert_eq!(run.keeps_within(40, 20.0).code, Some(4));
    assert!(run.stdout.contains("- no such file: no-such-kernel, looked for in PATH: /usr/bin, /bin"), "{}", run.stdout);
    bench.write("script", "#!/bin/sh\n");
    let run = bench.call(&["run", "--out", "out", "--", "./script", "{connection_file}"]);
    assert_eq!(run.code, Some(4));
    assert!(run.stdout.contains("script is not an executable file"), "{}", run.stdout);
}

#[test]
fn every_mistake_of_a_profile_is_told() {
    let bench = Bench::new();
    bench.write("mine.toml", "sumary = 'Mine.'\n[match]\nlanguages = ['x']\n[snippets]\nhelo = { code = '1' }\nsleep = 5\n");
    let said = refused(&bench, &["run", "--profile", "mine.toml"]);
    for mistake in [
        "mine.toml:1: unknown key `sumary` (did you mean `summary`?)",
        "mine.toml:5: unknown snippet `helo` (did you mean `hello`?)",
        "mine.toml:6: `snippets.sleep` must be a table",
    ] {
        assert!(said.contains(mistake), "{said}");
    }
    assert!(refused(&bench, &["run", "--profile", "none.toml"]).contains("none.toml: cannot be read: No such file"));
    assert!(refused(&bench, &["run", "--profile", "pyton"]).contains("did you mean `python`?"));
}

#[test]
fn every_bad_line_of_a_trace_is_told() {
    let bench = Bench::new();
    let first = r#"{"t":0,"trace":{"version":1,"tool":"x","started":"2026-01-01T00:00:00Z","unix_nanos":0,"seed":1}}"#;
    bench.write("trace.jsonl", format!("{first}\n{{\"t\":1,\"recieved\":{{}}}}\n\u{fffd}\n{{\"t\":2}}\n{{\"t\":3,\"end\":{{\"why\":\"com"));
    let said = refused(&bench, &["judge", "trace.jsonl"]);
    assert_eq!(
        said,
        "kernelcheck: trace.jsonl:2: unknown event `recieved` (did you mean `received`?), at byte 17\n\
         trace.jsonl:3: expected value, at byte 1\n\
         trace.jsonl:4: no event on this line, at byte 7\n"
    );
    bench.write("binary", [0, 159, 146, 150, b'\n']);
    assert!(refused(&bench, &["judge", "binary"]).contains("binary: not a trace"));
    assert!(refused(&bench, &["judge", "."]).contains("cannot read the trace .: is a directory"));
    assert!(refused(&bench, &["judge", "gone"]).contains("cannot read the trace gone: No such file"));
}
