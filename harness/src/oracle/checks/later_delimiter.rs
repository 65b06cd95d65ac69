//! `later-delimiter`: what stands behind a second delimiter is no message, and nothing comes of it.
//!
//! - `of`: the messages with two delimiters (a selector of messages to the kernel)
//!
//! Such a message has for its parent header what a reader that goes by the second delimiter takes for its header.

use super::Check;
use super::shape::name_of;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::seen::Direction;
use crate::oracle::selector::Selector;
use crate::spec::reader::Reader;

struct LaterDelimiter {
    of: Selector,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let of = compiler.selector(reader.required("of")?, Direction::ToKernel)?;
    Some(Box::new(LaterDelimiter { of }))
}

impl Check for LaterDelimiter {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        for sent in self.of.select(episode) {
            let Some(id) = episode.messages[sent].parent_id() else { continue };
            let answer = episode.from_kernel().find(|(_, seen)| seen.parent_id() == Some(id)).map(|(message, _)| message);
            if let Some(answer) = answer {
                report.exercised();
                report.deviation(episode, About::Messages(&[answer, sent]), "answered", || {
                    format!("{} was sent for a message that begins at its second delimiter", name_of(episode, answer))
                });
            }
        }
    }
}
