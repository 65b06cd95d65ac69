//! `history`: what a kernel says was run, against what was.
//!
//! - `want`: one of
//!   - `tail`: at most `n` entries, the latest last; with the plan's `words` in the last ones
//!   - `range`: line numbers from `start` up to, and without, `stop`; where the plan knows `lines`, just these
//!   - `search`: inputs that match the pattern, in which `*` stands for any text and `?` for one character; with the plan's `words` in the last ones
//!   - `unique`: no input twice
//!   - `without`: none of what was run by the requests of `of` since it was
//! - `of`: the requests of `without` (a selector of messages to the kernel): executions, or others whose code is never run
//! - `by`: only these requests for the history (a selector)
//!
//! Inputs are compared without line ends at their end. Session numbers are not: kernels count sessions in ways of their own. An empty
//! list tells nothing, since a kernel may keep no history.

use std::collections::BTreeSet;

use super::Check;
use super::counter::in_subshell;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::request::Request;
use crate::oracle::seen::{Direction, Seen};
use crate::oracle::selector::Selector;
use crate::oracle::words::shorten;
use crate::spec::reader::Reader;
use crate::wire::Json;

struct History {
    want: Want,
    of: Option<Selector>,
    by: Option<Selector>,
    life: u32,
    run: Run,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Want {
    Tail,
    Range,
    Search,
    Unique,
    Without,
}

const NAMES: &[(&str, Want)] =
    &[("tail", Want::Tail), ("range", Want::Range), ("search", Want::Search), ("unique", Want::Unique), ("without", Want::Without)];

/// What was run in this life, as far as it bears on history.
#[derive(Default)]
struct Run {
    /// The latest code that is in the history for certain; `None` if something uncertain came after it.
    latest: Option<String>,
    /// How many may be in the history.
    stored: usize,
    /// What must not be.
    left_out: BTreeSet<String>,
    /// What may be.
    kept: BTreeSet<String>,
    /// Whether any entry was ever given.
    any: bool,
    /// Counts and codes of what may be in the history.
    counted: BTreeSet<(i64, String)>,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let item = reader.required("want")?;
    let name = item.clone().str()?;
    let Some((_, want)) = NAMES.iter().find(|(known, _)| *known == name) else {
        item.unknown("want", name, NAMES.iter().map(|(known, _)| *known));
        return None;
    };
    let of = match reader.optional("of") {
        Some(item) => Some(compiler.selector(item, Direction::ToKernel)?),
        None => None,
    };
    if (*want == Want::Without) != of.is_some() {
        reader.mistake("`without`, and nothing else, needs `of`");
        return None;
    }
    let by = match reader.optional("by") {
        Some(item) => Some(compiler.selector(item, Direction::ToKernel)?),
        None => None,
    };
    Some(Box::new(History { want: *want, of, by, life: 0, run: Run::default() }))
}

impl Check for History {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        if self.life != episode.kernel.life {
            (self.life, self.run) = (episode.kernel.life, Run::default());
        }
        let entries = |request: &Request| request.reply().and_then(|reply| episode.messages[reply].field("history")?.as_array());
        self.run.any |= episode.requests.iter().any(|request| entries(request).is_some_and(|entries| !entries.is_empty()));
        // Of executions that ran side by side nobody can tell which is the latest.
        let in_order = !episode.requests.iter().any(|request| request.interleaved);
        for request in &episode.requests {
            match episode.type_of(request) {
                "execute_request" => self.run(episode, request, in_order),
                "history_request" if self.by.as_ref().is_none_or(|by| by.matches(episode, request.sent)) => {
                    self.judge_reply(episode, request, report)
                }
                _ if self.of.as_ref().is_some_and(|of| of.matches(episode, request.sent)) => self.run.leave_out(code_of(episode, request)),
                _ => {}
            }
        }
    }
}

impl History {
    fn run(&mut self, episode: &Episode, request: &Request, in_order: bool) {
        let asked = episode.asked(request);
        let code = code_of(episode, request);
        let flag = |name: &str, value: bool| asked.field(name) == Some(&Json::Bool(value));
        let kept_out = flag("silent", true) || flag("store_history", false) || episode.status_of(request) == "aborted";
        let selected = self.of.as_ref().is_some_and(|of| of.matches(episode, request.sent));
        if kept_out || selected {
            if selected {
                self.run.leave_out(code);
            }
            return;
        }
        self.run.stored += 1;
        let well_known = !code.trim().is_empty() && !in_subshell(asked) && code == code.trim();
        let certain = request.honest && episode.status_of(request) == "ok" && well_known && in_order;
        self.run.latest = certain.then(|| code.clone());
        self.run.left_out.remove(&code);
        let count = request.reply().and_then(|reply| episode.messages[reply].field("execution_count")?.as_i64());
        self.run.counted.extend(count.map(|count| (count, code.clone())));
        self.run.kept.insert(code);
    }

