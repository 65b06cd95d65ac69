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
    fn judge_stream(&self, episode: &Episode, request: &Request, name: &str, wanted: &str, report: &mut Report<'_>) {
        let Some(idle) = request.idle else { return };
        if !is_well_formed(episode, request) {
            return;
        }
        let text = |until: usize| -> String {
            let streams = request.iopub.iter().filter(|&&message| message < until).map(|&message| &episode.messages[message]);
            streams
                .filter(|seen| seen.msg_type() == "stream" && seen.text("name") == Some(name))
                .filter_map(|seen| seen.text("text"))
                .collect()
        };
        let whole = text(usize::MAX);
        if self.by_idle {
            let early = text(idle);
            // Text that was changed on its way is no matter of time.
            if !wanted.starts_with(&early) {
                return;
            }
            report.exercised();
            if early != wanted {
                let missing = wanted.chars().count() - early.chars().count();
                let fate = if whole == wanted { "came after it" } else { "did not come before the scenario was over" };
                report.deviation(episode, About::Message(idle), name, || {
                    format!("{missing} characters of {name} were missing at idle and {fate}")
                });
            }
            return;
        }
        if whole != wanted && wanted.starts_with(&whole) {
            report.inconclusive();
            return;
        }
        report.exercised();
        if whole != wanted {
            let place = format!("{name} {}", kind_of(&whole, wanted));
            let about =
                request.iopub.iter().rev().find(|&&message| episode.messages[message].msg_type() == "stream").copied().unwrap_or(idle);
            report.deviation(episode, About::Message(about), &place, || {
                format!("the pieces of {name} do not give the text that was written: {}", difference(&whole, wanted))
            });
        }
    }
}

/// Whether all its stream messages have a name and a text; else other rules tell what is wrong.
fn is_well_formed(episode: &Episode, request: &Request) -> bool {
    let streams = request.iopub.iter().map(|&message| &episode.messages[message]).filter(|seen| seen.msg_type() == "stream");
    streams.into_iter().all(|seen| seen.text("text").is_some() && matches!(seen.text("name"), Some("stdout" | "stderr")))
}

fn kind_of(found: &str, wanted: &str) -> &'static str {
    if found.starts_with(wanted) { "with more" } else { "changed" }
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
fn expected(asked: &Seen, name: &str) -> Option<String> {
    if let Some(text) = asked.facts.get(name) {
        return text.as_str().map(str::to_owned);
    }
    if let Some(numbers) = asked.facts.get("numbers").and_then(|numbers| numbers.as_u64()).filter(|_| name == "stdout") {
        return Some((0..numbers.min(LONGEST / 8)).map(|number| format!("{number}\n")).collect());
    }
    let repeat = asked.facts.get(&format!("{name}_repeat"))?;
    let (text, times) = (repeat.get("text")?.as_str()?, repeat.get("times")?.as_u64()?);
    let then = repeat.get("then").and_then(|then| then.as_str()).unwrap_or("");
    let times = usize::try_from(times.min(LONGEST / text.len().max(1) as u64)).ok()?;
    Some(text.repeat(times) + then)
}
