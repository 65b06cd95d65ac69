//! The channels of a kernel and their names.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The five sockets of a kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// Requests and replies.
    Shell,
    /// Requests that must not wait behind the shell's.
    Control,
    /// Requests of the kernel for input.
    Stdin,
    /// What the kernel publishes.
    Iopub,
    /// Bytes that come back.
    #[serde(rename = "hb")]
    Heartbeat,
}

impl Channel {
    /// All five.
    pub const ALL: [Self; 5] = [Self::Shell, Self::Control, Self::Stdin, Self::Iopub, Self::Heartbeat];

    /// The name, as in the connection file's `shell_port`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Shell => "shell",
            Self::Control => "control",
            Self::Stdin => "stdin",
            Self::Iopub => "iopub",
            Self::Heartbeat => "hb",
        }
    }

    /// The connection file's field for its port.
    #[must_use]
    pub fn port_field(self) -> &'static str {
        match self {
            Self::Shell => "shell_port",
            Self::Control => "control_port",
            Self::Stdin => "stdin_port",
            Self::Iopub => "iopub_port",
            Self::Heartbeat => "hb_port",
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A channel name that is none of [`Channel::ALL`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown channel {found:?}: known are shell, control, stdin, iopub and hb")]
pub struct UnknownChannel {
    /// The name as it was given.
    pub found: String,
}

impl FromStr for Channel {
    type Err = UnknownChannel;

    fn from_str(name: &str) -> Result<Self, UnknownChannel> {
        let found = || UnknownChannel { found: name.to_owned() };
        Self::ALL.into_iter().find(|channel| channel.name() == name).ok_or_else(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_protocol_everywhere() {
        let names = Channel::ALL.map(Channel::name);
        assert_eq!(names, ["shell", "control", "stdin", "iopub", "hb"]);
        for channel in Channel::ALL {
            assert_eq!(channel.name().parse(), Ok(channel));
            assert_eq!(channel.port_field(), format!("{channel}_port"));
            let quoted = format!("\"{channel}\"");
            assert_eq!(serde_json::to_string(&channel).ok(), Some(quoted.clone()));
            assert_eq!(serde_json::from_str(&quoted).ok(), Some(channel));
        }
        let error = "heartbeat".parse::<Channel>().map_err(|error| error.to_string());
        let expected = "unknown channel \"heartbeat\": known are shell, control, stdin, iopub and hb";
        assert_eq!(error, Err(expected.to_owned()));
    }
}
