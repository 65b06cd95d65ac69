//! `stray`: what is written for one request does not come under another one that is over.
//!
//! - `want`: `no-trouble` (a kernel does not write its own troubles to stderr under a request that it had ended before they arose) or
//!   `inside` (nothing is written under an ended request while another one is handled)
//! - `for`: with `no-trouble`, the requests that are over (a selector of messages to the kernel)
//! - `while`: with `inside`, the requests that are handled (a selector of messages to the kernel)
//!
//! Requests whose output may come late, and text that the plan knows to be theirs, are passed over.

use super::Check;
use super::attribution::MUTE;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::request::{Request, Role};
use crate::oracle::seen::Direction;
use crate::oracle::selector::Selector;
use crate::spec::reader::Reader;
use crate::wire::Channel;

enum Stray {
    Trouble(Selector),
    Inside(Selector),
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let item = reader.required("want")?;
    match item.clone().str()? {
        "no-trouble" => Some(Box::new(Stray::Trouble(compiler.selector(reader.required("for")?, Direction::ToKernel)?))),
        "inside" => Some(Box::new(Stray::Inside(compiler.selector(reader.required("while")?, Direction::ToKernel)?))),
        other => {
            item.unknown("want", other, ["no-trouble", "inside"]);
            None
        }
    }
}

impl Check for Stray {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        for request in episode.requests.iter().filter(|request| request.role == Role::Request && request.visible && !request.shared_id) {
            let Some(idle) = request.idle else { continue };
            let streams =
                request.iopub.iter().copied().filter(|&message| message > idle && episode.messages[message].msg_type() == "stream");
            for message in streams {
                self.judge_stream(episode, request, message, report);
            }
        }
    }
}

impl Stray {
    fn judge_stream(&self, episode: &Episode, request: &Request, message: usize, report: &mut Report<'_>) {
        let name = episode.type_of(request);
        match self {
            Self::Trouble(over) if over.matches(episode, request.sent) && is_trouble(episode, request, message) => {
                report.exercised();
                report.deviation(episode, About::Messages(&[message, request.sent]), "under a request that was over", || {
                    format!("what the kernel had to say came as stderr under {name}, which it had ended before")
                });
            }
            Self::Inside(handled) if is_inside(episode, request, message, |other| handled.matches(episode, other.sent)) => {
                report.exercised();
                let words = handled.words();
                report.deviation(episode, About::Messages(&[message, request.sent]), &format!("{words}: under another"), || {
                    format!("a stream came while {words} was handled, and had as parent {name}, which was over")
                });
            }
            _ => {}
        }
    }
}

/// Whether a stream under a request is text on stderr that came up after it was over, when there was something else to deal with: a message
/// that had no idle by then.
pub(super) fn is_trouble(episode: &Episode, request: &Request, message: usize) -> bool {
    let seen = &episode.messages[message];
    let is_stderr = seen.msg_type() == "stream" && seen.text("name") == Some("stderr");
    let Some(idle) = request.idle.filter(|&idle| idle < message && is_stderr && !is_own(episode, request, message)) else { return false };
    let is_open = |other: &Request| other.sent < message && other.idle.is_none_or(|end| end > idle);
    episode.requests.iter().any(|other| other.sent != request.sent && is_open(other))
}

/// Whether a stream on stderr under an odd request may be what the kernel itself had to say, about that request or another.
pub(super) fn may_be_word(episode: &Episode, request: &Request, message: usize) -> bool {
    let seen = &episode.messages[message];
    seen.msg_type() == "stream" && seen.text("name") == Some("stderr") && episode.asked(request).facts.contains_key("odd")
}

/// Whether a stream under a request that was over came between busy and idle of one of those others, as its client saw them.
pub(super) fn is_inside(episode: &Episode, request: &Request, message: usize, others: impl Fn(&Request) -> bool) -> bool {
    let seen = &episode.messages[message];
    if seen.msg_type() != "stream" || seen.channel != Channel::Iopub || is_own(episode, request, message) {
        return false;
    }
    let Some(idle) = request.idle.filter(|&idle| idle < message) else { return false };
    let holds = |other: &Request| {
        let (Some(busy), Some(end)) = (other.busy, other.idle) else { return false };
        idle < busy && busy < message && message < end && episode.messages[busy].client == seen.client
    };
    episode.requests.iter().any(|other| other.sent != request.sent && holds(other) && others(other))
}

/// Whether a stream is what the kernel itself had to say, whenever it came.
pub(super) fn is_log(episode: &Episode, request: &Request, message: usize) -> bool {
    let (seen, asked) = (&episode.messages[message], episode.type_of(request));
    let is_stderr = seen.msg_type() == "stream" && seen.text("name") == Some("stderr");
    is_stderr && (MUTE.contains(&asked) || asked == "shutdown_request")
}

/// Whether there is a rule that tells of strays while this is handled.
pub(super) fn told_elsewhere(episode: &Episode, handled: &Request) -> bool {
    episode.type_of(handled) == "complete_request"
}

/// Whether the text may be the request's own, come late: the plan says that it writes it, or that it writes late.
fn is_own(episode: &Episode, request: &Request, message: usize) -> bool {
    let (asked, seen) = (episode.asked(request), &episode.messages[message]);
    let may_write = ["late", "odd", "past_streams", "stdout_repeat", "stderr_repeat", "numbers"];
    if seen.long_text("text").is_none() || may_write.iter().any(|name| asked.facts.contains_key(*name)) {
        return true;
    }
    let known = ["stdout", "stderr"].into_iter().filter_map(|name| asked.facts.get(name)?.as_str());
    known.into_iter().any(|known| seen.text("text").is_some_and(|text| known.contains(text.trim())))
}
