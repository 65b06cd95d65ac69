//! `counter`: the execution counter between two stored executions, as their replies show it.
//!
//! - `over`: what was executed between them: `stored` (nothing), `silent`, `unstored`, `aborted` or `subshell` (in subshells). Then the
//!   second number is the first and one.
//! - `falls`: also that it never falls, whatever was between them
//!
//! Blank code, and what overlaps the requests of another client, make the number uncertain: the count begins anew after them, and but for
//! `subshell` after code in subshells too.

use super::Check;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::request::Request;
use crate::oracle::seen::{Direction, Seen};
use crate::spec::reader::{Item, Reader};
use crate::wire::{Channel, Json};

/// What an execution does to the counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Stored,
    Silent,
    Unstored,
    Aborted,
    Subshell,
    Uncertain,
}

const NAMES: &[(&str, Class)] = &[
    ("stored", Class::Stored),
    ("silent", Class::Silent),
    ("unstored", Class::Unstored),
    ("aborted", Class::Aborted),
    ("subshell", Class::Subshell),
];

struct Counter {
    over: Class,
    falls: bool,
    life: u32,
    last: Option<Last>,
    /// Highest number so far, as far as it is certain.
    highest: Option<i64>,
}

/// The stored execution before, and what came since.
struct Last {
    count: i64,
    since: Vec<Class>,
}

pub(super) fn compile(reader: &Reader<'_>, _: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let over = reader.required("over").and_then(class)?;
    let falls = reader.optional("falls").and_then(Item::bool).unwrap_or(false);
    Some(Box::new(Counter { over, falls, life: 0, last: None, highest: None }))
}

fn class(item: Item<'_>) -> Option<Class> {
    let name = item.clone().str()?;
    let found = NAMES.iter().find(|(known, _)| *known == name).map(|(_, class)| *class);
    if found.is_none() {
        item.unknown("kind of execution", name, NAMES.iter().map(|(known, _)| *known));
    }
    found
}

impl Check for Counter {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        if self.life != episode.kernel.life {
            (self.life, self.last, self.highest) = (episode.kernel.life, None, None);
        }
        for sent in episode.of_types(Some(&["execute_request".to_owned()]), Direction::ToKernel) {
            let Some(request) = episode.request_of(sent) else { continue };
            let class = classify(episode, request);
            if class == Class::Stored {
                self.stored(episode, request, report);
            } else if class == Class::Uncertain || (class == Class::Subshell && self.over != class) {
                (self.last, self.highest) = (None, None);
            } else if let Some(last) = &mut self.last {
                last.since.push(class);
            }
        }
    }
}

impl Counter {
    fn stored(&mut self, episode: &Episode, request: &Request, report: &mut Report<'_>) {
        let reply = request.reply().filter(|&reply| episode.messages[reply].msg_type() == "execute_reply");
        // Where the numbers of one execution disagree it can't be told which of them is the count; that is another rule's matter.
        let Some((reply, count)) = reply
            .filter(|&reply| !is_at_odds(episode, request, reply))
            .and_then(|reply| Some((reply, episode.messages[reply].field("execution_count")?.as_i64()?)))
        else {
            (self.last, self.highest) = (None, None);
            return;
        };
        if let Some(last) = &self.last {
            let between = match last.since.as_slice() {
                [] => Some(Class::Stored),
                [first, rest @ ..] => rest.iter().all(|class| class == first).then_some(*first),
            };
            if between == Some(self.over) {
                report.exercised();
                if count != last.count + 1 {
                    self.broken(episode, reply, last, count, report);
                }
            }
        }
        let fell = self.highest.is_some_and(|highest| count < highest);
        let told = self.last.as_ref().is_some_and(|last| last.since.is_empty() && self.over == Class::Stored);
        if self.falls && fell && !told {
            let highest = self.highest.unwrap_or_default();
            report.deviation(episode, About::Message(reply), "falls", || format!("execution_count fell from {highest} to {count}"));
        }
        self.last = Some(Last { count, since: Vec::new() });
        self.highest = Some(self.highest.map_or(count, |highest| highest.max(count)));
    }

    fn broken(&self, episode: &Episode, reply: usize, last: &Last, count: i64, report: &mut Report<'_>) {
        let between = match self.over {
            Class::Stored => "from one stored execution to the next".to_owned(),
            Class::Silent => format!("over {} silent requests", last.since.len()),
            Class::Aborted => format!("over {} aborted requests", last.since.len()),
            Class::Subshell => format!("over {} executions in subshells", last.since.len()),
            _ => format!("over {} requests with store_history false", last.since.len()),
        };
        let step = if count > last.count + 1 { "too far" } else { "not on" };
        report.deviation(episode, About::Message(reply), step, || {
            format!("execution_count went from {} to {count} {between}, wanted {}", last.count, last.count + 1)
        });
    }
}

/// Whether the echo of the code has another number than the reply.
fn is_at_odds(episode: &Episode, request: &Request, reply: usize) -> bool {
    let count = |message: usize| episode.messages[message].field("execution_count").and_then(Json::as_i64);
    let echo = request.iopub.iter().copied().find(|&message| episode.messages[message].msg_type() == "execute_input");
    echo.and_then(count).is_some_and(|echoed| count(reply).is_some_and(|count| count != echoed))
}

fn classify(episode: &Episode, request: &Request) -> Class {
    let asked = episode.asked(request);
    let status = episode.status_of(request);
    let flag = |name: &str, default: bool| match asked.field(name) {
        None => Some(default),
        Some(Json::Bool(value)) => Some(*value),
        Some(_) => None,
    };
    // The protocol leaves open whether what does nothing counts.
    let blank = asked.text("code").is_none() || asked.is_blank();
    let planned = asked.facts.get("outcome").is_none_or(|outcome| outcome == status);
    let (Some(silent), Some(stored)) = (flag("silent", false), flag("store_history", true)) else { return Class::Uncertain };
    // What is wrong about a request may have kept its code from being run.
    let refused = asked.facts.contains_key("odd") && status != "ok";
    if !planned || refused || !request.honest || request.shared_id || asked.channel != Channel::Shell || overlaps(episode, request) {
        return Class::Uncertain;
    }
    if in_subshell(asked) {
        let has_it = status == "ok" && !asked.facts.contains_key("odd") && episode.kernel.has_feature("kernel subshells");
        return if has_it { Class::Subshell } else { Class::Uncertain };
    }
    match status {
        "aborted" => Class::Aborted,
        "error" if request.maybe_aborted => Class::Uncertain,
        "ok" | "error" if silent => Class::Silent,
        "ok" | "error" if blank => Class::Uncertain,
        "ok" | "error" if !stored => Class::Unstored,
        "ok" | "error" => Class::Stored,
        _ => Class::Uncertain,
    }
}

/// Whether the message names a subshell.
pub(super) fn in_subshell(asked: &Seen) -> bool {
    asked.header().and_then(|header| header.get("subshell_id")).is_some_and(|id| *id != Json::Null)
}

/// Whether another client's execution was going on at the same time, so that it can't be told which was first.
fn overlaps(episode: &Episode, request: &Request) -> bool {
    let span = |request: &Request| (request.sent, request.reply().unwrap_or(usize::MAX));
    let (begin, end) = span(request);
    let client = &episode.asked(request).client;
    episode.requests.iter().any(|other| {
        let (other_begin, other_end) = span(other);
        other_begin < end && begin < other_end && episode.asked(other).client != *client && episode.type_of(other) == "execute_request"
    })
}
