//! `health`: the kernel lives on after something that it must survive: it answers what is asked later, or later heartbeats.
//!
//! - `after`: what it must survive: messages to the kernel (a selector, or several in an array), or one of the words `heartbeat`, `interrupt`,
//!   `disconnect` (of a client that waits for a reply), `connect`, `raw-bytes` and `half-message`; the last two are sent by strangers, who
//!   speak no ZeroMQ or half of it
//! - `answers`: `reply`, to ask for a reply to a later request and not only for any sign of life
//!
//! A lockup or crash after it is told of by the table of obligations, and named with this rule.

use super::{Check, Deed};
use crate::oracle::deeds::leaving;
use crate::oracle::episode::{Episode, Happened};
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::seen::Direction;
use crate::oracle::selector::Selector;
use crate::spec::reader::{Item, Reader};
use crate::trace::Event;

struct Health {
    after: Vec<After>,
    reply: bool,
}

enum After {
    Messages(Selector),
    Heartbeat,
    Interrupt,
    Disconnect,
    Connect,
    /// By the fact that calls it odd.
    Stranger(&'static str),
}

/// The words for deeds.
const WORDS: &[&str] = &["heartbeat", "interrupt", "disconnect", "connect", "raw-bytes", "half-message"];

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
    match json.as_str() {
        None => compiler.selector(item, Direction::ToKernel).map(After::Messages),
        Some("heartbeat") => Some(After::Heartbeat),
        Some("interrupt") => Some(After::Interrupt),
        Some("disconnect") => Some(After::Disconnect),
        Some("connect") => Some(After::Connect),
        Some("raw-bytes") => Some(After::Stranger("raw bytes")),
        Some("half-message") => Some(After::Stranger("half message")),
        Some(other) => {
            item.unknown("deed", other, WORDS.iter().copied());
            None
        }
    }
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
            (After::Heartbeat, Deed::Heartbeat)
            | (After::Interrupt, Deed::Interrupt)
            | (After::Disconnect, Deed::Disconnect)
            | (After::Connect, Deed::Connect) => true,
            _ => false,
        })
    }
}

impl Health {
    /// The lines at which it happened.
    fn lines(&self, episode: &Episode) -> Vec<u64> {
        let events = |wanted: fn(&Event) -> bool| {
            episode.events.iter().filter(move |happened| wanted(&happened.event)).map(|happened| happened.line).collect()
        };
        let lines = |after: &After| -> Vec<u64> {
            match after {
                After::Messages(selector) => selector.select(episode).into_iter().map(|message| episode.messages[message].line).collect(),
                After::Heartbeat => {
                    episode.beats.iter().filter(|beat| beat.direction == Direction::ToKernel).map(|beat| beat.line).collect()
                }
                After::Interrupt => events(|event| matches!(event, Event::Signalled(signal) if signal.purpose == "interrupt")),
                After::Disconnect => {
                    let left = |happened: &&Happened| leaving(episode, happened) == Some(Deed::Disconnect);
                    episode.events.iter().filter(left).map(|happened| happened.line).collect()
                }
                After::Connect => events(|event| matches!(event, Event::Connected(_))),
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
