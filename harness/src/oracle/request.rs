//! A message to the kernel, together with all that came of it.

use crate::trace::{Expectation, Ladder, Settled, Why};

/// What a message to the kernel is, by its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// It gets a reply.
    Request,
    /// It gets none, but a bracket of busy and idle: a comm message.
    Notice,
    /// It answers the kernel's own request: `input_reply`.
    Reply,
    /// No type of the spec.
    Unknown,
}

impl Role {
    /// The name in rule files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Notice => "notice",
            Self::Reply => "reply",
            Self::Unknown => "unknown",
        }
    }
}

/// A message to the kernel and what came of it. Numbers are indices into [`super::Episode::messages`], in order of arrival.
#[derive(Debug, Clone)]
pub struct Request {
    /// The message itself.
    pub sent: usize,
    /// Its message id; empty if it had none.
    pub id: String,
    /// What it is.
    pub role: Role,
    /// Whether it went out as an honest client sends it; otherwise nothing is owed.
    pub honest: bool,
    /// Whether something is odd about it for which no general rule says that it must be answered.
    pub odd: bool,
    /// Whether a failure before it may have kept it from being run: its reply says so, or it was queued behind an execution that
    /// failed, and did not say that nothing must be aborted.
    pub maybe_aborted: bool,
    /// Whether another execution was run while this one was.
    pub interleaved: bool,
    /// Whether another message of the episode has the same id, so that it cannot be told whose an answer is.
    pub shared_id: bool,
    /// Whether it was waited for so shortly that the answer to a later request tells nothing: the kernel answers out of order.
    pub hurried: bool,
    /// Whether its client saw the whole of iopub when it was sent.
    pub visible: bool,
    /// What reached the asker on shell and control with it as parent.
    pub replies: Vec<usize>,
    /// What reached the asker on iopub with it as parent.
    pub iopub: Vec<usize>,
    /// What reached the asker on stdin with it as parent.
    pub inputs: Vec<usize>,
    /// What reached other clients' shell, control or stdin with it as parent.
    pub misrouted: Vec<usize>,
    /// The copies of its iopub messages at other clients.
    pub elsewhere: Vec<usize>,
    /// The first busy of `iopub`.
    pub busy: Option<usize>,
    /// The first idle of `iopub`.
    pub idle: Option<usize>,
    /// Its idle, by all signs, that came with the parent of a request that was sent later.
    pub astray: Option<usize>,
    /// When the session stopped waiting for it (line and event).
    pub settled: Option<(u64, Settled)>,
    /// What the probes saw after its deadline was missed (line and event).
    pub ladder: Option<Box<(u64, Ladder)>>,
}

impl Request {
    /// The later of its first reply and its idle, as far as they came.
    #[must_use]
    pub fn ended(&self) -> Option<usize> {
        [self.reply(), self.idle].into_iter().flatten().max()
    }

    /// The first reply that is one; a message of another type on shell or control counts as well.
    #[must_use]
    pub fn reply(&self) -> Option<usize> {
        self.replies.first().copied()
    }

    /// Why the waiting ended, if it did.
    #[must_use]
    pub fn why(&self) -> Option<Why> {
        self.settled.as_ref().map(|(_, settled)| settled.why)
    }

    /// Which of busy and idle its client saw: `none`, `busy`, `idle` or `both`.
    #[must_use]
    pub fn bracket(&self) -> &'static str {
        match (self.busy, self.idle) {
            (None, None) => "none",
            (Some(_), None) => "busy",
            (None, Some(_)) => "idle",
            (Some(_), Some(_)) => "both",
        }
    }

    /// As [`Request::waited_in_vain`], where any kernel owes it: of an odd request, only that a busy is followed by an idle.
    #[must_use]
    pub fn missed(&self, what: Expectation) -> bool {
        let owed = !self.odd || (what == Expectation::Idle && self.busy.is_some());
        owed && self.waited_in_vain(what)
    }

    /// Whether the session waited in vain for this, in a way that convicts: until the kernel had passed the request, or its
    /// deadline was over.
    #[must_use]
    pub fn waited_in_vain(&self, what: Expectation) -> bool {
        let Some((_, settled)) = &self.settled else { return false };
        let closed = matches!(settled.why, Why::Answered | Why::Fenced | Why::Deadline);
        let seen = what != Expectation::Idle || self.visible;
        self.honest && !self.shared_id && !self.hurried && closed && seen && settled.missing.contains(&what)
    }

    /// Whether the kernel has passed it for good, so that its asker sees nothing more of it.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        self.visible && !self.shared_id && !self.hurried && matches!(self.why(), Some(Why::Answered | Why::Fenced))
    }

    /// Whether all its iopub messages are in: the asker saw its idle, or the kernel has passed it for good.
    #[must_use]
    pub fn is_over(&self) -> bool {
        let seen = self.visible && !self.shared_id && self.idle.is_some();
        // Of an unknown type nothing is owed; but what the kernel began, it has to end.
        (self.honest || self.role == Role::Unknown) && (seen || self.is_passed())
    }
}
