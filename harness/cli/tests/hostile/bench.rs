//! A run of the program in a directory of its own: with a time limit, its peak memory, and an account of what it leaves behind.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use tempfile::TempDir;

use crate::run::Run;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_kernelcheck");
/// A scale of the deadlines: where an answer never comes they are all that a run takes.
pub(crate) const SHORT: &str = "0.05";
/// The scale for kernels that answer, though they take their time.
pub(crate) const FULL: &str = "1";
/// The time that any run is given. Those that are bounded by deadlines of the harness take a few seconds.
const LIMIT: Duration = Duration::from_secs(60);
/// How often the peak of the memory is read; it is a mark that only rises, so that little of it can be missed.
const SAMPLING: Duration = Duration::from_millis(10);
/// What the processes of a kernel are given to be gone after the program is.
const LEAVING: Duration = Duration::from_secs(10);
/// Inherited by all processes of a run, whatever session they move to.
const MARK: &str = "KERNELCHECK_TEST_MARK";

/// A directory for runs.
pub(crate) struct Bench {
    pub(crate) dir: TempDir,
    mark: String,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let mark = format!("{MARK}={}", dir.path().display());
        Self { dir, mark }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        String::from_utf8_lossy(&std::fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))).into_owned()
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("inside the directory")).expect("writable");
        std::fs::write(path, text).expect("writable");
    }

    /// Starts the program. Its output goes to files, so that it never waits for its reader.
    pub(crate) fn start(&self, arguments: &[&str]) -> Started<'_> {
        let file = |name: &str| File::create(self.path(name)).expect("writable");
        let (_, mark) = self.mark.split_once('=').expect("made here");
        let home = self.dir.path();
        let child = Command::new(PROGRAM)
            .args(arguments)
            .current_dir(home)
            .env_clear()
            .env("HOME", home)
            .env("PATH", "/usr/bin:/bin")
            .env("JUPYTER_PATH", home.join("jupyter"))
            .env(MARK, mark)
            .stdin(Stdio::null())
            .stdout(file("stdout"))
            .stderr(file("stderr"))
            .spawn()
            .expect("it runs");
        let pid = Pid::from_child(&child);
        let end = pidfd_open(pid, PidfdFlags::empty()).expect("it has not been waited for");
        Started { bench: self, child, pid, end, began: Instant::now(), peak_kib: 0 }
    }

    /// Runs the program to its end.
    pub(crate) fn call(&self, arguments: &[&str]) -> Run {
        self.start(arguments).finish()
    }

    /// Runs against a hostile kernel, with short deadlines.
    pub(crate) fn play(&self, hostile: &str, select: &str) -> Run {
        self.play_with(&["--hostile", hostile], select, SHORT)
    }

    /// Runs against a fixture kernel, with deadlines of this scale.
    pub(crate) fn play_with(&self, kernel: &[&str], select: &str, scale: &str) -> Run {
        let options =
            ["run", "--out", "out", "--seed", "1", "--deadline-scale", scale, "--select", select, "--", PROGRAM, "fixture-kernel"];
        self.call(&[&options, kernel, &["{connection_file}"]].concat())
    }

    /// Waits until no process of a run is left.
    pub(crate) fn wait_for_no_process(&self) {
        let deadline = Instant::now() + LEAVING;
        while let Some((pid, command)) = self.processes().into_iter().next() {
            // One that is gone meanwhile is what is wanted.
            let Ok(end) = pidfd_open(pid, PidfdFlags::empty()) else { continue };
            assert!(ends(&end, deadline), "{command} outlives its run");
        }
    }

    /// Waits until something on the disk is as wanted; nothing else tells of it.
    pub(crate) fn wait_until(&self, is_so: impl Fn() -> bool) {
        let deadline = Instant::now() + LEAVING;
        let nothing = rustix::event::eventfd(0, rustix::event::EventfdFlags::CLOEXEC).expect("a descriptor");
        while !is_so() {
            assert!(Instant::now() < deadline, "it does not come to that");
            ends(&nothing, Instant::now() + SAMPLING);
        }
    }

    /// The processes that carry the mark. One that has ended has no environment any more.
    fn processes(&self) -> Vec<(Pid, String)> {
        let entries = std::fs::read_dir("/proc").expect("a /proc").flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        let marked = |pid: &i32| {
            let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|variable| variable == self.mark.as_bytes())
        };
        let command =
            |pid: i32| String::from_utf8_lossy(&std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default()).replace('\0', " ");
        pids.filter(marked).filter_map(|pid| Some((Pid::from_raw(pid)?, command(pid)))).collect()
    }
}

/// A program that runs.
pub(crate) struct Started<'a> {
    bench: &'a Bench,
    child: Child,
    pid: Pid,
    end: OwnedFd,
    began: Instant,
    peak_kib: u64,
}

impl Started<'_> {
    /// Waits until it has said this on stderr.
    pub(crate) fn wait_for(&mut self, text: &str) {
        while !self.bench.read("stderr").contains(text) {
            assert!(!self.ended_within(SAMPLING), "it ended before it said {text:?}: {}", self.bench.read("stderr"));
            self.check_time();
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).expect("it has not been waited for");
    }

    /// Waits for its end, and for that of all that it started.
    pub(crate) fn finish(mut self) -> Run {
        while !self.ended_within(SAMPLING) {
            self.check_time();
        }
        let seconds = self.began.elapsed().as_secs_f64();
        let code = self.child.wait().expect("it ended").code();
        self.bench.wait_for_no_process();
        let (stdout, stderr) = (self.bench.read("stdout"), self.bench.read("stderr"));
        let run = Run { code, seconds, peak_mib: self.peak_kib / 1024, stdout, stderr };
        run.show();
        run
    }

    fn ended_within(&mut self, time: Duration) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid.as_raw_nonzero())).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        self.peak_kib = self.peak_kib.max(peak.unwrap_or_default());
        ends(&self.end, Instant::now() + time)
    }

    fn check_time(&self) {
        assert!(self.began.elapsed() < LIMIT, "it does not end:\n{}", self.bench.read("stderr"));
    }
}

/// No process outlives a test that fails.
impl Drop for Started<'_> {
    fn drop(&mut self) {
        // Both fail where it has ended, as it should have.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ends(process: &OwnedFd, deadline: Instant) -> bool {
    let left = deadline.saturating_duration_since(Instant::now());
    let left = Timespec { tv_sec: left.as_secs().try_into().expect("short"), tv_nsec: left.subsec_nanos().into() };
    let mut fds = [PollFd::new(process, PollFlags::IN)];
    poll(&mut fds, Some(&left)).is_ok_and(|ready| ready > 0)
}
