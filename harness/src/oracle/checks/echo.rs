//! `echo`: heartbeat bytes come back.
//!
//! - `while`: `busy`, to look only at heartbeats sent while an execution was going on
//! - `bytes`: `other`, to look only at bytes other than `ping`; the rule answers for those whose echo alone never came
//! - `want`: `any`, to ask only for an echo, whatever it holds; with `bytes`, the rule answers for those after which no heartbeat is echoed
//!
//! An echo must come, and be equal byte for byte. How soon is a matter of `echo-time`.

use super::Check;
use crate::oracle::episode::{Beat, Episode};
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::seen::Direction;
use crate::spec::reader::Reader;
use crate::trace::{Event, Expectation, Why};
use crate::wire::{Body, Channel};

struct Echo {
    busy: bool,
    other: bool,
    any: bool,
}

pub(super) fn compile(reader: &Reader<'_>, _: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let word = |key: &'static str, known: &'static str| match reader.optional(key) {
        None => Some(false),
        Some(item) => {
            let word = item.clone().str()?;
            if word != known {
                item.unknown("word", word, [known]);
                return None;
            }
            Some(true)
        }
    };
    let (busy, other, any) = (word("while", "busy")?, word("bytes", "other")?, word("want", "any")?);
    Some(Box::new(Echo { busy, other, any }))
}

impl Check for Echo {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        for (beat, answer) in exchanges(episode) {
            if (self.other && is_ping(beat)) || (self.busy && !is_busy(episode, beat.line)) {
                continue;
            }
            match answer {
                Answer::Prompt(answer) => self.judge_answer(episode, beat, answer, report),
                Answer::Late => report.inconclusive(),
                Answer::None => self.judge_silence(episode, beat, report),
            }
        }
    }

    fn owns_echo(&self, episode: &Episode, beat: usize) -> bool {
        let beat = &episode.beats[beat];
        self.other && is_odd(beat) && self.any == is_lost(episode, beat.line)
    }
}

/// What came for a heartbeat.
enum Answer<'a> {
    /// An echo before the next heartbeat of the client.
    Prompt(&'a Beat),
    /// Its own bytes, after that: how late is a matter of other checks.
    Late,
    None,
}

/// Each heartbeat with what came for it. A socket has one question open at a time, so that what arrives is the answer to the last; but
/// it may be the late echo of an earlier one, by its bytes.
fn exchanges(episode: &Episode) -> Vec<(&Beat, Answer<'_>)> {
    let mut exchanges: Vec<(&Beat, Answer<'_>)> = Vec::new();
    for beat in &episode.beats {
        if beat.direction == Direction::ToKernel {
            exchanges.push((beat, Answer::None));
            continue;
        }
        let asked = exchanges.iter().rposition(|(asked, _)| asked.client == beat.client);
        let last = asked.filter(|&last| matches!(exchanges[last].1, Answer::None));
        let is_own = |(asked, answer): &(&Beat, Answer<'_>)| {
            asked.client == beat.client && asked.frames == beat.frames && matches!(answer, Answer::None)
        };
        let own = last.filter(|&last| is_own(&exchanges[last])).or_else(|| exchanges.iter().position(is_own));
        match (own, last) {
            (Some(own), last) if Some(own) != last => exchanges[own].1 = Answer::Late,
            (_, Some(last)) => exchanges[last].1 = Answer::Prompt(beat),
            (_, None) => {}
        }
    }
    exchanges
}

/// Whether a kernel that takes its heartbeats for more than bytes may stumble over these.
fn is_odd(beat: &Beat) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b' ';
    !matches!(beat.frames.as_slice(), [frame] if !frame.is_empty() && frame.iter().all(is_plain))
}

/// Whether no heartbeat was echoed after this line, not even that of the probes.
pub(super) fn is_lost(episode: &Episode, line: u64) -> bool {
    let echoes = |event: &Event| matches!(event, Event::Probed(probe) if probe.channel == Channel::Heartbeat && probe.answered);
    !episode.events.iter().any(|happened| happened.line > line && echoes(&happened.event))
}

fn is_ping(beat: &Beat) -> bool {
    matches!(beat.frames.as_slice(), [frame] if **frame == *b"ping")
}

impl Echo {
    fn judge_answer(&self, episode: &Episode, beat: &Beat, answer: &Beat, report: &mut Report<'_>) {
        report.exercised();
        if answer.frames != beat.frames && !self.any {
            let size = |beat: &Beat| beat.frames.iter().map(Body::len).sum::<usize>();
            report.deviation(episode, About::Line(answer.line), "changed", || {
                format!("{} heartbeat bytes came back as {} bytes that are not the same", size(beat), size(answer))
            });
        }
    }

    fn judge_silence(&self, episode: &Episode, beat: &Beat, report: &mut Report<'_>) {
        let gave_up = |happened: &&crate::oracle::Happened| {
            let waited = |settled: &crate::trace::Settled| {
                settled.missing.contains(&Expectation::Echo) && settled.why == Why::Deadline && settled.client == *beat.client
            };
            happened.line > beat.line && matches!(&happened.event, Event::Settled(settled) if waited(settled))
        };
        let gave_up = episode.events.iter().find(gave_up);
        match gave_up {
            Some(happened) if !report.blame.is_echo_taken() && !report.blame.is_halted(happened.line) => {
                report.exercised();
                report.deviation(episode, About::Line(beat.line), "silent", || {
                    format!("a heartbeat of client {} was not echoed", beat.client)
                });
            }
            _ => report.inconclusive(),
        }
    }
}

/// Whether an execution was going on at this line.
fn is_busy(episode: &Episode, line: u64) -> bool {
    episode.requests.iter().any(|request| {
        let ended = request.reply().is_some_and(|reply| episode.messages[reply].line < line);
        episode.type_of(request) == "execute_request" && episode.asked(request).line < line && !ended
    })
}
