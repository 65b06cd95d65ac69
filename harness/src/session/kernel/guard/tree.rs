//! The descendants of a process, and their end.

use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use procfs::process::{Process, Stat, all_processes};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, pidfd_open, pidfd_send_signal, waitpid};

/// Descriptors held open at once while processes are awaited.
const BATCH: usize = 256;
/// Characters of a command line that are shown.
const COMMAND_SHOWN: usize = 200;

/// A process that has not ended.
pub(in super::super) struct Living {
    /// Its id.
    pub(in super::super) pid: Pid,
    /// Its parent's id.
    pub(in super::super) parent: i32,
    command: String,
}

impl Living {
    /// `pid 17: sleep 1000`, the command line cut where it is long.
    pub(super) fn describe(&self) -> String {
        let line = Process::new(self.pid.as_raw_nonzero().get()).and_then(|process| process.cmdline()).unwrap_or_default().join(" ");
        let line = if line.is_empty() { format!("[{}]", self.command) } else { line };
        let shown: String = line.chars().take(COMMAND_SHOWN).collect();
        let cut = if shown.len() < line.len() { "…" } else { "" };
        format!("pid {}: {shown}{cut}", self.pid.as_raw_nonzero())
    }
}

/// All living descendants of `root`, parents before their children; `root` itself is not among them.
///
/// A process whose parent died is found too where `root` is its subreaper.
pub(in super::super) fn descendants(root: Pid) -> Vec<Living> {
    let Ok(processes) = all_processes() else {
        return Vec::new();
    };
    // Processes come and go while /proc is read; those that went are not of interest.
    let stats: Vec<Stat> = processes.flatten().filter_map(|process| process.stat().ok()).collect();
    let mut parents = vec![root.as_raw_nonzero().get()];
    let mut found = Vec::new();
    let mut next = 0;
    while let Some(&parent) = parents.get(next) {
        next += 1;
        for stat in stats.iter().filter(|stat| stat.ppid == parent) {
            parents.push(stat.pid);
            if let Some(pid) = Pid::from_raw(stat.pid).filter(|_| lives(stat)) {
                found.push(Living { pid, parent: stat.ppid, command: stat.comm.clone() });
            }
        }
    }
    found
}

/// Kills all descendants of `root` until none is left, or until `deadline`; tells whether none is left.
pub(super) fn kill_descendants(root: Pid, deadline: Instant) -> bool {
    loop {
        let living = descendants(root);
        if living.is_empty() {
            return true;
        }
        let doomed = watch(&living);
        for process in &doomed {
            // An error says that it ended just now, which is what is wanted.
            let _ = pidfd_send_signal(process, Signal::KILL);
        }
        if !wait_gone(doomed, deadline) {
            return false;
        }
    }
}

/// Waits until all `living` are gone, or `deadline`; tells whether they are.
pub(super) fn wait_living(living: &[Living], deadline: Instant) -> bool {
    wait_gone(watch(living), deadline)
}

/// Reaps the children of this process that have ended, but for `kept`.
pub(super) fn reap_children(kept: Option<Pid>) {
    let Ok(children) = Process::myself().and_then(|me| me.task_main_thread()).and_then(|task| task.children()) else {
        return;
    };
    for child in children {
        let child = i32::try_from(child).ok().and_then(Pid::from_raw);
        if child.is_some() && child != kept {
            // Those that live are left alone, and of those that were reaped already nothing is owed.
            let _ = waitpid(child, WaitOptions::NOHANG);
        }
    }
}

/// A main thread that has ended is shown as a zombie though others of its process go on.
fn lives(stat: &Stat) -> bool {
    !matches!(stat.state, 'Z' | 'X' | 'x') || stat.num_threads > 1
}

fn watch(living: &[Living]) -> Vec<OwnedFd> {
    living.iter().take(BATCH).filter_map(|process| pidfd_open(process.pid, PidfdFlags::empty()).ok()).collect()
}

fn wait_gone(mut processes: Vec<OwnedFd>, deadline: Instant) -> bool {
    while !processes.is_empty() {
        let mut fds: Vec<PollFd<'_>> = processes.iter().map(|fd| PollFd::from_borrowed_fd(fd.as_fd(), PollFlags::IN)).collect();
        let left = deadline.saturating_duration_since(Instant::now());
        match poll(&mut fds, Some(&timespec(left))) {
            Ok(0) => return false,
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => return false,
        }
        let gone: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        let mut gone = gone.into_iter();
        processes.retain(|_| !gone.next().unwrap_or(false));
        if left.is_zero() && !processes.is_empty() {
            return false;
        }
    }
    true
}

fn timespec(duration: Duration) -> Timespec {
    Timespec { tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX), tv_nsec: i64::from(duration.subsec_nanos()) }
}
