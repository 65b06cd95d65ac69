//! `response`: each message of one set is followed by one of another in the course of the same request.
//!
//! - `to`: what is to be followed: messages to the kernel, or with `from = "kernel"` messages of the kernel; what these begin must be
//!   ended, even if nothing was owed; that they are not is not told where the rule tells of a kernel that is stuck or dead
//! - `then`: what must follow (a selector)
//! - `expect`: `reply`, `idle` or `input`, where that is what the session waits for: then its waiting decides. Otherwise what is missing
//!   convicts once the request is over: when its idle is there, or a later request was answered in full
//! - `owns`: the rule answers for a missing one, before the rules that are about any request
//! - `promised`: the kernel has said that it knows the request, so that silence convicts (with `owns`)
//! - `unless`: requests that are exempt if one of their messages is in this set
//! - `like`: messages to the kernel of which one of the episode is followed so; where none is, the kernel does so with no request, and
//!   nothing is told
//! - `within`: seconds from the one to the other; more gives a warning at most
//!
//! A request of a type that kernels may lack and that got no reply is passed over.

use super::Check;
use super::absence::words;
use super::shape::name_of;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::request::{Request, Role};
use crate::oracle::seen::Direction;
use crate::oracle::selector::Selector;
use crate::oracle::types::Types;
use crate::spec::reader::{Item, Reader};
use crate::trace::Expectation;

struct Response {
    to: Selector,
    then: Selector,
    expect: Option<Expectation>,
    owns: bool,
    promised: bool,
    unless: Option<Selector>,
    like: Option<Selector>,
    within: Option<f64>,
    types: Types,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let to = reader.required("to").and_then(|item| compiler.selector(item, Direction::ToKernel));
    let then = reader.required("then").and_then(|item| compiler.selector(item, Direction::ToClient));
    let expect = reader.optional("expect").map(expectation);
    let promised = reader.optional("promised").and_then(Item::bool).unwrap_or(false);
    let owns = reader.optional("owns").and_then(Item::bool).unwrap_or(false);
    let unless = reader.optional("unless").map(|item| compiler.selector(item, Direction::ToClient));
    let like = reader.optional("like").map(|item| compiler.selector(item, Direction::ToKernel));
    let within = reader.optional("within").map(Item::seconds);
    let (expect, unless) = (expect.map_or(Some(None), |one| one.map(Some)), unless.map_or(Some(None), |one| one.map(Some)));
    let (like, within) = (like.map_or(Some(None), |one| one.map(Some)), within.map_or(Some(None), |one| one.map(Some)));
    Some(Box::new(Response {
        to: to?,
        then: then?,
        expect: expect?,
        owns,
        promised,
        unless: unless?,
        like: like?,
        within: within?,
        types: compiler.types.clone(),
    }))
}

/// What the session waits for.
pub(super) fn expectation(item: Item<'_>) -> Option<Expectation> {
    let names = [("reply", Expectation::Reply), ("idle", Expectation::Idle), ("input", Expectation::Input)];
    let name = item.clone().str()?;
    let found = names.iter().find(|(known, _)| *known == name).map(|(_, what)| *what);
    if found.is_none() {
        item.unknown("expectation", name, names.iter().map(|(known, _)| *known));
    }
    found
}

impl Check for Response {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        let triggers = self.to.select(episode);
        if triggers.is_empty() || !self.is_usual(episode) {
            return;
        }
        for trigger in triggers {
            let Some(request) = episode.request_of(trigger) else { continue };
            if (!self.promised && is_lacking(episode, request, &self.types)) || self.is_exempt(episode, request) {
                continue;
            }
            self.judge_one(episode, trigger, request, report);
        }
    }

    fn is_promised(&self) -> bool {
        self.promised
    }

    fn owns(&self, episode: &Episode, request: &Request, what: Expectation) -> bool {
        self.owns && self.expect == Some(what) && self.to.matches(episode, request.sent)
    }
}

/// Whether the request is of a type that kernels may lack, and got no reply.
pub(super) fn is_lacking(episode: &Episode, request: &Request, types: &Types) -> bool {
    let required = types.get(episode.type_of(request)).is_some_and(|facts| facts.required);
    request.role == Role::Request && !required && request.replies.is_empty()
}

impl Response {
    fn is_exempt(&self, episode: &Episode, request: &Request) -> bool {
        let messages = request.replies.iter().chain(&request.iopub);
        self.unless.as_ref().is_some_and(|unless| messages.into_iter().any(|&message| unless.matches(episode, message)))
    }

    fn is_usual(&self, episode: &Episode) -> bool {
        let is_followed = |sent: usize| episode.request_of(sent).is_some_and(|request| self.first_after(episode, sent, request).is_some());
        self.like.as_ref().is_none_or(|like| like.select(episode).into_iter().any(is_followed))
    }

    /// The first message of the request that follows the trigger as it must.
    fn first_after(&self, episode: &Episode, trigger: usize, request: &Request) -> Option<usize> {
        let groups = [&request.replies, &request.iopub, &request.inputs];
        groups.iter().filter_map(|group| self.then.among(episode, group).find(|&message| message > trigger)).min()
    }

    fn judge_one(&self, episode: &Episode, trigger: usize, request: &Request, report: &mut Report<'_>) {
        if let Some(message) = self.first_after(episode, trigger, request) {
            report.exercised();
            self.judge_time(episode, trigger, message, report);
            return;
        }
        let convicts = match self.expect {
            Some(what) => report.may_miss(episode, request, what, self.owns),
            None => {
                let begun = episode.messages[trigger].from_kernel() && request.is_passed();
                let over = (request.is_over() || begun) && !report.blame.is_halted(episode.asked(request).line);
                if !over {
                    report.inconclusive();
                }
                over
            }
        };
        if convicts {
            report.exercised();
            let (wanted, name, status) = (words(&self.then), name_of(episode, trigger), episode.status_of(request));
            let place = format!("{name} without {wanted}");
            let title = || format!("{name} was not followed by {wanted} (its reply's status is {status})");
            if episode.messages[trigger].from_kernel() {
                report.deviation_of(report.harm(), episode, About::Request(request), &place, title);
            } else {
                report.deviation(episode, About::Request(request), &place, title);
            }
        }
    }

    fn judge_time(&self, episode: &Episode, trigger: usize, message: usize, report: &mut Report<'_>) {
        let Some(within) = self.within.map(|within| episode.kernel.allow(within)) else { return };
        let seconds = seconds_between(episode.messages[trigger].t, episode.messages[message].t);
        if seconds > within {
            let (name, wanted) = (name_of(episode, trigger), words(&self.then));
            let place = format!("{name} long before {wanted}");
            report.milder_deviation(episode, About::Messages(&[message, trigger]), &place, || {
                format!("{wanted} came {seconds:.1} s after {name}, wanted within {within:.1} s")
            });
        }
    }
}

/// The time between two instants of a trace.
#[expect(clippy::cast_precision_loss, reason = "a trace of 100 days is exact to the microsecond")]
pub(super) fn seconds_between(from: u64, to: u64) -> f64 {
    to.saturating_sub(from) as f64 / 1e9
}
