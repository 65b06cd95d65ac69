//! One scenario's part of the trace, decoded and indexed: what checks look at.

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::HashMap;

use super::kernel::Kernel;
use super::long_text::Comparisons;
use super::request::Request;
use super::seen::{Direction, Seen};
use super::selector::Known;
use crate::trace::{BIND_CLASH, Bytes, Event, ScenarioOutcome};
use crate::wire::{Body, Channel, MalformationKind};

/// What happened between the begin of a scenario and its end, or between two scenarios, in one life of the kernel.
#[derive(Debug)]
pub struct Episode {
    /// `group/name`; empty outside scenarios.
    pub scenario: String,
    /// 1 for the first play.
    pub attempt: u32,
    /// Whether the trace ends in it, before the scenario was over.
    pub cut: bool,
    /// The process.
    pub kernel: Arc<Kernel>,
    /// All messages but heartbeats, in the order of the trace.
    pub messages: Vec<Seen>,
    /// All messages to the kernel, with what came of them.
    pub requests: Vec<Request>,
    /// Heartbeats, in the order of the trace.
    pub beats: Vec<Beat>,
    /// All other events, in the order of the trace.
    pub events: Vec<Happened>,
    /// The clients whose connection the trace tells of, at the end of the episode.
    pub clients: BTreeMap<String, Client>,
    /// Channels that were broken in it.
    pub damage: Vec<Damage>,
    pub(super) by_type: HashMap<String, Vec<usize>>,
    pub(super) known: Known,
    pub(super) comparisons: Comparisons,
    pub(super) received: Vec<usize>,
    pub(super) sent: Vec<usize>,
    pub(super) line_range: (u64, u64),
}

/// A channel of a client whose byte stream was broken: what did not come on it, came odd or came late, tells nothing more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The client.
    pub client: Arc<str>,
    /// The channel.
    pub channel: Channel,
    /// Line of the last sound message before; what came later may have been lost.
    pub since: u64,
}

/// A connected client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its ZeroMQ identity.
    pub identity: Bytes,
    /// Whether it is subscribed to all of iopub, or was while it was there.
    pub subscribed: bool,
}

/// Bytes on the heartbeat channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Beat {
    /// Nanoseconds since the trace began.
    pub t: u64,
    /// Line of the trace.
    pub line: u64,
    /// Who it went to.
    pub direction: Direction,
    /// The client.
    pub client: Arc<str>,
    /// The frames.
    pub frames: Vec<Body>,
}

/// An event that is no message.
#[derive(Debug, Clone, PartialEq)]
pub struct Happened {
    /// Nanoseconds since the trace began.
    pub t: u64,
    /// Line of the trace.
    pub line: u64,
    /// What.
    pub event: Event,
}

impl Episode {
    /// The messages of these types in this direction, in order; all of that direction without types.
    #[must_use]
    pub fn of_types(&self, types: Option<&[String]>, direction: Direction) -> Vec<usize> {
        self.filtered(types, direction, |_| true)
    }

    /// Those of [`Episode::of_types`] that a filter lets pass.
    pub(super) fn filtered(&self, types: Option<&[String]>, direction: Direction, passes: impl Fn(&usize) -> bool) -> Vec<usize> {
        let Some(types) = types else {
            let all = if direction == Direction::ToClient { &self.received } else { &self.sent };
            return all.iter().copied().filter(passes).collect();
        };
        let is_one = |index: &usize| self.messages[*index].direction == direction && passes(index);
        let lists = types.iter().filter_map(|name| self.by_type.get(name.as_str()));
        let mut found: Vec<usize> = lists.flatten().copied().filter(is_one).collect();
        if types.len() > 1 {
            found.sort_unstable();
        }
        found
    }

    /// All messages from the kernel, in order.
    pub fn from_kernel(&self) -> impl Iterator<Item = (usize, &Seen)> {
        self.received.iter().map(|&index| (index, &self.messages[index]))
    }

