//! The end of a kernel process, for those that wait for it and those that look now and then.

use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Instant;

use rustix::event::{EventfdFlags, eventfd};
use rustix::process::Signal;
use serde::Serialize;

/// How a process ended. Both are absent where the guard was killed before it could tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ExitStatus {
    /// Exit code, if it exited.
    pub code: Option<i32>,
    /// Signal number, if a signal ended it.
    pub signal: Option<i32>,
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code, self.signal) {
            (Some(code), _) => write!(f, "exit code {code}"),
            (None, Some(signal)) => match signal_name(signal) {
                Some(name) => f.write_str(name),
                None => write!(f, "signal {signal}"),
            },
            (None, None) => f.write_str("an unknown end"),
        }
    }
}

/// By number from 1; the numbers are those of Linux on all machines that Jupyter runs on.
const SIGNALS: [&str; 31] = [
    "SIGHUP",
    "SIGINT",
    "SIGQUIT",
    "SIGILL",
    "SIGTRAP",
    "SIGABRT",
    "SIGBUS",
    "SIGFPE",
    "SIGKILL",
    "SIGUSR1",
    "SIGSEGV",
    "SIGUSR2",
    "SIGPIPE",
    "SIGALRM",
    "SIGTERM",
    "SIGSTKFLT",
    "SIGCHLD",
    "SIGCONT",
    "SIGSTOP",
    "SIGTSTP",
    "SIGTTIN",
    "SIGTTOU",
    "SIGURG",
    "SIGXCPU",
    "SIGXFSZ",
    "SIGVTALRM",
    "SIGPROF",
    "SIGWINCH",
    "SIGIO",
    "SIGPWR",
    "SIGSYS",
];

/// `SIGKILL` for 9.
pub(super) fn signal_name(signal: i32) -> Option<&'static str> {
    SIGNALS.get(usize::try_from(signal).ok()?.checked_sub(1)?).copied()
}

/// 9 for `SIGKILL`.
pub(in crate::session) fn signal_named(name: &str) -> Option<Signal> {
    let at = SIGNALS.iter().position(|known| *known == name)?;
    Signal::from_named_raw(i32::try_from(at + 1).ok()?)
}

/// The end, once it has come.
pub(super) struct Exit {
    status: Mutex<Option<ExitStatus>>,
    changed: Condvar,
    waker: OwnedFd,
    asked: AtomicBool,
}

impl Exit {
    pub(super) fn new() -> std::io::Result<Self> {
        let waker = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { status: Mutex::new(None), changed: Condvar::new(), waker, asked: AtomicBool::new(false) })
    }

    /// A descriptor that becomes readable when the process has ended, and stays so.
    pub(super) fn waker(&self) -> BorrowedFd<'_> {
        self.waker.as_fd()
    }

    pub(super) fn status(&self) -> Option<ExitStatus> {
        *self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn ask(&self) {
        self.asked.store(true, Ordering::SeqCst);
    }

    pub(super) fn asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }

    /// Tells everyone.
    pub(super) fn set(&self, status: ExitStatus) {
        // Under the lock, so that whoever is woken by one way finds the other done too.
        let mut current = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        *current = Some(status);
        // Writing once to a new eventfd can't fail: its counter is far from full.
        let _ = rustix::io::write(&self.waker, &1_u64.to_ne_bytes());
        self.changed.notify_all();
    }

    /// Waits for the end, until `deadline`.
    pub(super) fn wait(&self, deadline: Instant) -> Option<ExitStatus> {
        let status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        let left = deadline.saturating_duration_since(Instant::now());
        let waited = self.changed.wait_timeout_while(status, left, |status| status.is_none());
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_reads_as_people_say_it() {
        let read = |code, signal| ExitStatus { code, signal }.to_string();
        assert_eq!(signal_named("SIGSTOP"), Some(Signal::STOP));
        assert_eq!([read(Some(3), None), read(None, Some(11)), read(None, Some(40))], ["exit code 3", "SIGSEGV", "signal 40"]);
    }
}
