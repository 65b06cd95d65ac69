//! `attribution`: the text that a request writes has that request as parent.
//!
//! - `for`: the requests (a selector of messages to the kernel); those whose plan knows a `stdout` or `stderr` that no other request of the scenario writes
//!   are looked at. It is found where it stands as whole lines of that stream.
//!
//! While an execution goes on, nothing is written to stdout for requests that run no code; unless a thread writes, whose output has no certain parent.

use super::Check;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::long_text::has_lines;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::request::Request;
use crate::oracle::seen::{Direction, Seen};
use crate::oracle::selector::Selector;
use crate::spec::reader::Reader;

/// Shorter texts may stand in others by chance.
const SHORTEST: usize = 4;

/// Requests that run no code of the user's.
pub(super) const MUTE: &[&str] =
    &["kernel_info_request", "is_complete_request", "history_request", "comm_info_request", "connect_request", "interrupt_request"];

struct Attribution {
    requests: Selector,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let requests = compiler.selector(reader.required("for")?, Direction::ToKernel)?;
    Some(Box::new(Attribution { requests }))
}

impl Check for Attribution {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        let texts = |sent: Vec<usize>| -> Vec<(usize, Written<'_>)> {
            sent.into_iter().filter_map(|sent| Some((sent, Written::of(&episode.messages[sent])?))).collect()
        };
        let all = texts(episode.of_types(None, Direction::ToKernel));
        let is_own = |sent: usize, text: &str| {
            all.iter().all(|(other, written)| *other == sent || !(written.text.contains(text) || text.contains(written.text)))
        };
        // A plan need not know what the same code writes elsewhere.
        let executed = episode.of_types(Some(&["execute_request".to_owned()]), Direction::ToKernel);
        let code_of = |sent: usize| episode.messages[sent].text("code");
        let is_alone = |sent: usize| executed.iter().all(|&other| other == sent || code_of(other) != code_of(sent));
        let cells = self.requests.select(episode).into_iter().filter_map(|sent| episode.request_of(sent)).collect::<Vec<_>>();
        judge_mute(episode, &cells, report);
        let streams = episode.of_types(Some(&["stream".to_owned()]), Direction::ToClient);
        for (sent, written) in texts(self.requests.select(episode))
            .into_iter()
            .filter(|(sent, written)| written.text.len() >= SHORTEST && is_own(*sent, written.text) && is_alone(*sent))
        {
            let (own, text) = (episode.messages[sent].request, written.text);
            for &message in streams.iter().filter(|&&message| written.is_in(&episode.messages[message])) {
                report.exercised();
                if episode.messages[message].request != own {
                    report.deviation(episode, About::Messages(&[message, sent]), "stream", || {
                        let parent = episode
                            .request_of(message)
                            .map_or("a message that is none of this scenario", |request| episode.type_of(request));
                        format!("{text:?}, written by one execute_request, was published with another parent: {parent}")
                    });
                }
            }
        }
    }
}

/// What a request writes, as its plan knows it.
struct Written<'a> {
    stream: &'static str,
    text: &'a str,
}

impl<'a> Written<'a> {
    fn of(seen: &'a Seen) -> Option<Self> {
        ["stdout", "stderr"].into_iter().find_map(|stream| Some(Self { stream, text: seen.facts.get(stream)?.as_str()?.trim() }))
    }

    /// Whether it stands in a message as whole lines, and is no mere part of what another program has to say.
    fn is_in(&self, message: &Seen) -> bool {
        let found = message.long_text("text").filter(|_| message.text("name") == Some(self.stream));
        found.is_some_and(|found| found.len() >= self.text.len() && has_lines(found, self.text))
    }
}

fn judge_mute(episode: &Episode, cells: &[&Request], report: &mut Report<'_>) {
    if episode.requests.iter().any(|request| episode.asked(request).facts.contains_key("late")) {
        return;
    }
    let cells: Vec<(usize, usize)> = cells
        .iter()
        .filter(|request| episode.type_of(request) == "execute_request")
        .filter_map(|request| Some((request.busy?, request.idle.unwrap_or(usize::MAX))))
        .collect();
    for message in episode.of_types(Some(&["stream".to_owned()]), Direction::ToClient) {
        let parent = episode.request_of(message).map(|request| episode.type_of(request)).unwrap_or_default();
        let runs = cells.iter().any(|(begin, end)| message > *begin && message < *end);
        let stdout = episode.messages[message].text("name") == Some("stdout");
        if !runs || !stdout || !MUTE.contains(&parent) {
            continue;
        }
        report.exercised();
        report.deviation(episode, About::Message(message), "mute parent", || {
            format!("stdout was published with {parent} as parent while an execute_request was going on")
        });
    }
}
