//! `follow-up`: what is run after something else ends as the plan says.
//!
//! - `after`: the requests after which it is looked (a selector of messages to the kernel)
//!
//! The next execution of the same client that was sent after the reply, and that the plan expects to be `ok`, is looked at. Code that ends
//! in the same way where no failure was before it fails by itself, and tells nothing; that shows only when the trace is over. How blank
//! code ends is a question of its own. What may have been aborted for the failure of another one tells nothing either.

use super::Check;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::repeats::{Cause, Proviso};
use crate::oracle::report::Report;
use crate::oracle::request::Request;
use crate::oracle::seen::Direction;
use crate::oracle::selector::Selector;
use crate::oracle::words::digest;
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
        for request in episode.requests.iter().filter(|request| is_expected_ok(episode, request) && is_failed(episode, request)) {
            if !is_after_trouble(episode, request) {
                report.tell(cause_of(episode, request));
            }
        }
        for sent in self.after.select(episode) {
            let Some(failed) = episode.request_of(sent) else { continue };
            let Some(reply) = failed.reply() else { continue };
            let next = episode.requests.iter().find(|next| {
                let asked = episode.asked(next);
                next.sent > reply && asked.client == episode.asked(failed).client && asked.msg_type() == "execute_request" && next.honest
            });
            // One that ran beside another one, in a subshell, did not follow it.
            let Some(next) = next.filter(|next| is_expected_ok(episode, next) && !next.interleaved && !episode.asked(next).is_blank())
            else {
                continue;
            };
            let Some(answer) = next.reply().filter(|_| !next.maybe_aborted || was_sent_alone(episode, next)) else {
                report.inconclusive();
                continue;
            };
            report.exercised();
            let status = episode.status_of(next);
            if is_failed(episode, next) {
                let place = format!("{status} after {}", episode.status_of(failed));
                let proviso = Proviso::unless(cause_of(episode, next));
                report.provisional(proviso, episode, About::Messages(&[answer, reply]), &place, || {
                    format!("an execution ended with status \"{status}\" after a failed one, where ok was expected")
                });
            }
        }
    }
}

fn is_expected_ok(episode: &Episode, request: &Request) -> bool {
    let asked = episode.asked(request);
    asked.msg_type() == "execute_request" && asked.facts.get("outcome").is_some_and(|outcome| outcome == "ok")
}

fn is_failed(episode: &Episode, request: &Request) -> bool {
    ["error", "aborted", "abort"].contains(&episode.status_of(request))
}

/// Whether all executions before it had ended when it was sent, so that it waited behind none of which the failure ends it too.
fn was_sent_alone(episode: &Episode, request: &Request) -> bool {
    let mut executions = episode.requests.iter().filter(|other| episode.type_of(other) == "execute_request" && other.sent < request.sent);
    executions.all(|other| other.reply().is_some() && other.ended().is_some_and(|end| end < request.sent))
}

/// Whether an execution before it in the episode had failed, or may have been interrupted.
fn is_after_trouble(episode: &Episode, request: &Request) -> bool {
    let line = episode.asked(request).line;
    episode.follows_failure(request) || episode.signals().chain(episode.interrupt_requests()).any(|at| at < line)
}

/// What lets the code of a request fail, if the code does by itself.
fn cause_of(episode: &Episode, request: &Request) -> Cause {
    Cause::BrokenCode(digest(episode.asked(request).text("code").unwrap_or_default().as_bytes()))
}
