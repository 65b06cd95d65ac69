//! `repeated-id`: a request with the message id of an earlier one is handled as a request of its own: there are as many replies as requests.
//!
//! - `of`: the later ones (a selector of messages to the kernel)
//!
//! Whose reply is whose can't be told, so they are only counted. A type that got no reply at all tells nothing.

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
use crate::trace::Why;

struct RepeatedId {
    of: Selector,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let of = compiler.selector(reader.required("of")?, Direction::ToKernel)?;
    Some(Box::new(RepeatedId { of }))
}

impl Check for RepeatedId {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        for sent in self.of.select(episode) {
            let Some(later) = episode.request_of(sent).filter(|later| later.shared_id) else { continue };
            let mut same = episode.requests.iter().filter(|request| request.id == later.id);
            // All that came under the id stands with the first.
            let Some(first) = same.next().filter(|first| !first.replies.is_empty()) else { continue };
            let asked = 1 + same.take_while(|request| request.sent <= sent).count();
            if first.replies.len() >= asked {
                report.exercised();
            } else if is_passed(episode, first, later) && !report.blame.is_halted(episode.asked(later).line) {
                report.exercised();
                let name = name_of(episode, sent);
                report.deviation(episode, About::Messages(&[first.sent, sent]), name, || {
                    format!("{name} with the message id of an earlier one got no reply: {} for {asked} requests", first.replies.len())
                });
            } else {
                report.inconclusive();
            }
        }
    }
}

/// Whether the kernel has passed the later one. What is known of the waiting stands with the first as well.
fn is_passed(episode: &Episode, first: &Request, later: &Request) -> bool {
    let settled = first.settled.as_ref().filter(|(line, _)| *line > episode.asked(later).line);
    settled.is_some_and(|(_, settled)| matches!(settled.why, Why::Answered | Why::Fenced))
}
