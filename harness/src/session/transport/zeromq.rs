//! The transport that every real front end uses: libzmq.

use std::os::fd::RawFd;
use std::time::Instant;

use super::{Arrival, Endpoint, MESSAGE_LIMIT, Transport, TransportError};
use crate::wire::{Channel, ConnectionInfo, Frame};

/// Milliseconds between attempts to reach an endpoint that nobody listens at yet: short, because it is paid at every kernel start.
const RECONNECT_MS: i32 = 5;

/// The largest frame that libzmq may take from a kernel, in bytes. Above it libzmq drops the connection, which shows as silence.
const FRAME_LIMIT: i64 = 256 << 20;

/// Messages that libzmq keeps for us at most, for each socket; then it reads no more, and the kernel has to wait or to drop. More
/// than any scenario brings while we look elsewhere, and little enough that a kernel that sends without end can't fill our memory.
const RECEIVED_AHEAD: i32 = 20_000;

/// The same for a subscriber that never reads, and bytes that the system keeps for it: it is to fill up soon.
const UNREAD: i32 = 1;
const UNREAD_BYTES: i32 = 4 << 10;

/// Messages taken from one socket before the others get their turn.
const BURST: usize = 256;

/// How much of each frame of an over-long message is kept, in bytes.
const KEPT_OF_CUT: usize = 64 << 10;

/// Sockets of libzmq, polled by the thread that owns them.
pub(super) struct ZeroMq {
    context: zmq::Context,
    open: Vec<Open>,
}

struct Open {
    client: String,
    channel: Channel,
    socket: zmq::Socket,
    address: String,
    /// Whether anything is ever taken from it.
    read: bool,
    /// On iopub, the peer that sends against the stream: what subscribes can't send.
    upstream: Option<zmq::Socket>,
}

impl ZeroMq {
    /// No sockets yet.
    pub(super) fn new(context: zmq::Context) -> Self {
        Self { context, open: Vec::new() }
    }

    fn socket(&self, endpoint: &Endpoint, channel: Channel) -> zmq::Result<zmq::Socket> {
        let kind = match channel {
            Channel::Iopub => zmq::SUB,
            Channel::Heartbeat => zmq::REQ,
            Channel::Shell | Channel::Control | Channel::Stdin => zmq::DEALER,
        };
        let socket = self.context.socket(kind)?;
        socket.set_linger(0)?;
        socket.set_reconnect_ivl(RECONNECT_MS)?;
        socket.set_maxmsgsize(FRAME_LIMIT)?;
        // No high-water mark for what we send: at one, libzmq would block us.
        socket.set_sndhwm(0)?;
        let unread = endpoint.deaf && channel == Channel::Iopub;
        socket.set_rcvhwm(if unread { UNREAD } else { RECEIVED_AHEAD })?;
        if unread {
            socket.set_rcvbuf(UNREAD_BYTES)?;
        }
        match channel {
            Channel::Iopub => endpoint.topics.iter().try_for_each(|topic| socket.set_subscribe(&topic.0))?,
            // Lets it ask again after an answer that never came.
            Channel::Heartbeat => socket.set_req_relaxed(true)?,
            Channel::Shell | Channel::Control | Channel::Stdin => socket.set_identity(&endpoint.identity)?,
        }
        Ok(socket)
    }

    /// The peer of a client's iopub that sends, opened when it is first needed.
    fn upstream(&mut self, client: &str) -> zmq::Result<Option<&zmq::Socket>> {
        let context = &self.context;
        let Some(open) = self.open.iter_mut().find(|open| open.client == client && open.channel == Channel::Iopub) else {
            return Ok(None);
        };
        if open.upstream.is_none() {
            let socket = context.socket(zmq::XSUB)?;
            socket.set_linger(0)?;
            socket.set_sndhwm(0)?;
            socket.connect(&open.address)?;
            open.upstream = Some(socket);
        }
        Ok(open.upstream.as_ref())
    }
}

