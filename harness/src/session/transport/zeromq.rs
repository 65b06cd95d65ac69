//! The transport that every real front end uses: libzmq.

use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::{
    Arrival, BURST, Endpoint, FRAME_LIMIT, KEPT_OF_CUT, MESSAGE_LIMIT, RECONNECT_MS, SPOOLED, Transport, TransportError, UNREAD_BYTES,
};
use crate::trace::{Spools, WireKind};
use crate::wire::{Body, Channel, ConnectionInfo, Frame};

/// Messages that libzmq keeps for us at most, for each socket; then it reads no more, and the kernel has to wait or to drop. More
/// than any scenario brings while we look elsewhere, and little enough that a kernel that sends without end can't fill our memory.
const RECEIVED_AHEAD: i32 = 20_000;

/// The same for a subscriber that never reads: it is to fill up soon.
const UNREAD: i32 = 1;

/// In place of a time after which a connection that was lost is made again.
const NEVER: i32 = -1;

/// What monitors are asked to tell: a connection that is ready for messages, and the end of one.
const LINKED: i32 = zmq::SocketEvent::HANDSHAKE_SUCCEEDED as i32;
const UNLINKED: i32 = zmq::SocketEvent::DISCONNECTED as i32;
/// And that the socket itself is gone, with all its connections.
const GONE: i32 = zmq::SocketEvent::MONITOR_STOPPED as i32;

/// How long libzmq may take to close a socket. It has nothing to wait for.
const CLOSING: Duration = Duration::from_secs(10);

/// Sockets of libzmq, polled by the thread that owns them.
pub(super) struct ZeroMq {
    context: zmq::Context,
    spools: Spools,
    open: Vec<Open>,
    /// Of clients that were cut off.
    cut_off: Vec<Open>,
}

/// Its socket is dropped before the monitor, which waits for the end of it.
struct Open {
    client: String,
    channel: Channel,
    socket: zmq::Socket,
    address: String,
    /// Whether anything is ever taken from it.
    read: bool,
    /// On iopub, the peer that sends against the stream: what subscribes can't send.
    upstream: Option<zmq::Socket>,
    monitor: Monitor,
}

/// Where libzmq tells what becomes of a socket's connection.
struct Monitor {
    events: zmq::Socket,
    linked: bool,
}

impl ZeroMq {
    /// No sockets yet. Large frames go to `spools`.
    pub(super) fn new(context: zmq::Context, spools: Spools) -> Self {
        Self { context, spools, open: Vec::new(), cut_off: Vec::new() }
    }

    /// A socket that hears when the connection of another is made or lost.
    fn monitor(&self, of: &zmq::Socket) -> zmq::Result<Monitor> {
        let address = monitor_address();
        of.monitor(&address, LINKED | UNLINKED | GONE)?;
        let events = self.context.socket(zmq::PAIR)?;
        // libzmq's own thread would wait for room, for ever.
        events.set_rcvhwm(0)?;
        events.set_rcvtimeo(i32::try_from(CLOSING.as_millis()).unwrap_or(i32::MAX))?;
        events.connect(&address)?;
        Ok(Monitor { events, linked: false })
    }

    fn connect(&self, endpoint: &Endpoint, channel: Channel, address: &str) -> zmq::Result<Open> {
        let socket = self.socket(endpoint, channel)?;
        let monitor = self.monitor(&socket)?;
        let read = !(endpoint.deaf && channel == Channel::Iopub);
        let open = Open { client: endpoint.client.clone(), channel, socket, address: address.to_owned(), read, upstream: None, monitor };
        open.socket.connect(address)?;
        Ok(open)
    }

