//! The events of a trace. Each is a fact that the session saw or did; none is a judgement.

use std::collections::BTreeMap;

use serde::de::{Error, MapAccess};
use serde::{Deserialize, Serialize};

use super::{Bytes, Connected, Disconnected, FileSeen, Listening, Stranger, Violation};
use crate::spec::{Start, nearest};
use crate::wire::{Body, Channel, TransportKind};

/// The names of the steps that are the session's own questions, and no plan's.
pub mod own_steps {
    /// Whether the kernel answers at all.
    pub const READY: &str = "ready";
    /// Whether the kernel has passed what was sent before.
    pub const FENCE: &str = "fence";
    /// Whether the kernel still answers, after a missed deadline or at the end of a scenario.
    pub const PROBE: &str = "probe";
    /// All of them.
    pub const ALL: [&str; 3] = [READY, FENCE, PROBE];
}

/// What a note is about that tells that another program has a port of the kernel, which could not start for that reason.
pub const BIND_CLASH: &str = "bind_clash";

/// The version of the trace format that this build writes.
pub const TRACE_VERSION: u32 = 1;

/// What a plan knows about a step and an oracle may hold against the kernel: the text that the code prints, for instance.
pub type Facts = BTreeMap<String, serde_json::Value>;

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident($body:ty) = $key:literal,)*) => {
        /// What happened.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Event { $($(#[$doc])* $name($body),)* }

        const KINDS: &[&str] = &[$($key),*];

        impl Event {
            /// The name of the kind, as it stands in the file.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$name(_) => $key,)* }
            }

            pub(super) fn serialize_into<M: serde::ser::SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
                match self { $(Self::$name(body) => map.serialize_entry($key, body),)* }
            }

            pub(super) fn read<'de, A: MapAccess<'de>>(kind: &str, map: &mut A) -> Result<Self, A::Error> {
                match kind {
                    $($key => Ok(Self::$name(map.next_value()?)),)*
                    other => Err(A::Error::custom(unknown_kind(other))),
                }
            }
        }
    };
}

fn unknown_kind(kind: &str) -> String {
    let hint = nearest::hint(kind, KINDS.iter().copied());
    let kind: String = kind.chars().take(50).collect();
    format!("unknown event `{kind}`{}", hint.map(|hint| format!(" ({hint})")).unwrap_or_default())
}

events! {
    /// The first line of every trace.
    TraceStarted(TraceStarted) = "trace",
    /// A kernel process was started, or a running one was joined.
    KernelStarted(KernelStarted) = "kernel",
    /// The deadlines that hold for this kernel on this machine.
    Calibrated(Calibrated) = "calibrated",
    /// Where a kernel that is ready listens.
    Listening(Listening) = "listening",
    /// What has become of the connection file.
    FileSeen(FileSeen) = "connection_file",
    /// A client opened its sockets.
    Connected(Connected) = "connected",
    /// A client closed its sockets.
    Disconnected(Disconnected) = "disconnected",
    /// A scenario begins.
    ScenarioStarted(ScenarioStarted) = "scenario",
    /// A scenario is over.
    ScenarioEnded(ScenarioEnded) = "scenario_end",
    /// A message, or heartbeat bytes, went out.
    Sent(Sent) = "sent",
    /// Somebody who speaks no ZeroMQ, or only half of it, connected to a port and sent bytes.
    Stranger(Stranger) = "stranger",
    /// A message, or heartbeat bytes, came in.
    Received(Received) = "received",
    /// The kernel's side of a connection did what ZMTP forbids.
    Violation(Violation) = "violation",
    /// The session stopped waiting for what a request is owed.
    Settled(Settled) = "settled",
    /// A question put to a channel after a deadline was missed, or at the end of a scenario.
    Probed(Probed) = "probe",
    /// What the probes of one suspicion saw, and the state of the process at that time.
    Ladder(Ladder) = "ladder",
    /// A signal was sent to the kernel.
    Signalled(Signalled) = "signal",
    /// The kernel process wrote to its stdout or stderr.
    Output(Output) = "output",
    /// The kernel process ended.
    Exited(Exited) = "exit",
    /// Something that a reader of the trace should know and no rule depends on.
    Noted(Noted) = "note",
    /// The world's trouble, not the kernel's: a port taken, a kernel that could not be started.
    Error(Noted) = "error",
    /// The last line of a trace that was not cut short.
    End(End) = "end",
}

/// See [`Event::TraceStarted`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TraceStarted {
    /// [`TRACE_VERSION`] of the writer.
    pub version: u32,
    /// Name and version of the writer, as `kernelcheck 0.1.0`.
    pub tool: String,
    /// Wall clock at `t` = 0, RFC 3339.
    pub started: String,
    /// Wall clock at `t` = 0, nanoseconds since 1970, for rules about message dates.
    pub unix_nanos: i64,
    /// Seed of all random choices of the run.
    pub seed: u64,
}

/// See [`Event::KernelStarted`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KernelStarted {
    /// Counts the kernel processes of this trace, from 1. All that follows concerns this one, until the next.
    pub life: u32,
    /// The command, with the connection file's path as `{connection_file}`; empty for a kernel that was running already.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub argv: Vec<String>,
    /// Name of the kernelspec, if one was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernelspec: Option<String>,
    /// The kernel.json, if one was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec: Option<serde_json::Value>,
    /// Process id, where we started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// How channels are reached.
    pub transport: TransportKind,
    /// Address that the kernel was told to bind (a path prefix for ipc).
    pub ip: String,
    /// Port (or ipc suffix) of each channel.
    pub ports: BTreeMap<Channel, u32>,
    /// The scheme in the connection file.
    pub signature_scheme: String,
    /// Whether a key is set; with an empty key nothing is signed.
    pub signed: bool,
    /// `signal` or `message`.
    pub interrupt_mode: String,
    /// `true` when this process is a restart on the connection file of the one before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restarted: bool,
    /// How it was started, where not as usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Box<Start>>,
}

