//! Our own ZMTP against libzmq's sockets, and against peers that are none.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::time::Duration;

use super::*;
use crate::trace::Bytes;
use crate::wire::zmtp::{Greeting, encode_message};
use crate::wire::{Body, TransportKind};

/// Long enough for anything that must come.
const PATIENCE: Duration = Duration::from_secs(20);

fn until() -> Instant {
    Instant::now() + PATIENCE
}

/// A kernel's five sockets, of libzmq.
struct Kernel {
    context: zmq::Context,
    sockets: Vec<zmq::Socket>,
    link: ConnectionInfo,
    _dir: tempfile::TempDir,
}

const KINDS: [zmq::SocketType; 5] = [zmq::ROUTER, zmq::ROUTER, zmq::ROUTER, zmq::XPUB, zmq::REP];

impl Kernel {
    fn new(transport: TransportKind, iopub: zmq::SocketType) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let ip = match transport {
            TransportKind::Tcp => "127.0.0.1".to_owned(),
            TransportKind::Ipc => dir.path().join("kernel").display().to_string(),
        };
        let (context, mut ports, mut sockets) = (zmq::Context::new(), Vec::new(), Vec::new());
        for (channel, kind) in Channel::ALL.into_iter().zip(KINDS) {
            let socket = socket(&context, if channel == Channel::Iopub { iopub } else { kind });
            let port = match transport {
                TransportKind::Tcp => {
                    socket.bind("tcp://127.0.0.1:*").expect("a free port");
                    let endpoint = socket.get_last_endpoint().expect("it is bound").expect("text");
                    endpoint.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port")
                }
                TransportKind::Ipc => {
                    socket.bind(&format!("ipc://{ip}-{}", ports.len())).expect("a free name");
                    ports.len() as u32
                }
            };
            ports.push(port);
            sockets.push(socket);
        }
        Self { context, sockets, link: link(transport, ip, &ports), _dir: dir }
    }

    fn socket(&self, channel: Channel) -> &zmq::Socket {
        &self.sockets[place(channel)]
    }

    /// Closes a socket, and opens another one at its place.
    fn renew(&mut self, channel: Channel) {
        let renewed = socket(&self.context, KINDS[place(channel)]);
        drop(std::mem::replace(&mut self.sockets[place(channel)], renewed));
        let endpoint = self.link.endpoint(channel);
        // libzmq closes on a thread of its own.
        let until = until();
        while self.socket(channel).bind(&endpoint).is_err() {
            assert!(Instant::now() < until, "{endpoint} is never free");
            std::thread::yield_now();
        }
    }
}

fn socket(context: &zmq::Context, kind: zmq::SocketType) -> zmq::Socket {
    let socket = context.socket(kind).expect("a socket");
    socket.set_linger(0).expect("an option");
    socket.set_rcvtimeo(20_000).expect("an option");
    if kind == zmq::ROUTER {
        socket.set_router_mandatory(true).expect("an option");
    }
    socket
}

fn place(channel: Channel) -> usize {
    Channel::ALL.iter().position(|other| *other == channel).expect("one of five")
}

fn link(transport: TransportKind, ip: String, ports: &[u32]) -> ConnectionInfo {
    ConnectionInfo {
        transport,
        ip,
        shell_port: ports[0],
        control_port: ports[1],
        stdin_port: ports[2],
        iopub_port: ports[3],
        hb_port: ports[4],
        key: String::new(),
        signature_scheme: "hmac-sha256".to_owned(),
        kernel_name: None,
        extra: serde_json::Map::new(),
    }
}

fn endpoint(client: &str, topics: &[&str]) -> Endpoint {
    let topics = topics.iter().map(|topic| Bytes(topic.as_bytes().to_vec())).collect();
    Endpoint { client: client.to_owned(), identity: client.as_bytes().to_vec(), topics, deaf: false, cut_off: false }
}

fn frames(message: &[&str]) -> Vec<Frame> {
    message.iter().map(|frame| frame.as_bytes().to_vec()).collect()
}

fn bodies(message: &[&str]) -> Vec<Body> {
    frames(message).into_iter().map(Body::from).collect()
}

fn zmtp() -> Zmtp {
    Zmtp::new(Spools::in_dir(&std::env::temp_dir()))
}

/// A client whose hands are shaken.
fn linked(kernel: &Kernel, topics: &[&str]) -> Zmtp {
    let mut ours = zmtp();
    ours.open(&endpoint("a", topics), &kernel.link).expect("it opens");
    assert!(ours.await_links("a", until()).expect("a verdict"));
    ours
}

/// The next message, which must come.
fn next(ours: &mut Zmtp) -> Arrival {
    let mut arrivals = Vec::new();
    ours.wait(until(), &[], &mut arrivals).expect("it waits");
    assert_eq!(arrivals.len(), 1, "{arrivals:?}");
    arrivals.remove(0)
}