    fn socket(&self, endpoint: &Endpoint, channel: Channel) -> zmq::Result<zmq::Socket> {
        let kind = match channel {
            Channel::Iopub => zmq::SUB,
            Channel::Heartbeat => zmq::REQ,
            Channel::Shell | Channel::Control | Channel::Stdin => zmq::DEALER,
        };
        let socket = self.context.socket(kind)?;
        socket.set_linger(0)?;
        socket.set_reconnect_ivl(if endpoint.cut_off { NEVER } else { RECONNECT_MS.into() })?;
        socket.set_maxmsgsize(FRAME_LIMIT.into())?;
        // No high-water mark for what we send: at one, libzmq would block us.
        socket.set_sndhwm(0)?;
        let unread = endpoint.deaf && channel == Channel::Iopub;
        socket.set_rcvhwm(if unread { UNREAD } else { RECEIVED_AHEAD })?;
        if unread {
            socket.set_rcvbuf(UNREAD_BYTES.into())?;
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
    fn kind(&self) -> WireKind {
        WireKind::Zmq
    }

    fn open(&mut self, endpoint: &Endpoint, link: &ConnectionInfo) -> Result<(), TransportError> {
        for channel in Channel::ALL {
            let address = link.endpoint(channel);
            let failed =
                |error: zmq::Error| TransportError::Open { channel: channel.name(), endpoint: address.clone(), reason: error.to_string() };
            let open = self.connect(endpoint, channel, &address).map_err(failed)?;
            self.open.push(open);
        }
        Ok(())
    }

    fn close(&mut self, client: &str) {
        self.open.retain(|open| open.client != client);
    }

    fn cut_off(&mut self, client: &str) {
        self.cut_off.extend(self.open.extract_if(.., |open| open.client == client));
    }

    fn hang_up(&mut self) {
        self.cut_off.clear();
    }

    fn await_links(&mut self, client: &str, until: Instant) -> Result<bool, TransportError> {
        loop {
            let mut missing = Vec::new();
            for open in self.open.iter_mut().filter(|open| open.client == client) {
                if !open.monitor.is_linked()? {
                    missing.push(open.monitor.events.as_poll_item(zmq::POLLIN));
                }
            }
            let left = until.saturating_duration_since(Instant::now());
            if missing.is_empty() || left.is_zero() {
                return Ok(missing.is_empty());
            }
            match zmq::poll(&mut missing, milliseconds(left)) {
                Ok(_) | Err(zmq::Error::EINTR) => {}
                Err(error) => return Err(trouble("cannot wait", error)),
            }
        }
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

    fn wait(&mut self, until: Instant, wakers: &[BorrowedFd<'_>], arrivals: &mut Vec<Arrival>) -> Result<bool, TransportError> {
        let read = || self.open.iter().filter(|open| open.read);
        let mut items: Vec<zmq::PollItem<'_>> = read().map(|open| open.socket.as_poll_item(zmq::POLLIN)).collect();
        items.extend(wakers.iter().map(|fd| zmq::PollItem::from_fd(fd.as_raw_fd(), zmq::POLLIN)));
        match zmq::poll(&mut items, milliseconds(until.saturating_duration_since(Instant::now()))) {
            Ok(_) | Err(zmq::Error::EINTR) => {}
            Err(error) => return Err(trouble("cannot wait", error)),
        }
        let mut more = false;
        for (open, item) in read().zip(&items) {
            if item.is_readable() {
                more |= open.drain(&self.spools, arrivals)?;
            }
        }
        Ok(more)
    }
}

/// Rounded up, so that a deadline a fraction of a millisecond away is not polled for again and again.
fn milliseconds(timeout: Duration) -> i64 {
    i64::try_from(timeout.as_micros().div_ceil(1000)).unwrap_or(i64::MAX)
}

/// Several transports share a context, and a name is free only some time after its socket was closed.
fn monitor_address() -> String {
    static MONITORS: AtomicU64 = AtomicU64::new(0);
    format!("inproc://monitor-{}", MONITORS.fetch_add(1, Ordering::Relaxed))
}

impl Monitor {
    /// Whether there is a connection, after all that became of it since the last time.
    fn is_linked(&mut self) -> Result<bool, TransportError> {
        loop {
            match self.next(zmq::DONTWAIT) {
                Ok(event) => self.linked = event == LINKED,
                Err(zmq::Error::EAGAIN | zmq::Error::EINTR) => return Ok(self.linked),
                Err(error) => return Err(trouble("cannot hear of connections", error)),
            }
        }
    }

    /// The next event: its number, in the machine's order, stands before a value.
    fn next(&self, flags: i32) -> zmq::Result<i32> {
        let frames = self.events.recv_multipart(flags)?;
        Ok(frames.first().and_then(|frame| frame.first_chunk()).map_or(0, |bytes| u16::from_ne_bytes(*bytes).into()))
    }
}

impl Drop for Monitor {
    /// Waits until the socket that was closed is gone: libzmq does that on threads of its own, which would wait for a reader of events
    /// that has left, and what follows could reach the kernel before the end of the connection.
    fn drop(&mut self) {
        loop {
            match self.next(0) {
                Ok(GONE) => return,
                Ok(_) | Err(zmq::Error::EINTR) => {}
                Err(_) => return,
            }
        }
    }
}

impl Open {
    /// Takes what there is, up to a burst; whether more may be left.
    fn drain(&self, spools: &Spools, arrivals: &mut Vec<Arrival>) -> Result<bool, TransportError> {
        for _ in 0..BURST {
            let frames = match self.receive(spools) {
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

    /// The next message. When its first frame is there, all of it is.
    fn receive(&self, spools: &Spools) -> zmq::Result<Vec<Body>> {
        let mut frames = Vec::new();
        loop {
            let frame = match self.socket.recv_msg(zmq::DONTWAIT) {
                Err(zmq::Error::EINTR) if !frames.is_empty() => continue,
                came => came?,
            };
            let spooled = if frame.len() < SPOOLED { None } else { spools.put([&*frame]) };
            frames.push(spooled.unwrap_or_else(|| Body::Held(frame.to_vec())));
            if !frame.get_more() {
                return Ok(frames);
            }
        }
    }
}

fn bounded(mut frames: Vec<Body>) -> (Vec<Body>, Option<u64>) {
    let size: usize = frames.iter().map(Body::len).sum();
    if size <= MESSAGE_LIMIT {
        return (frames, None);
    }
    frames.truncate(KEPT_OF_CUT);
    frames.iter_mut().for_each(|frame| frame.truncate(KEPT_OF_CUT));
    (frames, Some(size as u64))
}

fn trouble(doing: &'static str, error: zmq::Error) -> TransportError {
    TransportError::Socket { doing, reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Bytes;
    use crate::wire::TransportKind;

    fn link(dir: &std::path::Path) -> ConnectionInfo {
        ConnectionInfo {
            transport: TransportKind::Ipc,
            ip: dir.join("kernel").display().to_string(),
            shell_port: 1,
            iopub_port: 2,
            stdin_port: 3,
            control_port: 4,
            hb_port: 5,
            key: String::new(),
            signature_scheme: "hmac-sha256".to_owned(),
            kernel_name: None,
            extra: serde_json::Map::new(),
        }
    }

    /// Its sockets, not bound yet, in the order of `Channel::ALL`.
    fn kernel(context: &zmq::Context) -> [zmq::Socket; 5] {
        let kind = |channel| match channel {
            Channel::Iopub => zmq::XPUB,
            Channel::Heartbeat => zmq::REP,
            _ => zmq::ROUTER,
        };
        Channel::ALL.map(|channel| context.socket(kind(channel)).expect("a socket"))
    }

    fn endpoint(topics: Vec<Bytes>) -> Endpoint {
        Endpoint { client: "a".to_owned(), identity: b"a".to_vec(), topics, deaf: false, cut_off: false }
    }

    #[test]
    fn a_large_frame_is_not_held() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let link = link(dir.path());
        let context = zmq::Context::new();
        let kernel = kernel(&context);
        for (channel, socket) in Channel::ALL.into_iter().zip(&kernel) {
            socket.bind(&link.endpoint(channel)).expect("a free name");
        }
        let mut client = ZeroMq::new(context.clone(), Spools::in_dir(dir.path()));
        client.open(&endpoint(vec![Bytes::default()]), &link).expect("open");
        let publisher = Channel::ALL.iter().zip(&kernel).find(|(channel, _)| **channel == Channel::Iopub).expect("one of them").1;
        publisher.set_rcvtimeo(10_000).expect("an option");
        assert_eq!(publisher.recv_bytes(0).expect("a subscription in time"), [1]);
        let frames = [vec![b'x'; SPOOLED - 1], vec![b'y'; SPOOLED]];
        publisher.send_multipart(&frames, 0).expect("sent");
        let (mut arrivals, until) = (Vec::new(), Instant::now() + Duration::from_secs(10));
        while arrivals.is_empty() && Instant::now() < until {
            client.wait(until, &[], &mut arrivals).expect("sockets that work");
        }
        let arrival = arrivals.first().expect("a message in time");
        assert!(matches!(arrival.frames.as_slice(), [Body::Held(_), Body::Spooled(_)]), "{} frames", arrival.frames.len());
        assert_eq!(arrival.frames, frames);
    }

    #[test]
    fn a_client_is_linked_when_the_last_of_its_channels_is_bound() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let link = link(dir.path());
        let context = zmq::Context::new();
        let kernel = kernel(&context);
        let bind = |channel: usize| kernel[channel].bind(&link.endpoint(Channel::ALL[channel])).expect("a free name");
        let mut client = ZeroMq::new(context.clone(), Spools::in_dir(dir.path()));
        client.open(&endpoint(Vec::new()), &link).expect("open");
        (0..4).for_each(bind);
        assert!(!client.await_links("a", Instant::now() + Duration::from_millis(50)).expect("a verdict"));
        bind(4);
        assert!(client.await_links("a", Instant::now() + Duration::from_secs(10)).expect("a verdict"));
    }

    #[test]
    fn an_over_long_message_is_cut_and_says_so() {
        let long = |len: usize| vec![Body::Held(b"<IDS|MSG>".to_vec()), Body::Held(vec![b'x'; len])];
        assert_eq!(bounded(long(MESSAGE_LIMIT)), (long(KEPT_OF_CUT), Some(MESSAGE_LIMIT as u64 + 9)));
        assert_eq!(bounded(long(10)), (long(10), None));
    }
}
