//! One socket of a client: its connection, made again whenever it is lost, what waits to go out, and what came in.

use std::collections::{BTreeSet, VecDeque};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::io::{Errno, read};
use rustix::net::{SendFlags, send};

use super::super::{BURST, FRAME_LIMIT, KEPT_OF_CUT, MESSAGE_LIMIT, RECONNECT_MS, SPOOLED, UNREAD_BYTES};
use super::address::{Address, Dialled};
use crate::trace::{Bytes, Spools, Violation};
use crate::wire::zmtp::{Connection, Incoming, Limits, Role, encode_message};
use crate::wire::{Channel, Frame, View};

/// What a kernel can make us keep, the same as with libzmq.
const LIMITS: Limits = Limits {
    frame: FRAME_LIMIT as u64,
    command: 64 << 10,
    message: MESSAGE_LIMIT as u64,
    spooled: SPOOLED as u64,
    frames: KEPT_OF_CUT,
    kept: KEPT_OF_CUT,
};

/// Reads of one connection before the others get their turn.
const READS: usize = 16;

/// How long a peer may take to shake hands; as libzmq has it.
const HANDSHAKE: Duration = Duration::from_secs(30);

/// Whose socket it is, and what it is for.
pub(super) struct Use {
    pub(super) client: String,
    pub(super) channel: Channel,
    pub(super) role: Role,
    pub(super) identity: Vec<u8>,
    pub(super) topics: Vec<Bytes>,
    /// Whether nothing is ever read of it once hands are shaken.
    pub(super) unread: bool,
}

pub(super) struct Link {
    pub(super) purpose: Use,
    address: Address,
    spools: Spools,
    state: State,
    /// Encoded messages that no connection has begun to send; they outlive it.
    outbox: VecDeque<Vec<u8>>,
    inbox: VecDeque<Incoming>,
    /// Whether a request socket has asked, and takes an answer.
    asked: bool,
    /// Whether more may have come than was read.
    behind: bool,
    violations: Vec<Violation>,
    /// The kinds of violation that were told.
    told: BTreeSet<&'static str>,
}

enum State {
    /// To be connected then.
    Waiting(Instant),
    Connecting(OwnedFd),
    Open(Box<Open>),
    /// Its peer did what can't be put up with. libzmq never connects again after that either.
    Dead,
}

struct Open {
    socket: OwnedFd,
    connection: Connection,
    /// What is being sent, and how much of it was.
    writing: Vec<u8>,
    written: usize,
    since: Instant,
    /// Whether hands were shaken, and subscriptions sent.
    greeted: bool,
    /// Whether nothing can be sent any more. What the peer sent before it went may still be unread.
    mute: bool,
}

impl Link {
    pub(super) fn new(purpose: Use, address: Address, spools: Spools) -> Self {
        Self {
            purpose,
            address,
            spools,
            state: State::Waiting(Instant::now()),
            outbox: VecDeque::new(),
            inbox: VecDeque::new(),
            asked: false,
            behind: false,
            violations: Vec::new(),
            told: BTreeSet::new(),
        }
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// Whether hands were shaken on the connection that there is.
    pub(super) fn is_ready(&self) -> bool {
        matches!(&self.state, State::Open(open) if open.greeted)
    }

    /// Connects, if it is time to. An error is trouble of ours.
    pub(super) fn start(&mut self, now: Instant) -> rustix::io::Result<()> {
        match &self.state {
            State::Waiting(at) if *at <= now && self.has_room() => {
                let dialled = self.address.dial(self.purpose.unread.then_some(UNREAD_BYTES.into()))?;
                self.take_up(dialled, now);
            }
            State::Open(open) if !open.greeted && open.since + HANDSHAKE <= now => self.lose(),
            _ => {}
        }
        Ok(())
    }

    /// When it is to be [started](Self::start) again.
    pub(super) fn timer(&self) -> Option<Instant> {
        match &self.state {
            State::Waiting(at) if self.has_room() => Some(*at),
            State::Open(open) if !open.greeted => Some(open.since + HANDSHAKE),
            _ => None,
        }
    }

    /// What is to be waited for. Messages are read only where that is wanted.
    pub(super) fn poll(&self, take_in: bool) -> Option<PollFd<'_>> {
        match &self.state {
            State::Connecting(socket) => Some(PollFd::new(socket, PollFlags::OUT)),
            State::Open(open) => {
                let reads = !open.greeted || (take_in && !self.purpose.unread && self.has_room());
                let mut events = PollFlags::empty();
                events.set(PollFlags::IN, reads);
                events.set(PollFlags::OUT, !open.mute && (open.has_output() || (open.greeted && !self.outbox.is_empty())));
                Some(PollFd::new(&open.socket, events))
            }
            State::Waiting(_) | State::Dead => None,
        }
    }

    /// Does what has become possible; with no events, takes note that nothing has.
    pub(super) fn serve(&mut self, events: PollFlags, buffer: &mut [u8]) {
        if matches!(self.state, State::Connecting(_)) && !events.is_empty() {
            if let State::Connecting(socket) = std::mem::replace(&mut self.state, State::Dead) {
                self.take_up(self.address.outcome(socket), Instant::now());
            }
            return;
        }
        // What the peer sent before it went is there still, and no more will come, so that it can be read whatever waits already.
        let is_gone = events.intersects(PollFlags::ERR | PollFlags::HUP);
        if events.contains(PollFlags::IN) || (is_gone && !self.is_left_unread()) {
            self.read(buffer);
        } else if is_gone {
            self.lose();
        } else {
            self.behind = false;
        }
        if events.contains(PollFlags::OUT) {
            self.write();
        }
    }

