//! The guard: a small process between the harness and a kernel, so that nothing of the kernel ever outlives the harness.
//!
//! It is the kernel's parent and the subreaper of all its descendants: also those that left its process group and session
//! come to it when their own parents die. It takes orders and reports over its stdin, a socket. When that ends, because the
//! harness died of whatever cause, it kills all of them; after the kernel's own end it tells which descendants are left, and
//! kills these. It lives in a session of its own and shrugs off signals, so that a Ctrl-C meant for the harness does not
//! end it first.

mod launch;
pub(super) mod orders;
pub(super) mod tree;

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, getpid, kill_process_group, pidfd_open, set_child_subreaper, setsid, waitid,
};
use tokio::signal::unix::{SignalKind, signal};

use orders::{Ended, Order, Report, Start, line};

/// Turns the guard into the launch step; it stands before `--`.
const EXEC: &str = "--exec";
/// What descendants are given to follow a kernel that ended, before they count as survivors.
const GRACE: Duration = Duration::from_millis(250);
/// How long killing goes on before a process that will not die, as one stuck in a device's driver, is given up.
const KILLING: Duration = Duration::from_secs(10);

/// Runs the guard, or its launch step, and returns the exit code for the process.
///
/// `args` are the process's arguments without the program's name: `guard -- ARGV…`; what stands before `--` is given again to
/// the launch step. It must be called before the process starts any thread.
#[must_use]
pub fn guard_main(args: &[OsString]) -> i32 {
    let split = args.iter().position(|arg| arg == "--").unwrap_or(args.len());
    let (own, argv) = (&args[..split], args.get(split + 1..).unwrap_or_default());
    if own.last().is_some_and(|last| last == EXEC) {
        return launch::become_kernel(argv);
    }
    let Ok(stdin) = std::io::stdin().as_fd().try_clone_to_owned() else {
        return 2;
    };
    let mut harness = UnixStream::from(stdin);
    match guard(&mut harness, own, argv) {
        Ok(()) => 0,
        Err(error) => {
            // If the harness is gone there is nobody to tell.
            let _ = harness.write_all(line(&Report::Failed(error.to_string())).as_bytes());
            1
        }
    }
}

fn guard(harness: &mut UnixStream, own: &[OsString], argv: &[OsString]) -> std::io::Result<()> {
    catch_signals()?;
    // A group leader, as a shell's job is, can't do this and needn't: then no terminal's signals but its own reach it.
    let _ = setsid();
    set_child_subreaper(Some(getpid()))?;
    // libzmq opens descriptors that are inherited; this process has one thread, so none can be opened behind this call.
    close_fds::set_fds_cloexec(3, &[]);
    let mut reader = BufReader::new(harness.try_clone()?);
    let mut order = String::new();
    reader.read_line(&mut order)?;
    let Order::Start(start) = serde_json::from_str(&order)? else {
        return Err(std::io::Error::other("the first order is not a start"));
    };
    let kernel = match spawn(own, argv, &start)? {
        Ok(kernel) => kernel,
        Err(failure) => return harness.write_all(line(&Report::Failed(failure)).as_bytes()),
    };
    let watch = pidfd_open(kernel, PidfdFlags::empty())?;
    // A harness that died before it could read this is noticed by the loop.
    let _ = harness.write_all(line(&Report::Started(kernel.as_raw_nonzero().get().unsigned_abs())).as_bytes());
    Guard { harness, reader, kernel, watch, remove: start.remove }.run()
}

/// Handlers that do nothing: the default would end the guard before its kernel, and a signal that is ignored would stay
/// ignored in the kernel (a shell ignores SIGINT for what it starts in the background), while one that is handled is back
/// at its default there.
fn catch_signals() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let _context = runtime.enter();
    let kinds = [
        SignalKind::interrupt(),
        SignalKind::quit(),
        SignalKind::terminate(),
        SignalKind::hangup(),
        SignalKind::user_defined1(),
        SignalKind::user_defined2(),
        SignalKind::child(),
    ];
    kinds.into_iter().try_for_each(|kind| signal(kind).map(drop))
}

