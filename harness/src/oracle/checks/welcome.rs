//! `welcome`: each new subscription is greeted by `iopub_welcome`.
//!
//! - `want`: one of
//!   - `sent`: one is sent for each; of kernels that claim protocol 5.5 in `kernel_info_reply`
//!   - `reaches`: one that another client saw reaches the new subscriber too
//!   - `none`: none is sent for topics that are no text
//!   - `subscription`: it names a topic that somebody subscribed to, and at a client with topics of its own one of these
//!   - `once`: there are no more for a topic than there were subscriptions to it; everything is no topic here
//!   - `own`: a client gets no more for a topic than it subscribed to it itself
//!   - `ready`: a client misses nothing, of what came of its requests, after it was greeted: no message that another one saw, and no busy
//!
//! That none came is held against the kernel once it has answered something that was asked a second after the connection, while the
//! client was still there. Clients that never read tell nothing.

use std::collections::BTreeMap;

use super::Check;
use super::shape::name_of;
use crate::oracle::episode::{Episode, Happened};
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::request::{Request, Role};
use crate::oracle::seen::Seen;
use crate::oracle::words::brief;
use crate::spec::reader::Reader;
use crate::trace::{Bytes, Connected, Event};
use crate::wire::{Channel, Json};

/// How long a welcome may take, in nanoseconds.
const SECOND: u64 = 1_000_000_000;

struct Welcome {
    want: Want,
    /// The topics of each client, by the latest connection of this name.
    clients: BTreeMap<String, Vec<Bytes>>,
    /// How often there was a subscription to each topic.
    subscribed: BTreeMap<Vec<u8>, u64>,
    /// The same for each client.
    own: BTreeMap<(String, Vec<u8>), u64>,
    life: u32,
    /// How often each topic was welcomed at a client in this life, by client and topic.
    welcomed: BTreeMap<(String, Vec<u8>), u64>,
    /// Whether there was any welcome.
    shown: bool,
    /// Whether there was a request with a whole bracket.
    brackets: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Want {
    Sent,
    Reaches,
    None,
    Subscription,
    Once,
    Own,
    Ready,
}

const WANTS: &[(&str, Want)] = &[
    ("sent", Want::Sent),
    ("reaches", Want::Reaches),
    ("none", Want::None),
    ("subscription", Want::Subscription),
    ("once", Want::Once),
    ("own", Want::Own),
    ("ready", Want::Ready),
];

pub(super) fn compile(reader: &Reader<'_>, _: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let item = reader.required("want")?;
    let name = item.clone().str()?;
    let Some((_, want)) = WANTS.iter().find(|(known, _)| *known == name) else {
        item.unknown("want", name, WANTS.iter().map(|(known, _)| *known));
        return None;
    };
    Some(Box::new(Welcome {
        want: *want,
        clients: BTreeMap::new(),
        subscribed: BTreeMap::new(),
        own: BTreeMap::new(),
        life: 0,
        welcomed: BTreeMap::new(),
        shown: false,
        brackets: false,
    }))
}

impl Check for Welcome {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        if self.life != episode.kernel.life {
            // Sockets that stay subscribe anew.
            self.life = episode.kernel.life;
            self.welcomed.clear();
        }
        let welcomes: Vec<usize> = welcomes(episode).map(|(message, _)| message).collect();
        self.shown |= !welcomes.is_empty();
        self.brackets |= episode.requests.iter().any(|request| request.busy.is_some() && request.idle.is_some());
        let mut moments: Vec<Moment<'_>> = episode.events.iter().filter_map(Moment::of).collect();
        moments.extend(welcomes.into_iter().map(Moment::Welcomed));
        moments.sort_by_key(|moment| moment.line(episode));
        for moment in moments {
            match moment {
                Moment::Connected(happened, connected) => {
                    self.judge_connection(episode, happened, connected, report);
                    self.clients.insert(connected.client.clone(), connected.topics.clone());
                    for topic in &connected.topics {
                        *self.subscribed.entry(topic.0.clone()).or_default() += 1;
                        *self.own.entry((connected.client.clone(), topic.0.clone())).or_default() += 1;
                    }
                }
                Moment::Welcomed(message) => self.judge_welcome(episode, message, report),
            }
        }
        if self.want == Want::Ready && self.brackets {
            judge_readiness(episode, report);
        }
    }
}

