//! Events about the kernel's ports: where it listens, and what others than clients send there.

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
