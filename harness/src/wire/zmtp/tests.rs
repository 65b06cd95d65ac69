//! What the codec makes of right and wrong bytes, in whatever pieces they come.

use std::io;
use std::sync::{Arc, Mutex};

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::wire::{Body, Spooler, Store};

/// What libzmq 4.3 sends as a ROUTER: its greeting and its READY.
const ROUTER: &[u8] = b"\xff\0\0\0\0\0\0\0\x01\x7f\x03\x01NULL\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
    \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
    \x04\x29\x05READY\x0bSocket-Type\0\0\0\x06ROUTER\x08Identity\0\0\0\0";

/// Bounds that nothing here reaches, but for what says that it is huge.
const ROOMY: Limits =
    Limits { frame: 256 << 20, command: 64 << 10, message: 64 << 20, spooled: u64::MAX, frames: 64 << 10, kept: 64 << 10 };

/// Small enough to be reached by tests.
const TIGHT: Limits = Limits { frame: 1000, command: 300, message: 400, spooled: 100, frames: 5, kept: 10 };

fn connection(role: Role, bytes: &[u8]) -> Connection {
    let mut connection = Connection::new(role, b"me", ROOMY);
    connection.receive(bytes);
    connection
}

/// A ROUTER's handshake, with one part of it replaced.
fn router(from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = ROUTER.windows(from.len()).position(|bytes| bytes == from).expect("it is part of it");
    [&ROUTER[..at], to, &ROUTER[at + from.len()..]].concat()
}

fn frames(message: &[&[u8]]) -> Vec<Frame> {
    message.iter().map(|frame| frame.to_vec()).collect()
}

fn bodies(message: &[&[u8]]) -> Vec<Body> {
    message.iter().map(|frame| frame.to_vec().into()).collect()
}

/// All that is made of `bytes` given in pieces that end at these places.
fn decoded(bytes: &[u8], cuts: &[usize], limits: Limits) -> (Vec<Item>, Vec<Violation>, bool) {
    decoded_by(Decoder::new(limits), bytes, cuts, limits)
}

fn decoded_by(mut decoder: Decoder, bytes: &[u8], cuts: &[usize], limits: Limits) -> (Vec<Item>, Vec<Violation>, bool) {
    let (mut items, mut violations) = (Vec::new(), Vec::new());
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).chain([bytes.len()]).collect();
    cuts.sort_unstable();
    let mut from = 0;
    for to in cuts {
        let mut piece = &bytes[from..to];
        while let Some(item) = decoder.next(&mut piece, &mut violations) {
            items.push(item);
        }
        assert!(piece.is_empty(), "all is taken");
        assert!(decoder.held() as u64 <= limits.frame + limits.message + GREETING_LEN as u64);
        from = to;
    }
    (items, violations, decoder.is_broken())
}

#[test]
fn a_dealer_shakes_hands_with_a_router() {
    let mut ours = Connection::new(Role::Dealer, b"me", ROOMY);
    assert_eq!(ours.take_output(), Greeting::OURS.encode());
    ours.receive(&ROUTER[..GREETING_LEN]);
    assert_eq!(ours.take_output(), b"\x04\x2b\x05READY\x0bSocket-Type\0\0\0\x06DEALER\x08Identity\0\0\0\x02me");
    assert_eq!(ours.ready(), None);
    ours.receive(&ROUTER[GREETING_LEN..]);
    assert_eq!((ours.ready(), ours.take_violations()), (Some(1), vec![]));
    ours.receive(b"\x01\x02ab\x00\x00\x04\x07\x04PING\x00\x00\x04\x09\x04PING\x00\x01xy\x00\x01c");
    let messages: Vec<_> = ours.inbox().drain(..).map(|message| (message.frames, message.cut_from)).collect();
    assert_eq!(messages, [(bodies(&[b"ab", b""]), None), (bodies(&[b"c"]), None)]);
    assert_eq!(ours.take_output(), b"\x04\x05\x04PONG\x04\x07\x04PONGxy");
    assert_eq!((ours.take_violations(), ours.is_over()), (vec![], false));
}

#[test]
fn frames_have_the_shortest_form() {
    let mut out = Vec::new();
    encode_message(&[vec![7; 255], vec![8; 256], vec![]], &mut out);
    let expected = [&[1, 255][..], &[7; 255], &[3, 0, 0, 0, 0, 0, 0, 1, 0], &[8; 256], &[0, 0]].concat();
    assert_eq!(out, expected);
}