/// What bears on welcomes.
enum Moment<'a> {
    Connected(&'a Happened, &'a Connected),
    Welcomed(usize),
}

impl<'a> Moment<'a> {
    fn of(happened: &'a Happened) -> Option<Self> {
        match &happened.event {
            Event::Connected(connected) if connected.channels.contains(&Channel::Iopub) && !connected.deaf => {
                Some(Self::Connected(happened, connected))
            }
            _ => None,
        }
    }

    fn line(&self, episode: &Episode) -> u64 {
        match self {
            Self::Connected(happened, _) => happened.line,
            Self::Welcomed(message) => episode.messages[*message].line,
        }
    }
}

fn welcomes(episode: &Episode) -> impl Iterator<Item = (usize, &Seen)> {
    episode.from_kernel_of("iopub_welcome")
}

fn is_everything(topics: &[Bytes]) -> bool {
    topics.iter().any(|topic| topic.0.is_empty())
}

impl Welcome {
    fn judge_connection(&self, episode: &Episode, happened: &Happened, connected: &Connected, report: &mut Report<'_>) {
        for topic in &connected.topics {
            let text = std::str::from_utf8(&topic.0).ok();
            match (self.want, text) {
                (Want::Sent, Some(topic)) if episode.kernel.claims_at_least((5, 5)) => {
                    self.judge_sent(episode, happened, connected, topic, report);
                }
                (Want::Reaches, Some(topic)) if !is_everything(&connected.topics) => {
                    judge_reach(episode, happened, connected, topic, report);
                }
                (Want::None, None) if self.shown || episode.kernel.claims_at_least((5, 5)) => {
                    self.judge_none(episode, happened, connected, report);
                }
                _ => {}
            }
        }
    }

    fn judge_sent(&self, episode: &Episode, happened: &Happened, connected: &Connected, topic: &str, report: &mut Report<'_>) {
        let whole = is_everything(&connected.topics);
        let is_it = |seen: &Seen| {
            let own = *seen.client == *connected.client;
            // One that names another topic, or none, is a matter of another rule; one that reaches others only as well.
            match seen.text("subscription") {
                Some(named) if named == topic => own || !topic.is_empty(),
                Some(named) => own && !(whole && self.subscribed.contains_key(named.as_bytes())),
                None => own,
            }
        };
        if welcomes_after(episode, happened).any(|(_, seen)| is_it(seen)) {
            report.exercised();
        } else if !is_passed(episode, happened, connected) || !(whole || self.is_overheard(&connected.client)) {
            report.inconclusive();
        } else {
            report.exercised();
            let place = if self.subscribed.contains_key(topic.as_bytes()) { "later subscriber" } else { "first subscriber" };
            report.deviation(episode, About::Line(happened.line), place, || {
                format!(
                    "client {} subscribed to {} and got no iopub_welcome, though the kernel claims protocol 5.5 or later",
                    connected.client,
                    quoted(topic)
                )
            });
        }
    }

    /// Whether another client hears all of iopub, so that a welcome under whatever topic is seen.
    fn is_overheard(&self, client: &str) -> bool {
        self.clients.iter().any(|(other, topics)| other != client && is_everything(topics))
    }