    /// The messages of a type from the kernel, in order.
    pub fn from_kernel_of(&self, msg_type: &str) -> impl Iterator<Item = (usize, &Seen)> {
        let of_type = self.by_type.get(msg_type).map(Vec::as_slice).unwrap_or_default();
        of_type.iter().map(|&index| (index, &self.messages[index])).filter(|(_, seen)| seen.from_kernel())
    }

    /// The request that a message belongs to, by its parent; a message to the kernel belongs to itself.
    #[must_use]
    pub fn request_of(&self, message: usize) -> Option<&Request> {
        self.requests.get(self.messages[message].request?)
    }

    /// The message that makes a request.
    #[must_use]
    pub fn asked(&self, request: &Request) -> &Seen {
        &self.messages[request.sent]
    }

    /// The message type of a request.
    #[must_use]
    pub fn type_of(&self, request: &Request) -> &str {
        self.messages[request.sent].msg_type()
    }

    /// The `status` of a request's reply; `none` without a reply.
    #[must_use]
    pub fn status_of(&self, request: &Request) -> &str {
        request.reply().map_or("none", |reply| self.messages[reply].text("status").unwrap_or("absent"))
    }

    /// Whether a request was answered, and not with an error: older kernels answer a shutdown without any status.
    #[must_use]
    pub fn is_accepted(&self, request: &Request) -> bool {
        matches!(self.status_of(request), "ok" | "absent")
    }

    /// Whether an execution of the episode had failed before this request was answered.
    #[must_use]
    pub fn follows_failure(&self, request: &Request) -> bool {
        let Some(reply) = request.reply() else { return false };
        let failed = |other: &Request| {
            self.type_of(other) == "execute_request" && self.status_of(other) == "error" && other.reply().is_some_and(|end| end < reply)
        };
        self.requests.iter().any(failed)
    }

    /// Whether the kernel had an interrupt to deal with while it had the request and had not answered it, or the plan says that it had.
    #[must_use]
    pub fn is_interrupted(&self, request: &Request) -> bool {
        let asked = self.asked(request);
        let end = request.reply().map_or(u64::MAX, |reply| self.messages[reply].line);
        let planned = asked.facts.get("interrupted").is_some_and(|interrupted| *interrupted == true);
        let within = |line: u64| asked.line < line && line < end;
        let pending = |other: &Request| {
            let answered = other.reply().map_or(u64::MAX, |reply| self.messages[reply].line);
            self.type_of(other) == "interrupt_request" && self.asked(other).line < end && answered > asked.line
        };
        planned || self.signals().any(within) || self.requests.iter().any(pending)
    }

    /// Lines at which a signal interrupted the kernel.
    pub(super) fn signals(&self) -> impl Iterator<Item = u64> {
        let is_interrupt = |event: &Event| matches!(event, Event::Signalled(signal) if signal.purpose == "interrupt");
        self.events.iter().filter(move |happened| is_interrupt(&happened.event)).map(|happened| happened.line)
    }

    /// Lines at which a client asked for an interrupt.
    pub(super) fn interrupt_requests(&self) -> impl Iterator<Item = u64> {
        let requests = self.requests.iter().filter(|request| self.type_of(request) == "interrupt_request");
        requests.map(|request| self.asked(request).line)
    }

    /// Whether a reply is that of another type of request than the one it answers.
    #[must_use]
    pub fn is_misnamed(&self, message: usize) -> bool {
        let seen = &self.messages[message];
        let Some(request) = self.request_of(message).filter(|_| seen.from_kernel() && seen.channel != Channel::Iopub) else { return false };
        let (own, wanted) = (seen.msg_type().strip_suffix("_reply"), self.type_of(request).strip_suffix("_request"));
        own.is_some() && wanted.is_some() && own != wanted
    }

    /// Whether the session noticed that another program has a port of the kernel.
    pub(super) fn has_clashed(&self) -> bool {
        self.events.iter().any(|happened| matches!(&happened.event, Event::Noted(noted) if noted.what == BIND_CLASH))
    }

