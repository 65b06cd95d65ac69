//! A kernel process that we started: watched through its guard, until its end.

use std::fmt;
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::process::Child;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::unix::pipe;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::exit::{Exit, ExitStatus, signal_name};
use super::guard::orders::{Ended, Order, Report, line};
use super::output::{Stream, drain};
use crate::trace::{Event, Exited, Noted, Recorder, Signalled};

/// What the streams of an ended kernel are given to end: nobody is left to hold them.
const DRAINING: Duration = Duration::from_secs(2);
/// What a kernel that is dropped is given to be gone.
const DROPPING: Duration = Duration::from_secs(5);

/// How far a kernel has come; compared with an earlier one it tells whether anything was done since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Nanoseconds of CPU that all its processes have used.
    pub cpu_ns: u64,
    /// Bytes that were written to stdout and stderr.
    pub output_bytes: u64,
}

/// A kernel's process and its guard, as they are when the kernel's program has begun to run.
pub(super) struct Running {
    pub(super) pid: Pid,
    pub(super) guard: Child,
    pub(super) line: UnixStream,
    pub(super) stdout: pipe::Receiver,
    pub(super) stderr: pipe::Receiver,
}

/// A kernel process. Dropping it kills it and all that it started.
pub struct KernelProcess {
    pid: Pid,
    guard: u32,
    guard_line: UnixStream,
    exit: Arc<Exit>,
    stdout: Arc<Stream>,
    stderr: Arc<Stream>,
    recorder: Arc<Recorder>,
}

impl KernelProcess {
    /// Starts the tasks that read its output and await its end.
    pub(super) fn watch(running: Running, life: u32, runtime: &Handle, recorder: &Arc<Recorder>) -> std::io::Result<Self> {
        let _context = runtime.enter();
        running.line.set_nonblocking(true)?;
        let line = tokio::net::UnixStream::from_std(running.line.try_clone()?)?;
        let kernel = Self {
            pid: running.pid,
            guard: running.guard.id(),
            guard_line: running.line,
            exit: Arc::new(Exit::new()?),
            stdout: Arc::default(),
            stderr: Arc::default(),
            recorder: Arc::clone(recorder),
        };
        let drains = [
            runtime.spawn(drain(running.stdout, "stdout", Arc::clone(&kernel.stdout), Arc::clone(recorder))),
            runtime.spawn(drain(running.stderr, "stderr", Arc::clone(&kernel.stderr), Arc::clone(recorder))),
        ];
        let (exit, recorder) = (Arc::clone(&kernel.exit), Arc::clone(recorder));
        runtime.spawn(Watched { pid: running.pid, life, exit, recorder }.until_end(line, drains, running.guard));
        Ok(kernel)
    }

    /// The kernel's process id, which is also that of its process group and session.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// The process id of its guard: the root of the tree of all the kernel's processes.
    #[must_use]
    pub fn guard_pid(&self) -> u32 {
        self.guard
    }

    /// How it ended, if it has.
    #[must_use]
    pub fn exited(&self) -> Option<ExitStatus> {
        self.exit.status()
    }

    /// Blocks until it ends, or until `deadline`.
    #[must_use]
    pub fn wait_exit(&self, deadline: Instant) -> Option<ExitStatus> {
        self.exit.wait(deadline)
    }

    /// Notes that we, or the plan's own code, asked for its end: by a shutdown request, for instance.
    pub fn mark_asked(&self) {
        self.exit.ask();
    }

    /// Sends a signal to its process group, and records it. `purpose` is `interrupt`, `shutdown` or `cleanup`.
    ///
    /// With SIGTERM or SIGKILL its end counts as asked for. A process that has ended is left alone.
    pub fn signal_group(&self, signal: Signal, purpose: &str) {
        if self.exited().is_some() {
            return;
        }
        if signal == Signal::TERM || signal == Signal::KILL {
            self.exit.ask();
        }
        self.record_signal(signal, purpose);
        // It may have ended just now; then nobody is there to be told.
        let _ = kill_process_group(self.pid, signal);
    }

    /// Kills it with all that it started; the end is reported as any other.
    pub fn kill(&self) {
        if self.exited().is_some() {
            return;
        }
        self.exit.ask();
        self.record_signal(Signal::KILL, "cleanup");
        // A guard that can't be told is gone, and a kernel does not outlive it.
        let _ = (&self.guard_line).write_all(line(&Order::Kill(true)).as_bytes());
    }

    /// The last 64 KiB that it wrote to stderr.
    #[must_use]
    pub fn stderr_tail(&self) -> Vec<u8> {
        self.stderr.tail()
    }

    /// The last 64 KiB that it wrote to stdout.
    #[must_use]
    pub fn stdout_tail(&self) -> Vec<u8> {
        self.stdout.tail()
    }

    /// How far it has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress { cpu_ns: super::evidence::cpu_time(self.guard), output_bytes: self.stdout.bytes() + self.stderr.bytes() }
    }

    fn record_signal(&self, signal: Signal, purpose: &str) {
        let name = signal_name(signal.as_raw()).map_or_else(|| signal.as_raw().to_string(), ToOwned::to_owned);
        self.recorder.record(Event::Signalled(Signalled { signal: name, purpose: purpose.to_owned() }));
    }
}

/// A descriptor that becomes readable when the process has ended, and stays so.
impl AsFd for KernelProcess {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.exit.waker()
    }
}

impl fmt::Debug for KernelProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KernelProcess").field("pid", &self.pid()).field("guard", &self.guard).field("exited", &self.exited()).finish()
    }
}

impl Drop for KernelProcess {
    fn drop(&mut self) {
        self.kill();
        // On a thread of the runtime waiting could keep the very task from running that is waited for.
        if Handle::try_current().is_err() {
            let _ = self.wait_exit(Instant::now() + DROPPING);
        }
    }
}

/// What the task that awaits the kernel's end needs.
struct Watched {
    pid: Pid,
    life: u32,
    exit: Arc<Exit>,
    recorder: Arc<Recorder>,
}

impl Watched {
    async fn until_end(self, line: tokio::net::UnixStream, drains: [JoinHandle<()>; 2], mut guard: Child) {
        let ended = ended(line).await;
        if ended.is_none() {
            // The kernel was told to die with its guard; its group may not have been.
            let _ = kill_process_group(self.pid, Signal::KILL);
            let text = "the guard ended before its kernel, so nobody knows how that ended".to_owned();
            self.recorder.record(Event::Error(Noted { what: "guard_lost".to_owned(), text }));
        }
        for mut drain in drains {
            // All that the kernel wrote comes before its end. A process that can't be killed may hold the stream for ever.
            if tokio::time::timeout(DRAINING, &mut drain).await.is_err() {
                drain.abort();
            }
        }
        let ended = ended.unwrap_or(Ended { code: None, signal: None, survivors: Vec::new() });
        let (code, signal, asked) = (ended.code, ended.signal, self.exit.asked());
        let exited = Exited { life: self.life, code, signal, asked, survivors: ended.survivors };
        self.recorder.record(Event::Exited(exited));
        self.exit.set(ExitStatus { code, signal });
        // It has nothing left to do but to end.
        tokio::task::spawn_blocking(move || guard.wait());
    }
}

/// The guard's report of the end; nothing if it ended without one.
async fn ended(line: tokio::net::UnixStream) -> Option<Ended> {
    let mut lines = BufReader::new(line).lines();
    while let Ok(Some(report)) = lines.next_line().await {
        if let Ok(Report::Exited(ended)) = serde_json::from_str(&report) {
            return Some(ended);
        }
    }
    None
}
