//! `health`: the kernel lives on after something that it must survive: it answers what is asked later, or later heartbeats.
//!
//! - `after`: what it must survive: messages to the kernel (a selector, or several in an array), or one of the words `heartbeat`, `interrupt`,
//!   `connect` (a client comes), `connect-bytes` (its subscription is no text), `disconnect` (a client leaves), `vanish` (it leaves though it
//!   waited for a reply), `raw-bytes` and `half-message` (sent by strangers, who speak no ZeroMQ or half of it)
//! - `answers`: `reply`, to ask for a reply to a later request and not only for any sign of life
//!
//! A lockup or crash after it is told of by the table of obligations, and named with this rule.

use super::{Check, Deed};
use crate::oracle::episode::{Episode, Happened};
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::request::Role;
use crate::oracle::seen::Direction;
use crate::oracle::selector::Selector;
use crate::spec::reader::{Item, Reader};
use crate::trace::{Connected, Event};

struct Health {
    after: Vec<After>,
    reply: bool,
}

#[derive(Debug, Clone)]
enum After {
    Messages(Selector),
    Heartbeat,
    Interrupt,
    Connect {
        text: bool,
    },
    Disconnect {
        waiting: bool,
    },
    /// By the fact that calls it odd.
    Stranger(&'static str),
}

/// The words for what is no message.
const WORDS: &[(&str, After)] = &[
    ("heartbeat", After::Heartbeat),
    ("interrupt", After::Interrupt),
    ("connect", After::Connect { text: true }),
    ("connect-bytes", After::Connect { text: false }),
    ("disconnect", After::Disconnect { waiting: false }),
    ("vanish", After::Disconnect { waiting: true }),
    ("raw-bytes", After::Stranger("raw bytes")),
    ("half-message", After::Stranger("half message")),
];

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let item = reader.required("after")?;
    let after = if item.json().is_array() {
        item.items()?.into_iter().map(|item| after(item, compiler)).collect::<Option<_>>()?
    } else {
        vec![after(item, compiler)?]
    };
    let reply = match reader.optional("answers") {
        Some(item) => item.str()? == "reply",
        None => false,
    };
    Some(Box::new(Health { after, reply }))
}

fn after(item: Item<'_>, compiler: &Compiler<'_>) -> Option<After> {
    let json = item.json();
    let Some(word) = json.as_str() else {
        return compiler.selector(item, Direction::ToKernel).map(After::Messages);
    };
    let found = WORDS.iter().find(|(known, _)| *known == word).map(|(_, after)| after.clone());
    if found.is_none() {
        item.unknown("deed", word, WORDS.iter().map(|(known, _)| *known));
    }
    found
}

impl After {
    /// Whether it is about this event, a client that comes or leaves.
    fn is_about(&self, episode: &Episode, happened: &Happened) -> bool {
        match (self, &happened.event) {
            (Self::Connect { text }, Event::Connected(connected)) => is_text(connected) == *text,
            (Self::Disconnect { waiting }, Event::Disconnected(gone)) => !waiting || is_waiting(episode, &gone.client, happened.line),
            _ => false,
        }
    }
}

fn is_text(connected: &Connected) -> bool {
    connected.topics.iter().all(|topic| std::str::from_utf8(&topic.0).is_ok())
}

/// Whether a client had asked something before a line, and never got a reply.
fn is_waiting(episode: &Episode, client: &str, line: u64) -> bool {
    episode.requests.iter().any(|request| {
        let asked = episode.asked(request);
        request.role == Role::Request && request.replies.is_empty() && asked.line < line && *asked.client == *client
    })
}

impl Check for Health {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        for line in self.lines(episode) {
            if self.is_alive_after(episode, line) {
                report.exercised();
            } else {
                report.inconclusive();
            }
        }
    }

    fn claims(&self, episode: &Episode, deed: &Deed) -> bool {
        self.after.iter().any(|after| match (after, deed) {
            (After::Messages(selector), Deed::Message(message)) => selector.matches(episode, *message),
            (After::Stranger(odd), Deed::Stranger(event)) => is_stranger(&episode.events[*event].event, odd),
            (After::Heartbeat, Deed::Heartbeat) | (After::Interrupt, Deed::Interrupt) => true,
            (after, Deed::Connect(index) | Deed::Disconnect(index)) => after.is_about(episode, &episode.events[*index]),
            _ => false,
        })
    }
}

impl Health {
    /// The lines at which it happened.
    fn lines(&self, episode: &Episode) -> Vec<u64> {
        let is_interrupt = |event: &Event| matches!(event, Event::Signalled(signal) if signal.purpose == "interrupt");
        let lines = |after: &After| -> Vec<u64> {
            match after {
                After::Messages(selector) => selector.select(episode).into_iter().map(|message| episode.messages[message].line).collect(),
                After::Heartbeat => {
                    episode.beats.iter().filter(|beat| beat.direction == Direction::ToKernel).map(|beat| beat.line).collect()
                }
                After::Interrupt => {
                    episode.events.iter().filter(|happened| is_interrupt(&happened.event)).map(|happened| happened.line).collect()
                }
                After::Connect { .. } | After::Disconnect { .. } => {
                    episode.events.iter().filter(|happened| after.is_about(episode, happened)).map(|happened| happened.line).collect()
                }
                After::Stranger(odd) => {
                    let strange = episode.events.iter().filter(|happened| is_stranger(&happened.event, odd));
                    strange.map(|happened| happened.line).collect()
                }
            }
        };
        self.after.iter().flat_map(lines).collect()
    }

    /// Whether something that was asked after this line was answered.
    fn is_alive_after(&self, episode: &Episode, line: u64) -> bool {
        let asked_later = |request: &&crate::oracle::Request| episode.asked(request).line >= line && !request.replies.is_empty();
        let answered = episode.requests.iter().any(|request| asked_later(&request));
        let echoed = episode.beats.iter().any(|beat| beat.line > line && beat.direction == Direction::ToClient);
        let probed =
            episode.events.iter().any(|happened| happened.line > line && matches!(&happened.event, Event::Probed(probe) if probe.answered));
        answered || (!self.reply && (echoed || probed))
    }
}

/// Whether somebody who speaks no ZeroMQ sent bytes that the plan calls odd in this way.
fn is_stranger(event: &Event, odd: &str) -> bool {
    matches!(event, Event::Stranger(stranger) if stranger.facts.get("odd").is_some_and(|known| known == odd))
}
