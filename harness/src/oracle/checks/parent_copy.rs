//! `parent-copy`: the parent header is the header of the request.
//!
//! - `on`: the messages (a selector); those whose parent is no message of the same scenario are passed over
//! - `fields`: these fields must be equal; without it the whole must be, as JSON values
//! - `known`: the parent must be a message that some client sent, unless an earlier one of the scenario was spoiled on purpose

use super::Check;
use super::shape::name_of;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::seen::Direction;
use crate::oracle::selector::Selector;
use crate::oracle::words::brief;
use crate::spec::reader::{Item, Reader};
use crate::wire::Json;

struct ParentCopy {
    on: Selector,
    fields: Option<Vec<String>>,
    known: bool,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let on = compiler.selector(reader.required("on")?, Direction::ToClient)?;
    let fields = match reader.optional("fields") {
        Some(item) => Some(item.strings()?),
        None => None,
    };
    let known = reader.optional("known").and_then(Item::bool).unwrap_or(false);
    Some(Box::new(ParentCopy { on, fields, known }))
}

impl Check for ParentCopy {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        let spoiled = episode.requests.iter().any(|request| !request.honest);
        for message in self.on.select(episode) {
            let seen = &episode.messages[message];
            let name = name_of(episode, message);
            if let Some(request) = episode.request_of(message) {
                let (Some(parent), Some(header), false) = (seen.parent(), episode.asked(request).header(), request.shared_id) else {
                    continue;
                };
                report.exercised();
                for field in self.differing(parent, header) {
                    report.deviation(episode, About::Message(message), &field, || {
                        format!(
                            "parent_header.{field} of {name} is {}, that of the request is {}",
                            brief(parent.get(&field)),
                            brief(header.get(&field))
                        )
                    });
                }
            } else if self.known && !seen.parent_known && !spoiled && !seen.hides_parts() {
                report.exercised();
                let place = format!("{name}: unknown parent");
                report.deviation(episode, About::Message(message), &place, || {
                    format!(
                        "{name} has a parent that no client sent: msg_id is {}",
                        brief(seen.parent().and_then(|parent| parent.get("msg_id")))
                    )
                });
            }
        }
    }
}

impl ParentCopy {
    fn differing(&self, parent: &Json, header: &Json) -> Vec<String> {
        if parent == header {
            return Vec::new();
        }
        let differs = |field: &&str| parent.get(field) != header.get(field);
        if let Some(fields) = &self.fields {
            return fields.iter().map(String::as_str).filter(differs).map(str::to_owned).collect();
        }
        let mut all: Vec<&str> = header.keys().chain(parent.keys()).filter(differs).collect();
        all.sort_unstable();
        all.dedup();
        all.into_iter().map(str::to_owned).collect()
    }
}
