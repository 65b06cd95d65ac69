//! `meanwhile`: what is asked while a cell runs is answered while it runs, and not only when it is over.
//!
//! - `of`: what is asked (a selector of messages to the kernel), or `"heartbeat"`
//! - `during`: the cells (a selector of messages to the kernel); only those that the kernel was seen to run count
//! - `within`: seconds; an answer that came sooner is prompt, even if the cell was over by then
//! - `owns`: the rule answers for a reply, or an echo, that never came
//!
//! - `behind = true`: also what was sent behind another request
//!
//! Without that, what was sent behind another request on its channel (and to its subshell) that had no reply yet tells nothing: it waits
//! for that one.
//!
//! Of a heartbeat that is never answered, or not before its deadline, the session's waiting tells.

use super::Check;
use super::response::{is_lacking, seconds_between};
use super::shape::name_of;
use crate::oracle::episode::{Beat, Episode};
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::request::{Request, Role};
use crate::oracle::seen::{Direction, Seen};
use crate::oracle::selector::Selector;
use crate::oracle::types::Types;
use crate::spec::reader::{Item, Reader};
use crate::trace::{Event, Expectation};

/// What comes on several channels within so many nanoseconds came at once: in which order it is read is chance.
const AT_ONCE: u64 = 20_000_000;

struct Meanwhile {
    /// `None` for the heartbeat.
    of: Option<Selector>,
    during: Selector,
    within: f64,
    owns: bool,
    behind: bool,
    types: Types,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let item = reader.required("of")?;
    let of = if item.json() == "heartbeat" { None } else { Some(compiler.selector(item, Direction::ToKernel)?) };
    let during = reader.required("during").and_then(|item| compiler.selector(item, Direction::ToKernel));
    let within = reader.required("within").and_then(Item::seconds);
    let owns = reader.optional("owns").and_then(Item::bool).unwrap_or(false);
    let behind = reader.optional("behind").and_then(Item::bool).unwrap_or(false);
    Some(Box::new(Meanwhile { of, during: during?, within: within?, owns, behind, types: compiler.types.clone() }))
}

impl Check for Meanwhile {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        match &self.of {
            Some(of) => {
                for sent in of.select(episode) {
                    let Some(request) = episode.request_of(sent).filter(|request| !request.shared_id) else { continue };
                    self.judge_request(episode, request, report);
                }
            }
            None => {
                for (index, beat) in episode.beats.iter().enumerate().filter(|(_, beat)| beat.direction == Direction::ToKernel) {
                    let answer = episode.beats[index + 1..].iter().find(|other| other.client == beat.client);
                    self.judge_beat(episode, beat, answer.filter(|answer| answer.direction == Direction::ToClient), report);
                }
            }
        }
    }

    fn owns(&self, episode: &Episode, request: &Request, what: Expectation) -> bool {
        let is_it = self.of.as_ref().is_some_and(|of| of.matches(episode, request.sent));
        self.owns && what == Expectation::Reply && is_it && self.running(episode, episode.asked(request).line).is_some()
    }

    fn owns_echo(&self, episode: &Episode, beat: usize) -> bool {
        self.owns && self.of.is_none() && self.running(episode, episode.beats[beat].line).is_some()
    }
}

impl Meanwhile {
    fn judge_request(&self, episode: &Episode, request: &Request, report: &mut Report<'_>) {
        let asked = episode.asked(request);
        let Some(cell) = self.running(episode, asked.line).filter(|_| self.behind || !is_behind_another(episode, request)) else { return };
        let Some(reply) = request.reply() else {
            if !is_lacking(episode, request, &self.types) && report.may_miss(episode, request, Expectation::Reply, true) {
                report.exercised();
                let name = name_of(episode, request.sent);
                report.deviation(episode, About::Request(request), "never", || {
                    format!("{name} on {} was not answered while a cell ran", asked.channel)
                });
            }
            return;
        };
        report.exercised();
        let answer = &episode.messages[reply];
        let seconds = seconds_between(asked.t, answer.t);
        if seconds > self.within && end_of(episode, cell).is_some_and(|end| end.t <= answer.t.saturating_add(AT_ONCE)) {
            let (name, channel) = (name_of(episode, request.sent), asked.channel);
            report.deviation(episode, About::Messages(&[reply, request.sent, cell.sent]), &format!("on {channel}"), || {
                format!("{name} on {channel} was answered {seconds:.1} s later, when the cell that ran was over")
            });
        }
    }

    fn judge_beat(&self, episode: &Episode, beat: &Beat, answer: Option<&Beat>, report: &mut Report<'_>) {
        let Some(cell) = self.running(episode, beat.line) else { return };
        let Some(answer) = answer else {
            report.inconclusive();
            return;
        };
        report.exercised();
        if is_missed(episode, beat, answer) {
            return;
        }
        let seconds = seconds_between(beat.t, answer.t);
        if seconds > self.within && end_of(episode, cell).is_some_and(|end| end.t <= answer.t.saturating_add(AT_ONCE)) {
            report.deviation(episode, About::Line(answer.line), "heartbeat", || {
                format!("a heartbeat was echoed {seconds:.1} s later, when the cell that ran was over")
            });
        }
    }

    /// A cell that had been begun and was not over at this line.
    fn running<'a>(&self, episode: &'a Episode, line: u64) -> Option<&'a Request> {
        let cells = self.during.select(episode).into_iter().filter_map(|sent| episode.request_of(sent));
        let is_begun = |cell: &Request| cell.busy.or(cell.inputs.first().copied()).is_some_and(|begin| episode.messages[begin].line < line);
        cells.into_iter().find(|cell| is_begun(cell) && end_of(episode, cell).is_none_or(|end| end.line > line))
    }
}

/// Whether the session had stopped waiting for the echo of a heartbeat before it came.
fn is_missed(episode: &Episode, beat: &Beat, answer: &Beat) -> bool {
    let missed = |event: &Event| matches!(event, Event::Settled(settled) if settled.missing.contains(&Expectation::Echo));
    episode.events.iter().any(|happened| beat.line < happened.line && happened.line < answer.line && missed(&happened.event))
}

/// Whether its client had another request out on its channel when it was sent.
fn is_behind_another(episode: &Episode, request: &Request) -> bool {
    let asked = episode.asked(request);
    episode.requests.iter().any(|other| {
        let before = episode.asked(other);
        let same = before.client == asked.client
            && before.channel == asked.channel
            && before.header_text("subshell_id") == asked.header_text("subshell_id")
            && other.sent < request.sent;
        let answered = other.reply().is_some_and(|reply| episode.messages[reply].line < asked.line);
        same && other.role == Role::Request && !answered && !gave_up(episode, other, asked.line)
    })
}

/// Whether the session had stopped waiting for a request by this line.
fn gave_up(episode: &Episode, request: &Request, line: u64) -> bool {
    request.settled.as_ref().is_some_and(|(settled, _)| *settled < line) || !episode.asked(request).is_honest()
}

/// The message by which a cell was seen to be over.
fn end_of<'a>(episode: &'a Episode, cell: &Request) -> Option<&'a Seen> {
    cell.reply().into_iter().chain(cell.idle).min().map(|message| &episode.messages[message])
}
