//! Starts a kernel until it answers; tries again on other ports where another program took one in between.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::clash::{listening, speaks_of_clash, taken_port};
use super::command::Command;
use super::connection_file::{ConnectionFile, ConnectionFileError, Reach};
use super::exit::ExitStatus;
use super::kernelspec::InterruptMode;
use super::launch::{LaunchError, Launcher, Life, joined_event};
use super::process::KernelProcess;
use crate::spec::Start;
use crate::trace::{BIND_CLASH, Event, Noted, Recorder};
use crate::wire::{Channel, ConnectionInfo};

/// Starts in all, of which each but the first follows a clash of ports.
const STARTS: u32 = 4;
/// Lines of stderr that an error shows.
const LINES: usize = 10;
/// Bytes of each.
const LINE: usize = 300;

/// What is to be started, or joined.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// A command, of a kernelspec or as given.
    Command(Command),
    /// A kernel that runs already, by its connection file.
    Existing {
        /// The file.
        path: PathBuf,
        /// How its cells are interrupted; it has no process that we could signal, so by a message in practice.
        interrupt_mode: InterruptMode,
    },
}

/// Why there is no kernel.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No connection file.
    #[error(transparent)]
    ConnectionFile(#[from] ConnectionFileError),
    /// No process.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// The client's sockets could not be opened.
    #[error("cannot open the client's sockets: {0}")]
    Client(String),
    /// It ended before it answered.
    #[error("the kernel ended before it answered: {status}{}", shown(stderr))]
    Exited {
        /// How.
        status: ExitStatus,
        /// Its last lines on stderr.
        stderr: String,
    },
    /// It lives and does not answer.
    #[error("the kernel does not answer{}: {reach}; if it is only slow, give it more time with --deadline-scale{}", after(*waited), shown(stderr))]
    NoAnswer {
        /// How long it was waited for.
        waited: Duration,
        /// Which of its ports it listens on, in words.
        reach: String,
        /// Its last lines on stderr.
        stderr: String,
    },
    /// Each time another program took a port.
    #[error("another program took a port of the kernel, {STARTS} times in a row: {0}")]
    Clash(String),
}

fn after(waited: Duration) -> String {
    format!(" after {:.1} s", waited.as_secs_f64())
}

fn shown(stderr: &str) -> String {
    if stderr.is_empty() { String::new() } else { format!("\nit wrote to stderr:\n{stderr}") }
}

/// How the wait for a kernel's first answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Greeted {
    /// It answered.
    Ready,
    /// Its process ended.
    Exited,
    /// It lives, and time is over.
    NoAnswer,
}

/// The client's part in a start.
pub trait Greeting {
    /// The client's sockets.
    type Client;

    /// Opens the sockets, before there is a process.
    ///
    /// # Errors
    ///
    /// If they can't be opened.
    fn open(&mut self, connection: &ConnectionInfo) -> Result<Self::Client, String>;

    /// Asks the kernel and waits for its answer; for one that we did not start there is no process.
    fn wait(&mut self, client: &mut Self::Client, process: Option<&Arc<KernelProcess>>) -> Greeted;
}

/// A kernel that answers. Fields are dropped in their order: the sockets first, the file last.
#[derive(Debug)]
pub struct Kernel<C> {
    /// What [`Greeting::open`] gave.
    pub client: C,
    /// The process, if we started it.
    pub process: Option<Arc<KernelProcess>>,
    /// Its connection file.
    pub file: ConnectionFile,
    /// Which life of the trace it is.
    pub life: u32,
}

/// What all starts of a run have in common.
#[derive(Clone)]
pub struct Starter {
    /// Starts processes.
    pub launcher: Launcher,
    /// How kernels are reached.
    pub reach: Reach,
    /// Where all is recorded.
    pub recorder: Arc<Recorder>,
    /// Numbers the kernel processes of the trace.
    pub lives: Lives,
    /// How the kernel is started, where not as usual.
    pub start: Option<Start>,
}

/// Numbers kernel processes: each number is given once, also to starts that go on side by side.
#[derive(Debug, Clone, Default)]
pub struct Lives(Arc<AtomicU32>);

impl Lives {
    /// The next number, from 1.
    pub fn next(&self) -> u32 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}

impl Starter {
    /// Starts a kernel, or joins it, and waits until it answers.
    ///
    /// # Errors
    ///
    /// If it can't be started, ends, does not answer, or loses its ports to others each time.
    pub fn start<G: Greeting>(
        &self,
        target: &Target,
        random: &mut fastrand::Rng,
        greeting: &mut G,
    ) -> Result<Kernel<G::Client>, StartError> {
        let command = match target {
            Target::Existing { path, interrupt_mode } => return self.join(path.clone(), *interrupt_mode, self.lives.next(), greeting),
            Target::Command(command) => command,
        };
        let mut clash = String::new();
        for _ in 0..STARTS {
            let number = self.lives.next();
            let file = self.file(random)?;
            match self.attempt(command, file, number, greeting)? {
                Attempt::Ready(kernel) => return Ok(*kernel),
                Attempt::Clash(text) => {
                    self.recorder.record(Event::Noted(Noted { what: BIND_CLASH.to_owned(), text: text.clone() }));
                    clash = text;
                }
            }
        }
        Err(StartError::Clash(clash))
    }

