//! `reconnect`: what becomes of clients when two connections have one ZeroMQ identity.
//!
//! - `want`: `served` (a client that took over the identity of one that had left is answered), or `bystanders` (while two live clients
//!   share an identity, the others are answered)

use super::Check;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::request::{Request, Role};
use crate::spec::reader::Reader;
use crate::trace::{Event, Expectation};

struct Reconnect {
    bystanders: bool,
}

pub(super) fn compile(reader: &Reader<'_>, _: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let item = reader.required("want")?;
    match item.clone().str()? {
        "served" => Some(Box::new(Reconnect { bystanders: false })),
        "bystanders" => Some(Box::new(Reconnect { bystanders: true })),
        other => {
            item.unknown("want", other, ["served", "bystanders"]);
            None
        }
    }
}

impl Check for Reconnect {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        if episode.events.iter().filter(|happened| matches!(happened.event, Event::Connected(_))).nth(1).is_none() {
            return;
        }
        for request in episode.requests.iter().filter(|request| request.role == Role::Request && self.concerns(episode, request)) {
            if request.reply().is_some() {
                report.exercised();
            } else if report.may_miss(episode, request, Expectation::Reply, true) {
                report.exercised();
                let asked = episode.asked(request);
                let place = format!("{} on {}", asked.msg_type(), asked.channel);
                report.deviation(episode, About::Request(request), &place, || self.title(asked.msg_type(), &asked.client));
            }
        }
    }

    fn owns(&self, episode: &Episode, request: &Request, what: Expectation) -> bool {
        what == Expectation::Reply && request.role == Role::Request && self.concerns(episode, request)
    }
}

impl Reconnect {
    fn concerns(&self, episode: &Episode, request: &Request) -> bool {
        let asked = episode.asked(request);
        let connections = Connections::at(episode, asked.line);
        if self.bystanders { connections.is_bystander(&asked.client) } else { connections.is_heir(&asked.client) }
    }

    fn title(&self, msg_type: &str, client: &str) -> String {
        if self.bystanders {
            format!("the {msg_type} of client {client} got no reply while two others shared an identity")
        } else {
            format!("client {client} came back under the identity of one that had left, and its {msg_type} got no reply")
        }
    }
}

/// The clients of an episode that had connected by some line, each with its identity and whether it had left.
struct Connections<'a>(Vec<(&'a str, &'a [u8], bool)>);

impl<'a> Connections<'a> {
    fn at(episode: &'a Episode, line: u64) -> Self {
        let mut all: Vec<(&str, &[u8], bool)> = Vec::new();
        for happened in episode.events.iter().filter(|happened| happened.line < line) {
            match &happened.event {
                Event::Connected(connected) => all.push((&connected.client, &connected.identity.0, false)),
                Event::Disconnected(gone) => {
                    all.iter_mut().filter(|(client, ..)| *client == gone.client).for_each(|(.., left)| *left = true)
                }
                _ => {}
            }
        }
        Self(all)
    }

    /// Whether the client has the identity of one that had left before.
    fn is_heir(&self, client: &str) -> bool {
        let own = self.0.iter().rposition(|(name, _, left)| *name == client && !left);
        own.is_some_and(|own| self.0[..own].iter().any(|(name, identity, left)| *name != client && *left && *identity == self.0[own].1))
    }

    /// Whether two clients share an identity, and this one has no part in it.
    fn is_bystander(&self, client: &str) -> bool {
        let live: Vec<_> = self.0.iter().filter(|(.., left)| !left).collect();
        let clash = live
            .iter()
            .enumerate()
            .find_map(|(at, (_, identity, _))| live[at + 1..].iter().any(|(_, other, _)| other == identity).then_some(*identity));
        clash.is_some_and(|clash| !live.iter().any(|(name, identity, _)| *name == client && *identity == clash))
    }
}