#[test]
fn a_subscription_has_two_forms() {
    let mut out = Vec::new();
    Command::encode_subscription(b"ab", 1, &mut out);
    assert_eq!(out, b"\x04\x0c\x09SUBSCRIBEab");
    out.clear();
    Command::encode_subscription(b"ab", 0, &mut out);
    assert_eq!(out, b"\x00\x03\x01ab");
    assert_eq!(subscription(&frames(&[b"\x01ab"])), Some(Command::Subscribe(b"ab".to_vec())));
    assert_eq!(subscription(&frames(&[b"\x00"])), Some(Command::Cancel(vec![])));
    for other in [frames(&[]), frames(&[b""]), frames(&[b"\x02a"]), frames(&[b"\x01a", b""])] {
        assert_eq!(subscription(&other), None);
    }
}

#[test]
fn what_can_not_be_put_up_with_ends_the_connection() {
    let message_first = [&ROUTER[..GREETING_LEN], b"\0\x01a"].concat();
    let types = Violation::SocketType { found: "PUB".to_owned(), ours: "DEALER" };
    let cases = [
        (b"HTTP/1.1 400 Bad Request".to_vec(), Violation::Signature),
        (router(b"\x7f\x03", b"\x7e\x03"), Violation::Signature),
        (router(b"\x7f\x03", b"\x7f\x01"), Violation::Version(1)),
        (router(b"NULL\0\0", b"PLAIN\0"), Violation::Mechanism("PLAIN".to_owned())),
        (router(b"NULL\0\0", b"NULL\0!"), Violation::Mechanism("NULL\0!".to_owned())),
        (message_first, Violation::MessageBeforeReady),
        (router(b"READY", b"STEADY"), Violation::UnexpectedCommand("STEAD".to_owned())),
        (router(b"\x05READY", b"\x05ERROR"), Violation::Refused("Socket-Type".to_owned())),
        (router(b"\x06ROUTER", b"\x07ROUTER"), Violation::Metadata),
        (router(b"\x29\x05READY\x0bSocket-Type\0\0\0\x06ROUTER", b"\x26\x05READY\x0bSocket-Type\0\0\0\x03PUB"), types),
        ([ROUTER, b"\x02\x80\0\0\0\0\0\0\0"].concat(), Violation::Size(1 << 63)),
        ([ROUTER, b"\x02\0\0\x01\0\0\0\0\0"].concat(), Violation::TooLarge(1 << 40)),
        ([ROUTER, b"\x06\0\0\0\0\0\x01\0\x01"].concat(), Violation::TooLarge((64 << 10) + 1)),
    ];
    for (bytes, expected) in cases {
        let mut ours = connection(Role::Dealer, &bytes);
        assert_eq!(ours.take_violations(), std::slice::from_ref(&expected), "{expected}");
        assert!(ours.is_over() && ours.ready().is_none(), "{expected}");
        ours.receive(b"\0\x01a");
        assert!(ours.inbox().is_empty() && ours.take_violations().is_empty(), "{expected}");
    }
}

#[test]
fn an_answer_without_an_envelope_ends_the_connection() {
    let mut ours = connection(Role::Req, &[ROUTER, b"\x01\0\x01\x01a\0\x01b\0\x01c"].concat());
    assert_eq!(ours.inbox().pop_front().map(|message| message.frames), Some(bodies(&[b"a", b"b"])));
    assert_eq!((ours.inbox().len(), ours.take_violations(), ours.is_over()), (0, vec![Violation::NoEnvelope], true));
}

#[test]
fn what_can_be_put_up_with_is_told() {
    let other = |text: &str| text.to_owned();
    let cases: Vec<(Vec<u8>, Violation)> = vec![
        (router(b"\0\0\0\x04\x29", b"\0\0\x01\x04\x29"), Violation::Filler),
        (router(b"NULL\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", b"NULL\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"), Violation::AsServer(1)),
        (router(b"Socket-Type", b"Socket_Typ?"), Violation::PropertyName(other("Socket_Typ?"))),
        (router(b"\x29\x05READY", b"\x2b\x05READY").into_iter().chain(*b"\0a").collect(), Violation::Metadata),
        (router(b"\x04\x29", b"\x84\x29"), Violation::ReservedFlags(0x84)),
        ([ROUTER, b"\x05\x06\x05WHAT?"].concat(), Violation::CommandWithMore),
        ([ROUTER, b"\x01\x00\x04\x07\x04PING\0\0"].concat(), Violation::CommandInMessage),
        ([ROUTER, b"\x02\0\0\0\0\0\0\0\x01a"].concat(), Violation::LongForm(1)),
        ([ROUTER, b"\x04\x05\x05WHAT"].concat(), Violation::MalformedCommand(other("\u{5}WHAT"))),
        ([ROUTER, b"\x04\x06\x05WHAT?"].concat(), Violation::UnexpectedCommand(other("WHAT?"))),
        ([ROUTER, b"\x04\x06\x04PING\0"].concat(), Violation::MalformedCommand(other("PING"))),
        ([ROUTER, b"\x04\x18\x04PING\0\x0012345678901234567"].concat(), Violation::PingContext(17)),
        ([ROUTER, b"\x04\x05\x04PONG"].concat(), Violation::PongUnasked),
        ([ROUTER, b"\x04\x09\x05ERROR\x02no"].concat(), Violation::Refused(other("no"))),
    ];
    for (bytes, expected) in cases {
        let mut ours = connection(Role::Dealer, &bytes);
        let violations = ours.take_violations();
        assert!(violations.contains(&expected), "{expected}: {violations:?}");
        assert_eq!(ours.is_over(), expected == Violation::Metadata, "{expected}");
    }
}

