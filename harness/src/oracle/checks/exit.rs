//! `exit`: the process ends as it should, after it was asked to.
//!
//! - `after`: the request that asks for it (a selector of messages to the kernel), which must be answered, and not refused, unless `unanswered`
//! - `signal`: the signal that asks for it, in place of `after`
//! - `within`: seconds from the reply, or the signal, to the end; up to twice that where the start took as long
//! - `code`: the exit code of a process that was not ended by a signal of ours
//! - `unanswered`: the reply does not matter
//! - `special`: more is asked of the kernel here than when it is idle, so that it is not told that it is slow if it is so without
//!
//! A process that our interrupt ended is a matter of the rules about interrupts. That it never ends is a matter of the session's
//! waiting, which tells of it as a lockup; with `unanswered` it is this rule's.

use super::Check;
use super::response::seconds_between;
use crate::oracle::crash::{how, is_by_interrupt};
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::obligations::was_interrupted;
use crate::oracle::params::Compiler;
use crate::oracle::repeats::Cause;
use crate::oracle::report::Report;
use crate::oracle::request::Request;
use crate::oracle::seen::{Direction, Seen};
use crate::oracle::selector::Selector;
use crate::spec::reader::{Item, Reader};
use crate::trace::{Event, Exited, Expectation};

/// In seconds.
const JUST_BEFORE: f64 = 1.0;

struct Exit {
    after: Option<Selector>,
    signal: Option<String>,
    within: Option<f64>,
    code: Option<i64>,
    unanswered: bool,
    special: bool,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let after = match reader.optional("after") {
        Some(item) => Some(compiler.selector(item, Direction::ToKernel)?),
        None => None,
    };
    let signal = reader.optional("signal").and_then(Item::string);
    let within = match reader.optional("within") {
        Some(item) => Some(item.seconds()?),
        None => None,
    };
    let code = reader.optional("code").and_then(Item::integer);
    let unanswered = reader.optional("unanswered").and_then(Item::bool).unwrap_or(false);
    let special = reader.optional("special").and_then(Item::bool).unwrap_or(false);
    if after.is_some() == signal.is_some() {
        reader.mistake("an exit has either `after` or `signal`");
        return None;
    }
    if within.is_none() && code.is_none() {
        reader.mistake("an exit has `within` or `code`");
        return None;
    }
    Some(Box::new(Exit { after, signal, within, code, unanswered, special }))
}

impl Check for Exit {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        let Some((line, t)) = self.asked(episode) else { return };
        let Some((happened, exited)) = episode.exit().filter(|(happened, _)| happened.line > line) else {
            report.inconclusive();
            return;
        };
        if report.blame.is_halted(happened.line) {
            report.inconclusive();
            return;
        }
        let forced = episode.events.iter().find(|other| {
            let ours = matches!(&other.event, Event::Signalled(signal) if ["SIGTERM", "SIGKILL"].contains(&signal.signal.as_str()));
            ours && other.line > line && other.line < happened.line
        });
        report.exercised();
        let ended = forced.map_or(happened.t, |forced| forced.t);
        self.judge_time(episode, happened.line, (t, ended), forced.is_some(), report);
        if forced.is_none() && self.signal.is_none() {
            self.judge_code(episode, happened.line, exited, report);
        }
    }

    fn owns(&self, episode: &Episode, request: &Request, what: Expectation) -> bool {
        what == Expectation::Exit && self.unanswered && self.after.as_ref().is_some_and(|after| after.matches(episode, request.sent))
    }
}

impl Exit {
    /// Line and time of what asks for the end.
    fn asked(&self, episode: &Episode) -> Option<(u64, u64)> {
        if let Some(wanted) = &self.signal {
            let is_it = |event: &Event| matches!(event, Event::Signalled(signal) if signal.signal == *wanted);
            return episode.events.iter().find(|happened| is_it(&happened.event)).map(|happened| (happened.line, happened.t));
        }
        let after = self.after.as_ref()?;
        after.select(episode).into_iter().find_map(|sent| {
            let request = episode.request_of(sent)?;
            let reply = request.reply().filter(|_| self.unanswered || episode.is_accepted(request));
            let seen = match reply {
                Some(reply) => &episode.messages[reply],
                None if self.unanswered => &episode.messages[sent],
                None => return None,
            };
            Some((episode.messages[sent].line, seen.t))
        })
    }

    fn judge_time(&self, episode: &Episode, line: u64, (asked, ended): (u64, u64), forced: bool, report: &mut Report<'_>) {
        let seconds = seconds_between(asked, ended);
        let Some(within) = self.within.map(|within| episode.kernel.allow_end(within)).filter(|within| seconds > *within) else { return };
        let place = if forced { "only by force" } else { "late" };
        let title = || {
            if forced {
                format!(
                    "the process still lived {seconds:.1} s after it was asked to end, and ended by a signal; wanted within {within:.1} s"
                )
            } else if let Some((at, what)) = woken(episode, line, ended).filter(|(at, _)| seconds_between(asked, *at) > within) {
                let lived = seconds_between(asked, at);
                format!("the process had not ended {lived:.1} s after it was asked to, and ended when {what}; wanted within {within:.1} s")
            } else {
                format!("the process ended {seconds:.1} s after it was asked to, wanted within {within:.1} s")
            }
        };
        if self.special {
            report.deviation_of(Cause::LateEnd, episode, About::Line(line), place, title);
        } else {
            report.deviation(episode, About::Line(line), place, title);
            report.tell(Cause::LateEnd);
        }
    }

    fn judge_code(&self, episode: &Episode, line: u64, exited: &Exited, report: &mut Report<'_>) {
        let Some(wanted) = self.code else { return };
        if is_by_interrupt(episode, line, exited) {
            report.inconclusive();
            return;
        }
        if exited.signal.is_none() && exited.code.is_none_or(|code| i64::from(code) == wanted) {
            return;
        }
        let (about, place) = (About::Line(line), how(exited));
        let title = || format!("the process ended with {place}, wanted exit code {wanted}");
        if was_interrupted(episode, line) {
            report.deviation_of(Cause::DeadlyInterrupt(place.clone()), episode, about, &place, title);
        } else {
            report.deviation(episode, about, &place, title);
        }
    }
}

/// What we did right before the process ended, and when: then it may have ended of that alone.
fn woken(episode: &Episode, line: u64, ended: u64) -> Option<(u64, &'static str)> {
    let is_just_before = |seen: &&Seen| seen.line < line && seconds_between(seen.t, ended) < JUST_BEFORE;
    let ours = || episode.sent.iter().rev().map(|&sent| &episode.messages[sent]).filter(is_just_before);
    let answer = ours().find(|seen| seen.msg_type() == "input_reply").map(|seen| (seen.t, "its question was answered"));
    answer.or_else(|| ours().next().map(|seen| (seen.t, "it was asked something else")))
}
