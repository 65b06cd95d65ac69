//! Starts a kernel's process behind a guard.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Pid;
use tokio::net::unix::pipe;
use tokio::runtime::Handle;

use super::command::Command;
use super::connection_file::ConnectionFile;
use super::guard::orders::{Order, Report, Start, line};
use super::kernelspec::InterruptMode;
use super::places::is_executable;
use super::process::{KernelProcess, Running};
use crate::trace::{Event, KernelStarted, Recorder};
use crate::wire::Channel;

/// What the guard is given to start the kernel's program; it waits for no kernel, only for the system.
const STARTING: Duration = Duration::from_secs(30);

/// Why a kernel was not started.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// There is no such program.
    #[error("no such file: {program}{}", looked_in(looked))]
    NoSuchFile {
        /// The program.
        program: String,
        /// The directories of PATH; none if the program was given as a path.
        looked: Vec<PathBuf>,
    },
    /// It is there and may not be run.
    #[error("{} is not an executable file", .0.display())]
    NotExecutable(PathBuf),
    /// The system refused to run it.
    #[error("cannot run {program}: {reason}")]
    Refused {
        /// The program.
        program: String,
        /// What the system says.
        reason: String,
    },
    /// The guard did not do its work.
    #[error("cannot run the guard {path}: {reason}")]
    Guard {
        /// The guard's program.
        path: PathBuf,
        /// What went wrong.
        reason: String,
    },
}

fn looked_in(looked: &[PathBuf]) -> String {
    if looked.is_empty() {
        return String::new();
    }
    let dirs: Vec<String> = looked.iter().map(|dir| dir.display().to_string()).collect();
    format!(", looked for in PATH: {}", dirs.join(", "))
}

/// Which of a trace's kernel processes one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// Counts from 1.
    pub number: u32,
    /// Whether it is a restart on the connection file of the one before.
    pub restarted: bool,
}

/// Starts kernels.
#[derive(Debug, Clone)]
pub struct Launcher {
    /// A program that calls [`guard_main`](super::guard_main): kernelcheck itself.
    pub guard: PathBuf,
    /// Its arguments before `--`.
    pub guard_args: Vec<String>,
    /// Runs the tasks that read the kernel's output and watch for its end.
    pub runtime: Handle,
}

impl Launcher {
    /// Starts a kernel on a connection file, whose ports are let go, and records it. Blocks until its program runs.
    ///
    /// # Errors
    ///
    /// If the program is not there or can't be run, or the guard can't.
    pub fn launch(
        &self,
        command: &Command,
        file: &ConnectionFile,
        life: Life,
        recorder: &Arc<Recorder>,
    ) -> Result<KernelProcess, LaunchError> {
        let mut argv = command.with_connection_file(file.path());
        let path = command.env.get("PATH").cloned().or_else(|| std::env::var("PATH").ok()).unwrap_or_default();
        let program = argv.first_mut().ok_or_else(|| no_such_file("", Vec::new()))?;
        check_program(program, &path)?;
        // The system's word for a missing directory would be taken for the program's.
        if let Some(cwd) = command.cwd.as_ref().filter(|cwd| !cwd.is_dir()) {
            return Err(no_such_file(&cwd.to_string_lossy(), Vec::new()));
        }
        let guard_error = |error: std::io::Error| LaunchError::Guard { path: self.guard.clone(), reason: error.to_string() };
        let mut guard = self.spawn_guard(&argv).map_err(guard_error)?;
        file.release();
        match guard.start(command, file).map_err(guard_error)? {
            Report::Started(pid) => {
                recorder.record(Event::KernelStarted(started_event(command, file, life, pid)));
                let watched = guard
                    .running(pid, &self.runtime)
                    .and_then(|running| KernelProcess::watch(running, life.number, &self.runtime, recorder));
                watched.map_err(guard_error)
            }
            Report::Failed(reason) => Err(LaunchError::Refused { program: argv.swap_remove(0), reason }),
            Report::Exited(_) => Err(guard_error(std::io::Error::other("it reports an end before a start"))),
        }
    }

    fn spawn_guard(&self, argv: &[String]) -> std::io::Result<Guard> {
        let (ours, theirs) = UnixStream::pair()?;
        let child = std::process::Command::new(&self.guard)
            .args(&self.guard_args)
            .arg("--")
            .args(argv)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        Ok(Guard { child: Some(child), line: ours })
    }
}

/// A guard that is being started. Dropped before its kernel is watched, it is told to end, and awaited.
struct Guard {
    child: Option<Child>,
    line: UnixStream,
}

