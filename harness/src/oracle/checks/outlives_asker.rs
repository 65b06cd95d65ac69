//! `outlives-asker`: what a client had asked for comes to its end though the client is gone, as another one sees on iopub.
//!
//! - `for`: the requests (a selector of messages to the kernel)
//!
//! Only what the kernel was seen to begin counts. That its end never comes is told once the kernel has run, in full, a cell that another
//! client sent on the same channel after the first one had left; an end with another's parent is a matter of the rules about parents.

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

struct OutlivesAsker {
    requests: Selector,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let requests = compiler.selector(reader.required("for")?, Direction::ToKernel)?;
    Some(Box::new(OutlivesAsker { requests }))
}

impl Check for OutlivesAsker {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        for sent in self.requests.select(episode) {
            let Some(request) = episode.request_of(sent).filter(|request| !request.shared_id) else { continue };
            let Some(left) = departure(episode, request) else { continue };
            let state =
                |wanted: &str| request.iopub.iter().chain(&request.elsewhere).any(|&message| episode.messages[message].is_state(wanted));
            if !state("busy") {
                report.inconclusive();
            } else if state("idle") {
                report.exercised();
            } else if request.astray.is_some() {
                report.inconclusive();
            } else if is_passed(episode, request, left) {
                report.exercised();
                let name = name_of(episode, sent);
                report.deviation(episode, About::Request(request), name, || {
                    format!("the {name} of a client that had left never came to its idle, as another client saw")
                });
            } else {
                report.inconclusive();
            }
        }
    }
}

/// The line at which the asker left while its request was under way.
fn departure(episode: &Episode, request: &Request) -> Option<u64> {
    let asked = episode.asked(request);
    let is_it = |event: &Event| matches!(event, Event::Disconnected(gone) if *gone.client == *asked.client);
    let left = episode.events.iter().find(|happened| happened.line > asked.line && is_it(&happened.event))?;
    let over = request.idle.is_some_and(|idle| episode.messages[idle].line < left.line);
    (!over).then_some(left.line)
}

/// Whether the kernel ran, in full, a cell that another client, who sees all of iopub, sent on that channel afterwards.
fn is_passed(episode: &Episode, request: &Request, left: u64) -> bool {
    let channel = episode.asked(request).channel;
    episode.requests.iter().any(|other| {
        let asked = episode.asked(other);
        asked.line > left
            && asked.channel == channel
            && asked.msg_type() == "execute_request"
            && other.visible
            && other.reply().is_some()
            && other.idle.is_some()
    })
}
