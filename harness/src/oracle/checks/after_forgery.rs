//! `after-forgery`: a genuine message is handled though a forged copy of it, under the same signature, came before.
//!
//! - `forged`: the forged copies (a selector of messages to the kernel); the next message with the same message id is the genuine one
//!
//! A kernel that remembers signatures before it has checked them takes the genuine message for a replay.

use super::Check;
use super::shape::name_of;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::seen::{Direction, Seen};
use crate::oracle::selector::Selector;
use crate::spec::reader::Reader;

struct AfterForgery {
    forged: Selector,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let forged = compiler.selector(reader.required("forged")?, Direction::ToKernel)?;
    Some(Box::new(AfterForgery { forged }))
}

impl Check for AfterForgery {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        for forged in self.forged.select(episode) {
            let is_same =
                |message: &&usize| **message > forged && episode.messages[**message].msg_id() == episode.messages[forged].msg_id();
            let Some(&genuine) = episode.sent.iter().find(is_same) else { continue };
            // Both have one id, so that what came of the second hangs on the first.
            let Some(request) = episode.request_of(forged) else { continue };
            if request.replies.iter().any(|&reply| reply > genuine) {
                report.exercised();
            } else if is_passed(episode, &episode.messages[genuine]) && !report.blame.is_halted(episode.messages[genuine].line) {
                report.exercised();
                let (name, channel) = (name_of(episode, genuine), episode.messages[genuine].channel);
                let place = format!("{name} on {channel}");
                report.deviation(episode, About::Messages(&[genuine, forged]), &place, || {
                    format!("the genuine {name} on {channel} was dropped after a forged copy of it")
                });
            } else {
                report.inconclusive();
            }
        }
    }
}

/// Whether a later question of the same client on the same channel was answered.
fn is_passed(episode: &Episode, genuine: &Seen) -> bool {
    episode.requests.iter().any(|other| {
        let asked = episode.asked(other);
        asked.line > genuine.line && asked.channel == genuine.channel && asked.client == genuine.client && !other.replies.is_empty()
    })
}