impl Guard {
    /// Gives the order to start, and waits for the answer.
    fn start(&mut self, command: &Command, file: &ConnectionFile) -> std::io::Result<Report> {
        let start = Start {
            env: with_own_history(command, file.dir()),
            cwd: command.cwd.clone(),
            stdin_null: file.start().is_some_and(|start| start.stdin_null),
            remove: file.dir().map(Path::to_owned),
        };
        self.line.set_read_timeout(Some(STARTING))?;
        // A guard that has ended already is noticed by what it does not report.
        let _ = self.line.write_all(line(&Order::Start(start)).as_bytes());
        let mut report = Vec::new();
        let mut byte = [0];
        // Byte by byte, as what follows the line is for the task that watches.
        while byte != *b"\n" {
            match self.line.read(&mut byte) {
                Ok(1..) => report.push(byte[0]),
                // The order was not read.
                Err(error) if error.kind() != ErrorKind::ConnectionReset => return Err(error),
                Ok(0) | Err(_) => return Err(std::io::Error::other(self.last_words())),
            }
        }
        Ok(serde_json::from_slice(&report)?)
    }

    /// Why a guard ended without a report: most often it is no guard.
    fn last_words(&mut self) -> String {
        let mut text = String::new();
        if let Some(stderr) = self.child.as_mut().and_then(|child| child.stderr.take()) {
            // If nothing can be read, nothing is told.
            let _ = stderr.take(1 << 12).read_to_string(&mut text);
        }
        format!("it ended at once: {}", text.trim())
    }

    /// What is left to be watched.
    fn running(mut self, pid: u32, runtime: &Handle) -> std::io::Result<Running> {
        let _context = runtime.enter();
        let line = self.line.try_clone()?;
        let missing = || std::io::Error::from(ErrorKind::BrokenPipe);
        let mut child = self.child.take().ok_or_else(missing)?;
        let stdout = child.stdout.take().map(OwnedFd::from).ok_or_else(missing)?;
        let stderr = child.stderr.take().map(OwnedFd::from).ok_or_else(missing)?;
        let (stdout, stderr) = (pipe::Receiver::from_owned_fd(stdout)?, pipe::Receiver::from_owned_fd(stderr)?);
        Ok(Running { pid: process_id(pid)?, guard: child, line, stdout, stderr })
    }
}

/// Where interpreters keep what was typed, by the variable that says so. What we send is no history of the user's, and kernels that are
/// played with side by side would find each other's cells there.
const HISTORIES: [(&str, &str); 5] = [
    ("IPYTHONDIR", "ipython"),
    ("R_HISTFILE", "r-history"),
    ("OCTAVE_HISTFILE", "octave-history"),
    ("JULIA_HISTORY", "julia-history"),
    ("HISTFILE", "shell-history"),
];

/// The command's environment, with histories in the directory of the connection file. What the command or the user says goes before.
fn with_own_history(command: &Command, dir: Option<&Path>) -> BTreeMap<String, String> {
    let mut env = command.env.clone();
    for (variable, name) in HISTORIES {
        if let Some(dir) = dir
            && !env.contains_key(variable)
            && std::env::var_os(variable).is_none()
        {
            env.insert(variable.to_owned(), dir.join(name).display().to_string());
        }
    }
    env
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Both can only fail if the guard is gone already.
            let _ = self.line.shutdown(Shutdown::Both);
            let _ = child.wait();
        }
    }
}

/// Looks for the program as the system will, so that a failure can be told in full. A path is made absolute, since the
/// kernel's working directory may be another.
fn check_program(program: &mut String, path: &str) -> Result<(), LaunchError> {
    if program.contains('/') {
        let file = std::path::absolute(&*program).unwrap_or_else(|_| PathBuf::from(&*program));
        if !file.exists() {
            return Err(no_such_file(program, Vec::new()));
        }
        if !is_executable(&file) {
            return Err(LaunchError::NotExecutable(file));
        }
        *program = file.to_string_lossy().into_owned();
        return Ok(());
    }
    let dirs: Vec<PathBuf> = std::env::split_paths(path).collect();
    if dirs.iter().any(|dir| is_executable(&dir.join(&*program))) { Ok(()) } else { Err(no_such_file(program, dirs)) }
}

fn no_such_file(program: &str, looked: Vec<PathBuf>) -> LaunchError {
    LaunchError::NoSuchFile { program: program.to_owned(), looked }
}

fn process_id(pid: u32) -> std::io::Result<Pid> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.ok_or_else(|| std::io::Error::other("the guard reports no process id"))
}

fn started_event(command: &Command, file: &ConnectionFile, life: Life, pid: u32) -> KernelStarted {
    let (kernelspec, spec) = command.kernelspec.clone().unzip();
    KernelStarted { argv: command.argv.clone(), kernelspec, spec, pid: Some(pid), ..joined_event(file, life, command.interrupt_mode) }
}

/// The event for a kernel of which only the connection file is known.
pub(super) fn joined_event(file: &ConnectionFile, life: Life, interrupt_mode: InterruptMode) -> KernelStarted {
    let info = file.info();
    KernelStarted {
        life: life.number,
        argv: Vec::new(),
        kernelspec: None,
        spec: None,
        pid: None,
        transport: info.transport,
        ip: info.ip.clone(),
        ports: Channel::ALL.into_iter().map(|channel| (channel, info.port(channel))).collect(),
        signature_scheme: info.signature_scheme.clone(),
        signed: !info.key.is_empty(),
        interrupt_mode: interrupt_mode.name().to_owned(),
        restarted: life.restarted,
        start: file.start().cloned().map(Box::new),
    }
}