/// The kernel hears this, which may need us to write.
fn heard(ours: &mut Zmtp, socket: &zmq::Socket) -> Vec<Frame> {
    let until = until();
    loop {
        match socket.recv_multipart(zmq::DONTWAIT) {
            Ok(frames) => return frames,
            Err(zmq::Error::EAGAIN) => {}
            Err(error) => panic!("{error}"),
        }
        assert!(Instant::now() < until, "it never came");
        ours.turn(Instant::now() + Duration::from_millis(5), &[], true).expect("a turn");
    }
}

#[test]
fn every_channel_carries_messages_both_ways() {
    for (transport, iopub) in [(TransportKind::Tcp, zmq::XPUB), (TransportKind::Ipc, zmq::PUB)] {
        let kernel = Kernel::new(transport, iopub);
        let mut ours = linked(&kernel, &["", "more"]);
        for channel in [Channel::Shell, Channel::Control, Channel::Stdin] {
            ours.send("a", channel, &frames(&["x", "", "question"])).expect("it goes");
            assert_eq!(heard(&mut ours, kernel.socket(channel)), frames(&["a", "x", "", "question"]));
            kernel.socket(channel).send_multipart(frames(&["a", "", "answer"]), 0).expect("it goes");
            let arrival = next(&mut ours);
            assert_eq!((arrival.client.as_str(), arrival.channel, arrival.frames), ("a", channel, bodies(&["", "answer"])));
        }
        ours.send("a", Channel::Heartbeat, &frames(&["beat"])).expect("it goes");
        assert_eq!(heard(&mut ours, kernel.socket(Channel::Heartbeat)), frames(&["beat"]));
        kernel.socket(Channel::Heartbeat).send_multipart(frames(&["beat"]), 0).expect("it goes");
        assert_eq!((next(&mut ours).frames, ours.violations()), (bodies(&["beat"]), vec![]));
    }
}

#[test]
fn a_subscriber_hears_what_it_asked_for_and_can_be_heard() {
    let kernel = Kernel::new(TransportKind::Tcp, zmq::XPUB);
    let mut ours = linked(&kernel, &["news"]);
    let iopub = kernel.socket(Channel::Iopub);
    assert_eq!(heard(&mut ours, iopub), frames(&["\u{1}news"]));
    for topic in ["noise", "newsworthy", "new"] {
        iopub.send_multipart(frames(&[topic, "x"]), 0).expect("it goes");
    }
    assert_eq!(next(&mut ours).frames, frames(&["newsworthy", "x"]));
    ours.send("a", Channel::Iopub, &frames(&["upstream", ""])).expect("it goes");
    assert_eq!(heard(&mut ours, iopub), frames(&["upstream", ""]));
}

#[test]
fn who_comes_before_the_kernel_is_connected_when_it_comes_and_when_it_comes_again() {
    for transport in [TransportKind::Tcp, TransportKind::Ipc] {
        let mut kernel = Kernel::new(transport, zmq::XPUB);
        let late = [Channel::Stdin, Channel::Iopub, Channel::Heartbeat];
        let free = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port"));
        let [stdin, iopub, hb] = free.map(|address| u32::from(address.port()));
        kernel.link = ConnectionInfo { stdin_port: stdin, iopub_port: iopub, hb_port: hb, ..kernel.link };
        let mut ours = zmtp();
        ours.open(&endpoint("a", &[""]), &kernel.link).expect("it opens");
        assert!(!ours.await_links("a", Instant::now() + Duration::from_millis(60)).expect("a verdict"));
        ours.send("a", Channel::Stdin, &frames(&["early"])).expect("it is kept");
        for channel in late {
            kernel.renew(channel);
        }
        assert!(ours.await_links("a", until()).expect("a verdict"));
        assert_eq!(heard(&mut ours, kernel.socket(Channel::Stdin)), frames(&["a", "early"]));
        kernel.renew(Channel::Iopub);
        assert_eq!(heard(&mut ours, kernel.socket(Channel::Iopub)), frames(&["\u{1}"]));
        kernel.socket(Channel::Iopub).send_multipart(frames(&["again"]), 0).expect("it goes");
        assert_eq!(next(&mut ours).frames, frames(&["again"]));
    }
}

