//! The steps of a scenario.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::reference::{MessageReference, SnippetReference};
use crate::spec::named::names;
use crate::wire::{Channel, PartName};

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Unique in its scenario. Where the file gives none, it is the message type, or the action, with `-2`, `-3`, … as needed.
    pub name: String,
    /// Who acts.
    pub client: String,
    /// What is done.
    pub action: Action,
    /// What an oracle may hold against the kernel, beside the facts of the snippet: one or two facts of each of a thousand steps, so no map.
    pub facts: Vec<(String, Value)>,
    /// Whether the scenario goes on without it where the profile lacks its snippet.
    pub optional: bool,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Sends a message.
    Send(Box<Send>),
    /// Sends these bytes to the heartbeat and waits for the echo.
    Heartbeat(Payload),
    /// Sends frames as they are, without regard for the protocol. Nothing is owed.
    Frames {
        /// Where to.
        channel: Channel,
        /// What.
        frames: Vec<Payload>,
    },
    /// Connects to a channel's port by TCP and sends bytes, as somebody may who does not speak ZeroMQ. Nothing is owed.
    Tcp(Tcp),
    /// Waits for what earlier steps are owed.
    Settle(Settle),
    /// Waits for a message.
    Wait(Wait),
    /// Opens the sockets of the step's client.
    Connect(Connect),
    /// Closes the sockets of the step's client.
    Disconnect,
    /// Interrupts the kernel, in the way its kernelspec names.
    Interrupt(Interrupt),
    /// Sends a signal to the kernel process: `SIGTERM`.
    Signal(String),
    /// Restarts the kernel: a shutdown request with `restart`, its exit, a new process on the same connection file.
    Restart,
    /// Lets this many seconds pass.
    Pause(f64),
}

/// See [`Action::Send`].
#[derive(Debug, Clone, PartialEq)]
pub struct Send {
    /// The message type.
    pub message_type: String,
    /// Where it goes.
    pub channel: Channel,
    /// The snippet that fills the content fields named like its keys, and adds its other keys as facts.
    pub snippet: Option<String>,
    /// What is laid over the type's sample, after the snippet. A string `$SNIPPET.KEY` stands for that value, and one like
    /// `$reply.STEP.content.FIELD` for what the kernel will have sent by then ([`MessageReference`]).
    pub content: Map<String, Value>,
    /// Content fields that are taken out in the end.
    pub without: Vec<String>,
    /// The metadata. It, the header and the parent header may refer to earlier messages as the content may.
    pub metadata: Map<String, Value>,
    /// What is laid over the honest header.
    pub header: Map<String, Value>,
    /// Header fields that are taken out in the end.
    pub without_header: Vec<String>,
    /// The parent header.
    pub parent: Map<String, Value>,
    /// Whether an input reply has no parent.
    pub without_parent: bool,
    /// The buffers.
    pub buffers: Vec<Payload>,
    /// Frames before the delimiter, beside what the socket adds.
    pub idents: Vec<Payload>,
    /// Bytes that stand for the JSON of a part, whatever they are; in pieces.
    pub raw: BTreeMap<PartName, Vec<Payload>>,
    /// Bytes that are put in before the closing brace of a part: members that JSON as data can't hold; in pieces.
    pub splice: BTreeMap<PartName, Vec<Payload>>,
    /// How many of its frames are sent, counted from the delimiter on; all if not given.
    pub cut_to: Option<u32>,
    /// How the JSON is spelled.
    pub format: Format,
    /// How it is signed.
    pub sign: Sign,
    /// What is waited for.
    pub wait_for: Await,
    /// Values for the input requests that it causes, in order. A string `$SNIPPET.KEY` stands for that value.
    pub answers: Vec<Value>,
    /// What replaces `{seconds}` in the code.
    pub seconds: Option<f64>,
    /// What replaces `{count}` in the code.
    pub count: Option<u32>,
    /// What replaces `{text}` in the code and in `stdout`.
    pub text: Option<String>,
    /// How often it is sent, back to back, each time as a message of its own; at least 1.
    pub repeat: u32,
    /// Whether the process is expected to end because of it.
    pub then_exit: bool,
}

/// Bytes, written down in a bearable way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// UTF-8 text.
    Text(String),
    /// A text, so many times.
    Repeat {
        /// The text.
        text: String,
        /// How often.
        times: u32,
    },
    /// Any bytes.
    Bytes(Vec<u8>),
}

/// See [`Action::Tcp`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tcp {
    /// Whose port.
    pub channel: Channel,
    /// What is sent, in pieces, with a moment for the kernel to answer between two.
    pub bytes: Vec<Payload>,
    /// How many connections do so; at least 1.
    pub peers: u32,
    /// What becomes of them.
    pub then: Then,
}

