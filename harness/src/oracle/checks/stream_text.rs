//! `stream-text`: the text that code writes arrives whole.
//!
//! - `for`: the requests (a selector of messages to the kernel); those whose plan knows `stdout`, `stdout_repeat`, `stderr`, or `numbers`
//!   (each from 0 on, one a line), are looked at
//! - `want`: one of
//!   - `by-idle`: nothing of the text comes after idle; what never comes is a matter of `all`
//!   - `all`: nothing of the text is missing when the scenario is over
//!   - `whole`: all stream messages together, also those after idle, give the text and nothing else; that only its end is missing is a
//!     matter of `all`. What the kernel writes beside the whole text is
//!     milder as long as it is an exception
//!   - `lines`: as `whole`, however the lines end
//!
//! What an earlier request still owes and what comes with this one's parent is told of the earlier one, by `all`.
//!
//! Requests that ended otherwise than the plan says, may have been aborted, are odd, or are silent, tell nothing.

use std::collections::BTreeSet;

use super::Check;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::long_text::{Compared, Likeness, LongText};
use crate::oracle::params::Compiler;
use crate::oracle::repeats::Proviso;
use crate::oracle::report::Report;
use crate::oracle::request::Request;
use crate::oracle::seen::{Direction, Seen};
use crate::oracle::selector::Selector;
use crate::oracle::words::{difference, shorten};
use crate::spec::reader::Reader;
use crate::wire::{Channel, Json, Text};

/// The longest text that a plan may ask for by repetition, in bytes.
const LONGEST: u64 = 1 << 28;

/// A piece of a stream, with its message.
type Piece<'a> = (usize, &'a Text);

struct StreamText {
    requests: Selector,
    want: Want,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Want {
    ByIdle,
    All,
    Whole,
    Lines,
}

const NAMES: &[(&str, Want)] = &[("by-idle", Want::ByIdle), ("all", Want::All), ("whole", Want::Whole), ("lines", Want::Lines)];

/// Messages that ZeroMQ queues for a subscriber that does not read, unless it is told otherwise.
const QUEUE: usize = 1000;
/// How often a kernel may write words of its own beside a text before that is its way.
const EXCEPTIONS: u64 = 2;

/// The longest text that is looked for in another, in bytes.
const SEARCHED: usize = 1 << 20;

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let requests = reader.required("for").and_then(|item| compiler.selector(item, Direction::ToKernel));
    let item = reader.required("want")?;
    let name = item.clone().str()?;
    let Some((_, want)) = NAMES.iter().find(|(known, _)| *known == name) else {
        item.unknown("want", name, NAMES.iter().map(|(known, _)| *known));
        return None;
    };
    Some(Box::new(StreamText { requests: requests?, want: *want }))
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
    fn judge_stream(&self, episode: &Episode, request: &Request, name: &'static str, wanted: &LongText, report: &mut Report<'_>) {
        let Some(idle) = request.idle else { return };
        if !is_well_formed(episode, request) {
            return;
        }
        let mut stream = Stream { episode, request, name, wanted, pieces: pieces(episode, request, name) };
        if stream.is_on_other() {
            if self.want == Want::Whole {
                report.exercised();
                let other = other(name);
                report.deviation(episode, About::Request(request), &format!("{name} on {other}"), || {
                    format!("what was written to {name} came as {other}")
                });
            }
            return;
        }
        if matches!(self.want, Want::Whole | Want::Lines) && matches!(stream.likeness(), Likeness::Other | Likeness::More) {
            let late = late_text(episode, request, name);
            stream.pieces.retain(|(message, _)| !late.contains(message));
        }
        match self.want {
            Want::ByIdle => stream.judge_early(idle, report),
            Want::All => stream.judge_all(report),
            Want::Whole => stream.judge_whole(stream.likeness(), report),
            Want::Lines => {
                let lines: Vec<Text> = plain_lines(&joined(&stream.pieces)).split_inclusive('\n').map(Text::from).collect();
                let wanted = &LongText::from(plain_lines(&wanted.to_text()));
                let lines = Stream { wanted, pieces: lines.iter().map(|line| (idle, line)).collect(), ..stream };
                lines.judge_whole(compare(wanted, &lines.pieces), report);
            }
        }
    }
}

/// What came of a stream for a request, and what was wanted.
struct Stream<'a> {
    episode: &'a Episode,
    request: &'a Request,
    name: &'static str,
    wanted: &'a LongText,
    pieces: Vec<Piece<'a>>,
}