#[test]
fn twenty_megabytes_go_both_ways() {
    let kernel = Kernel::new(TransportKind::Tcp, zmq::XPUB);
    let mut ours = linked(&kernel, &[""]);
    let large: Vec<Frame> = vec![vec![b'x'; 20 << 20], b"end".to_vec()];
    ours.send("a", Channel::Shell, &large).expect("it goes");
    let heard = heard(&mut ours, kernel.socket(Channel::Shell));
    assert!(heard[1..] == large);
    kernel.socket(Channel::Shell).send_multipart(heard, 0).expect("it goes");
    let came = next(&mut ours).frames;
    assert!(matches!(came.as_slice(), [Body::Spooled(_), Body::Held(_)]) && came == large);
    let too_large = [b"a".to_vec(), vec![b'x'; super::super::MESSAGE_LIMIT], b"end".to_vec()];
    kernel.socket(Channel::Shell).send_multipart(too_large, 0).expect("it goes");
    let arrival = next(&mut ours);
    let sizes: Vec<usize> = arrival.frames.iter().map(Body::len).collect();
    assert_eq!((sizes, arrival.cut_from), (vec![64 << 10, 3], Some((64 << 20) + 3)));
}

#[test]
fn a_flood_comes_in_bursts_and_ends() {
    let kernel = Kernel::new(TransportKind::Tcp, zmq::XPUB);
    let mut ours = linked(&kernel, &[""]);
    let shell = kernel.socket(Channel::Shell);
    ours.send("a", Channel::Shell, &frames(&["hello"])).expect("it goes");
    heard(&mut ours, shell);
    for _ in 0..5000 {
        shell.send_multipart(frames(&["a", "x"]), 0).expect("it goes");
    }
    let (mut arrivals, until) = (Vec::new(), until());
    let mut count = 0;
    while count < 5000 && Instant::now() < until {
        ours.wait(until, &[], &mut arrivals).expect("it waits");
        assert!(arrivals.len() <= BURST);
        count += arrivals.drain(..).len();
    }
    assert_eq!(count, 5000);
    assert!(!ours.wait(Instant::now(), &[], &mut arrivals).expect("it waits") && arrivals.is_empty());
}

#[test]
fn an_echo_to_a_beat_that_was_given_up_is_none_to_the_next() {
    let kernel = Kernel::new(TransportKind::Tcp, zmq::XPUB);
    let mut ours = linked(&kernel, &[""]);
    let hb = kernel.socket(Channel::Heartbeat);
    for beat in ["one", "two"] {
        ours.send("a", Channel::Heartbeat, &frames(&[beat])).expect("it goes");
        assert_eq!(heard(&mut ours, hb), frames(&[beat]));
        hb.send_multipart(frames(&[beat]), 0).expect("it goes");
    }
    let mut arrivals = Vec::new();
    while arrivals.is_empty() {
        ours.wait(until(), &[], &mut arrivals).expect("it waits");
    }
    // Which of the two it is depends on when the first came; never both.
    ours.wait(Instant::now() + Duration::from_millis(50), &[], &mut arrivals).expect("it waits");
    assert_eq!(arrivals.len(), 1, "{arrivals:?}");
}

#[test]
fn what_wakes_a_wait_ends_it() {
    let kernel = Kernel::new(TransportKind::Tcp, zmq::XPUB);
    let mut ours = linked(&kernel, &[""]);
    let (end, mut other) = std::os::unix::net::UnixStream::pair().expect("a pair");
    other.write_all(b"x").expect("it is open");
    let (began, mut arrivals) = (Instant::now(), Vec::new());
    assert!(!ours.wait(until(), &[end.as_fd()], &mut arrivals).expect("it waits"));
    assert!(arrivals.is_empty() && began.elapsed() < PATIENCE);
}

#[test]
fn what_a_peer_sent_before_it_went_is_heard_though_it_can_be_sent_nothing() {
    let listeners: Vec<TcpListener> = (0..5).map(|_| TcpListener::bind("127.0.0.1:0").expect("a free port")).collect();
    let (mut ours, mut peer) = strangers_client(&listeners);
    peer.write_all(&[&ready(), &b"\0\x04last"[..]].concat()).expect("it is open");
    while !ours.links[0].is_ready() {
        ours.turn(until(), &[], false).expect("a turn");
    }
    // What is left unread makes the end a reset.
    ours.send("a", Channel::Shell, &frames(&["never read"])).expect("it goes");
    peer.write_all(b"\0\x04word").expect("it is open");
    drop(peer);
    for _ in 0..3 {
        ours.send("a", Channel::Shell, &frames(&["into the void"])).expect("it is silence");
    }
    let mut arrivals = Vec::new();
    while arrivals.len() < 2 {
        ours.wait(until(), &[], &mut arrivals).expect("it waits");
    }
    let said: Vec<Vec<Body>> = arrivals.into_iter().map(|arrival| arrival.frames).collect();
    assert_eq!(said, [frames(&["last"]), frames(&["word"])]);
}

