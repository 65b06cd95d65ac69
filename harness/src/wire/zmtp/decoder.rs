//! From a stream of bytes, in whatever pieces it comes, to greeting, commands and messages.

use std::sync::Arc;

use super::coming::Coming;
use super::greeting::{GREETING_LEN, Greeting};
use super::violation::Violation;
use super::{SHORT, flag};
use crate::wire::Body;
use crate::wire::spool::Spooler;

/// What a peer can make us keep. All in bytes but `frames`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest frame; a larger one ends the connection, as with libzmq.
    pub frame: u64,
    /// The largest command; a larger one ends the connection.
    pub command: u64,
    /// The largest message that is kept whole.
    pub message: u64,
    /// A frame of this size is spooled where that can be, and so is a larger one.
    pub spooled: u64,
    /// The most frames that a message may have and is kept whole.
    pub frames: usize,
    /// What is kept of each frame of a message that is not kept whole.
    pub kept: usize,
}

/// What a peer sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// The first 64 bytes.
    Greeting(Greeting),
    /// The body of a command frame.
    Command(Vec<u8>),
    /// A message.
    Message {
        /// Its frames; of one that is over the limits only the beginnings.
        frames: Vec<Body>,
        /// Its size, where it was over the limits.
        cut_from: Option<u64>,
    },
}

/// Takes the bytes of one connection.
#[derive(Debug)]
pub struct Decoder {
    limits: Limits,
    spooler: Option<Arc<dyn Spooler>>,
    state: State,
    /// A greeting, or the flags and the size of a frame, as far as they have come.
    head: Vec<u8>,
    message: Assembly,
}

#[derive(Debug)]
enum State {
    Greeting,
    Head,
    Body {
        flags: u8,
        frame: Coming,
        /// How much is still to come.
        left: u64,
    },
    /// Nothing that comes after this can be read.
    Broken,
}

/// The frames of a message that is not complete yet.
#[derive(Debug, Default)]
struct Assembly {
    frames: Vec<Body>,
    /// Bytes of all that came.
    size: u64,
    /// Bytes of what is kept.
    held: u64,
    is_cut: bool,
    has_begun: bool,
}