/// Starts the launch step and waits until it has become the kernel; the inner error is its own account of why it could not.
fn spawn(own: &[OsString], argv: &[OsString], start: &Start) -> std::io::Result<Result<Pid, String>> {
    let (mut ours, theirs) = UnixStream::pair()?;
    // The path names this program's file even where it has been replaced since.
    let child = Command::new("/proc/self/exe").args(own).args([EXEC, "--"]).args(argv).stdin(Stdio::from(OwnedFd::from(theirs))).spawn()?;
    ours.write_all(line(start).as_bytes())?;
    let mut failure = String::new();
    ours.read_to_string(&mut failure)?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| std::io::Error::other("no process id"))?;
    if failure.is_empty() {
        return Ok(Ok(pid));
    }
    waitid(WaitId::Pid(pid), WaitIdOptions::EXITED)?;
    Ok(Err(failure))
}

struct Guard<'a> {
    harness: &'a mut UnixStream,
    reader: BufReader<UnixStream>,
    kernel: Pid,
    watch: OwnedFd,
    remove: Option<PathBuf>,
}

/// What woke the guard.
enum Woken {
    KernelEnded,
    HarnessSpoke,
    ChildEnded,
}

impl Guard<'_> {
    fn run(mut self) -> std::io::Result<()> {
        let mut killed = false;
        loop {
            match self.wait()? {
                Woken::KernelEnded => return self.report_end(killed),
                Woken::ChildEnded => tree::reap_children(Some(self.kernel)),
                Woken::HarnessSpoke => {
                    if !self.take_order()? {
                        return self.abandoned();
                    }
                    killed = true;
                    self.kill_all();
                }
            }
        }
    }

    fn wait(&self) -> std::io::Result<Woken> {
        let kernel = PollFd::from_borrowed_fd(self.watch.as_fd(), PollFlags::IN);
        let harness = PollFd::from_borrowed_fd(self.harness.as_fd(), PollFlags::IN);
        let mut fds = [kernel, harness];
        match poll(&mut fds, None) {
            Err(Errno::INTR) => Ok(Woken::ChildEnded),
            Err(error) => Err(error.into()),
            Ok(_) if !fds[0].revents().is_empty() => Ok(Woken::KernelEnded),
            Ok(_) => Ok(Woken::HarnessSpoke),
        }
    }

    /// Reads an order, of which only killing is left; `false` if the harness is gone, or speaks nonsense.
    fn take_order(&mut self) -> std::io::Result<bool> {
        let mut order = String::new();
        match self.reader.read_line(&mut order) {
            Ok(_) => Ok(matches!(serde_json::from_str(&order), Ok(Order::Kill(_)))),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn kill_all(&self) -> bool {
        // The group goes in one stroke, so that its members can't start others while they are looked for one by one.
        let _ = kill_process_group(self.kernel, Signal::KILL);
        tree::kill_descendants(getpid(), Instant::now() + KILLING)
    }

    fn report_end(&mut self, killed: bool) -> std::io::Result<()> {
        // The kernel's id stays taken until all is told, so that no late signal meets a stranger.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let status = waitid(WaitId::PidFd(self.watch.as_fd()), options)?;
        let survivors = if killed { Vec::new() } else { survivors() };
        self.kill_all();
        let ended = Ended {
            code: status.as_ref().and_then(|status| status.exit_status()),
            signal: status.as_ref().and_then(|status| status.terminating_signal()),
            survivors,
        };
        let told = self.harness.write_all(line(&Report::Exited(ended)).as_bytes());
        tree::reap_children(None);
        if told.is_err() {
            self.remove_files();
        }
        Ok(())
    }

    fn abandoned(&self) -> std::io::Result<()> {
        self.kill_all();
        tree::reap_children(None);
        self.remove_files();
        Ok(())
    }

    fn remove_files(&self) {
        if let Some(dir) = &self.remove {
            // The harness that owned it is dead; what can't be removed is left to the system's own cleaning.
            let _ = std::fs::remove_dir_all(dir);
        }
    }
}

/// Descendants that do not follow the kernel of their own accord.
fn survivors() -> Vec<String> {
    let left = tree::descendants(getpid());
    if left.is_empty() || tree::wait_living(&left, Instant::now() + GRACE) && tree::descendants(getpid()).is_empty() {
        return Vec::new();
    }
    tree::descendants(getpid()).iter().map(tree::Living::describe).collect()
}
