//! Events about the kernel's ports: where it listens, what others than clients send there, and what is wrong with the bytes that come.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Bytes, Facts};
use crate::wire::Channel;

/// See [`super::Event::Listening`]. Only of kernels that we started, that are reached by TCP, and whose sockets the system shows us.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listening {
    /// The local addresses at which its processes listen on the port of a channel; a channel without any is not there.
    pub addresses: BTreeMap<Channel, Vec<String>>,
}

/// See [`super::Event::Stranger`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stranger {
    /// Whose port.
    pub channel: Channel,
    /// What each connection sent, piece by piece.
    pub bytes: Vec<Bytes>,
    /// How many connections there were.
    pub peers: u32,
    /// Whether they stay open until the scenario is over; otherwise they were closed at once.
    pub stay: bool,
    /// Name of the plan's step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// What the plan knows about it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: Facts,
}

/// See [`super::Event::Violation`]. Only our own ZMTP sees it, and tells each kind once for each of a client's channels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Whose connection.
    pub client: String,
    /// To which port.
    pub channel: Channel,
    /// A stable name, as [`crate::wire::zmtp::Violation::name`] gives it.
    pub what: String,
    /// A sentence for people.
    pub text: String,
}

/// See [`Event::FileSeen`](super::Event::FileSeen).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSeen {
    /// Whether it is there no more, or can't be read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gone: bool,
    /// Whether anything that was written into it is there no more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub changed: bool,
    /// Its permission bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<u32>,
    /// Where the process wrote its key: `stdout`, `stderr`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key_in: Vec<String>,
}
