//! Processes that try to outlive the kernel or the harness, or lose the guard.

use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use harness::session::kernel::ExitStatus;
use harness::trace::Event;
use rustix::process::{Signal, kill_process};

use crate::bench::{Bench, PATIENCE, Tether, end, pid};

/// Leaves a child in its own group, and one that went to another session and lost its parent; then says so.
const FAMILY: &str = r#"
exec 3>"$0"
(setsid sh -c 'echo away >&3; exec sleep 1000' &)
sleep 1000 &
echo ready >&3
"#;

fn family(then: &str) -> String {
    format!("{FAMILY}{then}")
}

#[test]
fn who_outlives_the_kernel_is_named_and_killed() {
    let bench = Bench::new();
    let mut tether = Tether::new(bench.dir.path());
    let kernel = bench.launch(&["sh", "-c", &family("trap 'exit 0' INT; echo set >&3; wait"), tether.path()]);
    tether.wait_for(&["away", "ready", "set"]);
    kill_process(pid(kernel.pid()), Signal::INT).expect("it lives");
    assert_eq!(kernel.wait_exit(Instant::now() + PATIENCE).map(|status| status.code), Some(Some(0)));
    tether.wait_for_end();
    let exited = bench.exited();
    let survivors: Vec<&str> = exited[0].survivors.iter().filter_map(|text| text.split(": ").nth(1)).collect();
    assert_eq!(survivors, ["sleep 1000", "sleep 1000"]);
}

#[test]
fn who_follows_the_kernel_at_once_is_no_survivor() {
    let bench = Bench::new();
    // The child waits for the end of a pipe that the kernel holds.
    let script = "import os, sys\nr, w = os.pipe()\nif os.fork() == 0:\n  os.close(w); os.read(r, 1); os._exit(0)\n";
    let kernel = bench.launch(&["python3", "-S", "-E", "-c", script]);
    assert!(kernel.wait_exit(Instant::now() + PATIENCE).is_some());
    assert_eq!(bench.exited().iter().map(end).collect::<Vec<_>>(), [(Some(0), None, false, 0)]);
}

#[test]
fn killing_and_dropping_end_the_whole_tree() {
    for dropped in [false, true] {
        let bench = Bench::new();
        let mut tether = Tether::new(bench.dir.path());
        let kernel = bench.launch(&["sh", "-c", &family("trap '' TERM INT; wait"), tether.path()]);
        tether.wait_for(&["away", "ready"]);
        if dropped {
            drop(kernel);
        } else {
            kernel.kill();
            assert_eq!(kernel.wait_exit(Instant::now() + PATIENCE).map(|status| status.signal), Some(Some(9)));
        }
        // Dropping waits, so that the end is in the trace.
        assert_eq!(bench.exited().iter().map(end).collect::<Vec<_>>(), [(None, Some(9), true, 0)]);
        tether.wait_for_end();
    }
}

#[test]
fn the_guard_shrugs_off_signals() {
    let bench = Bench::new();
    let kernel = bench.launch(&["sh", "-c", "exec sleep 1000"]);
    let guard = pid(kernel.guard_pid());
    for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT] {
        kill_process(guard, signal).expect("it lives");
    }
    kernel.signal_group(Signal::KILL, "cleanup");
    // Had the guard ended first, nobody would know how the kernel did.
    assert_eq!(kernel.wait_exit(Instant::now() + PATIENCE), Some(ExitStatus { code: None, signal: Some(9) }));
}

#[test]
fn a_guard_that_is_killed_takes_its_kernel_along() {
    let bench = Bench::new();
    let mut tether = Tether::new(bench.dir.path());
    let kernel = bench.launch(&["sh", "-c", r#"exec 3>"$0"; echo ready >&3; sleep 1000"#, tether.path()]);
    tether.wait_for(&["ready"]);
    kill_process(pid(kernel.guard_pid()), Signal::KILL).expect("it lives");
    assert_eq!(kernel.wait_exit(Instant::now() + PATIENCE), Some(ExitStatus { code: None, signal: None }));
    tether.wait_for_end();
    let lost = bench.events().into_iter().find_map(|event| if let Event::Error(noted) = event { Some(noted.what) } else { None });
    assert_eq!(lost.as_deref(), Some("guard_lost"));
}

/// Not a test of its own: the harness that the next one kills.
#[test]
#[ignore = "run by a_harness_that_is_killed_leaves_nothing"]
fn starts_a_family_and_waits() {
    let bench = Bench::new();
    let tether = std::env::var("TETHER").expect("set by the test");
    let kernel = bench.launch(&["sh", "-c", &family("echo \"$1\" >&3; wait"), &tether]);
    let _ = kernel.wait_exit(Instant::now() + PATIENCE);
}

#[test]
fn a_harness_that_is_killed_leaves_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut tether = Tether::new(dir.path());
    let mut harness = std::process::Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "escapes::starts_a_family_and_waits", "--ignored", "--nocapture"])
        .env("TETHER", tether.path())
        .env("TMPDIR", dir.path())
        .stdout(Stdio::null())
        .spawn()
        .expect("this test");
    tether.wait_for(&["away", "ready"]);
    assert_eq!(left_by_us(dir.path()), 1);
    harness.kill().expect("it lives");
    harness.wait().expect("ours");
    tether.wait_for_end();
    // The guard is the last to go, after the connection file's directory; a pipe's end can't show that, so look until then.
    let deadline = Instant::now() + PATIENCE;
    while left_by_us(dir.path()) != 0 {
        assert!(Instant::now() < deadline, "the connection file stays");
        std::thread::yield_now();
    }
}

/// Directories of connection files.
fn left_by_us(dir: &Path) -> usize {
    let entries = std::fs::read_dir(dir).expect("ours").flatten();
    entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("kernelcheck-")).count()
}