    fn judge_none(&self, episode: &Episode, happened: &Happened, connected: &Connected, report: &mut Report<'_>) {
        report.exercised();
        let is_known = |topic: &str| {
            let own = connected.topics.iter().any(|known| known.0 == topic.as_bytes());
            own || topic.is_empty() || self.subscribed.contains_key(topic.as_bytes()) || is_subscribed_in(episode, topic)
        };
        let bytes_only = connected.topics.iter().all(|topic| std::str::from_utf8(&topic.0).is_err());
        // One that names no topic at all is another rule's, unless it came to nobody else's subscription.
        let is_it = |seen: &Seen| match seen.text("subscription") {
            Some(topic) => !is_known(topic),
            None => bytes_only && *seen.client == *connected.client,
        };
        let other = welcomes_after(episode, happened).find(|(_, seen)| is_it(seen));
        if let Some((message, _)) = other {
            report.deviation(episode, About::Message(message), "welcome", || {
                "a subscription to a topic that is not UTF-8 was greeted".to_owned()
            });
        }
    }

    fn judge_welcome(&mut self, episode: &Episode, message: usize, report: &mut Report<'_>) {
        match self.want {
            Want::Subscription => self.judge_subscription(episode, message, report),
            Want::Once | Want::Own => self.judge_number(episode, message, report),
            _ => {}
        }
    }

    fn judge_subscription(&self, episode: &Episode, message: usize, report: &mut Report<'_>) {
        let seen = &episode.messages[message];
        let Some(topic) = seen.text("subscription") else {
            report.exercised();
            let found = brief(seen.field("subscription"));
            report.deviation(episode, About::Message(message), "no text", || {
                format!("subscription of iopub_welcome is {found}, wanted text")
            });
            return;
        };
        let Some(own) = self.clients.get(&*seen.client) else { return };
        let fits = |known: &Bytes| topic.as_bytes().starts_with(&known.0);
        // Greeted bytes may come as any text; and a kernel that was there before may have clients that are not ours.
        let known = self.subscribed.contains_key(topic.as_bytes())
            || topic.is_empty()
            || self.subscribed.keys().any(|known| std::str::from_utf8(known).is_err())
            || episode.kernel.started.is_none();
        report.exercised();
        if !own.iter().any(fits) || !known {
            let place = if known { "another topic" } else { "an unknown topic" };
            report.deviation(episode, About::Message(message), place, || {
                let own: Vec<String> = own.iter().map(|known| quoted(&String::from_utf8_lossy(&known.0))).collect();
                format!(
                    "client {}, subscribed to {}, got an iopub_welcome for {}, which {}",
                    seen.client,
                    own.join(", "),
                    quoted(topic),
                    if known { "is none of its topics" } else { "nobody subscribed to" }
                )
            });
        }
    }

    fn judge_number(&mut self, episode: &Episode, message: usize, report: &mut Report<'_>) {
        let seen = &episode.messages[message];
        let Some(topic) = seen.text("subscription") else { return };
        let place = (seen.client.to_string(), topic.as_bytes().to_vec());
        let (subscribed, who) = match self.want {
            Want::Own => (self.own.get(&place).copied().unwrap_or(0), "own subscriptions"),
            // The session's own probes subscribe to everything.
            _ if topic.is_empty() => return,
            _ => (self.subscribed.get(topic.as_bytes()).copied().unwrap_or(0), "subscriptions"),
        };
        let count = self.welcomed.entry(place).or_default();
        *count += 1;
        report.exercised();
        if *count > subscribed {
            let count = *count;
            report.deviation(episode, About::Message(message), "welcome", || {
                format!("client {} got welcome number {count} for {}, after {subscribed} {who} to it", seen.client, quoted(topic))
            });
        }
    }
}

fn quoted(topic: &str) -> String {
    brief(Some(&Json::String(topic.into())))
}

/// The welcomes after an event.
fn welcomes_after<'a>(episode: &'a Episode, happened: &'a Happened) -> impl Iterator<Item = (usize, &'a Seen)> {
    welcomes(episode).filter(|(_, seen)| seen.line > happened.line)
}

