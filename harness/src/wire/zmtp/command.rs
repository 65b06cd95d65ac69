//! The commands that peers give each other beside messages.

use super::metadata::Metadata;
use super::violation::{Violation, text};
use super::{encode_frame, flag};
use crate::wire::message::Frame;

/// The largest context of a PING, in bytes.
const LONGEST_CONTEXT: usize = 16;

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// The handshake, with what the peer is.
    Ready(Metadata),
    /// The handshake fails, for this reason.
    Error(Vec<u8>),
    /// What begins with this is wanted (ZMTP 3.1).
    Subscribe(Vec<u8>),
    /// And no more.
    Cancel(Vec<u8>),
    /// Asks whether the peer is there.
    Ping {
        /// Tenths of a second after which the asker may be taken for gone; 0 for never.
        ttl: u16,
        /// What is to come back.
        context: Vec<u8>,
    },
    /// The answer to a ping.
    Pong(Vec<u8>),
    /// One that is not known.
    Other {
        /// Its name.
        name: Vec<u8>,
        /// What follows that.
        data: Vec<u8>,
    },
}

impl Command {
    /// The name, as it crosses the wire.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        match self {
            Self::Ready(_) => b"READY",
            Self::Error(_) => b"ERROR",
            Self::Subscribe(_) => b"SUBSCRIBE",
            Self::Cancel(_) => b"CANCEL",
            Self::Ping { .. } => b"PING",
            Self::Pong(_) => b"PONG",
            Self::Other { name, .. } => name,
        }
    }

    /// Appends its frame to `out`. A name or a reason of over 255 bytes is cut there.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut body = Vec::new();
        put_short(self.name(), &mut body);
        match self {
            Self::Ready(metadata) => metadata.encode(&mut body),
            Self::Error(reason) => put_short(reason, &mut body),
            Self::Subscribe(bytes) | Self::Cancel(bytes) | Self::Pong(bytes) | Self::Other { data: bytes, .. } => {
                body.extend_from_slice(bytes);
            }
            Self::Ping { ttl, context } => {
                body.extend(ttl.to_be_bytes());
                body.extend_from_slice(context);
            }
        }
        encode_frame(flag::COMMAND, &body, out);
    }

    /// Reads the body of a command frame.
    pub fn read(body: &[u8], violations: &mut Vec<Violation>) -> Result<Self, Violation> {
        let short = || Violation::MalformedCommand(text(body));
        let (name, data) = take_short(body).ok_or_else(short)?;
        let malformed = || Violation::MalformedCommand(text(name));
        match name {
            b"READY" => Metadata::read(data).map(Self::Ready).ok_or(Violation::Metadata),
            b"ERROR" => take_short(data).map(|(reason, _)| Self::Error(reason.to_vec())).ok_or_else(malformed),
            b"SUBSCRIBE" => Ok(Self::Subscribe(data.to_vec())),
            b"CANCEL" => Ok(Self::Cancel(data.to_vec())),
            b"PING" => {
                let (ttl, context) = data.split_first_chunk::<2>().ok_or_else(malformed)?;
                if context.len() > LONGEST_CONTEXT {
                    violations.push(Violation::PingContext(context.len()));
                }
                let context = context[..context.len().min(LONGEST_CONTEXT)].to_vec();
                Ok(Self::Ping { ttl: u16::from_be_bytes(*ttl), context })
            }
            b"PONG" => Ok(Self::Pong(data.to_vec())),
            b"" => Err(malformed()),
            _ => Ok(Self::Other { name: name.to_vec(), data: data.to_vec() }),
        }
    }

    /// Appends a subscription in the form that a peer of this minor version reads: before ZMTP 3.1 it was a message.
    pub fn encode_subscription(topic: &[u8], minor: u8, out: &mut Vec<u8>) {
        if minor >= 1 {
            Self::Subscribe(topic.to_vec()).encode(out);
        } else {
            encode_frame(0, &[&[1], topic].concat(), out);
        }
    }
}

/// What a message of the older form asks for: that what begins with these bytes is wanted, or is no more.
#[must_use]
pub fn subscription(frames: &[Frame]) -> Option<Command> {
    let [frame] = frames else { return None };
    match frame.split_first()? {
        (1, topic) => Some(Command::Subscribe(topic.to_vec())),
        (0, topic) => Some(Command::Cancel(topic.to_vec())),
        _ => None,
    }
}

fn put_short(bytes: &[u8], out: &mut Vec<u8>) {
    let len = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
    out.push(len);
    out.extend_from_slice(&bytes[..usize::from(len)]);
}

fn take_short(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&len, rest) = bytes.split_first()?;
    rest.split_at_checked(usize::from(len))
}
