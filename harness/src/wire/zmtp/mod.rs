//! ZMTP, the byte protocol under ZeroMQ, with the mechanism NULL: what stands between a stream of bytes and messages.
//!
//! Nothing here opens a socket. A [`Connection`] is given the bytes that came and gives the bytes that are to go; whatever a peer sends,
//! it takes no more memory than its [`Limits`] say, and tells what was wrong with it as [`Violation`]s. Those that libzmq ends a
//! connection for end it here too; after the others it goes on.
//!
//! Source: ZeroMQ RFC 23 (ZMTP 3.0) and RFC 37 (ZMTP 3.1).

mod coming;
mod command;
mod connection;
mod decoder;
mod greeting;
mod metadata;
mod role;
#[cfg(test)]
mod tests;
mod violation;

pub use command::{Command, subscription};
pub use connection::{Connection, Incoming};
pub use decoder::{Decoder, Item, Limits};
pub use greeting::{GREETING_LEN, Greeting};
pub use metadata::Metadata;
pub use role::Role;
pub use violation::Violation;

use super::message::Frame;

/// Bits of the first byte of a frame.
mod flag {
    pub(super) const MORE: u8 = 1;
    pub(super) const LONG: u8 = 2;
    pub(super) const COMMAND: u8 = 4;
    pub(super) const ALL: u8 = MORE | LONG | COMMAND;
}

/// The largest size that a short frame can tell, in bytes.
const SHORT: usize = 255;

/// Appends a message to `out`, as it crosses the wire.
pub fn encode_message(frames: &[Frame], out: &mut Vec<u8>) {
    out.reserve(frames.iter().map(|frame| frame.len() + 9).sum());
    for (index, frame) in frames.iter().enumerate() {
        let more = if index + 1 < frames.len() { flag::MORE } else { 0 };
        encode_frame(more, frame, out);
    }
}

fn encode_frame(flags: u8, body: &[u8], out: &mut Vec<u8>) {
    match u8::try_from(body.len()) {
        Ok(size) => out.extend([flags, size]),
        Err(_) => {
            out.push(flags | flag::LONG);
            out.extend((body.len() as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(body);
}
