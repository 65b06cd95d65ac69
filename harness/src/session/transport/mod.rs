//! How frames reach a kernel's sockets and come back.
//!
//! One thread owns a transport and all its sockets: what arrives is taken in the order in which it is seen, across channels,
//! and nothing else can wake or starve them.

mod zeromq;
mod zmtp;

use std::os::fd::BorrowedFd;
use std::path::Path;
use std::time::Instant;

use crate::trace::{Bytes, Spools, Violation, WireKind};
use crate::wire::{Body, Channel, ConnectionInfo, Frame};
use zeromq::ZeroMq;
use zmtp::Zmtp;

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

/// Milliseconds between attempts to reach an endpoint that nobody listens at yet: short, because it is paid at every kernel start.
const RECONNECT_MS: u16 = 5;

/// The largest frame that is taken from a kernel, in bytes. Above it the connection is dropped, which shows as silence.
const FRAME_LIMIT: u32 = 256 << 20;

/// Bytes that the system keeps for a subscriber that never reads: it is to fill up soon.
const UNREAD_BYTES: u16 = 4 << 10;

/// Messages taken from one socket before the others get their turn.
const BURST: usize = 256;

/// The size in bytes from which on a frame goes to a file in place of memory.
const SPOOLED: usize = 512 << 10;

/// How much of each frame of an over-long message is kept, in bytes; and how many frames.
const KEPT_OF_CUT: usize = 64 << 10;

/// Whose ZeroMQ is spoken, and where frames go that are too large to be held.
#[derive(Clone)]
pub enum Wire {
    /// libzmq, as every real front end does. The sessions of one wire share its threads.
    Libzmq(zmq::Context, Spools),
    /// Our own, which sees what a kernel does against ZMTP. Of a large frame it never holds more than a piece.
    Zmtp(Spools),
}

impl Default for Wire {
    fn default() -> Self {
        Self::new(WireKind::Zmq, &std::env::temp_dir())
    }
}

impl Wire {
    /// The one of that kind. What is too large to be held goes to files in the directory `spools`.
    #[must_use]
    pub fn new(kind: WireKind, spools: &Path) -> Self {
        let spools = Spools::in_dir(spools);
        match kind {
            WireKind::Zmq => Self::Libzmq(zmq::Context::new(), spools),
            WireKind::Zmtp => Self::Zmtp(spools),
        }
    }

    /// Which of the two it is.
    #[must_use]
    pub fn kind(&self) -> WireKind {
        match self {
            Self::Libzmq(..) => WireKind::Zmq,
            Self::Zmtp(_) => WireKind::Zmtp,
        }
    }

    /// A transport without sockets.
    #[must_use]
    pub fn transport(&self) -> Box<dyn Transport> {
        match self {
            Self::Libzmq(context, spools) => Box::new(ZeroMq::new(context.clone(), spools.clone())),
            Self::Zmtp(spools) => Box::new(Zmtp::new(spools.clone())),
        }
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
    /// Whether it is cut off when it leaves; then no connection of it that is lost is made again.
    pub cut_off: bool,
}

/// A message, or heartbeat bytes, that came in.
#[derive(Debug)]
pub struct Arrival {
    /// Whose socket it reached.
    pub client: String,
    /// On which channel.
    pub channel: Channel,
    /// What the socket gave.
    pub frames: Vec<Body>,
    /// When it was taken from the socket.
    pub at: Instant,
    /// Its size, where it was over [`MESSAGE_LIMIT`] and was cut.
    pub cut_from: Option<u64>,
}

/// Sockets to a kernel. No call waits for the kernel but [`Transport::wait`] and [`Transport::await_links`], and these no longer than
/// they are told.
pub trait Transport: Send {
    /// Whose ZeroMQ it speaks.
    fn kind(&self) -> WireKind;

    /// Opens a client's five sockets. The kernel need not listen yet.
    fn open(&mut self, endpoint: &Endpoint, link: &ConnectionInfo) -> Result<(), TransportError>;

    /// Closes a client's sockets; what was not sent yet is dropped. Afterwards the connections are closed, so that the kernel learns of
    /// it before anything that follows.
    fn close(&mut self, client: &str);

    /// Leaves a client's connections as they are, as a network does that is lost: nothing is taken from them any more, or sent.
    fn cut_off(&mut self, client: &str);

    /// Closes the connections of clients that were cut off.
    fn hang_up(&mut self);

    /// Waits until all sockets of a client have shaken hands with the kernel's, or until `until`; whether they have. What a kernel
    /// sends to a peer that is not connected yet is lost, and that is no fault of the kernel.
    fn await_links(&mut self, client: &str, until: Instant) -> Result<bool, TransportError>;

    /// Gives frames to a socket. What goes to iopub goes against the stream, from a peer beside the subscriber.
    fn send(&mut self, client: &str, channel: Channel, frames: &[Frame]) -> Result<(), TransportError>;

    /// Takes what has arrived; if nothing has, waits for it until `until` or until one of `wakers` is readable. Returns whether
    /// more has arrived than was taken.
    fn wait(&mut self, until: Instant, wakers: &[BorrowedFd<'_>], arrivals: &mut Vec<Arrival>) -> Result<bool, TransportError>;

    /// What kernels did against ZMTP since the last time, where that is seen at all.
    fn violations(&mut self) -> Vec<Violation> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read};
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::time::Duration;

    use super::*;
    use crate::wire::TransportKind;

    /// Whether the other end of a connection is closed, after what came before.
    fn is_closed(mut connection: &UnixStream) -> bool {
        let mut buffer = [0; 256];
        loop {
            match connection.read(&mut buffer) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
                Err(error) => panic!("{error}"),
            }
        }
    }

    #[test]
    fn who_leaves_is_gone_at_once_and_who_is_cut_off_stays_until_all_hang_up() {
        for kind in [WireKind::Zmq, WireKind::Zmtp] {
            let dir = tempfile::tempdir().expect("a directory");
            let link = ConnectionInfo {
                transport: TransportKind::Ipc,
                ip: dir.path().join("kernel").display().to_string(),
                shell_port: 0,
                control_port: 1,
                stdin_port: 2,
                iopub_port: 3,
                hb_port: 4,
                key: String::new(),
                signature_scheme: "hmac-sha256".to_owned(),
                kernel_name: None,
                extra: serde_json::Map::new(),
            };
            let listeners =
                Channel::ALL.map(|channel| UnixListener::bind(link.endpoint(channel).trim_start_matches("ipc://")).expect("short enough"));
            let mut transport = Wire::new(kind, dir.path()).transport();
            let mut join = |cut_off| {
                let topics = vec![Bytes::default()];
                let endpoint = Endpoint { client: "a".to_owned(), identity: b"a".to_vec(), topics, deaf: false, cut_off };
                transport.open(&endpoint, &link).expect("it opens");
                assert!(!transport.await_links("a", Instant::now() + Duration::from_millis(10)).expect("a verdict"));
                let connections = listeners.each_ref().map(|listener| listener.accept().expect("it connects").0);
                connections.iter().try_for_each(|connection| connection.set_nonblocking(true)).expect("an option");
                if cut_off {
                    transport.cut_off("a")
                } else {
                    transport.close("a")
                }
                connections
            };
            assert_eq!(join(false).each_ref().map(is_closed), [true; 5], "{kind:?}");
            let connections = join(true);
            assert_eq!(connections.each_ref().map(is_closed), [false; 5], "{kind:?}");
            transport.hang_up();
            assert_eq!(connections.each_ref().map(is_closed), [true; 5], "{kind:?}");
        }
    }
}
