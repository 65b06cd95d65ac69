//! `order`: the messages of a request come in an order.
//!
//! - `per`: the requests (a selector of messages to the kernel)
//! - `first`: what its first message must be
//! - `last`: what nothing may follow
//! - `each` and `before`: each message of the one set comes before any of the other; late text of an earlier request is no part of this one
//! - `milder`: messages out of place that give a warning at most (a selector); streams among them that are strays are a matter of `stray`
//!
//! Messages are those that its client saw on iopub, or with `channels = "all"` also its replies and input requests.

use super::Check;
use super::absence::words;
use super::shape::name_of;
use super::stray::{is_inside, is_log, is_trouble, may_be_word, told_elsewhere};
use super::stream_text::late_text;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::request::Request;
use crate::oracle::seen::Direction;
use crate::oracle::selector::Selector;
use crate::spec::reader::Reader;

struct Order {
    per: Selector,
    first: Option<Selector>,
    last: Option<Selector>,
    pair: Option<(Selector, Selector)>,
    milder: Option<Selector>,
    all: bool,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let per = reader.required("per").and_then(|item| compiler.selector(item, Direction::ToKernel));
    let selector = |key: &'static str| match reader.optional(key) {
        Some(item) => compiler.selector(item, Direction::ToClient).map(Some),
        None => Some(None),
    };
    let (first, last, each, before, milder) =
        (selector("first"), selector("last"), selector("each"), selector("before"), selector("milder"));
    let all = match reader.optional("channels") {
        Some(item) => item.clone().str()? == "all",
        None => false,
    };
    let pair = match (each?, before?) {
        (Some(each), Some(before)) => Some((each, before)),
        (None, None) => None,
        _ => {
            reader.mistake("`each` and `before` go together");
            return None;
        }
    };
    let check = Order { per: per?, first: first?, last: last?, pair, milder: milder?, all };
    if check.first.is_none() && check.last.is_none() && check.pair.is_none() {
        reader.mistake("an order has `first`, `last`, or `each` and `before`");
        return None;
    }
    Some(Box::new(check))
}

impl Check for Order {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        for sent in self.per.select(episode) {
            let Some(request) = episode.request_of(sent) else { continue };
            if !request.visible || request.shared_id {
                continue;
            }
            let mut messages = request.iopub.clone();
            if self.all {
                messages.extend(request.replies.iter().chain(&request.inputs));
                messages.sort_unstable();
            }
            self.judge_first(episode, request, &messages, report);
            self.judge_last(episode, request, &messages, report);
            self.judge_pair(episode, request, &messages, report);
        }
    }
}

impl Order {
    fn judge_first(&self, episode: &Episode, request: &Request, messages: &[usize], report: &mut Report<'_>) {
        let (Some(wanted), Some(&first)) = (&self.first, messages.first()) else { return };
        report.exercised();
        if !wanted.matches(episode, first) {
            self.broken(episode, request, first, report, &format!("comes before {}", words(wanted)));
        }
    }

    fn judge_last(&self, episode: &Episode, request: &Request, messages: &[usize], report: &mut Report<'_>) {
        let Some(wanted) = &self.last else { return };
        let Some(end) = messages.iter().position(|&message| wanted.matches(episode, message)) else { return };
        report.exercised();
        for &message in messages[end + 1..].iter().filter(|&&message| !self.is_stray(episode, request, message)) {
            self.broken(episode, request, message, report, &format!("comes after {}", words(wanted)));
        }
    }

    /// Whether it is one of the milder and no output of the request, or the idle of another: other rules tell of it.
    fn is_stray(&self, episode: &Episode, request: &Request, message: usize) -> bool {
        let is_milder = self.milder.as_ref().is_some_and(|milder| milder.matches(episode, message));
        let is_kernels_own =
            is_log(episode, request, message) || is_trouble(episode, request, message) || may_be_word(episode, request, message);
        let is_anothers = episode.messages[message].astray;
        is_anothers || is_milder && (is_kernels_own || is_inside(episode, request, message, |other| told_elsewhere(episode, other)))
    }

    fn judge_pair(&self, episode: &Episode, request: &Request, messages: &[usize], report: &mut Report<'_>) {
        let Some((each, before)) = &self.pair else { return };
        let Some(begin) = before.among(episode, messages).next() else { return };
        let Some(last) = each.among(episode, messages).last() else { return };
        report.exercised();
        if last < begin {
            return;
        }
        let late: Vec<usize> = ["stdout", "stderr"].into_iter().flat_map(|name| late_text(episode, request, name)).collect();
        let begin = before.among(episode, messages).find(|message| !late.contains(message));
        if let Some(begin) = begin.filter(|&begin| last > begin) {
            self.broken(episode, request, last, report, &format!("comes after {}", name_of(episode, begin)));
        }
    }

    fn broken(&self, episode: &Episode, request: &Request, message: usize, report: &mut Report<'_>, what: &str) {
        let seen = &episode.messages[message];
        let state = seen.text("execution_state").map(|state| format!(" {state}")).unwrap_or_default();
        let name = format!("{}{state}", name_of(episode, message));
        let kind = episode.type_of(request);
        let place = format!("{kind}: {name} {what}");
        let title = || format!("{name} of {kind} {what}");
        if self.milder.as_ref().is_some_and(|milder| milder.matches(episode, message)) {
            report.milder_deviation(episode, About::Message(message), &place, title);
        } else {
            report.deviation(episode, About::Message(message), &place, title);
        }
    }
}