    /// Whether the kernel was started in a way in which it did not come up, or was to end of.
    pub(super) fn is_failed_start(&self) -> bool {
        let start = self.kernel.started.as_ref().and_then(|started| started.event.start.as_ref());
        start.is_some_and(|start| start.then_exit || !self.has_replied())
    }

    /// The content of the latest `kernel_info_reply` that tells something.
    pub(super) fn latest_info(&self) -> Option<Arc<crate::wire::Json>> {
        let replies = self.of_types(Some(&["kernel_info_reply".to_owned()]), Direction::ToClient);
        let usable = |&index: &usize| self.messages[index].field("protocol_version").is_some();
        let latest = replies.into_iter().rev().find(usable)?;
        self.messages[latest].parts[crate::wire::PartName::Content as usize].clone()
    }

    /// Whether the kernel sent a reply.
    pub(super) fn has_replied(&self) -> bool {
        self.from_kernel().any(|(_, seen)| seen.channel != Channel::Iopub)
    }

    /// Whether the scenario was given up before its last step.
    pub(super) fn is_abandoned(&self) -> bool {
        let abandoned = |event: &Event| matches!(event, Event::ScenarioEnded(ended) if ended.outcome == ScenarioOutcome::Abandoned);
        self.events.iter().any(|happened| abandoned(&happened.event))
    }

    /// The channels on which a message came that stands inside another.
    pub(super) fn find_damage(&self) -> Vec<Damage> {
        let is_spliced = |seen: &Seen| seen.malformations.iter().any(|malformation| malformation.kind == MalformationKind::Spliced);
        let mut damage: Vec<Damage> = Vec::new();
        if !self.from_kernel().any(|(_, seen)| is_spliced(seen)) {
            return damage;
        }
        let mut sound: HashMap<(&str, Channel), u64> = HashMap::default();
        for (_, seen) in self.from_kernel() {
            let place = (&*seen.client, seen.channel);
            if is_spliced(seen) {
                if !damage.iter().any(|known| (&*known.client, known.channel) == place) {
                    let since = sound.get(&place).copied().unwrap_or(self.line_range.0);
                    damage.push(Damage { client: Arc::clone(&seen.client), channel: seen.channel, since });
                }
            } else {
                sound.insert(place, seen.line);
            }
        }
        damage
    }

    /// Whether a message, or what came of a request, may be odd only as the client's channel was broken before it was over.
    #[must_use]
    pub fn is_damaged(&self, message: usize) -> bool {
        let mut touched = vec![message];
        if let Some(request) = self.request_of(message) {
            touched.extend([request.sent].iter().chain(&request.replies).chain(&request.iopub));
        }
        let last = touched.iter().map(|&message| self.messages[message].line).max().unwrap_or_default();
        let settled = self.request_of(message).and_then(|request| request.settled.as_ref()).map_or(last, |(line, _)| *line);
        self.damage.iter().any(|damage| damage.client == self.messages[message].client && settled.max(last) > damage.since)
    }

    /// Trace lines from the first to the last event.
    #[must_use]
    pub fn line_range(&self) -> (u64, u64) {
        self.line_range
    }

    /// Whether a client is subscribed to all of iopub, as far as the trace tells.
    #[must_use]
    pub fn is_subscribed(&self, client: &str) -> bool {
        self.clients.get(client).is_none_or(|client| client.subscribed)
    }

    /// Whether two clients have one ZeroMQ identity: a client that came back under another name.
    #[must_use]
    pub fn is_same_peer(&self, left: &str, right: &str) -> bool {
        let identity = |name| self.clients.get(name).map(|client| &client.identity);
        left == right || (identity(left).is_some() && identity(left) == identity(right))
    }

    /// The end of the process, if it ended in this episode.
    #[must_use]
    pub fn exit(&self) -> Option<(&Happened, &crate::trace::Exited)> {
        self.events.iter().rev().find_map(|happened| match &happened.event {
            Event::Exited(exited) => Some((happened, exited)),
            _ => None,
        })
    }
}