impl Stream<'_> {
    fn judge_early(&self, idle: usize, report: &mut Report<'_>) {
        let Self { episode, name, .. } = *self;
        let early: Vec<Piece<'_>> = self.pieces.iter().copied().filter(|(message, _)| *message < idle).collect();
        match self.likeness_of(&early) {
            // Text that was changed on its way is no matter of time.
            Likeness::Other => return,
            Likeness::Same | Likeness::More => return report.exercised(),
            Likeness::Begin => {}
        }
        let Some((first, _)) = self.pieces.iter().find(|(message, piece)| *message > idle && !piece.is_empty()) else {
            report.inconclusive();
            return;
        };
        report.exercised();
        let missing = self.wanted.characters().saturating_sub(characters(&early));
        let fate = if self.likeness() == Likeness::Same { "came after it" } else { "came after it in part, or changed" };
        report.deviation(episode, About::Messages(&[*first, idle]), name, || {
            format!("{missing} characters of {name} were missing at idle and {fate}")
        });
    }

    fn judge_all(&self, report: &mut Report<'_>) {
        let Self { episode, request, name, wanted, .. } = *self;
        if self.likeness() != Likeness::Begin {
            return report.exercised();
        }
        // What came inside of another message can't be read.
        let client = &episode.asked(request).client;
        if overflows(request) || episode.damage.iter().any(|damage| damage.client == *client && damage.channel == Channel::Iopub) {
            return report.inconclusive();
        }
        report.exercised();
        let (all, came) = (wanted.characters(), characters(&self.pieces));
        let fate = if is_elsewhere(episode, request, name, wanted, came) { "came with another parent" } else { "never came" };
        report.deviation(episode, About::Request(request), &format!("{name} missing"), || {
            format!("{} of {all} characters of {name} {fate}", all.saturating_sub(came))
        });
    }

    fn judge_whole(&self, likeness: Likeness, report: &mut Report<'_>) {
        let Self { episode, request, name, wanted, .. } = *self;
        let is_lossy = || overflows(request) && has_only_gaps(&self.pieces, &wanted.to_text());
        if likeness == Likeness::Begin || (likeness == Likeness::Other && is_lossy()) {
            report.inconclusive();
            return;
        }
        report.exercised();
        if likeness == Likeness::Same {
            return;
        }
        let last = request.iopub.iter().rev().find(|&&message| episode.messages[message].msg_type() == "stream").copied();
        let about = About::Message(last.or(request.idle).unwrap_or(request.sent));
        let whole = joined(&self.pieces);
        if let Some(beside) = beside(&whole, wanted) {
            let title = || format!("{name} holds more than was written: {:?}", shorten(beside.trim(), 80));
            let place = format!("{name} with other text");
            report.provisional(Proviso::times(EXCEPTIONS + 1), episode, about, &place, title);
            report.milder_deviation(episode, about, &place, title);
            return;
        }
        let kind = if likeness == Likeness::More { "with more" } else { "changed" };
        report.deviation(episode, about, &format!("{name} {kind}"), || {
            format!("the pieces of {name} do not give the text that was written: {}", difference(&whole, &wanted.to_text()))
        });
    }

    fn likeness(&self) -> Likeness {
        self.likeness_of(&self.pieces)
    }

    /// How some of its pieces are like what was wanted.
    fn likeness_of(&self, pieces: &[Piece<'_>]) -> Likeness {
        let messages = pieces.iter().map(|(message, _)| *message).collect();
        let compared = Compared { sent: self.request.sent, stream: self.name, pieces: messages };
        self.episode.comparisons.of(compared, || compare(self.wanted, pieces))
    }

    /// Whether nothing came on it, and the text came on the other one.
    fn is_on_other(&self) -> bool {
        if !self.pieces.is_empty() || self.wanted.is_empty() || self.wanted.is_longer_than(SEARCHED) {
            return false;
        }
        let other = joined(&pieces(self.episode, self.request, other(self.name)));
        // It may stand between the lines of what was written to that one.
        let (other, wanted) = (plain_lines(&other), plain_lines(&self.wanted.to_text()));
        other.contains(&wanted) || wanted.lines().all(|line| other.lines().any(|known| known == line))
    }
}

/// Whether it published more than a ZeroMQ queue holds. What a kernel sends faster than we are let to read is dropped, and no fault of its.
fn overflows(request: &Request) -> bool {
    request.iopub.len() >= QUEUE
}