    fn file(&self, random: &mut fastrand::Rng) -> Result<ConnectionFile, ConnectionFileError> {
        let transport = self.start.as_ref().and_then(|start| start.transport).unwrap_or(self.reach.transport);
        let mut file = ConnectionFile::create(&Reach { transport, ..self.reach.clone() }, random)?;
        if let Some(start) = &self.start {
            file.prepare(start)?;
        }
        Ok(file)
    }

    fn join<G: Greeting>(
        &self,
        path: PathBuf,
        interrupt_mode: InterruptMode,
        life: u32,
        greeting: &mut G,
    ) -> Result<Kernel<G::Client>, StartError> {
        let file = ConnectionFile::existing(&path)?;
        let mut client = greeting.open(file.info()).map_err(StartError::Client)?;
        let number = Life { number: life, restarted: false };
        self.recorder.record(Event::KernelStarted(joined_event(&file, number, interrupt_mode)));
        let began = Instant::now();
        match greeting.wait(&mut client, None) {
            Greeted::Ready => Ok(Kernel { client, process: None, file, life }),
            Greeted::Exited | Greeted::NoAnswer => {
                let reach = format!("is it still running, and is {} its connection file?", path.display());
                Err(StartError::NoAnswer { waited: began.elapsed(), reach, stderr: String::new() })
            }
        }
    }

    fn attempt<G: Greeting>(
        &self,
        command: &Command,
        file: ConnectionFile,
        number: u32,
        greeting: &mut G,
    ) -> Result<Attempt<G::Client>, StartError> {
        let mut client = greeting.open(file.info()).map_err(StartError::Client)?;
        let life = Life { number, restarted: false };
        let process = Arc::new(self.launcher.launch(command, &file, life, &self.recorder)?);
        if self.start.as_ref().is_some_and(|start| start.then_exit) {
            process.mark_asked();
        }
        let began = Instant::now();
        let greeted = greeting.wait(&mut client, Some(&process));
        if greeted == Greeted::Ready {
            return Ok(Attempt::Ready(Box::new(Kernel { client, process: Some(process), file, life: number })));
        }
        // Whose port it is can only be told while the kernel's own are known.
        let occupied = self.start.as_ref().is_some_and(|start| start.occupied.is_some());
        if let Some(clash) = clash(&process, file.info()).filter(|_| !occupied) {
            return Ok(Attempt::Clash(clash));
        }
        let stderr = last_lines(&process.stderr_tail());
        Err(match process.exited() {
            Some(status) => StartError::Exited { status, stderr },
            None => {
                let reach = match listening(file.info(), process.guard_pid()) {
                    Some(listening) => describe(&listening, file.info()),
                    None => "whether it listens can't be seen".to_owned(),
                };
                StartError::NoAnswer { waited: began.elapsed(), reach, stderr }
            }
        })
    }
}

enum Attempt<C> {
    Ready(Box<Kernel<C>>),
    Clash(String),
}

/// What tells that a kernel lost a port: another program has it, or the kernel ended and says so.
pub(in crate::session) fn clash(process: &KernelProcess, connection: &ConnectionInfo) -> Option<String> {
    if let Some(taken) = taken_port(connection, process.guard_pid()) {
        return Some(format!("another program has port {} ({})", taken.port, taken.channel));
    }
    process.exited()?;
    let said = [process.stderr_tail(), process.stdout_tail()].iter().find_map(|output| speaks_of_clash(output))?;
    Some(format!("the kernel says: {}", cut(&said)))
}

/// Which channels a kernel listens on, and which not.
fn describe(listening: &[Channel], connection: &ConnectionInfo) -> String {
    let named = |wanted: bool| {
        let channels = Channel::ALL.into_iter().filter(|channel| listening.contains(channel) == wanted);
        channels.map(|channel| format!("{channel} ({})", connection.port(channel))).collect::<Vec<_>>().join(", ")
    };
    match listening.len() {
        0 => format!("it listens on none of its ports: {}", named(false)),
        all if all == Channel::ALL.len() => "it listens on all its ports".to_owned(),
        _ => format!("it listens on {}, and not on {}", named(true), named(false)),
    }
}

/// The last lines of an output, without empty ones at the end.
fn last_lines(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let last = lines.iter().skip(lines.len().saturating_sub(LINES));
    last.map(|line| format!("  {}", cut(line))).collect::<Vec<_>>().join("\n")
}

fn cut(line: &str) -> String {
    if line.chars().count() <= LINE { line.to_owned() } else { format!("{}…", line.chars().take(LINE).collect::<String>()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_shows_the_last_lines() {
        let output: String = (0..20).map(|n| format!("line {n}\n")).collect::<String>() + "\n\n";
        let stderr = last_lines(output.as_bytes());
        let error = StartError::Exited { status: ExitStatus { code: Some(1), signal: None }, stderr };
        let expected: Vec<String> = (10..20).map(|n| format!("  line {n}")).collect();
        assert_eq!(
            error.to_string(),
            format!("the kernel ended before it answered: exit code 1\nit wrote to stderr:\n{}", expected.join("\n"))
        );
    }
}
