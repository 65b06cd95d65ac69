//! `signal-exit`: a signal ends the process.
//!
//! - `signal`: its name, such as `SIGTERM`; only signals that a scenario sends count
//! - `within`: seconds from the signal to the end
//!
//! What the kernel sends, or answers to probes, later than that shows that it lives.

use super::Check;
use super::response::seconds_between;
use crate::oracle::episode::{Episode, Happened};
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::seen::Direction;
use crate::spec::reader::{Item, Reader};
use crate::trace::Event;

struct SignalExit {
    signal: String,
    within: f64,
}

pub(super) fn compile(reader: &Reader<'_>, _: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let signal = reader.required("signal").and_then(Item::string);
    let within = reader.required("within").and_then(Item::seconds);
    Some(Box::new(SignalExit { signal: signal?, within: within? }))
}

impl Check for SignalExit {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        let is_it = |happened: &&Happened| matches!(&happened.event, Event::Signalled(signal) if signal.signal == self.signal && signal.purpose == "scenario");
        let Some(sent) = episode.events.iter().find(is_it) else { return };
        let exit = episode.exit().filter(|(happened, _)| happened.line > sent.line).map(|(happened, _)| happened.t);
        let end = exit.into_iter().chain(last_sign_of_life(episode)).max();
        let within = episode.kernel.allow(self.within);
        let late = end.map(|end| seconds_between(sent.t, end)).filter(|seconds| *seconds > within);
        match (late, exit) {
            (Some(seconds), _) => {
                report.exercised();
                let signal = &self.signal;
                let state = if is_busy(episode, sent.line) { "busy" } else { "idle" };
                report.deviation(episode, About::Line(sent.line), state, || {
                    format!(
                        "the process, {state} at the time, still lived {seconds:.1} s after {signal}, wanted gone within {within:.1} s",
                    )
                });
            }
            (None, Some(_)) => report.exercised(),
            (None, None) => report.inconclusive(),
        }
    }
}

/// When the kernel last sent something.
fn last_sign_of_life(episode: &Episode) -> Option<u64> {
    let messages = episode.from_kernel().map(|(_, seen)| seen.t);
    let echoes = episode.beats.iter().filter(|beat| beat.direction == Direction::ToClient).map(|beat| beat.t);
    messages.chain(echoes).max()
}

fn is_busy(episode: &Episode, line: u64) -> bool {
    let is_before = |message: usize| episode.messages[message].line < line;
    episode
        .requests
        .iter()
        .any(|request| episode.type_of(request) == "execute_request" && is_before(request.sent) && !request.reply().is_some_and(is_before))
}
