//! `interrupt-survival`: the kernel lives on after interrupts, and answers what is asked later.
//!
//! - `during`: requests that are under way when it is interrupted (a selector of messages to the kernel); without it, whatever it does
//! - `at_least`: how many interrupts there are in the scenario, 1 if not given
//!
//! A lockup or crash after such an interrupt is this rule's.

use super::{Check, Deed};
use crate::oracle::episode::Episode;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::request::Request;
use crate::oracle::seen::Direction;
use crate::oracle::selector::Selector;
use crate::spec::reader::{Item, Reader};
use crate::trace::{Event, Expectation};

struct InterruptSurvival {
    during: Option<Selector>,
    at_least: usize,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let during = match reader.optional("during") {
        Some(item) => Some(compiler.selector(item, Direction::ToKernel)?),
        None => None,
    };
    let at_least = match reader.optional("at_least").map(Item::integer) {
        Some(number) => usize::try_from(number?).ok()?,
        None => 1,
    };
    Some(Box::new(InterruptSurvival { during, at_least }))
}

impl Check for InterruptSurvival {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        let Some(last) = self.concerned(episode).last().copied() else { return };
        let answered = |request: &Request| episode.asked(request).line > last && !request.replies.is_empty();
        if episode.requests.iter().any(answered) {
            report.exercised();
        } else {
            report.inconclusive();
        }
    }

    fn claims(&self, episode: &Episode, deed: &Deed) -> bool {
        let is_interrupt = match deed {
            Deed::Interrupt => true,
            Deed::Message(message) => episode.messages[*message].msg_type() == "interrupt_request",
            _ => false,
        };
        is_interrupt && !self.concerned(episode).is_empty()
    }

    /// What is asked after a storm, and is never answered, is what the storm did; but not where that is interrupted too.
    fn owns(&self, episode: &Episode, request: &Request, what: Expectation) -> bool {
        let after = |line: &u64| *line < episode.asked(request).line;
        self.at_least > 1
            && what == Expectation::Reply
            && episode.type_of(request) != "interrupt_request"
            && !episode.is_interrupted(request)
            && self.concerned(episode).iter().filter(|line| after(line)).count() >= self.at_least
    }
}

impl InterruptSurvival {
    /// The lines of the interrupts, if the rule is about them.
    fn concerned(&self, episode: &Episode) -> Vec<u64> {
        let signals =
            episode.events.iter().filter(|happened| matches!(&happened.event, Event::Signalled(signal) if signal.purpose == "interrupt"));
        let messages = episode.sent.iter().map(|&message| &episode.messages[message]).filter(|seen| seen.msg_type() == "interrupt_request");
        let mut lines: Vec<u64> = signals.map(|happened| happened.line).chain(messages.map(|seen| seen.line)).collect();
        lines.sort_unstable();
        if lines.len() < self.at_least {
            return Vec::new();
        }
        let Some(during) = &self.during else { return lines };
        let under_way: Vec<(u64, u64)> =
            during.select(episode).into_iter().filter_map(|sent| episode.request_of(sent)).map(|request| span(episode, request)).collect();
        lines.retain(|line| under_way.iter().any(|(from, to)| from < line && line < to));
        lines
    }
}

/// The lines between which a request was under way.
fn span(episode: &Episode, request: &Request) -> (u64, u64) {
    let end = request.reply().or(request.idle).map_or(u64::MAX, |message| episode.messages[message].line);
    (episode.asked(request).line, end)
}