impl Transport for ZeroMq {
    fn open(&mut self, endpoint: &Endpoint, link: &ConnectionInfo) -> Result<(), TransportError> {
        for channel in Channel::ALL {
            let address = link.endpoint(channel);
            let failed =
                |error: zmq::Error| TransportError::Open { channel: channel.name(), endpoint: address.clone(), reason: error.to_string() };
            let socket = self.socket(endpoint, channel).map_err(failed)?;
            socket.connect(&address).map_err(failed)?;
            let read = !(endpoint.deaf && channel == Channel::Iopub);
            self.open.push(Open { client: endpoint.client.clone(), channel, socket, address, read, upstream: None });
        }
        Ok(())
    }

    fn close(&mut self, client: &str) {
        self.open.retain(|open| open.client != client);
    }

    fn send(&mut self, client: &str, channel: Channel, frames: &[Frame]) -> Result<(), TransportError> {
        let socket = if channel == Channel::Iopub {
            self.upstream(client).map_err(|error| trouble("cannot send", error))?
        } else {
            self.open.iter().find(|open| open.client == client && open.channel == channel).map(|open| &open.socket)
        };
        let Some(socket) = socket else {
            return Err(TransportError::NoSocket { client: client.to_owned(), channel: channel.name() });
        };
        socket.send_multipart(frames, zmq::DONTWAIT).map_err(|error| trouble("cannot send", error))
    }

    fn wait(&mut self, until: Instant, wakers: &[RawFd], arrivals: &mut Vec<Arrival>) -> Result<bool, TransportError> {
        let read = || self.open.iter().filter(|open| open.read);
        let mut items: Vec<zmq::PollItem<'_>> = read().map(|open| open.socket.as_poll_item(zmq::POLLIN)).collect();
        items.extend(wakers.iter().map(|&fd| zmq::PollItem::from_fd(fd, zmq::POLLIN)));
        let timeout = until.saturating_duration_since(Instant::now());
        // Rounded up, so that a deadline a fraction of a millisecond away is not polled for again and again.
        let timeout = i64::try_from(timeout.as_micros().div_ceil(1000)).unwrap_or(i64::MAX);
        match zmq::poll(&mut items, timeout) {
            Ok(_) | Err(zmq::Error::EINTR) => {}
            Err(error) => return Err(trouble("cannot wait", error)),
        }
        let mut more = false;
        for (open, item) in read().zip(&items) {
            if item.is_readable() {
                more |= open.drain(arrivals)?;
            }
        }
        Ok(more)
    }
}

impl Open {
    /// Takes what there is, up to a burst; whether more may be left.
    fn drain(&self, arrivals: &mut Vec<Arrival>) -> Result<bool, TransportError> {
        for _ in 0..BURST {
            let frames = match self.socket.recv_multipart(zmq::DONTWAIT) {
                Ok(frames) => frames,
                // A heartbeat socket that awaits no echo says EFSM.
                Err(zmq::Error::EAGAIN | zmq::Error::EINTR | zmq::Error::EFSM) => return Ok(false),
                Err(error) => return Err(trouble("cannot receive", error)),
            };
            let at = Instant::now();
            let (frames, cut_from) = bounded(frames);
            arrivals.push(Arrival { client: self.client.clone(), channel: self.channel, frames, at, cut_from });
        }
        Ok(true)
    }
}

fn bounded(mut frames: Vec<Frame>) -> (Vec<Frame>, Option<u64>) {
    let size: usize = frames.iter().map(Vec::len).sum();
    if size <= MESSAGE_LIMIT {
        return (frames, None);
    }
    for frame in &mut frames {
        frame.truncate(KEPT_OF_CUT);
        frame.shrink_to_fit();
    }
    frames.truncate(KEPT_OF_CUT);
    (frames, Some(size as u64))
}

fn trouble(doing: &'static str, error: zmq::Error) -> TransportError {
    TransportError::Socket { doing, reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_over_long_message_is_cut_and_says_so() {
        let (frames, cut) = bounded(vec![b"<IDS|MSG>".to_vec(), vec![b'x'; MESSAGE_LIMIT]]);
        assert_eq!((frames[0].as_slice(), frames[1].len(), cut), (b"<IDS|MSG>".as_slice(), KEPT_OF_CUT, Some(MESSAGE_LIMIT as u64 + 9)));
        let (frames, cut) = bounded(vec![vec![0; 10]]);
        assert_eq!((frames, cut), (vec![vec![0; 10]], None));
    }
}
