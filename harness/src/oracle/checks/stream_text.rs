//! `stream-text`: the text that code writes arrives whole.
//!
//! - `for`: the requests (a selector of messages to the kernel); those whose plan knows `stdout`, `stdout_repeat`, `stderr`, or `numbers`
//!   (each from 0 on, one a line), are looked at
//! - `want`: `by-idle` (nothing of the text is missing at idle), or `whole` (all stream messages together, also those after idle, give the text and
//!   nothing else; that only its end is missing is a matter of `by-idle`)
//!
//! Requests that ended otherwise than the plan says, may have been aborted, are odd, or are silent, tell nothing.

use super::Check;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::long_text::{Likeness, LongText};
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::request::Request;
use crate::oracle::seen::{Direction, Seen};
use crate::oracle::selector::Selector;
use crate::oracle::words::difference;
use crate::spec::reader::Reader;
use crate::wire::Json;

/// The longest text that a plan may ask for by repetition, in bytes.
const LONGEST: u64 = 1 << 28;

struct StreamText {
    requests: Selector,
    by_idle: bool,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let requests = reader.required("for").and_then(|item| compiler.selector(item, Direction::ToKernel));
    let want = reader.required("want")?;
    let by_idle = match want.clone().str()? {
        "whole" => false,
        "by-idle" => true,
        other => {
            want.unknown("want", other, ["whole", "by-idle"]);
            return None;
        }
    };
    Some(Box::new(StreamText { requests: requests?, by_idle }))
}

impl Check for StreamText {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        for sent in self.requests.select(episode) {
            let Some(request) = episode.request_of(sent) else { continue };
            for name in ["stdout", "stderr"] {
                let Some(wanted) = expected(episode.asked(request), name) else { continue };
                if tells(episode, request) {
                    self.judge_stream(episode, request, name, &wanted, report);
                } else {
                    report.inconclusive();
                }
            }
        }
    }
}

impl StreamText {
    fn judge_stream(&self, episode: &Episode, request: &Request, name: &str, wanted: &LongText, report: &mut Report<'_>) {
        let Some(idle) = request.idle else { return };
        if !is_well_formed(episode, request) {
            return;
        }
        let streams = request.iopub.iter().map(|&message| (message, &episode.messages[message]));
        let whole: Vec<(usize, &str)> = streams
            .filter(|(_, seen)| seen.msg_type() == "stream" && seen.text("name") == Some(name))
            .filter_map(|(message, seen)| Some((message, seen.text("text")?)))
            .collect();
        if self.by_idle {
            Self::judge_early(episode, idle, name, wanted, &whole, report);
        } else {
            Self::judge_whole(episode, request, name, wanted, &whole, report);
        }
    }

    fn judge_early(episode: &Episode, idle: usize, name: &str, wanted: &LongText, whole: &[(usize, &str)], report: &mut Report<'_>) {
        let pieces = || whole.iter().map(|(_, piece)| *piece);
        let early = || whole.iter().filter(|(message, _)| *message < idle).map(|(_, piece)| *piece);
        // Text that was changed on its way is no matter of time.
        if wanted.compare(early()) == Likeness::Other {
            return;
        }
        report.exercised();
        if wanted.compare(early()) != Likeness::Same {
            let missing = wanted.characters() - early().map(|piece| piece.chars().count()).sum::<usize>();
            let fate =
                if wanted.compare(pieces()) == Likeness::Same { "came after it" } else { "did not come before the scenario was over" };
            report.deviation(episode, About::Message(idle), name, || {
                format!("{missing} characters of {name} were missing at idle and {fate}")
            });
        }
    }

    fn judge_whole(episode: &Episode, request: &Request, name: &str, wanted: &LongText, whole: &[(usize, &str)], report: &mut Report<'_>) {
        let likeness = wanted.compare(whole.iter().map(|(_, piece)| *piece));
        if likeness == Likeness::Begin {
            report.inconclusive();
            return;
        }
        report.exercised();
        if likeness == Likeness::Same {
            return;
        }
        let kind = if likeness == Likeness::More { "with more" } else { "changed" };
        let streams = || request.iopub.iter().rev().find(|&&message| episode.messages[message].msg_type() == "stream").copied();
        let about = streams().or(request.idle).unwrap_or(request.sent);
        report.deviation(episode, About::Message(about), &format!("{name} {kind}"), || {
            let whole: String = whole.iter().map(|(_, piece)| *piece).collect();
            format!("the pieces of {name} do not give the text that was written: {}", difference(&whole, &wanted.to_text()))
        });
    }
}

/// Whether all its stream messages have a name and a text; else other rules tell what is wrong.
fn is_well_formed(episode: &Episode, request: &Request) -> bool {
    let streams = request.iopub.iter().map(|&message| &episode.messages[message]).filter(|seen| seen.msg_type() == "stream");
    streams.into_iter().all(|seen| seen.text("text").is_some() && matches!(seen.text("name"), Some("stdout" | "stderr")))
}

/// Whether the code ran as the plan says, and the client saw all of it.
fn tells(episode: &Episode, request: &Request) -> bool {
    let asked = episode.asked(request);
    let as_planned = match episode.status_of(request) {
        "ok" => true,
        "error" => asked.facts.contains_key("ename"),
        _ => false,
    };
    let plain = !request.maybe_aborted && !asked.facts.contains_key("odd");
    as_planned && plain && request.is_over() && asked.field("silent") != Some(&Json::Bool(true))
}

/// The text that the plan says is written to a stream.
fn expected(asked: &Seen, name: &str) -> Option<LongText> {
    if let Some(text) = asked.facts.get(name) {
        return text.as_str().map(|text| LongText::from(text.to_owned()));
    }
    if let Some(numbers) = asked.facts.get("numbers").and_then(|numbers| numbers.as_u64()).filter(|_| name == "stdout") {
        return Some(LongText::from((0..numbers.min(LONGEST / 8)).map(|number| format!("{number}\n")).collect::<String>()));
    }
    let repeat = asked.facts.get(&format!("{name}_repeat"))?;
    let (text, times) = (repeat.get("text")?.as_str()?, repeat.get("times")?.as_u64()?);
    let then = repeat.get("then").and_then(|then| then.as_str()).unwrap_or("");
    let times = usize::try_from(times.min(LONGEST / text.len().max(1) as u64)).ok()?;
    Some(LongText::repeated(text, times, then))
}