    fn judge_reply(&self, episode: &Episode, request: &Request, report: &mut Report<'_>) {
        let asked = episode.asked(request);
        let Some(reply) = request.reply().filter(|_| request.honest && !request.shared_id) else { return };
        let Some(entries) = episode.messages[reply].field("history").and_then(Json::as_array) else { return };
        let inputs: Vec<String> = entries.iter().filter_map(input).collect();
        let too_few = entries.is_empty() && !(self.run.any && self.want == Want::Search);
        if too_few || inputs.len() < entries.len() {
            report.inconclusive();
            return;
        }
        if matches!(self.want, Want::Tail | Want::Search) && self.is_shared(entries) {
            report.inconclusive();
            return;
        }
        let access = asked.text("hist_access_type").unwrap_or("");
        let number = |name: &str| asked.field(name).and_then(Json::as_i64);
        let problem = match (self.want, access) {
            (Want::Tail, "tail") => self.tail(episode, request, &inputs, number("n")).or_else(|| words(asked, &inputs)),
            (Want::Range, "range") => range(entries, number("start"), number("stop")).or_else(|| lines(asked, entries)),
            (Want::Search, "search") => search(asked, &inputs).or_else(|| words(asked, &inputs)),
            (Want::Unique, "search") if asked.field("unique") == Some(&Json::Bool(true)) => unique(&inputs),
            (Want::Without, "tail" | "range") => self.without(&inputs),
            _ => return,
        };
        report.exercised();
        if let Some((place, problem)) = problem {
            report.deviation(episode, About::Message(reply), place, || format!("the history by {access} {problem}"));
        }
    }

    /// Whether the last entry is none of this life's, though others are: kernels that run at the same time may share one history.
    fn is_shared(&self, entries: &[Json]) -> bool {
        let own = |entry: &Json| {
            let line = entry.as_array().and_then(|entry| entry.get(1)?.as_i64());
            line.zip(input(entry)).is_some_and(|known| self.run.counted.contains(&known))
        };
        entries.iter().any(own) && !entries.last().is_some_and(own)
    }

    fn tail(&self, episode: &Episode, request: &Request, inputs: &[String], n: Option<i64>) -> Option<Problem> {
        let most = n.and_then(|n| usize::try_from(n).ok());
        if let Some(most) = most.filter(|&most| inputs.len() > most) {
            return Some(("too long", format!("has {} entries where at most {most} were asked for", inputs.len())));
        }
        let raw = episode.asked(request).field("raw") == Some(&Json::Bool(true));
        let (latest, found) = (self.run.latest.as_ref().filter(|_| raw && is_in_order(episode, request))?, inputs.last()?);
        (found != latest).then(|| {
            let place = if inputs.first() == Some(latest) { "newest first" } else { "without the latest" };
            (place, format!("ends with {:?}, the latest input is {:?}", shorten(found, 40), shorten(latest, 40)))
        })
    }

    /// Looks only at as many entries as this life can have made: a kernel may remember earlier ones, with the same code.
    fn without(&self, inputs: &[String]) -> Option<Problem> {
        let recent = &inputs[inputs.len().saturating_sub(self.run.stored)..];
        let found = recent.iter().find(|input| self.run.left_out.contains(*input))?;
        Some(("holds what it must not", format!("holds {:?}, which was run in a way that keeps it out", shorten(found, 40))))
    }
}

impl Run {
    /// Takes notice of code that must not be in the history, unless the same code may be for another reason.
    fn leave_out(&mut self, code: String) {
        if !code.trim().is_empty() && !self.kept.contains(&code) {
            self.left_out.insert(code);
        }
    }
}

/// The code of a request, as it is compared.
fn code_of(episode: &Episode, request: &Request) -> String {
    episode.asked(request).text("code").unwrap_or("").trim_end_matches('\n').to_owned()
}

