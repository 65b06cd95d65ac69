//! `absence`: messages of a set never come.
//!
//! - `of`: the messages that must not come (a selector)
//! - `for`: the requests in whose course they must not come (a selector of messages to the kernel); without it they must not come at all
//! - `after`: only those after the first such message of the request
//! - `before`: only those before the first such message of the request
//! - `answered = true`: only those that come after all that the request is owed
//! - `milder`: messages of `of` that give a warning at most (a selector)

use super::Check;
use super::shape::name_of;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::request::Request;
use crate::oracle::seen::Direction;
use crate::oracle::selector::Selector;
use crate::spec::reader::{Item, Reader};
use crate::trace::Why;

struct Absence {
    of: Selector,
    requests: Option<Selector>,
    after: Option<Selector>,
    before: Option<Selector>,
    answered: bool,
    milder: Option<Selector>,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let of = compiler.selector(reader.required("of")?, Direction::ToClient)?;
    let selector = |key: &'static str, from| match reader.optional(key) {
        Some(item) => compiler.selector(item, from).map(Some),
        None => Some(None),
    };
    let requests = selector("for", Direction::ToKernel);
    let (after, before, milder) =
        (selector("after", Direction::ToClient), selector("before", Direction::ToClient), selector("milder", Direction::ToClient));
    let answered = reader.optional("answered").and_then(Item::bool).unwrap_or(false);
    let check = Absence { of, requests: requests?, after: after?, before: before?, answered, milder: milder? };
    if check.requests.is_none() && (check.after.is_some() || check.before.is_some() || check.answered) {
        reader.mistake("`after`, `before` and `answered` need the requests of `for`");
        return None;
    }
    Some(Box::new(check))
}

impl Check for Absence {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        match &self.requests {
            Some(requests) => {
                for sent in requests.select(episode) {
                    if let Some(request) = episode.request_of(sent) {
                        self.judge_request(episode, request, report);
                    }
                }
            }
            None => self.judge_all(episode, report),
        }
    }
}

impl Absence {
    fn judge_request(&self, episode: &Episode, request: &Request, report: &mut Report<'_>) {
        let mut messages: Vec<usize> =
            [&request.replies, &request.iopub, &request.inputs, &request.misrouted].into_iter().flatten().copied().collect();
        messages.sort_unstable();
        let first = |selector: &Option<Selector>| selector.as_ref().map(|selector| selector.among(episode, &messages).next());
        let from = match first(&self.after) {
            Some(None) => return,
            Some(Some(after)) => after + 1,
            None => 0,
        };
        let until = first(&self.before).flatten().unwrap_or(usize::MAX);
        let since = match (&request.settled, self.answered) {
            (_, false) => 0,
            (Some((line, settled)), true) if settled.why == Why::Answered => *line,
            _ => u64::MAX,
        };
        let bears = |message: &usize| *message >= from && *message < until && episode.messages[*message].line > since;
        for message in self.of.among(episode, &messages).filter(bears) {
            self.broken(episode, message, Some(request), report);
        }
        if request.is_over() || !request.replies.is_empty() {
            report.exercised();
        } else if !messages.is_empty() {
            report.inconclusive();
        }
    }

    fn judge_all(&self, episode: &Episode, report: &mut Report<'_>) {
        let bears = |seen: &&crate::oracle::Seen| self.of.channels.is_empty() || self.of.channels.contains(&seen.channel);
        for _ in episode.from_kernel().map(|(_, seen)| seen).filter(bears) {
            report.exercised();
        }
        for message in self.of.select(episode) {
            self.broken(episode, message, None, report);
        }
    }

    fn broken(&self, episode: &Episode, message: usize, request: Option<&Request>, report: &mut Report<'_>) {
        let name = name_of(episode, message);
        let state = |seen: &crate::oracle::Seen| seen.text("execution_state").map(|state| format!(" {state}")).unwrap_or_default();
        let name = format!("{name}{}", state(&episode.messages[message]));
        let course = request.map(|request| format!(" of {}", episode.type_of(request))).unwrap_or_default();
        let place = format!("{name}{course}");
        let edge = match (&self.after, &self.before) {
            (Some(after), _) => format!(" after {}", words(after)),
            (None, Some(before)) => format!(" before {}", words(before)),
            (None, None) if self.answered => " after its end".to_owned(),
            (None, None) => String::new(),
        };
        let title = || match request {
            Some(request) => format!("{name} was sent{edge} for a request that must not have it: {}", episode.type_of(request)),
            None => format!("{name} was sent, and never should be"),
        };
        if self.milder.as_ref().is_some_and(|milder| milder.matches(episode, message)) {
            report.milder_deviation(episode, About::Message(message), &place, title);
        } else {
            report.deviation(episode, About::Message(message), &place, title);
        }
    }
}

/// A selector in words, with the state that a status must have.
pub(super) fn words(selector: &Selector) -> String {
    let state = selector.conditions.iter().find(|condition| condition.path.to_string() == "content.execution_state");
    match state.map(|condition| &condition.want) {
        Some(crate::oracle::want::Want::Is(state)) => state.as_str().unwrap_or("status").to_owned(),
        _ => selector.words(),
    }
}