    /// Gives a message to the connection, or keeps it until there is one.
    pub(super) fn send(&mut self, frames: &[Frame], buffer: &mut [u8]) {
        let mut encoded = Vec::new();
        if self.purpose.role == Role::Req {
            // An answer to an earlier question is none to this one.
            if self.is_ready() {
                self.read(buffer);
            }
            self.inbox.clear();
            self.asked = true;
            encode_message(&[&[Vec::new()], frames].concat(), &mut encoded);
        } else {
            encode_message(frames, &mut encoded);
        }
        if !encoded.is_empty() && !matches!(self.state, State::Dead) {
            self.outbox.push_back(encoded);
            self.write();
        }
    }

    /// The next message for the client.
    pub(super) fn next(&mut self) -> Option<Incoming> {
        let takes = |purpose: &Use, message: &Incoming| match purpose.role {
            Role::Dealer => true,
            Role::Req => self.asked,
            // A publisher need not look at what was subscribed to.
            Role::Sub => {
                let begins_with =
                    |topic: &Bytes| message.frames.first().is_some_and(|first| *View::from(first).begin(topic.0.len()) == *topic.0);
                !purpose.unread && purpose.topics.iter().any(|topic| topic.0.is_empty() || begins_with(topic))
            }
            Role::Xsub => false,
        };
        while let Some(message) = self.inbox.pop_front() {
            if takes(&self.purpose, &message) {
                self.asked = false;
                return Some(message);
            }
        }
        None
    }

    /// Whether there is more than was taken, or may be.
    pub(super) fn is_behind(&self) -> bool {
        self.behind || !self.inbox.is_empty()
    }

    pub(super) fn violations(&mut self) -> std::vec::Drain<'_, Violation> {
        self.violations.drain(..)
    }

    /// Takes in what has come, so that the end of the connection is no reset, which could take from the peer what it has not read yet.
    pub(super) fn part(&mut self, buffer: &mut [u8]) {
        if self.is_ready() && !self.is_left_unread() {
            self.read(buffer);
        }
    }

    /// Whether more is to be read before what there is was taken. A peer that comes again and again, and sends each time, has to wait too.
    fn has_room(&self) -> bool {
        self.inbox.len() < BURST
    }

    fn is_left_unread(&self) -> bool {
        self.purpose.unread && self.is_ready()
    }

    fn take_up(&mut self, dialled: Dialled, now: Instant) {
        self.state = match dialled {
            Dialled::Connected(socket) => State::Open(Box::new(Open {
                socket,
                connection: Connection::new(self.purpose.role, &self.purpose.identity, LIMITS).with_spooler(Arc::new(self.spools.clone())),
                writing: Vec::new(),
                written: 0,
                since: now,
                greeted: false,
                mute: false,
            })),
            Dialled::Connecting(socket) => State::Connecting(socket),
            Dialled::Refused => State::Waiting(now + Duration::from_millis(RECONNECT_MS.into())),
        };
        self.write();
    }

    fn read(&mut self, buffer: &mut [u8]) {
        self.behind = false;
        for _ in 0..READS {
            let State::Open(open) = &mut self.state else { return };
            let came = match read(&open.socket, &mut *buffer) {
                Ok(0) => return self.lose(),
                Ok(came) => came,
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN) => return,
                Err(_) => return self.lose(),
            };
            open.connection.receive(&buffer[..came]);
            self.take_in();
            if came < buffer.len() {
                return;
            }
            if !self.has_room() {
                break;
            }
        }
        // Of a peer that is done with nothing more is read.
        self.behind = matches!(self.state, State::Open(_));
    }

    /// Does what follows from bytes that the connection was given.
    fn take_in(&mut self) {
        let State::Open(open) = &mut self.state else { return };
        self.inbox.append(open.connection.inbox());
        if open.connection.ready().is_some() && !open.greeted {
            open.greeted = true;
            self.purpose.topics.iter().for_each(|topic| open.connection.subscribe(&topic.0));
        }
        let is_over = open.connection.is_over();
        for violation in open.connection.take_violations() {
            if self.told.insert(violation.name()) {
                self.violations.push(Violation {
                    client: self.purpose.client.clone(),
                    channel: self.purpose.channel,
                    what: violation.name().to_owned(),
                    text: violation.to_string(),
                });
            }
        }
        if is_over {
            self.state = State::Dead;
            self.outbox.clear();
        } else {
            self.write();
        }
    }

    fn write(&mut self) {
        let State::Open(open) = &mut self.state else { return };
        while !open.mute {
            if open.written == open.writing.len() {
                let own = open.connection.take_output();
                let next = if own.is_empty() && open.greeted { self.outbox.pop_front() } else { Some(own) };
                let Some(next) = next.filter(|next| !next.is_empty()) else { return };
                (open.writing, open.written) = (next, 0);
            }
            match send(&open.socket, &open.writing[open.written..], SendFlags::NOSIGNAL) {
                Ok(sent) => open.written += sent,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                Err(_) => open.mute = true,
            }
        }
    }

    /// Connects again, after a while. A message that was sent in part is lost, as with libzmq.
    fn lose(&mut self) {
        self.behind = false;
        self.state = State::Waiting(Instant::now() + Duration::from_millis(RECONNECT_MS.into()));
    }
}

impl Open {
    fn has_output(&self) -> bool {
        self.written < self.writing.len() || self.connection.has_output()
    }
}
