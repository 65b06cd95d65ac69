//! What to send and what to wait for, as plain data: a plan replays without the scenario or the generator that made it.
//!
//! A scenario of `specs/scenarios` becomes a plan when a profile fills in its code ([`Plan::from_scenario`]). What is wrong on
//! purpose about a step (its signature, its spelling, a missing field) is a property of the step.

mod build;
mod limits;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::trace::{Bytes, Facts};
use crate::wire::{Channel, PartName, WireKind};

pub use crate::spec::{Await, Format, MessageReference, Sign, Source, Start};

pub use build::Lacking;

/// A JSON object with its keys in order.
pub type Object = serde_json::Map<String, serde_json::Value>;

/// A sequence of steps by one or several clients on one kernel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// `group/name` of the scenario.
    pub scenario: String,
    /// Clients that are connected before the first step.
    pub clients: Vec<String>,
    /// Whether it wants a kernel of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fresh: bool,
    /// How that kernel is started, where not as usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Start>,
    /// Whose ZeroMQ its clients speak, where the run does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wire: Option<WireKind>,
    /// Which of `supported_features` a kernel must announce for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature: Option<String>,
    /// In order.
    pub steps: Vec<Step>,
}

/// One thing that a client does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Unique in its plan, where given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who does it.
    pub client: String,
    /// What.
    pub action: Action,
    /// What is known about it and may be held against the kernel. A reference to a message that did not come is left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: Facts,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Sends a message.
    Send(Box<Outgoing>),
    /// Sends bytes on the heartbeat channel and waits for their echo.
    Heartbeat(Bytes),
    /// Sends frames as they are; nothing is owed, and a question after them tells when the kernel has passed them.
    Frames {
        /// Where to.
        channel: Channel,
        /// What.
        frames: Vec<Bytes>,
    },
    /// Connects to a channel's port by TCP and sends bytes; nothing is owed. Without a port, as over ipc, nothing is done.
    Tcp {
        /// Whose port.
        channel: Channel,
        /// What is sent, piece by piece, with a moment for the kernel to answer between two.
        bytes: Vec<Bytes>,
        /// How many connections do so.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        peers: u32,
        /// Whether they stay open until the plan is over.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        stay: bool,
    },
    /// Waits for what the named steps are owed; for all if none is named.
    Settle(Vec<String>),
    /// Waits until a message came.
    Wait(Wait),
    /// Opens the step's client.
    Connect {
        /// Its iopub subscriptions.
        topics: Vec<Bytes>,
        /// The client whose ZeroMQ identity it takes; its own otherwise.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        identity_of: Option<String>,
        /// Its ZeroMQ identity, where that is neither its own nor another's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        identity: Option<Bytes>,
        /// Whether it never reads what comes on iopub.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        deaf: bool,
        /// Whether it goes on as soon as it is welcomed, where this kernel welcomes, and asks nothing before.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        welcomed: bool,
        /// Whether it is cut off when it leaves, as by a network that is lost: the kernel is not told.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        cut_off: bool,
    },
    /// Closes the step's client.
    Disconnect,
    /// Interrupts the kernel, by signal or by message as its kernelspec says.
    Interrupt,
    /// Sends a signal to the kernel's process group.
    Signal(String),
    /// Asks for a shutdown with `restart` true, waits for the exit, and starts a new process on the same connection file.
    Restart,
    /// Takes in whatever comes for this many seconds.
    Pause(f64),
}

/// The message that a step waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wait {
    /// Name of the step that is its parent.
    pub of: String,
    /// Whether any message that comes after that step was sent will do, whatever its parent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub any_parent: bool,
    /// The message type.
    pub msg_type: String,
    /// What its content must hold.
    #[serde(default, skip_serializing_if = "Object::is_empty")]
    pub content: Object,
}

