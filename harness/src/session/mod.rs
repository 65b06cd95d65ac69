//! A session: one kernel and its clients, playing plans.
//!
//! One thread owns the session with all its sockets. It sends what a step says, notes what that is owed ([`ledger`]), and
//! waits until it came or will not come ([`settle`]); a missed answer is looked into at once ([`ladder`]). It writes down what
//! it saw and judges nothing.
//!
//! | file | what it does |
//! |---|---|
//! | [`run`] | plays all scenarios, on as many kernels at a time as wanted, with a spare one started ahead |
//! | [`kernel`] | the kernel as a process |
//! | [`start`](mod@start) | from a started process to a session that is ready, with calibrated deadlines |
//! | [`play`], [`quoted`], [`watched`] | a plan, step by step, with what its steps quote from earlier answers, and wait for |
//! | [`exchange`], [`client`], [`transport`] | messages out and in |
//! | [`strangers`] | bytes of those who speak no ZeroMQ |
//! | [`ledger`], [`settle`], [`habits`], [`deadlines`], [`flow`], [`cancel`], [`waited`] | what is waited for, and how long |
//! | [`ladder`] | what is asked when an answer was missed |

mod cancel;
mod client;
mod deadlines;
mod exchange;
mod flow;
mod greet;
mod habits;
mod join;
pub mod kernel;
mod ladder;
mod ledger;
mod play;
mod quoted;
pub mod run;
mod settle;
mod start;
mod strangers;
pub mod transport;
mod waited;
mod watched;

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use cancel::Cancel;
pub use deadlines::Deadlines;
pub use habits::Overtaking;
pub use play::Played;
pub use settle::Suspicion;
pub use start::{About, OwnStart, Starting};
pub use waited::Waited;

use crate::trace::{Recorder, RecorderError, WireKind};
use crate::wire::{ConnectionInfo, UnknownScheme};
use client::{Client, Keys};
use flow::Flow;
use habits::Habits;
use kernel::{InterruptMode, KernelProcess, StartError};
use ladder::Look;
use ledger::Ledger;
use quoted::Quoted;
use start::Restart;
use transport::{Arrival, Transport, TransportError};
use watched::Watched;

/// Why a session can't go on.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// A socket.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The trace.
    #[error(transparent)]
    Recorder(#[from] RecorderError),
    /// A restart.
    #[error(transparent)]
    Start(#[from] Box<StartError>),
    /// The connection file of a running kernel.
    #[error(transparent)]
    Scheme(#[from] UnknownScheme),
    /// No trouble at all: the run is to end.
    #[error("the run was cancelled before the kernel answered")]
    Cancelled,
    /// A kernel that sends without end before it is ready.
    #[error("the kernel was not ready when it had sent {} messages or {} MiB, more than is taken in", flow::MESSAGES, flow::BYTES >> 20)]
    Flooded,
    /// A plan's mistake.
    #[error("the plan uses client {0}, which is not connected")]
    NoClient(String),
    /// A plan's mistake.
    #[error("the plan sends a signal that does not exist: {0}")]
    NoSignal(String),
}

/// One kernel and its clients.
pub struct Session {
    transport: Box<dyn Transport>,
    recorder: Arc<Recorder>,
    /// Absent for a kernel that we did not start.
    process: Option<Arc<KernelProcess>>,
    interrupt_mode: InterruptMode,
    link: ConnectionInfo,
    keys: Keys,
    clients: BTreeMap<String, Client>,
    /// ZeroMQ identities of all clients that there were, for one that comes back.
    identities: BTreeMap<String, Vec<u8>>,
    /// Which kernel process of the trace this is.
    life: u32,
    /// What a restart needs; absent for a kernel that we did not start.
    restart: Option<Restart>,
    ledger: Ledger,
    quoted: Quoted,
    watched: Watched,
    deadlines: Deadlines,
    habits: Habits,
    flow: Flow,
    /// Whether more has arrived than was taken in, so that what is missing may be there already.
    behind: bool,
    cancel: Cancel,
    rng: fastrand::Rng,
    /// Connections of strangers that stay until the scenario is over.
    strangers: Vec<TcpStream>,
    /// Kept between waits so that it is not allocated anew for each.
    arrivals: Vec<Arrival>,
    /// When something last came for an open request.
    last_news: Instant,
    /// Deadlines that were put off because the kernel was seen to work.
    extended: BTreeMap<String, Instant>,
    look: Option<Look>,
    /// When this scenario last interrupted the kernel: what runs on after that is no work that anybody waits for.
    interrupted_at: Option<Instant>,
    /// Heartbeats that no echo came for in time, with their clients.
    given_up_beats: Vec<(String, Vec<u8>)>,
    /// Missed answers in this scenario.
    suspicions: Vec<Suspicion>,
    /// Heartbeats and raw frames so far, which have no message id of their own.
    nameless: u64,
    /// Whether a step of this scenario asks for the end of the process.
    asked_to_exit: bool,
    about: About,
    played: bool,
    waited: Waited,
    /// From the spawn to the first reply.
    startup: Duration,
}

impl Session {
    /// Whether the process has ended.
    fn has_exited(&self) -> bool {
        self.process.as_ref().is_some_and(|process| process.exited().is_some())
    }

    /// Whether the run goes on, the kernel lives, and it may still be listened to.
    fn may_hear_more(&self) -> bool {
        !self.cancel.is_set() && !self.has_exited() && !self.flow.is_flood()
    }

    /// What the kernel says about itself.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// Whose ZeroMQ is spoken.
    pub fn wire(&self) -> WireKind {
        self.transport.kind()
    }

    /// Where the kernel listens, and its key.
    pub fn link(&self) -> &ConnectionInfo {
        &self.link
    }

    /// From its spawn to its first reply.
    pub fn startup(&self) -> Duration {
        self.startup
    }

    /// Whether a plan was played on this kernel.
    pub fn has_played(&self) -> bool {
        self.played
    }

    /// What was waited for, in all.
    pub fn waited(&self) -> Waited {
        self.waited
    }

    /// Messages that the last play sent and received.
    pub fn messages(&self) -> u64 {
        self.flow.messages()
    }

    /// Goes on recording there: a spare kernel is taken into use.
    fn record_to(&mut self, recorder: &Arc<Recorder>) {
        self.recorder = Arc::clone(recorder);
    }

    /// Multiplies all deadlines.
    fn be_patient(&mut self, scale: f64) {
        self.deadlines = self.deadlines.scaled(scale);
    }
}

/// What ends a wait besides an arrival and the clock.
fn wakers<'a>(cancel: &'a Cancel, process: Option<&'a Arc<KernelProcess>>) -> Vec<BorrowedFd<'a>> {
    // The kernel's stays readable after its end, which is known then.
    let process = process.filter(|process| process.exited().is_none()).map(|process| process.as_fd());
    std::iter::once(cancel.waker()).filter(|_| !cancel.is_set()).chain(process).collect()
}
