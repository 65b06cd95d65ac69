//! `input-answer`: a cell that asks for input waits for its answer, and takes the right one.
//!
//! - `not`: messages that are no answer (a selector of messages to the kernel); only cells to which one was sent are looked at. Without it:
//!   all cells that ask, unless an answer to an earlier one may be left over, and any answer is a right one
//!
//! What shows that a wrong message was taken: the cell ends, or asks again, before a right one was sent; or it prints the value of
//! the wrong one and not that of the right one.

use super::Check;
use super::shape::name_of;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::request::Request;
use crate::oracle::seen::Direction;
use crate::oracle::selector::Selector;
use crate::spec::reader::Reader;
use crate::trace::Event;
use crate::wire::Channel;

struct InputAnswer {
    wrong: Option<Selector>,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let wrong = match reader.optional("not") {
        Some(item) => Some(compiler.selector(item, Direction::ToKernel)?),
        None => None,
    };
    Some(Box::new(InputAnswer { wrong }))
}

impl Check for InputAnswer {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        let wrong = self.wrong.as_ref().map(|wrong| wrong.select(episode));
        for request in episode.requests.iter().filter(|request| !request.inputs.is_empty() && !request.shared_id) {
            let (Some(&first), Some(reply)) = (request.inputs.first(), request.reply()) else { continue };
            let wrong: Vec<usize> = wrong.iter().flatten().copied().filter(|&message| message < reply).collect();
            let tells = if self.wrong.is_some() { !wrong.is_empty() } else { !has_left_over(episode, request, first) };
            if !tells || was_ended(episode, first, reply) {
                continue;
            }
            report.exercised();
            let right =
                if self.wrong.is_some() { right_answers(episode, request, first, &wrong) } else { all_answers(episode, request, first) };
            if let Some(early) = too_early(request, reply, &right) {
                let (name, status) = (name_of(episode, early), episode.status_of(request));
                let place = format!("{name} before an answer, status {status}");
                let about = wrong.last().map_or(vec![early, first], |&wrong| vec![early, wrong, first]);
                report.deviation(episode, About::Messages(&about), &place, || {
                    format!("the cell went on to {name} (status {status}) before its input request had a right answer")
                });
            } else if let Some(value) = taken_value(episode, request, &wrong, &right) {
                report.deviation(episode, About::Messages(&[reply, wrong[0], first]), "the wrong value", || {
                    format!("the program got {value:?}, which was no answer to its input request")
                });
            }
        }
    }
}

/// Whether more answers had been sent than input requests had come before the cell: then it may have taken one that was left over.
fn has_left_over(episode: &Episode, request: &Request, first: usize) -> bool {
    let before = |message: &usize| *message < request.sent.min(first);
    let answers = episode.sent.iter().filter(|message| before(message) && episode.messages[**message].channel == Channel::Stdin).count();
    let requests =
        episode.received.iter().filter(|message| before(message) && episode.messages[**message].msg_type() == "input_request").count();
    answers > requests
}

/// Whether the cell was interrupted, or the kernel shut down, while it ran: then it ends without an answer.
fn was_ended(episode: &Episode, first: usize, reply: usize) -> bool {
    let line = episode.messages[reply].line;
    let signalled = episode.events.iter().any(|happened| happened.line < line && matches!(happened.event, Event::Signalled(_)));
    let asked = |message: &&usize| {
        (first..reply).contains(*message) && ["interrupt_request", "shutdown_request"].contains(&episode.messages[**message].msg_type())
    };
    signalled || episode.sent.iter().any(|message| asked(&message))
}

/// The right answers: of the asker, well signed, and none of the wrong ones.
fn right_answers(episode: &Episode, request: &Request, first: usize, wrong: &[usize]) -> Vec<usize> {
    let asker = &episode.asked(request).client;
    let mut answers = all_answers(episode, request, first);
    answers.retain(|message| {
        let seen = &episode.messages[*message];
        seen.msg_type() == "input_reply" && seen.is_honest() && seen.client == *asker && !wrong.contains(message)
    });
    answers
}

/// All that was sent on stdin after the first request for it, or with one of them as parent: an answer that is given at once stands before
/// its request in the trace.
fn all_answers(episode: &Episode, request: &Request, first: usize) -> Vec<usize> {
    let is_parent = |parent: &str| request.inputs.iter().any(|&input| episode.messages[input].msg_id() == Some(parent));
    let is_answer = |message: &usize| {
        let seen = &episode.messages[*message];
        seen.channel == Channel::Stdin && (*message > first || seen.parent_id().is_some_and(is_parent))
    };
    episode.sent.iter().copied().filter(is_answer).collect()
}

/// The first message of the cell that needs an answer that had not been sent: a further input request, or the reply.
fn too_early(request: &Request, reply: usize, right: &[usize]) -> Option<usize> {
    let steps = request.inputs.iter().copied().skip(1).filter(|&input| input < reply).chain(std::iter::once(reply));
    steps.enumerate().find_map(|(answered, step)| right.get(answered).is_none_or(|&answer| answer > step).then_some(step))
}

/// The value of a wrong message, if that is what the program printed.
fn taken_value(episode: &Episode, request: &Request, wrong: &[usize], right: &[usize]) -> Option<String> {
    let streams = request.iopub.iter().map(|&message| &episode.messages[message]).filter(|seen| seen.msg_type() == "stream");
    let text: String = streams.filter_map(|seen| seen.text("text")).collect();
    let values = |messages: &[usize]| -> Vec<String> {
        messages
            .iter()
            .filter_map(|&message| episode.messages[message].text("value"))
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let has_right = values(right).iter().any(|value| text.contains(value.as_str()));
    values(wrong).into_iter().find(|value| !has_right && text.contains(value.as_str()))
}
