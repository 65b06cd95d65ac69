//! `declared`: the content of messages is as their type's file declares it.
//!
//! - `on`: the messages (a selector); those whose type is not declared are passed over, and replies that have not the type of their request's
//! - `fields`: only these declared paths, and what is inside them; all if not given
//! - `except`: declared paths that other rules look after
//! - `advise`: declared paths whose breach gives a warning at most

use std::collections::BTreeMap;

use super::Check;
use super::shape::name_of;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::seen::Direction;
use crate::oracle::selector::Selector;
use crate::spec::MessageType;
use crate::spec::reader::{Item, Reader};
use crate::wire::Json;

struct Declared {
    on: Selector,
    fields: Option<Vec<String>>,
    except: Vec<String>,
    advise: Vec<String>,
    types: BTreeMap<String, MessageType>,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let on = compiler.selector(reader.required("on")?, Direction::ToClient)?;
    let wanted = |name: &str| on.types.as_ref().is_none_or(|types| types.iter().any(|known| known == name));
    let types: BTreeMap<String, MessageType> =
        compiler.messages.iter().filter(|(name, _)| wanted(name)).map(|(name, message)| (name.clone(), message.clone())).collect();
    let paths = |key: &'static str| reader.optional(key).map(|item| field_paths(item, &types));
    let (fields, except, advise) = (paths("fields"), paths("except"), paths("advise"));
    let fields = fields.map_or(Some(None), |fields| fields.map(Some))?;
    let (except, advise) = (except.unwrap_or_else(|| Some(Vec::new()))?, advise.unwrap_or_else(|| Some(Vec::new()))?);
    Some(Box::new(Declared { on, fields, except, advise, types }))
}

fn field_paths(item: Item<'_>, types: &BTreeMap<String, MessageType>) -> Option<Vec<String>> {
    let known: Vec<String> = types.values().flat_map(|message| message.fields.iter().map(|field| field.path.to_string())).collect();
    let paths = item.clone().strings()?;
    match paths.iter().find(|path| !known.contains(path)) {
        Some(unknown) => {
            item.unknown("field", unknown, known.iter().map(String::as_str));
            None
        }
        None => Some(paths),
    }
}

impl Check for Declared {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        let only: Option<Vec<&str>> = self.fields.as_ref().map(|fields| fields.iter().map(String::as_str).collect());
        for message in self.on.select(episode).into_iter().filter(|&message| !episode.is_misnamed(message)) {
            let Some(message_type) = self.types.get(episode.messages[message].msg_type()) else { continue };
            let content = episode.messages[message].content().unwrap_or(&Json::Null);
            report.exercised();
            for problem in message_type.check(content, only.as_deref()) {
                if self.except.iter().any(|path| is_within(&problem.path, path)) {
                    continue;
                }
                let msg_type = name_of(episode, message);
                let place = format!("{msg_type} {}", problem.path);
                let title = || {
                    let at = if problem.at.is_empty() { "content" } else { &problem.at };
                    if problem.found == "missing" {
                        format!("{at} of {msg_type} is missing, wanted {}", problem.wanted)
                    } else {
                        format!("{at} of {msg_type} is {}, wanted {}", problem.found, problem.wanted)
                    }
                };
                if self.advise.iter().any(|path| is_within(&problem.path, path)) {
                    report.milder_deviation(episode, About::Message(message), &place, title);
                } else {
                    report.deviation(episode, About::Message(message), &place, title);
                }
            }
        }
    }
}

/// Whether a path is `outer` or inside it.
fn is_within(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', '{']))
}
