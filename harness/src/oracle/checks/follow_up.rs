//! `follow-up`: what is run after something else ends as the plan says.
//!
//! - `after`: the requests after which it is looked (a selector of messages to the kernel)
//!
//! The next execution of the same client that was sent after the reply, and that the plan expects to be `ok`, is looked at.

use super::Check;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::seen::Direction;
use crate::oracle::selector::Selector;
use crate::spec::reader::Reader;

struct FollowUp {
    after: Selector,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let after = compiler.selector(reader.required("after")?, Direction::ToKernel)?;
    Some(Box::new(FollowUp { after }))
}

impl Check for FollowUp {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        for sent in self.after.select(episode) {
            let Some(failed) = episode.request_of(sent) else { continue };
            let Some(reply) = failed.reply() else { continue };
            let next = episode.requests.iter().find(|next| {
                let asked = episode.asked(next);
                next.sent > reply && asked.client == episode.asked(failed).client && asked.msg_type() == "execute_request" && next.honest
            });
            let Some(next) = next.filter(|next| episode.asked(next).facts.get("outcome").is_some_and(|outcome| outcome == "ok")) else {
                continue;
            };
            let Some(answer) = next.reply().filter(|_| !next.maybe_aborted) else {
                report.inconclusive();
                continue;
            };
            report.exercised();
            let status = episode.status_of(next);
            if ["error", "aborted", "abort"].contains(&status) {
                let place = format!("{status} after {}", episode.status_of(failed));
                report.deviation(episode, About::Messages(&[answer, reply]), &place, || {
                    format!("an execution ended with status \"{status}\" after a failed one, where ok was expected")
                });
            }
        }
    }
}