/// A message as a client sends it.
///
/// In its content, metadata, header and parent a string may stand for a value of a message that the kernel sends for an earlier step
/// ([`MessageReference`]). It is filled in when the step is played; if there is no such message by then, the step is left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outgoing {
    /// The channel.
    pub channel: Channel,
    /// The message type.
    pub msg_type: String,
    /// The content, whole.
    pub content: Object,
    /// The metadata, whole.
    #[serde(default, skip_serializing_if = "Object::is_empty")]
    pub metadata: Object,
    /// Laid over the honest header.
    #[serde(default, skip_serializing_if = "Object::is_empty")]
    pub header: Object,
    /// Keys taken out of the header.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without_header: Vec<String>,
    /// The parent header, whole.
    #[serde(default, skip_serializing_if = "Object::is_empty")]
    pub parent: Object,
    /// Whether an input reply has no parent, as some front ends send it; else it has the request that it answers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_parent: bool,
    /// Buffers after the content.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buffers: Vec<Bytes>,
    /// Prefix frames before the delimiter.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub idents: Vec<Bytes>,
    /// Bytes in place of the JSON of a part.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub raw: BTreeMap<PartName, Bytes>,
    /// Bytes put in before the closing brace of a part.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub splice: BTreeMap<PartName, Bytes>,
    /// How many of its frames are sent, counted from the delimiter on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_to: Option<u32>,
    /// How its JSON is spelt.
    pub format: Format,
    /// How it is signed.
    pub sign: Sign,
    /// What is waited for.
    pub awaits: Await,
    /// What its type is owed when it is sent honestly.
    pub owed: Owed,
    /// Answers to the input requests that it causes, in order; none is given when they run out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<String>,
    /// How many times it is sent, each time as a message of its own.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub repeat: u32,
    /// Whether the kernel process is expected to end because of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub then_exit: bool,
}

impl Plan {
    /// Of these steps, with nothing special about how they are played.
    pub fn of(scenario: String, clients: Vec<String>, steps: Vec<Step>) -> Self {
        Self { scenario, clients, fresh: false, start: None, wire: None, feature: None, steps }
    }
}

impl Outgoing {
    /// A message as the protocol wants it, with nothing odd about it.
    pub fn honest(channel: Channel, msg_type: &str, content: Object, owed: Owed) -> Self {
        Self {
            channel,
            msg_type: msg_type.to_owned(),
            content,
            metadata: Object::new(),
            header: Object::new(),
            without_header: Vec::new(),
            parent: Object::new(),
            without_parent: false,
            buffers: Vec::new(),
            idents: Vec::new(),
            raw: BTreeMap::new(),
            splice: BTreeMap::new(),
            cut_to: None,
            format: Format::Compact,
            sign: Sign::Good,
            awaits: Await::Settled,
            owed,
            answers: Vec::new(),
            repeat: 1,
            then_exit: false,
        }
    }

    /// The values of its parts, in which references to earlier messages may stand.
    pub fn parts(&self) -> impl Iterator<Item = &serde_json::Value> {
        [&self.content, &self.metadata, &self.header, &self.parent].into_iter().flat_map(Object::values)
    }

    /// The same, to be changed.
    pub fn parts_mut(&mut self) -> impl Iterator<Item = &mut serde_json::Value> {
        [&mut self.content, &mut self.metadata, &mut self.header, &mut self.parent].into_iter().flat_map(Object::values_mut)
    }
}

/// What a message type is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// A reply on its channel.
    pub reply: bool,
    /// A busy and an idle status.
    pub bracket: bool,
    /// Whether a kernel may lack the type altogether.
    pub optional: bool,
    /// Whether the message is wrong on purpose, so that no answer is no sign of a lockup.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub odd: bool,
}

impl Owed {
    /// A reply and the statuses around it; whether a kernel may lack the type.
    pub fn reply_and_bracket(optional: bool) -> Self {
        Self { reply: true, bracket: true, optional, odd: false }
    }

    /// Nothing, or nothing that anybody waits for.
    pub fn nothing() -> Self {
        Self { reply: false, bracket: false, optional: true, odd: false }
    }
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_one(n: &u32) -> bool {
    *n == 1
}
