//! `quiet`: an idle kernel publishes nothing.
//!
//! - `after`: seconds of idleness after which any iopub message breaks the rule
//!
//! A kernel is idle when all that it was sent is over. What follows a connection, or is the text of a thread that the plan knows of, is not chatter.

use super::Check;
use super::response::seconds_between;
use super::shape::name_of;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::request::Request;
use crate::spec::reader::{Item, Reader};
use crate::trace::Event;
use crate::wire::{Channel, Json, PartName};

/// Seconds within which a status of a request that is over is late, and no chatter.
const LATE: f64 = 3.0;

struct Quiet {
    after: f64,
}

pub(super) fn compile(reader: &Reader<'_>, _: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let after = reader.required("after").and_then(Item::seconds)?;
    Some(Box::new(Quiet { after }))
}

impl Check for Quiet {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        let mut moments: Vec<(u64, Moment)> = Vec::new();
        for (index, seen) in episode.messages.iter().enumerate() {
            let moment = match (seen.from_kernel() && seen.channel == Channel::Iopub, seen.copy) {
                (false, _) => Moment::Cause,
                (true, false) => Moment::Published(index),
                (true, true) => Moment::Mark,
            };
            moments.push((seen.t, moment));
        }
        moments.extend(episode.events.iter().map(|happened| {
            let is_cause = !matches!(happened.event, Event::Settled(_) | Event::Output(_) | Event::Noted(_) | Event::Violation(_));
            (happened.t, if is_cause { Moment::Cause } else { Moment::Mark })
        }));
        moments.sort_by_key(|(t, _)| *t);
        self.judge_moments(episode, &moments, report);
    }
}

#[derive(Clone, Copy)]
enum Moment {
    /// Something that a kernel may react to.
    Cause,
    /// Time goes on.
    Mark,
    Published(usize),
}

impl Quiet {
    fn judge_moments(&self, episode: &Episode, moments: &[(u64, Moment)], report: &mut Report<'_>) {
        let mut since = moments.first().map_or(0, |(t, _)| *t);
        for &(t, moment) in moments {
            let silence = seconds_between(since, t);
            let is_idle = || silence >= self.after && !self.is_pending(episode, t);
            match moment {
                // Chatter does not make a kernel busy, however often it comes.
                Moment::Published(message)
                    if is_part_of_request(episode, message, t) || is_planned(episode, message) || is_of_something_odd(episode, message) =>
                {
                    since = t;
                }
                Moment::Published(message) => {
                    if is_idle() {
                        report.exercised();
                        let name = name_of(episode, message);
                        report.deviation(episode, About::Message(message), name, || {
                            format!("{name} was published {silence:.1} s after the kernel had become idle")
                        });
                    }
                }
                Moment::Cause => {
                    if is_idle() {
                        report.exercised();
                    }
                    since = t;
                }
                Moment::Mark => {}
            }
        }
    }

    /// Whether something was under way at this time.
    fn is_pending(&self, episode: &Episode, t: u64) -> bool {
        episode
            .requests
            .iter()
            .any(|request| episode.asked(request).t < t && request.honest && end_of(episode, request).is_none_or(|end| end >= t))
    }
}

/// When a request was over, as far as it was; for whoever heard last of it, as its asker may not listen to iopub at all, and others be behind.
fn end_of(episode: &Episode, request: &Request) -> Option<u64> {
    let idle_elsewhere = request.elsewhere.iter().copied().find(|&message| episode.messages[message].is_state("idle"));
    request.ended().into_iter().chain(idle_elsewhere).map(|last| episode.messages[last].t).max()
}

/// Whether a message came in the course of its request: before that had both its reply and its idle.
fn is_part_of_request(episode: &Episode, message: usize, t: u64) -> bool {
    episode.request_of(message).is_some_and(|request| end_of(episode, request).is_none_or(|end| end >= t))
}

/// Whether the plan of the request behind a message says that it writes later.
fn is_planned(episode: &Episode, message: usize) -> bool {
    episode
        .request_of(message)
        .is_some_and(|request| ["stdout", "stderr"].iter().any(|name| episode.asked(request).facts.contains_key(*name)))
}

/// Whether a message is about one of ours that was odd, or whose header came back as nothing that we sent: such may take its time.
fn is_of_something_odd(episode: &Episode, message: usize) -> bool {
    let seen = &episode.messages[message];
    if seen.astray {
        return true;
    }
    // That a status is late, or the first of a life, is a matter of the rules about statuses.
    let is_late = |request: &Request| end_of(episode, request).is_some_and(|end| seconds_between(end, seen.t) < LATE);
    if seen.msg_type() == "status" && (episode.request_of(message).is_some_and(is_late) || seen.is_state("starting")) {
        return true;
    }
    let names_a_parent = seen.part(PartName::Parent).and_then(Json::as_object).is_some_and(|parent| !parent.is_empty());
    match episode.request_of(message) {
        // Of two that have one id it can't be told which one it is about.
        Some(request) => request.shared_id || request.odd || !request.honest || episode.asked(request).facts.contains_key("odd"),
        None => names_a_parent || seen.part(PartName::Parent).is_none_or(|parent| !parent.is_object()),
    }
}
