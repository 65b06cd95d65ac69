//! `interrupt-prompt`: a cell ends soon after it was interrupted.
//!
//! - `for`: the cells (a selector of messages to the kernel)
//! - `within`: seconds from the interrupt, by signal or by `interrupt_request`, to the reply; without it any time will do
//! - `owns`: the rule answers for a reply that never came after an interrupt
//!
//! A cell that was over before the interrupt tells nothing.

use super::Check;
use super::response::seconds_between;
use super::shape::name_of;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::request::Request;
use crate::oracle::seen::Direction;
use crate::oracle::selector::Selector;
use crate::spec::reader::{Item, Reader};
use crate::trace::{Event, Expectation};

struct InterruptPrompt {
    cells: Selector,
    within: Option<f64>,
    owns: bool,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let cells = compiler.selector(reader.required("for")?, Direction::ToKernel)?;
    let within = match reader.optional("within") {
        Some(item) => Some(item.seconds()?),
        None => None,
    };
    let owns = reader.optional("owns").and_then(Item::bool).unwrap_or(false);
    Some(Box::new(InterruptPrompt { cells, within, owns }))
}

impl Check for InterruptPrompt {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        for sent in self.cells.select(episode) {
            let Some(request) = episode.request_of(sent).filter(|request| !request.shared_id) else { continue };
            let Some(interrupted) = first_interrupt(episode, request) else { continue };
            let name = name_of(episode, sent);
            match request.reply() {
                Some(reply) if episode.messages[reply].t >= interrupted => {
                    report.exercised();
                    let seconds = seconds_between(interrupted, episode.messages[reply].t);
                    let Some(within) = self.within.map(|within| episode.kernel.allow(within)).filter(|within| seconds > *within) else {
                        continue;
                    };
                    report.deviation(episode, About::Messages(&[reply, sent]), &format!("{name} late"), || {
                        format!("the {name} ended {seconds:.1} s after it was interrupted, wanted within {within:.1} s")
                    });
                }
                Some(_) => {}
                None if self.owns && report.may_miss(episode, request, Expectation::Reply, true) => {
                    report.exercised();
                    report.deviation(episode, About::Request(request), &format!("{name} never"), || {
                        format!("the {name} did not end after it was interrupted")
                    });
                }
                None => report.inconclusive(),
            }
        }
    }

    fn owns(&self, episode: &Episode, request: &Request, what: Expectation) -> bool {
        self.owns && what == Expectation::Reply && self.cells.matches(episode, request.sent) && first_interrupt(episode, request).is_some()
    }
}

/// When the kernel was first interrupted after it had been sent the request.
fn first_interrupt(episode: &Episode, request: &Request) -> Option<u64> {
    let line = episode.asked(request).line;
    let signals =
        episode.events.iter().filter(|happened| matches!(&happened.event, Event::Signalled(signal) if signal.purpose == "interrupt"));
    let signals = signals.map(|happened| (happened.line, happened.t));
    let messages = episode
        .sent
        .iter()
        .map(|&message| &episode.messages[message])
        .filter(|seen| seen.msg_type() == "interrupt_request")
        .map(|seen| (seen.line, seen.t));
    signals.chain(messages).filter(|(at, _)| *at > line).min().map(|(_, t)| t)
}