fn is_subscribed_in(episode: &Episode, topic: &str) -> bool {
    episode.events.iter().any(|happened| {
        matches!(&happened.event, Event::Connected(connected) if connected.topics.iter().any(|known| known.0 == topic.as_bytes()))
    })
}

/// Whether the kernel answered something that was asked a second after a client had come, and before it left.
fn is_passed(episode: &Episode, happened: &Happened, connected: &Connected) -> bool {
    // An early client's subscription reaches the kernel when it binds, not before.
    let begin = happened.t.max(episode.kernel.since);
    // Who has left can't be greeted any more.
    let left = |other: &&Happened| {
        other.line > happened.line && matches!(&other.event, Event::Disconnected(gone) if gone.client == connected.client)
    };
    let end = episode.events.iter().find(left).map_or(u64::MAX, |other| other.t);
    episode.requests.iter().any(|request| {
        let asked = episode.asked(request);
        asked.t >= begin + SECOND && asked.t < end && !request.replies.is_empty()
    })
}

fn judge_reach(episode: &Episode, happened: &Happened, connected: &Connected, topic: &str, report: &mut Report<'_>) {
    let mut own = welcomes_after(episode, happened).filter(|(_, seen)| seen.text("subscription") == Some(topic));
    let Some((message, seen)) = own.next() else { return };
    if *seen.client == *connected.client || own.any(|(_, seen)| *seen.client == *connected.client) {
        report.exercised();
    } else if is_passed(episode, happened, connected) {
        report.exercised();
        report.deviation(episode, About::Message(message), "welcome", || {
            format!(
                "client {} subscribed to {}, and its iopub_welcome reached client {} only",
                connected.client,
                quoted(topic),
                seen.client
            )
        });
    } else {
        report.inconclusive();
    }
}

fn judge_readiness(episode: &Episode, report: &mut Report<'_>) {
    for request in episode.requests.iter().filter(|request| request.role == Role::Request && request.is_over()) {
        let asked = episode.asked(request);
        let came = |happened: &&Happened| matches!(&happened.event, Event::Connected(connected) if *connected.client == *asked.client);
        let since =
            episode.events.iter().rev().filter(|happened| happened.line < asked.line).find(came).map_or(0, |happened| happened.line);
        let is_own = |seen: &Seen| seen.client == asked.client && seen.text("subscription") == Some("");
        if !welcomes(episode).any(|(_, seen)| is_own(seen) && seen.line > since && seen.line < asked.line) {
            continue;
        }
        report.exercised();
        if let Some(missed) = missed(episode, request) {
            let (name, kind) = (name_of(episode, missed), episode.type_of(request));
            report.deviation(episode, About::Messages(&[missed, request.sent]), name, || {
                format!("client {} had been welcomed before its {kind}, and missed {name} of it, which another client saw", asked.client)
            });
        } else if let (None, Some(idle)) = (request.busy, request.idle) {
            let kind = episode.type_of(request);
            report.deviation(episode, About::Messages(&[idle, request.sent]), "busy", || {
                format!("client {} had been welcomed before its {kind}, and saw the idle of it without a busy", asked.client)
            });
        }
    }
}

/// A message of a request that another client saw before its idle, and the asker did not.
fn missed(episode: &Episode, request: &Request) -> Option<usize> {
    let id = |message: usize| episode.messages[message].msg_id();
    let idle = id(request.idle?)?;
    let has = |wanted: &str| request.iopub.iter().any(|&message| id(message) == Some(wanted));
    // What follows idle may still be under way to the one while the other has it.
    let in_time = |message: usize| {
        let client = &episode.messages[message].client;
        request.elsewhere.iter().any(|&other| other > message && id(other) == Some(idle) && episode.messages[other].client == *client)
    };
    request.elsewhere.iter().copied().find(|&message| id(message).is_some_and(|id| !has(id)) && in_time(message))
}