#[test]
fn a_flood_that_ends_in_a_breach_ends_too() {
    let listeners: Vec<TcpListener> = (0..5).map(|_| TcpListener::bind("127.0.0.1:0").expect("a free port")).collect();
    let (mut ours, mut peer) = strangers_client(&listeners);
    peer.write_all(&ready()).expect("it is open");
    while !ours.links[0].is_ready() {
        ours.turn(until(), &[], false).expect("a turn");
    }
    // All of it, and what follows on it, in one read.
    ours.buffer.truncate(1 << 10);
    let too_large = b"\x02\0\0\x01\0\0\0\0\0";
    peer.write_all(&[&b"\0\0".repeat(BURST + 1)[..], too_large, &[0; 1 << 10]].concat()).expect("it is open");
    let mut arrivals = Vec::new();
    while arrivals.len() <= BURST {
        ours.wait(until(), &[], &mut arrivals).expect("it waits");
    }
    assert!(!ours.wait(Instant::now(), &[], &mut Vec::new()).expect("it waits"), "nothing more can come");
}

#[test]
fn a_peer_that_floods_and_goes_is_sought_again_when_that_was_taken() {
    let listeners: Vec<TcpListener> = (0..5).map(|_| TcpListener::bind("127.0.0.1:0").expect("a free port")).collect();
    let (mut ours, mut peer) = strangers_client(&listeners);
    peer.write_all(&[&ready(), &b"\0\0".repeat(BURST)[..]].concat()).expect("it is open");
    peer.shutdown(std::net::Shutdown::Write).expect("it is open");
    let tries_again = |link: &Link| !link.is_ready() && link.timer().is_some();
    let until = until();
    while ours.links[0].is_ready() || !ours.links[0].is_behind() {
        assert!(Instant::now() < until, "it has gone");
        // What is there already is no reason to read on, but an end is noticed.
        ours.links[0].serve(PollFlags::IN, &mut ours.buffer);
    }
    assert!(!tries_again(&ours.links[0]), "all that it sent waits");
    let mut arrivals = Vec::new();
    ours.deliver(&mut arrivals);
    assert_eq!((arrivals.len(), tries_again(&ours.links[0])), (BURST, true));
}

/// A client of a kernel that is nothing but listeners, and the kernel's end of its shell connection.
fn strangers_client(listeners: &[TcpListener]) -> (Zmtp, std::net::TcpStream) {
    let ports: Vec<u32> = listeners.iter().map(|listener| listener.local_addr().expect("it is bound").port().into()).collect();
    let mut ours = zmtp();
    ours.open(&endpoint("a", &[""]), &link(TransportKind::Tcp, "127.0.0.1".to_owned(), &ports)).expect("it opens");
    ours.turn(Instant::now(), &[], true).expect("a turn");
    let (peer, _) = listeners[0].accept().expect("it connects");
    (ours, peer)
}

/// A ROUTER's handshake.
fn ready() -> Vec<u8> {
    [&Greeting::OURS.encode()[..], b"\x04\x1c\x05READY\x0bSocket-Type\0\0\0\x06ROUTER"].concat()
}

/// What is told of a peer that answers our greeting with these bytes; and whether the connection is closed then.
fn told_of(answer: &[u8], closes: bool) -> Vec<String> {
    let listeners: Vec<TcpListener> = (0..5).map(|_| TcpListener::bind("127.0.0.1:0").expect("a free port")).collect();
    let (mut ours, mut peer) = strangers_client(&listeners);
    peer.write_all(answer).expect("it is open");
    let mut told = Vec::new();
    let until = until();
    while told.is_empty() && Instant::now() < until {
        let woken = ours.wait(Instant::now() + Duration::from_millis(5), &[], &mut Vec::new()).expect("it waits");
        assert!(!woken);
        told.extend(ours.violations().into_iter().map(|violation| format!("{} {}", violation.channel, violation.what)));
    }
    if closes {
        let mut rest = Vec::new();
        peer.set_read_timeout(Some(PATIENCE)).expect("an option");
        // A reset is an end too.
        let _ = peer.read_to_end(&mut rest);
        ours.send("a", Channel::Shell, &frames(&["into the void"])).expect("it is silence");
    }
    told
}

#[test]
fn peers_that_break_the_protocol_are_told_of() {
    let ready = |more: &[u8]| [&ready(), more].concat();
    assert_eq!(told_of(b"SSH-2.0-OpenSSH\r\n", true), ["shell signature"]);
    assert_eq!(told_of(&ready(b"\x02\0\0\x01\0\0\0\0\0"), true), ["shell too_large"]);
    assert_eq!(told_of(&ready(b"\x04\x05\x04PONG\x04\x05\x04PONG"), false), ["shell pong_unasked"]);
    let mut early = Greeting::OURS.encode().to_vec();
    encode_message(&[b"early".to_vec()], &mut early);
    assert_eq!(told_of(&early, true), ["shell message_before_ready"]);
}