/// See [`Action::Settle`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settle {
    /// Every earlier step.
    All,
    /// The steps of these names, which stand before.
    Steps(Vec<String>),
}

/// See [`Action::Wait`].
#[derive(Debug, Clone, PartialEq)]
pub struct Wait {
    /// The step that is the message's parent.
    pub of: String,
    /// Whether the message may have any parent, if only it comes after that step was sent.
    pub any_parent: bool,
    /// The type of the message.
    pub message_type: String,
    /// Fields that its content must have, with these values.
    pub content: Map<String, Value>,
}

/// See [`Action::Connect`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connect {
    /// Its subscriptions on iopub; one empty topic is everything.
    pub topics: Vec<Payload>,
    /// The client whose ZeroMQ identity it takes.
    pub same_identity_as: Option<String>,
    /// A ZeroMQ identity of any bytes.
    pub identity: Option<Payload>,
    /// The channels that it opens.
    pub channels: Vec<Channel>,
    /// Whether it never reads what comes on iopub.
    pub deaf: bool,
    /// Whether it goes on as soon as it is welcomed, where the kernel welcomes; others are greeted by questions about the kernel first.
    pub welcomed: bool,
    /// Whether it is cut off when it leaves, as by a network that is lost: the kernel is not told.
    pub cut_off: bool,
}

/// See [`Action::Interrupt`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interrupt {
    /// Whatever runs, or nothing.
    Kernel,
    /// The step of this name, which stands before and is expected to run.
    Step(String),
}

names! {
    /// How the JSON of a message is spelled.
    Format, "format", {
        /// Without whitespace.
        Compact = "compact",
        /// With whitespace.
        Spaced = "spaced",
        /// Keys in reverse order.
        Reversed = "reversed",
        /// All non-ASCII characters, and some ASCII, as `\uXXXX`.
        Escaped = "escaped",
    }
}

names! {
    /// How a message is signed.
    Sign, "sign", {
        /// Rightly.
        Good = "good",
        /// With one digit changed.
        Flipped = "flipped",
        /// A good signature over a content that was changed afterwards, by a space behind it.
        Tampered = "tampered",
        /// With another key.
        OtherKey = "other-key",
        /// Not at all: the frame is empty.
        Empty = "empty",
        /// With the right beginning only.
        Short = "short",
        /// With something after the right signature.
        Long = "long",
        /// As bytes rather than as hex digits.
        Raw = "raw",
        /// In upper case.
        Upper = "upper",
        /// With a word, where there is no key and any signature is as good.
        Nonsense = "nonsense",
    }
}

names! {
    /// What becomes of a connection when all was sent.
    Then, "end of a connection", {
        /// It is closed.
        Close = "close",
        /// It stays until the scenario is over.
        Stay = "stay",
    }
}

names! {
    /// What is waited for after a message.
    Await, "await", {
        /// The reply and the idle, as the type's spec has them.
        Settled = "settled",
        /// Nothing yet: a later step settles it.
        Later = "later",
        /// Nothing is owed: a fence shows that it was passed over.
        Nothing = "nothing",
    }
}

impl Payload {
    /// The bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.clone().into_bytes(),
            Self::Repeat { text, times } => text.repeat(*times as usize).into_bytes(),
            Self::Bytes(bytes) => bytes.clone(),
        }
    }
}

impl Step {
    /// The snippets that it names.
    #[must_use]
    pub fn snippets(&self) -> BTreeSet<&str> {
        let Action::Send(send) = &self.action else {
            return BTreeSet::new();
        };
        let values = send.content.values().chain(send.metadata.values()).chain(&send.answers);
        let mut names: BTreeSet<&str> = send.snippet.iter().map(String::as_str).collect();
        for value in values.chain(self.facts.iter().map(|(_, value)| value)) {
            SnippetReference::each_in(value, &mut |reference| {
                names.insert(reference.snippet);
            });
        }
        names
    }

    /// The earlier steps that it refers to in what it sends: without what came for them it is not sent.
    #[must_use]
    pub fn needed_steps(&self) -> BTreeSet<&str> {
        let Action::Send(send) = &self.action else {
            return BTreeSet::new();
        };
        let mut names = BTreeSet::new();
        for value in [&send.content, &send.metadata, &send.header, &send.parent].into_iter().flat_map(Map::values) {
            MessageReference::each_in(value, &mut |reference| {
                names.insert(reference.step);
            });
        }
        names
    }
}
