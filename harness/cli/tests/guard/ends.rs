//! Kernels that end, and what they write before.

use std::os::fd::AsFd;
use std::time::Instant;

use harness::session::kernel::ExitStatus;
use harness::trace::Event;
use rustix::process::Signal;

use crate::bench::{Bench, PATIENCE, Tether, end, readable};

#[test]
fn exit_code_and_signal_are_told() {
    let bench = Bench::new();
    let kernel = bench.launch(&["sh", "-c", "exit 3"]);
    let deadline = Instant::now() + PATIENCE;
    assert_eq!(kernel.wait_exit(deadline), Some(ExitStatus { code: Some(3), signal: None }));
    assert!(readable(kernel.as_fd(), Instant::now()));
    assert_eq!(bench.exited().iter().map(end).collect::<Vec<_>>(), [(Some(3), None, false, 0)]);

    let kernel = bench.launch(&["sh", "-c", "kill -SEGV $$"]);
    assert_eq!(kernel.wait_exit(deadline), Some(ExitStatus { code: None, signal: Some(11) }));
    assert_eq!(bench.exited().iter().map(end).collect::<Vec<_>>(), [(None, Some(11), false, 0)]);
}

#[test]
fn what_was_written_comes_before_the_end() {
    let bench = Bench::new();
    let kernel = bench.launch(&["sh", "-c", "echo out; echo err >&2"]);
    assert!(kernel.wait_exit(Instant::now() + PATIENCE).is_some());
    let kinds: Vec<&str> = bench.events().iter().map(Event::kind).collect();
    assert_eq!(kinds, ["trace", "kernel", "output", "output", "exit"]);
    assert_eq!((kernel.stdout_tail(), kernel.stderr_tail()), (b"out\n".to_vec(), b"err\n".to_vec()));
}

#[test]
fn a_process_that_is_asked_to_end_is_told_apart() {
    let bench = Bench::new();
    let kernel = bench.launch(&["sh", "-c", "exec sleep 1000"]);
    assert_eq!(kernel.wait_exit(Instant::now()), None);
    assert!(!readable(kernel.as_fd(), Instant::now()));
    kernel.signal_group(Signal::TERM, "shutdown");
    assert_eq!(kernel.wait_exit(Instant::now() + PATIENCE), Some(ExitStatus { code: None, signal: Some(15) }));
    let events = bench.events();
    let kinds: Vec<&str> = events.iter().map(Event::kind).collect();
    assert_eq!(kinds, ["trace", "kernel", "signal", "exit"]);
    assert!(matches!(&events[3], Event::Exited(exited) if exited.asked), "{events:?}");
}

#[test]
fn an_interrupt_reaches_the_group() {
    let bench = Bench::new();
    let mut tether = Tether::new(bench.dir.path());
    let script = r#"exec 3>"$0"; trap 'echo caught; exit 7' INT; sh -c 'trap "echo child >&3; exit" INT; echo in >&3; while :; do sleep 1000; done' & echo up >&3; while :; do wait; done"#;
    let kernel = bench.launch(&["sh", "-c", script, tether.path()]);
    tether.wait_for(&["up", "in"]);
    kernel.signal_group(Signal::INT, "interrupt");
    assert_eq!(kernel.wait_exit(Instant::now() + PATIENCE), Some(ExitStatus { code: Some(7), signal: None }));
    assert_eq!(kernel.stdout_tail(), b"caught\n");
    assert_eq!(bench.exited().iter().map(|exited| exited.asked).collect::<Vec<_>>(), [false]);
}

#[test]
fn a_hundred_megabytes_are_drained_and_not_kept() {
    let bench = Bench::new();
    let before = peak_memory();
    let kernel = bench.launch(&["sh", "-c", "head -c 100000000 /dev/zero; echo >&2 done"]);
    assert_eq!(kernel.wait_exit(Instant::now() + 3 * PATIENCE), Some(ExitStatus { code: Some(0), signal: None }));
    assert_eq!(kernel.progress().output_bytes, 100_000_005);
    let outputs = bench.events().into_iter().filter_map(|event| if let Event::Output(output) = event { Some(output) } else { None });
    let (kept, dropped) = outputs.fold((0, 0), |(kept, dropped), output| (kept + output.text.0.len(), dropped + output.dropped));
    assert_eq!(kept as u64 + dropped, 100_000_005);
    assert!((500_000..=1 << 20).contains(&kept), "{kept}");
    let grown = peak_memory() - before;
    assert!(grown < 16 << 20, "{grown} bytes");
}

/// Bytes of memory that this process had at most.
fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("always there");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("always there");
    line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") << 10
}
