//! One connection of a client to a peer, without its socket: what came goes in, what is to go comes out.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use super::command::Command;
use super::decoder::{Decoder, Item, Limits};
use super::greeting::Greeting;
use super::metadata::Metadata;
use super::role::Role;
use super::violation::{Violation, text};
use crate::wire::Body;
use crate::wire::spool::Spooler;

/// The most bytes of answers to pings that are kept: a peer that pings and never reads gets no more of them.
const MOST_ANSWERS: usize = 64 << 10;

/// A message that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Its frames; of one that is over the limits only the beginnings.
    pub frames: Vec<Body>,
    /// Its size, where it was over the limits.
    pub cut_from: Option<u64>,
}

/// The handshake and the traffic of one connection.
#[derive(Debug)]
pub struct Connection {
    role: Role,
    identity: Vec<u8>,
    decoder: Decoder,
    phase: Phase,
    output: Vec<u8>,
    inbox: VecDeque<Incoming>,
    violations: Vec<Violation>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The peer's greeting is awaited.
    Greeting,
    /// The peer's READY is awaited.
    Handshake {
        minor: u8,
    },
    Traffic {
        minor: u8,
    },
    Over,
}

impl Connection {
    /// A new one; its greeting is ready to go.
    #[must_use]
    pub fn new(role: Role, identity: &[u8], limits: Limits) -> Self {
        Self {
            role,
            identity: identity.to_vec(),
            decoder: Decoder::new(limits),
            phase: Phase::Greeting,
            output: Greeting::OURS.encode().to_vec(),
            inbox: VecDeque::new(),
            violations: Vec::new(),
        }
    }

    /// The same, which has places for large frames.
    #[must_use]
    pub fn with_spooler(self, spooler: Arc<dyn Spooler>) -> Self {
        Self { decoder: self.decoder.with_spooler(spooler), ..self }
    }

    /// Takes in bytes of the peer.
    pub fn receive(&mut self, mut bytes: &[u8]) {
        while !self.is_over() {
            let item = self.decoder.next(&mut bytes, &mut self.violations);
            if self.decoder.is_broken() {
                self.phase = Phase::Over;
            }
            let Some(item) = item else { break };
            if let Err(violation) = self.take(item) {
                self.violations.push(violation);
                self.phase = Phase::Over;
            }
        }
        // A peer can do the same wrong without end, and what it did last may be why the connection is over.
        let mut kinds = BTreeSet::new();
        self.violations.retain(|violation| kinds.insert(violation.name()));
    }

    /// The version of ZMTP that the peer reads, as 0 for 3.0 and 1 for 3.1, once the handshake is over and messages may go.
    #[must_use]
    pub fn ready(&self) -> Option<u8> {
        match self.phase {
            Phase::Traffic { minor } => Some(minor),
            _ => None,
        }
    }

    /// Whether the peer did what can't be put up with, so that the connection is to be closed.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// Asks for what begins with `topic`; heard once the handshake is over, and of use to a subscriber only.
    pub fn subscribe(&mut self, topic: &[u8]) {
        if let Some(minor) = self.ready() {
            Command::encode_subscription(topic, minor, &mut self.output);
        }
    }

    /// What is to go to the peer now, between two messages.
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    /// Whether anything is to go to the peer now.
    #[must_use]
    pub fn has_output(&self) -> bool {
        !self.output.is_empty()
    }

    /// The messages that have come and were not taken yet.
    pub fn inbox(&mut self) -> &mut VecDeque<Incoming> {
        &mut self.inbox
    }

    /// What was wrong since the last time; of each kind the first.
    pub fn take_violations(&mut self) -> Vec<Violation> {
        std::mem::take(&mut self.violations)
    }

    fn take(&mut self, item: Item) -> Result<(), Violation> {
        match (self.phase, item) {
            (Phase::Greeting, Item::Greeting(greeting)) => {
                Command::Ready(Metadata::of(self.role, &self.identity)).encode(&mut self.output);
                self.phase = Phase::Handshake { minor: greeting.minor };
                Ok(())
            }
            (Phase::Handshake { minor }, Item::Command(body)) => self.shake_hands(minor, &body),
            (Phase::Traffic { .. }, Item::Message { frames, cut_from }) => self.take_message(frames, cut_from),
            (Phase::Traffic { .. }, Item::Command(body)) => {
                match Command::read(&body, &mut self.violations) {
                    Ok(command) => self.obey(command),
                    Err(violation) => self.violations.push(violation),
                }
                Ok(())
            }
            (_, Item::Message { .. }) => Err(Violation::MessageBeforeReady),
            // A greeting is what a decoder gives first, and never again.
            (_, Item::Greeting(_) | Item::Command(_)) => Ok(()),
        }
    }

    fn shake_hands(&mut self, minor: u8, body: &[u8]) -> Result<(), Violation> {
        match Command::read(body, &mut self.violations)? {
            Command::Ready(metadata) => {
                metadata.check(self.role, &mut self.violations)?;
                self.phase = Phase::Traffic { minor };
                Ok(())
            }
            Command::Error(reason) => Err(Violation::Refused(text(&reason))),
            other => Err(Violation::UnexpectedCommand(text(other.name()))),
        }
    }

    /// Takes the envelope off what a request socket gets. One without is what libzmq ends a connection for.
    fn take_message(&mut self, mut frames: Vec<Body>, cut_from: Option<u64>) -> Result<(), Violation> {
        if self.role == Role::Req {
            if frames.len() < 2 || !frames[0].is_empty() {
                return Err(Violation::NoEnvelope);
            }
            frames.remove(0);
        }
        self.inbox.push_back(Incoming { frames, cut_from });
        Ok(())
    }

    /// Does what a command wants. One that is not known is nothing to us, as for libzmq.
    fn obey(&mut self, command: Command) {
        match command {
            Command::Ping { context, .. } => {
                if self.output.len() < MOST_ANSWERS {
                    Command::Pong(context).encode(&mut self.output);
                }
            }
            Command::Pong(_) => self.violations.push(Violation::PongUnasked),
            Command::Error(reason) => self.violations.push(Violation::Refused(text(&reason))),
            other => self.violations.push(Violation::UnexpectedCommand(text(other.name()))),
        }
    }
}
