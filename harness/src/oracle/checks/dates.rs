//! `dates`: what the dates of headers must be.
//!
//! - `on`: the messages; all of the kernel if not given
//! - `want`: `iso` (ISO 8601 with a zone), `rising` (on one channel none is earlier than the one before it), `now` (near the time of arrival)
//!   or `caused` (none is earlier than the sending of the request that it is about, by the kernel's own clock)
//! - `milliseconds`: how much earlier is still taken as the same time (`rising`, `caused`), how far off is still near (`now`)

use std::collections::BTreeMap;

use super::Check;
use super::shape::name_of;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::selector::Selector;
use crate::oracle::words::brief;
use crate::spec::reader::{Item, Reader};
use crate::wire::{Channel, parse_date};

struct Dates {
    on: Selector,
    want: Want,
    nanos: i128,
    life: u32,
    latest: BTreeMap<(String, Channel), (i128, u64)>,
    /// How far the kernel's clock is behind ours, at most: by the message that arrived soonest after its date.
    behind: Option<i128>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Want {
    Iso,
    Rising,
    Now,
    Caused,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let mut on = compiler.selector_or_all(reader, "on")?;
    let item = reader.required("want")?;
    let want = match item.clone().str()? {
        "iso" => Want::Iso,
        "rising" => Want::Rising,
        "now" => Want::Now,
        "caused" => Want::Caused,
        other => {
            item.unknown("want", other, ["iso", "rising", "now", "caused"]);
            return None;
        }
    };
    on.copies = want == Want::Rising;
    let nanos = i128::from(reader.optional("milliseconds").and_then(Item::integer).unwrap_or(0)) * 1_000_000;
    Some(Box::new(Dates { on, want, nanos, life: 0, latest: BTreeMap::new(), behind: None }))
}

impl Check for Dates {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        if self.life != episode.kernel.life {
            self.life = episode.kernel.life;
            self.latest.clear();
            self.behind = None;
        }
        for message in self.on.select(episode) {
            match self.want {
                Want::Iso => judge_iso(episode, message, report),
                Want::Rising => self.judge_rising(episode, message, report),
                Want::Now => self.judge_now(episode, message, report),
                Want::Caused => self.judge_caused(episode, message, report),
            }
        }
    }
}

fn judge_iso(episode: &Episode, message: usize, report: &mut Report<'_>) {
    let seen = &episode.messages[message];
    let Some(date) = seen.header().and_then(|header| header.get("date")) else { return };
    report.exercised();
    let problem = match &seen.date {
        None => Some("it is no string".to_owned()),
        Some(Err(error)) => Some(error.to_string()),
        Some(Ok(parts)) => (!parts.has_zone).then(|| "it has no zone".to_owned()),
    };
    if let Some(text) = date.as_str().filter(|text| problem.is_some() && is_without_seconds(text)) {
        report.deviation(episode, About::Message(message), "no seconds", || {
            format!("the date {text:?} of {} is without seconds, which clients that parse dates need", name_of(episode, message))
        });
    } else if let Some(problem) = problem {
        let kind = if problem == "it has no zone" { "no zone" } else { "no date" };
        report.deviation(episode, About::Message(message), kind, || {
            format!("the date {} of {} is not ISO 8601 with a zone: {problem}", brief(Some(date)), name_of(episode, message))
        });
    }
}

/// Whether it is a date but for the seconds: ISO 8601 may leave them out.
fn is_without_seconds(text: &str) -> bool {
    let Some((minutes, zone)) = text.split_at_checked(16) else { return false };
    !zone.starts_with(':') && parse_date(&format!("{minutes}:00{zone}")).is_ok()
}

impl Dates {
    fn judge_rising(&mut self, episode: &Episode, message: usize, report: &mut Report<'_>) {
        let seen = &episode.messages[message];
        let Some(Ok(parts)) = &seen.date else { return };
        let now = parts.unix_nanos;
        let latest = self.latest.entry((seen.client.to_string(), seen.channel)).or_insert((now, seen.line));
        let (before, line) = *latest;
        if now >= before {
            *latest = (now, seen.line);
        }
        report.exercised();
        if now + self.nanos < before {
            let place = format!("on {}", seen.channel);
            report.deviation(episode, About::Message(message), &place, || {
                format!(
                    "the date of {} is {} ms before that of line {line} on the same channel",
                    name_of(episode, message),
                    (before - now) / 1_000_000
                )
            });
        }
    }

    fn judge_now(&self, episode: &Episode, message: usize, report: &mut Report<'_>) {
        let (Some(Ok(parts)), Some(clock)) = (&episode.messages[message].date, clock(episode)) else { return };
        // It may have waited for us to read it, as messages of a kernel do that is kept in reserve.
        let caused = episode.request_of(message).map_or(episode.kernel.since, |request| episode.asked(request).t);
        let arrived = episode.messages[message].t;
        report.exercised();
        let off = parts.unix_nanos - parts.unix_nanos.clamp(clock(caused.min(arrived)), clock(arrived));
        if off.abs() > self.nanos {
            let (side, of) = if off < 0 { ("before", "cause") } else { ("after", "arrival") };
            report.deviation(episode, About::Message(message), side, || {
                format!("the date of {} is {} s {side} its {of}", name_of(episode, message), off.abs() / 1_000_000_000)
            });
        }
    }

    /// The clocks need not agree, but differ by the same all the time.
    fn judge_caused(&mut self, episode: &Episode, message: usize, report: &mut Report<'_>) {
        let (Some(Ok(parts)), Some(clock)) = (&episode.messages[message].date, clock(episode)) else { return };
        let behind = clock(episode.messages[message].t) - parts.unix_nanos;
        let behind = *self.behind.insert(self.behind.map_or(behind, |known| known.min(behind)));
        let Some(request) = episode.request_of(message).filter(|request| !request.shared_id) else { return };
        let early = clock(episode.asked(request).t) - (parts.unix_nanos + behind);
        report.exercised();
        if early > self.nanos {
            report.deviation(episode, About::Messages(&[message, request.sent]), "before its cause", || {
                format!("the date of {} is {} s before its request was sent", name_of(episode, message), early / 1_000_000_000)
            });
        }
    }
}

/// From the times of the trace to those of the wall, in nanoseconds since 1970, if the trace tells when it began.
fn clock(episode: &Episode) -> Option<impl Fn(u64) -> i128> {
    let began = i128::from(episode.kernel.unix_nanos);
    (began != 0).then_some(move |t| began + i128::from(t))
}