/// Whether all pieces stand in the text, in this order, and only something between them is missing.
fn has_only_gaps(pieces: &[Piece<'_>], text: &str) -> bool {
    let mut rest = text;
    pieces.iter().all(|(_, piece)| {
        let found = rest.find(&***piece);
        rest = found.map_or("", |at| &rest[at + piece.len()..]);
        found.is_some()
    })
}

/// The pieces of a stream with this request as parent that go on with what an earlier one of the client still owed: late text of that one.
pub(super) fn late_text(episode: &Episode, request: &Request, name: &str) -> BTreeSet<usize> {
    let client = &episode.asked(request).client;
    let is_text = |seen: &Seen| seen.client == *client && seen.msg_type() == "stream" && seen.text("name") == Some(name);
    let mut late = BTreeSet::new();
    for earlier in episode.requests.iter().filter(|other| other.sent < request.sent && episode.asked(other).client == *client) {
        let text = expected(episode.asked(earlier), name).filter(|text| tells(episode, earlier) && !text.is_longer_than(SEARCHED));
        let Some(text) = text.map(|text| plain_lines(&text.to_text())) else { continue };
        let mut owed = text.as_str();
        for (message, seen) in episode.from_kernel().filter(|(message, seen)| *message > earlier.sent && is_text(seen)) {
            let Some(rest) = seen.text("text").and_then(|piece| owed.strip_prefix(&*plain_lines(piece))) else { continue };
            owed = rest;
            if request.iopub.contains(&message) {
                late.insert(message);
            }
        }
    }
    late
}

/// The pieces of a stream, each with its message.
fn pieces<'a>(episode: &'a Episode, request: &Request, name: &str) -> Vec<Piece<'a>> {
    let streams = request.iopub.iter().map(|&message| (message, &episode.messages[message]));
    streams
        .filter(|(_, seen)| seen.msg_type() == "stream" && seen.text("name") == Some(name))
        .filter_map(|(message, seen)| Some((message, seen.long_text("text")?)))
        .collect()
}

fn compare(wanted: &LongText, pieces: &[Piece<'_>]) -> Likeness {
    wanted.compare(pieces.iter().flat_map(|(_, piece)| piece.pieces()))
}

fn characters(pieces: &[Piece<'_>]) -> usize {
    pieces.iter().map(|(_, piece)| piece.characters()).sum()
}

fn joined(pieces: &[Piece<'_>]) -> String {
    pieces.iter().map(|(_, piece)| &***piece).collect()
}

/// Whether the text that is missing, after so many characters that came, stands in the streams that name another parent.
fn is_elsewhere(episode: &Episode, request: &Request, name: &str, wanted: &LongText, came: usize) -> bool {
    if wanted.is_longer_than(SEARCHED) {
        return false;
    }
    let client = &episode.asked(request).client;
    let missing: String = wanted.to_text().chars().skip(came).collect();
    // What another request was to write as well is its own.
    let is_own = |other: &Request| {
        let text = expected(episode.asked(other), name);
        text.is_some_and(|text| text.is_longer_than(SEARCHED) || text.to_text().contains(&missing))
    };
    let others = episode.from_kernel().filter(|(message, seen)| {
        let is_text = seen.client == *client && seen.msg_type() == "stream" && seen.text("name") == Some(name);
        is_text && *message > request.sent && !request.iopub.contains(message) && !episode.request_of(*message).is_some_and(is_own)
    });
    let found: String = others.filter_map(|(_, seen)| seen.text("text")).collect();
    plain_lines(&found).contains(&plain_lines(&missing))
}

fn other(name: &str) -> &'static str {
    if name == "stdout" { "stderr" } else { "stdout" }
}

/// The text with the line ends of Unix.
fn plain_lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// What stands beside the text that is wanted, or inside it at one place, where that is there whole and nothing of it is there twice: a
/// kernel's own words.
fn beside(whole: &str, wanted: &LongText) -> Option<String> {
    if wanted.is_empty() || wanted.is_longer_than(SEARCHED) {
        return None;
    }
    let wanted = wanted.to_text();
    let at = whole.find(&wanted);
    let rest = match at {
        Some(at) => [&whole[..at], &whole[at + wanted.len()..]].concat(),
        None => {
            let same = whole.chars().zip(wanted.chars()).take_while(|(found, wanted)| found == wanted);
            let begin = same.map(|(one, _)| one.len_utf8()).sum::<usize>();
            let inserted = whole[begin..].strip_suffix(&wanted[begin..])?;
            inserted.to_owned()
        }
    };
    let own = |line: &str| !line.trim().is_empty() && rest.contains(line.trim());
    (!rest.trim().is_empty() && !wanted.lines().any(own)).then_some(rest)
}

/// Whether all its stream messages have a name and a text; else other rules tell what is wrong.
fn is_well_formed(episode: &Episode, request: &Request) -> bool {
    let streams = request.iopub.iter().map(|&message| &episode.messages[message]).filter(|seen| seen.msg_type() == "stream");
    streams.into_iter().all(|seen| seen.long_text("text").is_some() && matches!(seen.text("name"), Some("stdout" | "stderr")))
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
