//! The wire: frames, JSON, signatures, headers, connection files and ZMTP, as bytes and as what could be read of them.
//!
//! This layer stands alone: it opens no socket, reads no clock and judges nothing. Reading can't fail. [`decode()`] and
//! [`json::parse`] give what could be read beside a list of what was wrong, because a kernel's mistake is data to us.

pub mod body;
pub mod channel;
pub mod connection;
pub mod date;
pub mod decode;
pub mod json;
pub mod kind;
pub mod message;
pub mod sign;
pub mod spool;
pub mod zmtp;

pub use body::{Body, View};
pub use channel::{Channel, UnknownChannel};
pub use connection::{ConnectionError, ConnectionInfo, FieldMistake, TransportKind};
pub use date::{DateError, DateParts, parse_date};
pub use decode::{Decoded, Malformation, MalformationKind, Part, PartName, decode, decode_some};
pub use json::{Json, Limits, Member, Parsed, Problem, ProblemKind, Text};
pub use kind::WireKind;
pub use message::{DELIMITER, Frame, Header, Message};
pub use sign::{Scheme, Signer, UnknownScheme};
pub use spool::{Spool, Spooler, Store};