/// See [`Event::Calibrated`]. All in nanoseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibrated {
    /// From the spawn to the first reply.
    pub startup: u64,
    /// Median round trip of `kernel_info_request`.
    pub round_trip: u64,
    /// What a reply is given before it counts as missed.
    pub reply_deadline: u64,
}

/// What part of that an answer is given which need not come at all.
pub const OPTIONAL_PART: u32 = 5;

/// See [`Event::ScenarioStarted`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScenarioStarted {
    /// `group/name`, as the file in `specs/scenarios`.
    pub name: String,
    /// 1 for the first play, more when a suspicion is confirmed on a fresh kernel.
    pub attempt: u32,
    /// The plan, whole.
    pub plan: serde_json::Value,
}

/// See [`Event::ScenarioEnded`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScenarioEnded {
    /// The scenario.
    pub name: String,
    /// How it ended.
    pub outcome: ScenarioOutcome,
    /// Why, where it did not complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How a scenario ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScenarioOutcome {
    /// All steps were played.
    Completed,
    /// Not all steps were played: a missed deadline, the kernel's death, a limit.
    Abandoned,
    /// Not played: the profile or the kernel lacks what it needs.
    Skipped,
}

/// See [`Event::Sent`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    /// The client.
    pub client: String,
    /// The channel.
    pub channel: Channel,
    /// What was given to the socket.
    pub frames: Vec<Body>,
    /// Name of the plan's step, if it has one; the session's own questions are called `fence`, `probe`, `ready`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// What the plan knows about it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: Facts,
}

/// See [`Event::Received`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Received {
    /// The client whose socket it reached.
    pub client: String,
    /// The channel.
    pub channel: Channel,
    /// What the socket gave, byte for byte.
    pub frames: Vec<Body>,
    /// The signature that the message ought to carry: empty with an empty key; absent where no four parts could be found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// Only where the signature is wrong: what it would be by known misreadings (`with_buffers`, `key_first`), to name the cause.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub misread_macs: BTreeMap<String, String>,
    /// Size in bytes before it was cut, where it was over the limit; frames then hold only its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_from: Option<u64>,
}

/// What a request is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expectation {
    /// The reply on its own channel.
    Reply,
    /// The idle status with it as parent.
    Idle,
    /// An input request.
    Input,
    /// The echo of heartbeat bytes.
    Echo,
    /// The end of the process.
    Exit,
    /// A message that the plan waits for.
    Message,
}

/// See [`Event::Settled`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settled {
    /// The client that asked.
    pub client: String,
    /// Message id of the request.
    pub id: String,
    /// What had not come.
    pub missing: Vec<Expectation>,
    /// Why the waiting ended.
    pub why: Why,
    /// Nanoseconds waited.
    pub waited: u64,
}

/// Why the session stopped waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// All came.
    Answered,
    /// A later request on the same channel was answered in full, so nothing more is to be expected.
    Fenced,
    /// The deadline, with all the patience that progress earned, is over.
    Deadline,
    /// The kernel process ended.
    Exited,
    /// The run was cancelled, or the scenario given up for another request's sake.
    Abandoned,
}

/// See [`Event::Probed`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Probed {
    /// Who asked.
    pub client: String,
    /// The channel asked.
    pub channel: Channel,
    /// Whether it answered.
    pub answered: bool,
    /// Nanoseconds until the answer, or waited in vain.
    pub waited: u64,
    /// Whether sockets were opened for it; the first probes use those that were there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fresh_client: bool,
}

/// See [`Event::Ladder`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ladder {
    /// Message id of the request whose deadline was missed; empty for the heartbeat or the process.
    pub id: String,
    /// What was owed.
    pub missing: Vec<Expectation>,
    /// The lockup kind by what the probes saw, as design section 4 names it (`shell_stuck`, …).
    pub kind: String,
    /// Process state, CPU, threads and the like, taken before any signal.
    pub evidence: serde_json::Value,
}

/// See [`Event::Signalled`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Signalled {
    /// `SIGINT`, `SIGTERM`, `SIGKILL`, …
    pub signal: String,
    /// Why it was sent: `interrupt`, `shutdown`, `cleanup`.
    pub purpose: String,
}

/// See [`Event::Output`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// `stdout` or `stderr`.
    pub stream: String,
    /// What was read, in chunks as they came.
    pub text: Bytes,
    /// Bytes that were read and not kept, because a process's output is kept up to a limit.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dropped: u64,
}

/// See [`Event::Exited`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exited {
    /// The life that ended.
    pub life: u32,
    /// Exit code, if it exited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    /// Signal number, if a signal ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// Whether we had asked for its end (shutdown, SIGTERM, SIGKILL) or the plan's code had.
    pub asked: bool,
    /// Child processes that were alive when it ended and were then killed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub survivors: Vec<String>,
}

/// See [`Event::Noted`] and [`Event::Error`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Noted {
    /// A stable name of the matter: `bind_clash`, `message_cut`, `flood`, `start_failed`, …
    pub what: String,
    /// A sentence for people.
    pub text: String,
}

/// See [`Event::End`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// `completed`, or why it ended early (`SIGINT`, …).
    pub why: String,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}
