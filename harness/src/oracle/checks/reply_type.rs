//! `reply-type`: a reply is of the type that belongs to its request, and only requests get one.
//!
//! - `to`: only messages to the kernel of this set (a selector)
//! - `want`: `pair` (the right type, the default) or `none` (no message on shell or control at all)
//! - `undefined = true`: only replies of a type that nobody defines

use super::Check;
use super::shape::name_of;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::request::Role;
use crate::oracle::seen::Direction;
use crate::oracle::selector::Selector;
use crate::oracle::types::Types;
use crate::spec::reader::{Item, Reader};

struct ReplyType {
    to: Selector,
    none: bool,
    undefined: bool,
    types: Types,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let to = match reader.optional("to") {
        Some(item) => compiler.selector(item, Direction::ToKernel)?,
        None => Selector { direction: Direction::ToKernel, channels: Vec::new(), types: None, conditions: Vec::new(), copies: false },
    };
    let none = match reader.optional("want") {
        Some(item) => item.str()? == "none",
        None => false,
    };
    let undefined = reader.optional("undefined").and_then(Item::bool).unwrap_or(false);
    Some(Box::new(ReplyType { to, none, undefined, types: compiler.types.clone() }))
}

impl Check for ReplyType {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        for sent in self.to.select(episode) {
            let Some(request) = episode.request_of(sent).filter(|request| !request.shared_id) else { continue };
            let asked = episode.type_of(request);
            let wanted = if self.none {
                None
            } else {
                self.types.get(asked).filter(|_| request.role == Role::Request).and_then(|facts| facts.pair.as_deref())
            };
            if !request.replies.is_empty() || (self.none && (request.settled.is_some() || request.idle.is_some())) {
                report.exercised();
            }
            for &reply in &request.replies {
                let found = name_of(episode, reply);
                if Some(found) == wanted || (self.undefined && self.types.get(found).is_some()) {
                    continue;
                }
                let asked = if request.role == Role::Unknown { "an unknown message type" } else { asked };
                let place = format!("{found} to {asked}");
                report.deviation(episode, About::Message(reply), &place, || match wanted {
                    Some(wanted) => format!("{asked} was answered by {found}, wanted {wanted}"),
                    None => format!("{asked} was answered by {found}, wanted no reply"),
                });
            }
        }
    }
}
