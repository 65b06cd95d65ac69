//! The record of a run: what crossed each socket, and all else that bears on a verdict, in the order in which it happened.
//!
//! A trace is a file of JSON Lines, one [`Record`] a line, appended while the run goes on. Frames stand in it as they were
//! sent or received, before any parsing, so that a trace can be judged again by a later oracle. It holds no key: beside each
//! received message stands the signature that it ought to carry.

mod bytes;
mod clients;
mod event;
mod long_line;
mod ports;
mod read;
mod record;
mod recorder;
mod spools;

pub use bytes::Bytes;
pub use clients::{Connected, Disconnected};
pub use event::{
    BIND_CLASH, Calibrated, End, Event, Exited, Expectation, Facts, KernelStarted, Ladder, Noted, OPTIONAL_PART, Output, Probed, Received,
    ScenarioEnded, ScenarioOutcome, ScenarioStarted, Sent, Settled, Signalled, TRACE_VERSION, TraceStarted, Why, own_steps,
};
pub use ports::{FileSeen, Listening, Stranger, Violation};
pub use read::{ReadError, Reader, for_each_record, read_trace};
pub use record::Record;
pub use recorder::{Batch, Recorder, RecorderError, Sending};
pub use spools::Spools;
pub mod notation;

pub use crate::wire::WireKind;
