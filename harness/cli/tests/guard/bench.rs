//! What the tests start kernels with, and how they wait for them without sleeping.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use harness::session::kernel::{Command, ConnectionFile, ExitStatus, KernelProcess, LaunchError, Launcher, Life, Lives, Reach, Starter};
use harness::trace::{Event, Exited, Recorder};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Pid;
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub(crate) const GUARD: &str = env!("CARGO_BIN_EXE_kernelcheck");
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
pub(crate) const FIRST: Life = Life { number: 1, restarted: false };

/// All that a kernel is started with.
pub(crate) struct Bench {
    pub(crate) runtime: Runtime,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) file: ConnectionFile,
    pub(crate) dir: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let file = ConnectionFile::create(&Reach::default(), &mut fastrand::Rng::with_seed(1)).expect("a file");
        let dir = tempfile::tempdir().expect("a directory");
        Self { runtime, recorder: Arc::new(Recorder::in_memory(1)), file, dir }
    }

    pub(crate) fn launcher(&self) -> Launcher {
        Launcher { guard: GUARD.into(), guard_args: vec!["guard".into()], runtime: self.runtime.handle().clone() }
    }

    pub(crate) fn launch(&self, argv: &[&str]) -> KernelProcess {
        self.try_launch(&self.launcher(), argv).expect("a kernel that starts")
    }

    pub(crate) fn try_launch(&self, launcher: &Launcher, argv: &[&str]) -> Result<KernelProcess, LaunchError> {
        launcher.launch(&command(argv), &self.file, FIRST, &self.recorder)
    }

    /// Runs a program to its end, and gives what it wrote to stdout.
    pub(crate) fn output(&self, argv: &[&str]) -> String {
        let kernel = self.launch(argv);
        let status = kernel.wait_exit(Instant::now() + PATIENCE);
        let stderr = String::from_utf8_lossy(&kernel.stderr_tail()).into_owned();
        assert_eq!(status, Some(ExitStatus { code: Some(0), signal: None }), "{stderr}");
        String::from_utf8(kernel.stdout_tail()).expect("text")
    }

    pub(crate) fn starter(&self) -> Starter {
        Starter {
            launcher: self.launcher(),
            reach: Reach::default(),
            recorder: Arc::clone(&self.recorder),
            lives: Lives::default(),
            start: None,
        }
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.recorder.take().expect("in memory").1.into_iter().map(|record| record.event).collect()
    }

    pub(crate) fn exited(&self) -> Vec<Exited> {
        self.events().into_iter().filter_map(|event| if let Event::Exited(exited) = event { Some(exited) } else { None }).collect()
    }
}

/// A kernel takes a connection file, so it comes as a last argument that these programs don't look at.
pub(crate) fn command(argv: &[&str]) -> Command {
    let argv = argv.iter().copied().chain(["{connection_file}"]);
    Command::from_argv(argv.map(ToOwned::to_owned).collect()).expect("a command")
}

pub(crate) fn end(exited: &Exited) -> (Option<i32>, Option<i32>, bool, usize) {
    (exited.code, exited.signal, exited.asked, exited.survivors.len())
}

pub(crate) fn readable(fd: BorrowedFd<'_>, deadline: Instant) -> bool {
    let left = deadline.saturating_duration_since(Instant::now());
    let left = Timespec { tv_sec: left.as_secs().try_into().expect("short"), tv_nsec: left.subsec_nanos().into() };
    let mut fds = [PollFd::from_borrowed_fd(fd, PollFlags::IN)];
    poll(&mut fds, Some(&left)).expect("a descriptor") > 0
}

/// A pipe with a name, which the processes of a kernel open and keep: it ends when the last of them has.
pub(crate) struct Tether {
    path: PathBuf,
    file: File,
    seen: String,
}

impl Tether {
    pub(crate) fn new(dir: &Path) -> Self {
        let path = dir.join("tether");
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("a named pipe");
        let flags = rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::CLOEXEC;
        let fd = rustix::fs::open(&path, flags, rustix::fs::Mode::empty()).expect("just made");
        Self { path, file: fd.into(), seen: String::new() }
    }

    pub(crate) fn path(&self) -> &str {
        self.path.to_str().expect("text")
    }

    /// Reads until all `words` were seen, in whatever order.
    pub(crate) fn wait_for(&mut self, words: &[&str]) {
        let deadline = Instant::now() + PATIENCE;
        while !words.iter().all(|word| self.seen.lines().any(|line| line == *word)) {
            assert!(readable(self.file.as_fd(), deadline) && self.read() > 0, "saw only {:?}", self.seen);
        }
    }

    /// Waits until nobody holds the other end.
    pub(crate) fn wait_for_end(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            assert!(readable(self.file.as_fd(), deadline), "some process lives on");
            if self.read() == 0 {
                return;
            }
        }
    }

    pub(crate) fn read(&mut self) -> usize {
        let mut bytes = [0; 256];
        let read = self.file.read(&mut bytes).expect("readable");
        self.seen.push_str(std::str::from_utf8(&bytes[..read]).expect("text"));
        read
    }
}

pub(crate) fn pid(pid: u32) -> Pid {
    Pid::from_raw(i32::try_from(pid).expect("small")).expect("positive")
}
