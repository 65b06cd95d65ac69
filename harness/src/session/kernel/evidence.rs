//! What the system knows about a kernel's processes: whether they run, burn CPU, or wait, and for what.
//!
//! Everything here is read from `/proc` without touching the processes. What could not be read, because a process ended
//! meanwhile or is not ours to look at, is absent.

use procfs::process::{Process, Stat, Status, Task};
use rustix::process::Pid;
use serde::Serialize;

use super::guard::tree::{Living, descendants};

/// Processes and threads that one account holds at most.
const PROCESSES: usize = 64;
const THREADS: usize = 128;

/// A process at one moment, and the processes below it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProcessSnapshot {
    /// Process id.
    pub pid: u32,
    /// The program's name, as the system holds it (15 bytes).
    pub name: String,
    /// `R` runs, `S` waits, `D` waits uninterruptibly, `T` is stopped, `t` is held by a debugger, `Z` has ended.
    pub state: char,
    /// Nanoseconds on a CPU in its own code; the system counts in steps of 10 ms.
    pub cpu_user_ns: u64,
    /// Nanoseconds on a CPU in system calls.
    pub cpu_sys_ns: u64,
    /// Threads; the first 128 of them.
    pub threads: Vec<ThreadSnapshot>,
    /// How many threads there are.
    pub thread_count: u64,
    /// Open descriptors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_fds: Option<usize>,
    /// Bytes of memory in use.
    pub rss_bytes: u64,
    /// Times that its main thread gave up the CPU to wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voluntary_switches: Option<u64>,
    /// Times that the CPU was taken from its main thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub involuntary_switches: Option<u64>,
    /// The processes that it started; a tree has 64 processes at most.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<ProcessSnapshot>,
}

/// A thread at one moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ThreadSnapshot {
    /// Thread id.
    pub tid: u32,
    /// Its name.
    pub name: String,
    /// As of a process.
    pub state: char,
    /// The place in the system where it waits (`futex_wait_queue`, `do_epoll_wait`, …), if it does and we may know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wchan: Option<String>,
    /// Nanoseconds on a CPU.
    pub cpu_ns: u64,
}

/// The process `pid` and all below it; nothing if it has ended.
#[must_use]
pub fn snapshot(pid: u32) -> Option<ProcessSnapshot> {
    let root = i32::try_from(pid).ok().and_then(Pid::from_raw)?;
    let below = descendants(root);
    let mut left = PROCESSES;
    take(root, &below, &mut left)
}

/// Nanoseconds of CPU that the process `root`'s descendants have used, also those that have ended and were waited for.
///
/// With the guard as `root` this is what the kernel and all its processes used. It can step back a little: the time of a
/// process whose parent does not care for its end is lost.
#[must_use]
pub fn cpu_time(root: u32) -> u64 {
    let Some(pid) = i32::try_from(root).ok().and_then(Pid::from_raw) else {
        return 0;
    };
    let ended = stat(pid).map_or(0, |stat| ended_ticks(&stat));
    let living: u64 =
        descendants(pid).iter().filter_map(|process| stat(process.pid)).map(|stat| stat.utime + stat.stime + ended_ticks(&stat)).sum();
    nanoseconds(ended + living)
}

fn take(pid: Pid, below: &[Living], left: &mut usize) -> Option<ProcessSnapshot> {
    *left = left.checked_sub(1)?;
    let process = Process::new(pid.as_raw_nonzero().get()).ok()?;
    let stat = process.stat().ok()?;
    let status = process.status().ok();
    let tasks = process.tasks().ok();
    let threads = tasks.into_iter().flatten().flatten().take(THREADS).filter_map(|task| thread(&process, &task));
    let threads = threads.collect();
    let mine = below.iter().filter(|other| other.parent == stat.pid);
    Some(ProcessSnapshot {
        pid: stat.pid.unsigned_abs(),
        name: stat.comm.clone(),
        state: stat.state,
        cpu_user_ns: nanoseconds(stat.utime),
        cpu_sys_ns: nanoseconds(stat.stime),
        threads,
        thread_count: u64::try_from(stat.num_threads).unwrap_or(0),
        open_fds: process.fd_count().ok(),
        rss_bytes: stat.rss.saturating_mul(procfs::page_size()),
        voluntary_switches: status.as_ref().and_then(|status: &Status| status.voluntary_ctxt_switches),
        involuntary_switches: status.as_ref().and_then(|status: &Status| status.nonvoluntary_ctxt_switches),
        children: mine.filter_map(|child| take(child.pid, below, left)).collect(),
    })
}

fn thread(process: &Process, task: &Task) -> Option<ThreadSnapshot> {
    let stat = task.stat().ok()?;
    Some(ThreadSnapshot {
        tid: task.tid.unsigned_abs(),
        name: stat.comm.clone(),
        state: stat.state,
        wchan: wchan(process.pid(), task.tid),
        cpu_ns: nanoseconds(stat.utime + stat.stime),
    })
}

/// The system says `0` for a thread that runs, and for all where it keeps the place to itself.
fn wchan(pid: i32, tid: i32) -> Option<String> {
    let place = std::fs::read_to_string(format!("/proc/{pid}/task/{tid}/wchan")).ok()?;
    Some(place).filter(|place| !place.is_empty() && place != "0")
}

fn stat(pid: Pid) -> Option<Stat> {
    Process::new(pid.as_raw_nonzero().get()).and_then(|process| process.stat()).ok()
}

/// Of children that have ended and were waited for.
fn ended_ticks(stat: &Stat) -> u64 {
    u64::try_from(stat.cutime.saturating_add(stat.cstime)).unwrap_or(0)
}

fn nanoseconds(ticks: u64) -> u64 {
    ticks.saturating_mul(1_000_000_000 / procfs::ticks_per_second().max(1))
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command, Stdio};

    use super::*;

    /// Runs a shell script that writes a byte when it is where it should be, and waits for that.
    fn script(text: &str) -> Child {
        use std::io::Read;
        let mut child = Command::new("sh").args(["-c", text]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a shell");
        let mut byte = [0];
        child.stdout.as_mut().expect("piped").read_exact(&mut byte).expect("the script's word");
        child
    }

    fn end(mut child: Child) {
        drop(child.stdin.take());
        assert!(child.wait().expect("ours").success());
    }

    #[test]
    fn a_tree_is_seen_whole() {
        let child = script("cat & exec 3<&0; (cat <&3) & echo; wait");
        let seen = snapshot(child.id()).expect("it lives");
        let open_fds = seen.open_fds.expect("ours to see");
        assert_eq!((seen.pid, seen.thread_count, seen.threads.len()), (child.id(), 1, 1));
        assert!(seen.rss_bytes > 0 && open_fds >= 3 && seen.voluntary_switches.is_some(), "{seen:?}");
        assert!(!seen.children.is_empty(), "{seen:?}");
        end(child);
    }

    #[test]
    fn cpu_time_counts_the_living_and_the_ended_below() {
        let before = cpu_time(std::process::id());
        let child = script("i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo; read _ || true");
        let during = cpu_time(std::process::id());
        end(child);
        let after = cpu_time(std::process::id());
        assert!(before < during && during <= after, "{before} {during} {after}");
    }

    #[test]
    fn of_an_ended_process_there_is_nothing() {
        let child = script("echo; read _ || true");
        let pid = child.id();
        end(child);
        assert_eq!(snapshot(pid), None);
    }
}