#[test]
fn why_a_connection_is_over_is_told_though_much_was_wrong_before() {
    let mut ours = connection(Role::Dealer, &[ROUTER, &b"\x80\0".repeat(1000), b"\x02\x80\0\0\0\0\0\0\0"].concat());
    assert_eq!((ours.take_violations(), ours.is_over()), (vec![Violation::ReservedFlags(0x80), Violation::Size(1 << 63)], true));
}

#[test]
fn who_has_an_identity_is_a_router_and_it_is_a_legal_one() {
    let ready = |socket_type: &[u8], identity: &[u8]| {
        let mut out = ROUTER[..GREETING_LEN].to_vec();
        Command::Ready(Metadata(vec![(b"socket-TYPE".to_vec(), socket_type.to_vec()), (b"IDENTITY".to_vec(), identity.to_vec())]))
            .encode(&mut out);
        out
    };
    for (role, socket_type, identity, expected) in [
        (Role::Dealer, &b"ROUTER"[..], &[b'x'; 255][..], vec![]),
        (Role::Dealer, b"ROUTER", &[b'x'; 256], vec![Violation::Identity(256)]),
        (Role::Dealer, b"ROUTER", b"\0a", vec![Violation::Identity(2)]),
        (Role::Sub, b"XPUB", b"", vec![]),
        (Role::Sub, b"PUB", b"a", vec![Violation::IdentityOf("PUB".to_owned())]),
    ] {
        let mut ours = connection(role, &ready(socket_type, identity));
        assert_eq!((ours.take_violations(), ours.ready()), (expected, Some(1)));
    }
}

#[test]
fn what_is_over_the_limits_is_cut_and_costs_little() {
    let mut bytes = Greeting::OURS.encode().to_vec();
    encode_message(&[vec![b'a'; 300], vec![b'b'; 101], vec![b'c'; 3]], &mut bytes);
    encode_message(&vec![b"d".to_vec(); 1000], &mut bytes);
    encode_message(&[vec![b'e'; 400]], &mut bytes);
    let (items, violations, broken) = decoded(&bytes, &[], TIGHT);
    let cut = |frames: &[&[u8]], size| Item::Message { frames: bodies(frames), cut_from: Some(size) };
    assert_eq!(items[1], cut(&[&[b'a'; 10], &[b'b'; 10], b"ccc"], 404));
    assert_eq!(items[2], cut(&[&b"d"[..]; 5], 1000));
    assert_eq!(items[3], Item::Message { frames: bodies(&[&[b'e'; 400]]), cut_from: None });
    assert_eq!((items.len(), violations, broken), (4, vec![], false));
}

/// Places for so many bytes each.
#[derive(Debug)]
struct Places {
    room: usize,
}

#[derive(Debug)]
struct Place {
    bytes: Mutex<Vec<u8>>,
    room: usize,
}

impl Spooler for Places {
    fn store(&self) -> Option<Box<dyn Store>> {
        Some(Box::new(Place { bytes: Mutex::default(), room: self.room }))
    }
}

impl Store for Place {
    fn write(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        let is_full = at as usize + bytes.len() > self.room;
        if is_full { Err(io::ErrorKind::StorageFull.into()) } else { self.bytes.write(bytes, at) }
    }

    fn read(&self, into: &mut [u8], at: u64) -> io::Result<()> {
        self.bytes.read(into, at)
    }
}

