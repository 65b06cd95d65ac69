//! `welcome`: each new subscription is greeted by `iopub_welcome`.
//!
//! - `want`: `sent` (one arrives at the new subscriber) or `none` (for topics that are not UTF-8)
//!
//! Kernels that do not claim protocol 5.5 in `kernel_info_reply` are passed over. That none came is held against the kernel once it has
//! answered something that was asked a second after the connection, while the client was still there.

use super::Check;
use crate::oracle::episode::{Episode, Happened};
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::spec::reader::Reader;
use crate::trace::{Connected, Event};
use crate::wire::Channel;

/// How long a welcome may take, in nanoseconds.
const SECOND: u64 = 1_000_000_000;

struct Welcome {
    none: bool,
}

pub(super) fn compile(reader: &Reader<'_>, _: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let item = reader.required("want")?;
    match item.clone().str()? {
        "sent" => Some(Box::new(Welcome { none: false })),
        "none" => Some(Box::new(Welcome { none: true })),
        other => {
            item.unknown("want", other, ["sent", "none"]);
            None
        }
    }
}

impl Check for Welcome {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        if !episode.kernel.claims_at_least((5, 5)) {
            return;
        }
        for happened in &episode.events {
            let Event::Connected(connected) = &happened.event else { continue };
            if !connected.channels.contains(&Channel::Iopub) {
                continue;
            }
            for topic in &connected.topics {
                let text = std::str::from_utf8(&topic.0).ok();
                match (self.none, text) {
                    (false, Some(topic)) => judge_sent(episode, happened, connected, topic, report),
                    (true, None) => judge_none(episode, happened, connected, report),
                    _ => {}
                }
            }
        }
    }
}

fn welcomes<'a>(
    episode: &'a Episode,
    happened: &'a Happened,
    connected: &'a Connected,
) -> impl Iterator<Item = (usize, &'a crate::oracle::Seen)> {
    let is_it =
        |seen: &crate::oracle::Seen| seen.msg_type() == "iopub_welcome" && *seen.client == *connected.client && seen.line > happened.line;
    episode.from_kernel().filter(move |(_, seen)| is_it(seen))
}

fn judge_sent(episode: &Episode, happened: &Happened, connected: &Connected, topic: &str, report: &mut Report<'_>) {
    if welcomes(episode, happened, connected).any(|(_, seen)| seen.text("subscription") == Some(topic)) {
        report.exercised();
        return;
    }
    // An early client's subscription reaches the kernel when it binds, not before.
    let begin = happened.t.max(episode.kernel.since);
    // Who has left can't be greeted any more.
    let left = |other: &&Happened| {
        other.line > happened.line && matches!(&other.event, Event::Disconnected(gone) if gone.client == connected.client)
    };
    let end = episode.events.iter().find(left).map_or(u64::MAX, |other| other.t);
    let passed = episode.requests.iter().any(|request| {
        let asked = episode.asked(request);
        asked.t >= begin + SECOND && asked.t < end && !request.replies.is_empty()
    });
    if !passed {
        report.inconclusive();
        return;
    }
    report.exercised();
    let first = !episode
        .events
        .iter()
        .any(|other| other.line < happened.line && matches!(&other.event, Event::Connected(other) if other.topics == connected.topics));
    let place = if first { "first subscriber" } else { "later subscriber" };
    report.deviation(episode, About::Line(happened.line), place, || {
        format!(
            "client {} subscribed to {topic:?} and got no iopub_welcome, though the kernel claims protocol 5.5 or later",
            connected.client
        )
    });
}

fn judge_none(episode: &Episode, happened: &Happened, connected: &Connected, report: &mut Report<'_>) {
    report.exercised();
    let utf8: Vec<&str> = connected.topics.iter().filter_map(|topic| std::str::from_utf8(&topic.0).ok()).collect();
    let other =
        welcomes(episode, happened, connected).find(|(_, seen)| !seen.text("subscription").is_some_and(|topic| utf8.contains(&topic)));
    if let Some((message, _)) = other {
        report.deviation(episode, About::Message(message), "welcome", || {
            "a subscription to a topic that is not UTF-8 was greeted".to_owned()
        });
    }
}
