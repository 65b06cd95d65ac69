//! Events about clients: they come, and they leave.

use serde::{Deserialize, Serialize};

use super::Bytes;
use crate::wire::Channel;

/// Whose ZeroMQ is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WireKind {
    /// libzmq's, as every real front end does.
    #[default]
    Zmq,
    /// Our own, which sees what a kernel does against ZMTP.
    Zmtp,
}

impl WireKind {
    /// The name in traces, reports and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Zmq => "zmq",
            Self::Zmtp => "zmtp",
        }
    }

    /// Whether it is the one that is meant where nothing is said.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// See [`super::Event::Connected`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Connected {
    /// The client: `a`, `b`, …
    pub client: String,
    /// ZeroMQ identity on shell, control and stdin.
    pub identity: Bytes,
    /// The channels that it opened.
    pub channels: Vec<Channel>,
    /// Its iopub subscriptions.
    pub topics: Vec<Bytes>,
    /// Whether its sockets were there before the kernel process was started.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub early: bool,
    /// Whether it never reads what comes on iopub.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deaf: bool,
    /// Whose ZeroMQ it speaks.
    #[serde(default, skip_serializing_if = "WireKind::is_default")]
    pub wire: WireKind,
}

/// See [`super::Event::Disconnected`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Disconnected {
    /// The client.
    pub client: String,
    /// Whether the kernel was not told: its connections stay until the scenario is over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut_off: bool,
}