fn any_command() -> impl Strategy<Value = Command> {
    let bytes = || vec(any::<u8>(), 0..40);
    let property = (proptest::string::string_regex("[A-Za-z0-9_.+-]{1,20}").expect("a pattern"), bytes());
    prop_oneof![
        vec(property, 0..4)
            .prop_map(|all| Command::Ready(Metadata(all.into_iter().map(|(name, value)| (name.into_bytes(), value)).collect()))),
        bytes().prop_map(Command::Error),
        bytes().prop_map(Command::Subscribe),
        bytes().prop_map(Command::Cancel),
        (any::<u16>(), vec(any::<u8>(), 0..=16)).prop_map(|(ttl, context)| Command::Ping { ttl, context }),
        vec(any::<u8>(), 0..=16).prop_map(Command::Pong),
    ]
}

/// Bytes as a peer may send them: a greeting, then frames that are mostly right.
fn any_traffic() -> impl Strategy<Value = Vec<u8>> {
    let frame = prop_oneof![
        4 => (0..4u8, vec(any::<u8>(), 0..300)).prop_map(|(more, body)| {
            let mut out = Vec::new();
            encode_frame(more & flag::MORE, &body, &mut out);
            out
        }),
        2 => any_command().prop_map(|command| {
            let mut out = Vec::new();
            command.encode(&mut out);
            out
        }),
        1 => vec(any::<u8>(), 0..20),
    ];
    (any::<bool>(), vec(frame, 0..20)).prop_map(|(greets, frames)| {
        let greeting = if greets { ROUTER } else { &[] };
        [greeting, &frames.concat()].concat()
    })
}

proptest! {
    #[test]
    fn messages_come_back(messages in vec(vec(vec(any::<u8>(), 0..600), 1..6), 0..6), cuts in vec(any::<usize>(), 0..20)) {
        let mut bytes = Greeting::OURS.encode().to_vec();
        messages.iter().for_each(|message| encode_message(message, &mut bytes));
        let bodies = |message: Vec<Frame>| message.into_iter().map(Body::from).collect();
        let expected = messages.into_iter().map(|message| Item::Message { frames: bodies(message), cut_from: None });
        let expected: Vec<Item> = std::iter::once(Item::Greeting(Greeting::OURS)).chain(expected).collect();
        prop_assert_eq!(decoded(&bytes, &cuts, ROOMY), (expected, vec![], false));
    }

    #[test]
    fn commands_come_back(command in any_command()) {
        let mut bytes = Greeting::OURS.encode().to_vec();
        command.encode(&mut bytes);
        let (items, mut violations, _) = decoded(&bytes, &[], ROOMY);
        let Some(Item::Command(body)) = items.get(1) else { panic!("a command: {items:?}") };
        prop_assert_eq!(Command::read(body, &mut violations), Ok(command));
        prop_assert_eq!(violations, vec![]);
    }

    #[test]
    fn pieces_make_no_difference(bytes in any_traffic(), cuts in vec(any::<usize>(), 0..20)) {
        let whole = decoded(&bytes, &[], TIGHT);
        prop_assert_eq!(decoded(&bytes, &cuts, TIGHT), whole.clone());
        let single: Vec<usize> = (0..bytes.len()).collect();
        prop_assert_eq!(decoded(&bytes, &single, TIGHT), whole);
    }

    #[test]
    fn spooled_frames_hold_what_held_ones_do(bytes in any_traffic(), cuts in vec(any::<usize>(), 0..20), room in 0..300usize) {
        let held = decoded(&bytes, &cuts, TIGHT);
        let decoder = Decoder::new(TIGHT).with_spooler(Arc::new(Places { room }));
        let spooled = decoded_by(decoder, &bytes, &cuts, TIGHT);
        for item in &spooled.0 {
            let Item::Message { frames, cut_from: None } = item else { continue };
            for frame in frames {
                prop_assert_eq!(matches!(frame, Body::Spooled(_)), (100..=room).contains(&frame.len()), "{} bytes", frame.len());
            }
        }
        prop_assert_eq!(spooled, held);
    }

    #[test]
    fn no_bytes_break_a_connection(bytes in any_traffic(), cut in any::<usize>(), kind in 0..3usize) {
        let mut ours = Connection::new([Role::Dealer, Role::Req, Role::Sub][kind], b"me", TIGHT);
        let (first, second) = bytes.split_at(cut % (bytes.len() + 1));
        ours.receive(first);
        ours.receive(second);
        prop_assert!(ours.inbox().iter().all(|message| message.frames.len() <= TIGHT.frames));
        prop_assert!(!ours.is_over() || !ours.take_violations().is_empty(), "an end has a reason");
    }
}
