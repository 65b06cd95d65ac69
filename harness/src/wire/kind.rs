//! The two implementations of ZeroMQ that a client can speak.

use serde::{Deserialize, Serialize};

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
