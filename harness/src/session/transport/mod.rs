//! How frames reach a kernel's sockets and come back.
//!
//! One thread owns a transport and all its sockets: what arrives is taken in the order in which it is seen, across channels,
//! and nothing else can wake or starve them.

mod zeromq;

use std::os::fd::RawFd;
use std::time::Instant;

use crate::trace::Bytes;
use crate::wire::{Channel, ConnectionInfo, Frame};
use zeromq::ZeroMq;

/// The size in bytes above which a message is cut before it is recorded; the largest that the protocol's users send is far below.
pub const MESSAGE_LIMIT: usize = 64 << 20;

/// Why a socket failed. It is the world's trouble or ours; a kernel's shows as silence.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// An endpoint could not be used.
    #[error("cannot open {channel} at {endpoint}: {reason}")]
    Open {
        /// The channel.
        channel: &'static str,
        /// Its address.
        endpoint: String,
        /// What the library said.
        reason: String,
    },
    /// A step names a client that is not connected.
    #[error("client {client} has no {channel} socket open")]
    NoSocket {
        /// The client.
        client: String,
        /// The channel.
        channel: &'static str,
    },
    /// Sending, receiving or waiting failed.
    #[error("{doing}: {reason}")]
    Socket {
        /// What was being done.
        doing: &'static str,
        /// What the library said.
        reason: String,
    },
}

/// Whose ZeroMQ is spoken: libzmq. The sessions of one wire share its threads.
#[derive(Clone, Default)]
pub struct Wire(zmq::Context);

impl Wire {
    /// A transport without sockets.
    #[must_use]
    pub fn transport(&self) -> Box<dyn Transport> {
        Box::new(ZeroMq::new(self.0.clone()))
    }
}

/// What a client's sockets look like.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The client's name in plans and traces.
    pub client: String,
    /// ZeroMQ identity of shell, control and stdin.
    pub identity: Vec<u8>,
    /// Subscriptions of iopub.
    pub topics: Vec<Bytes>,
    /// Whether nothing is ever taken from its iopub, so that it fills up.
    pub deaf: bool,
}

/// A message, or heartbeat bytes, that came in.
#[derive(Debug)]
pub struct Arrival {
    /// Whose socket it reached.
    pub client: String,
    /// On which channel.
    pub channel: Channel,
    /// What the socket gave.
    pub frames: Vec<Frame>,
    /// When it was taken from the socket.
    pub at: Instant,
    /// Its size, where it was over [`MESSAGE_LIMIT`] and was cut.
    pub cut_from: Option<u64>,
}

/// Sockets to a kernel. No call blocks but [`Transport::wait`], and that one no longer than it is told.
pub trait Transport: Send {
    /// Opens a client's five sockets. The kernel need not listen yet.
    fn open(&mut self, endpoint: &Endpoint, link: &ConnectionInfo) -> Result<(), TransportError>;

    /// Closes a client's sockets; what was not sent yet is dropped.
    fn close(&mut self, client: &str);

    /// Waits until all sockets of a client have shaken hands with the kernel's, or until `until`; whether they have. What a kernel
    /// sends to a peer that is not connected yet is lost, and that is no fault of the kernel.
    fn await_links(&mut self, client: &str, until: Instant) -> Result<bool, TransportError>;

    /// Gives frames to a socket. What goes to iopub goes against the stream, from a peer beside the subscriber.
    fn send(&mut self, client: &str, channel: Channel, frames: &[Frame]) -> Result<(), TransportError>;

    /// Takes what has arrived; if nothing has, waits for it until `until` or until one of `wakers` is readable. Returns whether
    /// more has arrived than was taken.
    fn wait(&mut self, until: Instant, wakers: &[RawFd], arrivals: &mut Vec<Arrival>) -> Result<bool, TransportError>;
}
