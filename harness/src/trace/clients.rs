//! Events about clients: they come, and they leave.

use serde::{Deserialize, Serialize};

use super::Bytes;
use crate::wire::{Channel, WireKind};

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
