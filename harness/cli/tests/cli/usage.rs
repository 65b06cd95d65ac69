//! What is wrong with a command line is told with what, where and what to do, and ends with 2.

use super::{Bench, Called, install_kernel};

/// The message of a usage error.
fn refused(called: Called) -> String {
    assert_eq!((called.code, called.stdout.as_str()), (Some(2), ""), "{}", called.stderr);
    called.stderr
}

#[test]
fn an_unknown_command_or_option_is_refused() {
    let bench = Bench::new();
    assert!(refused(bench.call(&["rnu"])).contains("unrecognized subcommand 'rnu'"));
    assert!(refused(bench.call(&["run", "--job", "2"])).contains("--jobs"));
    assert!(refused(bench.call(&["run", "--jobs", "0"])).contains("0 is not in 1.."));
    assert!(refused(bench.call(&["run", "python3", "--existing", "f.json"])).contains("cannot be used with"));
    assert!(refused(bench.call(&["judge"])).contains("<TRACE>"));
}

#[test]
fn an_unknown_kernel_is_told_with_the_nearest() {
    let bench = Bench::new();
    install_kernel(&bench, "python3");
    let message = refused(bench.call(&["run", "pyton3"]));
    assert!(
        message.starts_with("kernelcheck: no kernelspec named \"pyton3\", but python3\nlooked in:\n  DIR/jupyter/kernels\n"),
        "{message}"
    );
}

#[test]
fn an_unknown_name_is_told_with_the_nearest() {
    let bench = Bench::new();
    let said = |arguments: &[&str]| refused(bench.call_by_small_spec(arguments));
    assert_eq!(said(&["run", "--select", "stat-o2"]), "kernelcheck: nothing is called `stat-o2` (did you mean `STAT-02`?)\n");
    assert_eq!(said(&["run", "--skip", "nothing-at-all"]), "kernelcheck: nothing is called `nothing-at-all`\n");
    assert_eq!(
        said(&["explain", "idle-folows-busy"]),
        "kernelcheck: no rule, scenario or message type is called `idle-folows-busy` (did you mean `idle-follows-busy`?)\n"
    );
    let profile = refused(bench.call(&["run", "--profile", "pyhton"]));
    assert_eq!(profile, "kernelcheck: no profile is called `pyhton` (did you mean `python`?)\n");
}

#[test]
fn what_leaves_nothing_to_do_is_refused() {
    let bench = Bench::new();
    let message = refused(bench.call_by_small_spec(&["run", "--skip", "status/info"]));
    assert!(message.contains("leave no scenario"), "{message}");
    let message = refused(bench.call(&["run", "--", "my-kernel"]));
    assert_eq!(message, "kernelcheck: no argument holds {connection_file}, so the kernel can't learn where to listen: my-kernel\n");
    assert!(refused(bench.call(&["list", "rules", "STAT-02"])).contains("kernelcheck explain"));
    assert!(refused(bench.call(&["list", "profile"])).contains("<NAME|FILE>"));
    let message = refused(bench.call(&["list", "messages", "--coverage"]));
    assert!(message.contains("kernelcheck list requirements --coverage"), "{message}");
}

#[test]
fn a_wrong_configuration_is_told_whole() {
    let bench = Bench::new();
    bench.write("kernelcheck.toml", "jbos = 2\nformat = [\"txt\"]\n");
    let message = refused(bench.call(&["list"]));
    assert_eq!(
        message,
        "kernelcheck: kernelcheck.toml:1: unknown key `jbos` (did you mean `jobs`?)\n\
         kernelcheck.toml:2: unknown variant `txt`, expected one of `text`, `json`, `junit`\n"
    );
}

#[test]
fn files_that_are_not_there_or_not_right_are_named() {
    let bench = Bench::new();
    assert!(refused(bench.call(&["judge", "t.jsonl"])).starts_with("kernelcheck: cannot read the trace t.jsonl: "));
    bench.write("t.jsonl", "hello\n");
    assert!(refused(bench.call(&["judge", "t.jsonl"])).starts_with("kernelcheck: t.jsonl: not a trace: "));
    assert!(refused(bench.call(&["list", "--specs", "."])).contains("no spec is here"));
    assert!(refused(bench.call(&["run", "--existing", "c.json"])).contains("c.json"));
    assert!(refused(bench.call(&["run", "--profile", "p.toml"])).contains("p.toml: cannot be read"));
}

#[test]
fn a_directory_with_other_files_is_left_alone() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("mine")).expect("writable");
    bench.write("mine/thesis.txt", "dear");
    let message = refused(bench.call_by_small_spec(&["run", "--out", "mine"]));
    assert!(message.contains("mine holds thesis.txt, which is no file of a run"), "{message}");
    assert_eq!(bench.read("mine/thesis.txt"), "dear");
}

#[test]
fn help_tells_the_exit_codes() {
    let called = Bench::new().call(&["--help"]);
    assert_eq!((called.code, called.stderr.as_str()), (Some(0), ""));
    for code in ["0  the kernel conforms", "1  it deviates", "2  the command line", "3  the kernel locked up", "4  no verdict"] {
        assert!(called.stdout.contains(code), "{}", called.stdout);
    }
}
