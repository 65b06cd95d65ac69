//! `last-reply`: a request that ends the process is answered before it ends.
//!
//! - `to`: the requests (a selector of messages to the kernel)
//! - `owns`: what the rule answers for if it never comes though the process lives: `reply`, or `exit` (then it is about the end alone)
//!
//! A process that a signal ended tells nothing.

use super::Check;
use super::shape::name_of;
use crate::oracle::crash::how;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::obligations::was_interrupted;
use crate::oracle::params::Compiler;
use crate::oracle::repeats::Cause;
use crate::oracle::report::Report;
use crate::oracle::request::Request;
use crate::oracle::seen::Direction;
use crate::oracle::selector::Selector;
use crate::spec::reader::{Item, Reader};
use crate::trace::{Event, Exited, Expectation};

struct LastReply {
    to: Selector,
    owns: Option<Expectation>,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let to = compiler.selector(reader.required("to")?, Direction::ToKernel)?;
    let owns = match reader.optional("owns") {
        Some(item) => Some(expectation(&item)?),
        None => None,
    };
    Some(Box::new(LastReply { to, owns }))
}

fn expectation(item: &Item<'_>) -> Option<Expectation> {
    match item.clone().str()? {
        "reply" => Some(Expectation::Reply),
        "exit" => Some(Expectation::Exit),
        other => {
            item.unknown("expectation", other, ["reply", "exit"]);
            None
        }
    }
}

impl Check for LastReply {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        if self.owns == Some(Expectation::Exit) {
            return;
        }
        for sent in self.to.select(episode) {
            let Some(request) = episode.request_of(sent).filter(|request| !request.shared_id) else { continue };
            if request.reply().is_some() {
                report.exercised();
            } else if let Some((line, exited)) = ended_by_itself(episode, request) {
                report.exercised();
                let (place, title) = broken(episode, request, "the process ended without a reply to");
                let about = About::Request(request);
                if was_interrupted(episode, line) {
                    report.deviation_of(Cause::DeadlyInterrupt(how(exited)), episode, about, &place, || title);
                } else {
                    report.deviation(episode, about, &place, || title);
                }
            } else if report.may_miss(episode, request, Expectation::Reply, true) {
                report.exercised();
                let (place, title) = broken(episode, request, "there was no reply to");
                report.deviation(episode, About::Request(request), &place, || title);
            }
        }
    }

    fn owns(&self, episode: &Episode, request: &Request, what: Expectation) -> bool {
        let is_due = what == Expectation::Reply || episode.is_accepted(request);
        self.owns == Some(what) && is_due && self.to.matches(episode, request.sent)
    }

    fn is_promised(&self) -> bool {
        self.owns.is_some()
    }
}

/// How the process ended after the request, and in which line, if by no signal of ours.
fn ended_by_itself<'a>(episode: &'a Episode, request: &Request) -> Option<(u64, &'a Exited)> {
    let line = episode.asked(request).line;
    let killed = episode
        .events
        .iter()
        .any(|happened| happened.line > line && matches!(&happened.event, Event::Signalled(signal) if signal.purpose != "interrupt"));
    let (happened, exited) = episode.exit().filter(|_| request.honest && !killed)?;
    (happened.line > line && exited.signal.is_none()).then_some((happened.line, exited))
}

/// The place and the title of the finding.
fn broken(episode: &Episode, request: &Request, what: &str) -> (String, String) {
    let (name, channel) = (name_of(episode, request.sent), episode.asked(request).channel);
    (format!("{what} {name} on {channel}"), format!("{what} the {name} on {channel}"))
}