impl Decoder {
    /// One for a connection of which nothing has come yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, spooler: None, state: State::Greeting, head: Vec::with_capacity(GREETING_LEN), message: Assembly::default() }
    }

    /// The same, which has places for large frames.
    #[must_use]
    pub fn with_spooler(self, spooler: Arc<dyn Spooler>) -> Self {
        Self { spooler: Some(spooler), ..self }
    }

    /// Whether it has met something that ends the connection; what comes later is thrown away.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        matches!(self.state, State::Broken)
    }

    /// Bytes that it holds in memory.
    #[must_use]
    pub fn held(&self) -> usize {
        let held = |body: &Body| if let Body::Held(bytes) = body { bytes.len() } else { 0 };
        let frames: usize = self.message.frames.iter().map(held).sum();
        let open = if let State::Body { frame, .. } = &self.state { frame.held() } else { 0 };
        frames + open + self.head.len()
    }

    /// Takes bytes off the front of `bytes` until something is complete; nothing if all were taken before that.
    pub fn next(&mut self, bytes: &mut &[u8], violations: &mut Vec<Violation>) -> Option<Item> {
        loop {
            let step = match &mut self.state {
                State::Greeting => self.greeting(bytes, violations),
                State::Head => self.head(bytes, violations),
                State::Body { .. } => self.body(bytes),
                State::Broken => {
                    *bytes = &[];
                    return None;
                }
            };
            match step {
                Ok(Step::Starved) => return None,
                Ok(Step::Further) => {}
                Ok(Step::Complete(item)) => return Some(item),
                Err(violation) => {
                    violations.push(violation);
                    self.state = State::Broken;
                    self.head.clear();
                    self.message = Assembly::default();
                }
            }
        }
    }

    fn greeting(&mut self, bytes: &mut &[u8], violations: &mut Vec<Violation>) -> Result<Step, Violation> {
        take(bytes, GREETING_LEN, &mut self.head);
        Greeting::check_start(&self.head)?;
        let Ok(whole) = <&[u8; GREETING_LEN]>::try_from(self.head.as_slice()) else { return Ok(Step::Starved) };
        let greeting = Greeting::read(whole, violations)?;
        self.head.clear();
        self.state = State::Head;
        Ok(Step::Complete(Item::Greeting(greeting)))
    }

    fn head(&mut self, bytes: &mut &[u8], violations: &mut Vec<Violation>) -> Result<Step, Violation> {
        take(bytes, 1, &mut self.head);
        let Some(&flags) = self.head.first() else { return Ok(Step::Starved) };
        let len = if flags & flag::LONG == 0 { 2 } else { 9 };
        take(bytes, len, &mut self.head);
        if self.head.len() < len {
            return Ok(Step::Starved);
        }
        let size = self.head.drain(..).skip(1).fold(0, |size, byte| size << 8 | u64::from(byte));
        self.check_head(flags, size, violations)?;
        let kept = if flags & flag::COMMAND == 0 { self.message.begin_frame(size, &self.limits) } else { size };
        // No more than the limits, which are of the size of memory.
        let kept = usize::try_from(kept).unwrap_or(usize::MAX);
        let is_spooled = flags & flag::COMMAND == 0 && kept as u64 >= self.limits.spooled;
        let frame = Coming::new(kept, self.spooler.as_deref().filter(|_| is_spooled));
        self.state = State::Body { flags, frame, left: size };
        Ok(Step::Further)
    }

    /// Whether such a frame can be taken in here; what can be put up with is told beside.
    fn check_head(&self, flags: u8, size: u64, violations: &mut Vec<Violation>) -> Result<(), Violation> {
        let is_command = flags & flag::COMMAND != 0;
        if flags & !flag::ALL != 0 {
            violations.push(Violation::ReservedFlags(flags));
        }
        if is_command && flags & flag::MORE != 0 {
            violations.push(Violation::CommandWithMore);
        }
        if is_command && self.message.has_begun {
            violations.push(Violation::CommandInMessage);
        }
        if flags & flag::LONG != 0 && size <= SHORT as u64 {
            violations.push(Violation::LongForm(size));
        }
        let largest = if is_command { self.limits.command } else { self.limits.frame };
        match i64::try_from(size) {
            Err(_) => Err(Violation::Size(size)),
            Ok(_) if size > largest => Err(Violation::TooLarge(size)),
            Ok(_) => Ok(()),
        }
    }

    fn body(&mut self, bytes: &mut &[u8]) -> Result<Step, Violation> {
        let State::Body { frame, left, .. } = &mut self.state else { return Ok(Step::Further) };
        let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
        let (came, rest) = bytes.split_at(taken);
        *bytes = rest;
        *left -= taken as u64;
        frame.take(came);
        if *left > 0 {
            return Ok(Step::Starved);
        }
        let State::Body { flags, frame, .. } = std::mem::replace(&mut self.state, State::Head) else { return Ok(Step::Further) };
        let body = frame.into_body();
        if flags & flag::COMMAND != 0 {
            return Ok(Step::Complete(Item::Command(body.to_vec())));
        }
        self.message.end_frame(body, &self.limits);
        if flags & flag::MORE != 0 {
            return Ok(Step::Further);
        }
        let Assembly { frames, size, is_cut, .. } = std::mem::take(&mut self.message);
        Ok(Step::Complete(Item::Message { frames, cut_from: is_cut.then_some(size) }))
    }
}

/// How far the bytes at hand have led.
enum Step {
    /// They are used up.
    Starved,
    Further,
    Complete(Item),
}

impl Assembly {
    /// Notes that a frame of this size follows; how much of it is to be kept.
    fn begin_frame(&mut self, size: u64, limits: &Limits) -> u64 {
        self.has_begun = true;
        self.size = self.size.saturating_add(size);
        if !self.is_cut && (self.size > limits.message || self.frames.len() >= limits.frames) {
            self.is_cut = true;
            for frame in &mut self.frames {
                frame.truncate(limits.kept);
            }
            self.held = self.frames.iter().map(|frame| frame.len() as u64).sum();
        }
        match self.is_cut {
            true if self.frames.len() >= limits.frames => 0,
            true => size.min(limits.kept as u64).min(limits.message.saturating_sub(self.held)),
            false => size,
        }
    }

    fn end_frame(&mut self, frame: Body, limits: &Limits) {
        if self.frames.len() < limits.frames {
            self.held += frame.len() as u64;
            self.frames.push(frame);
        }
    }
}

/// Moves bytes off the front of `from` until `to` has `len`, or nothing is left.
fn take(from: &mut &[u8], len: usize, to: &mut Vec<u8>) {
    let (taken, rest) = from.split_at(len.saturating_sub(to.len()).min(from.len()));
    to.extend_from_slice(taken);
    *from = rest;
}