/// Whether no execution was under way between the question and its answer that may be before or behind it: another client's, or one that is
/// answered later though it was sent before.
fn is_in_order(episode: &Episode, request: &Request) -> bool {
    let line = |message: Option<usize>| message.map_or(u64::MAX, |message| episode.messages[message].line);
    let asked = episode.asked(request);
    let is_beside = |other: &Request| {
        let (sent, answered) = (episode.asked(other), line(other.reply()));
        let overlaps = sent.line < line(request.reply()) && asked.line < answered;
        let is_overtaken = sent.line < asked.line && line(request.reply()) < answered;
        if sent.client == asked.client { is_overtaken } else { overlaps }
    };
    !episode.requests.iter().any(|other| episode.type_of(other) == "execute_request" && is_beside(other))
}

/// A place, and what is wrong.
type Problem = (&'static str, String);

/// The input of an entry: its third item, or the first of that.
fn input(entry: &Json) -> Option<String> {
    let third = entry.as_array()?.get(2)?;
    let text = third.as_str().or_else(|| third.as_array()?.first()?.as_str())?;
    Some(text.trim_end_matches('\n').to_owned())
}

fn range(entries: &[Json], start: Option<i64>, stop: Option<i64>) -> Option<Problem> {
    let line = |entry: &Json| entry.as_array()?.get(1)?.as_i64();
    let outside = |line: &i64| start.is_some_and(|start| *line < start) || stop.is_some_and(|stop| *line >= stop);
    let found = entries.iter().filter_map(line).find(outside)?;
    let bound = |bound: Option<i64>| bound.map_or_else(|| "the end".to_owned(), |bound| bound.to_string());
    Some(("outside the range", format!("has line {found}, asked for were {} up to {}", bound(start), bound(stop))))
}

/// Whether the line numbers are those that the plan knows of: a session of its own has no others.
fn lines(asked: &Seen, entries: &[Json]) -> Option<Problem> {
    let wanted: Vec<i64> = asked.facts.get("lines")?.as_array()?.iter().filter_map(|line| line.as_i64()).collect();
    let found: Vec<i64> = entries.iter().filter_map(|entry| entry.as_array()?.get(1)?.as_i64()).collect();
    (found != wanted).then(|| ("other lines", format!("has the lines {found:?}, wanted {wanted:?}")))
}

/// Whether the last inputs hold, one after the other, the words that the plan knows of.
fn words(asked: &Seen, inputs: &[String]) -> Option<Problem> {
    let wanted: Vec<&str> = asked.facts.get("words")?.as_array()?.iter().filter_map(|word| word.as_str()).collect();
    let last = &inputs[inputs.len().saturating_sub(wanted.len())..];
    let holds = last.len() == wanted.len() && last.iter().zip(&wanted).all(|(input, word)| input.contains(word));
    (!holds).then(|| {
        (
            "other inputs",
            format!("ends with {:?}, wanted inputs with {wanted:?}", last.iter().map(|input| shorten(input, 40)).collect::<Vec<_>>()),
        )
    })
}

fn search(asked: &Seen, inputs: &[String]) -> Option<Problem> {
    // Brackets are a set of characters to some and themselves to others.
    let pattern = asked.text("pattern").filter(|pattern| !pattern.contains('['))?;
    let found = inputs.iter().find(|input| !glob(pattern.trim_end_matches('\n'), input))?;
    Some(("no match", format!("for {pattern:?} holds {:?}, which does not match", shorten(found, 40))))
}

fn unique(inputs: &[String]) -> Option<Problem> {
    let mut known = BTreeSet::new();
    let found = inputs.iter().find(|input| !known.insert(*input))?;
    Some(("twice", format!("holds {:?} twice, though unique was asked for", shorten(found, 40))))
}

/// Whether a whole text matches a pattern of `*` and `?`.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut in_text, mut star) = (0, 0, None);
    while in_text < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, in_text));
                at += 1;
            }
            Some(&one) if one == '?' || one == text[in_text] => {
                at += 1;
                in_text += 1;
            }
            _ => {
                let Some((star_at, from)) = star else { return false };
                star = Some((star_at, from + 1));
                (at, in_text) = (star_at + 1, from + 1);
            }
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn a_pattern_matches_the_whole_text() {
        let cases = [
            ("1*", "1 + 1", true),
            ("1", "1 + 1", false),
            ("?", "a", true),
            ("?", "ab", false),
            ("*+*", "1 + 1", true),
            ("*", "", true),
            ("a*b*c", "aXbYbZc", true),
            ("(*\\", "(x\\", true),
        ];
        for (pattern, text, wanted) in cases {
            assert_eq!(glob(pattern, text), wanted, "{pattern} on {text}");
        }
    }
}
