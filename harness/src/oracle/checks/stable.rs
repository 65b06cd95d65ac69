//! `stable`: the same question gets the same answer.
//!
//! - `of`: the answers (a selector of messages of the kernel)
//! - `key`: paths that make two questions the same; those of `request.…` are what was asked
//! - `ignore`: fields of the content that may differ
//! - `within`: `kernel` (one life, the default) or `run`

use std::borrow::Cow;

use foldhash::HashMap;

use super::Check;
use super::shape::name_of;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::path::Path;
use crate::oracle::report::Report;
use crate::oracle::seen::Direction;
use crate::oracle::selector::Selector;
use crate::oracle::words::{brief, difference};
use crate::spec::reader::{Item, Reader};
use crate::wire::Json;

/// The longest texts that are shown whole, in bytes.
const LONG: usize = 50;

struct Stable {
    of: Selector,
    key: Vec<Path>,
    ignore: Vec<String>,
    run: bool,
    life: u32,
    known: HashMap<String, (Json, u64)>,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let of = reader.required("of").and_then(|item| compiler.selector(item, Direction::ToClient));
    let key = match reader.optional("key") {
        Some(item) => compiler.paths_of(item)?,
        None => Vec::new(),
    };
    let ignore = match reader.optional("ignore") {
        Some(item) => item.strings()?,
        None => Vec::new(),
    };
    let run = match reader.optional("within").map(Item::str) {
        Some(span) => span? == "run",
        None => false,
    };
    Some(Box::new(Stable { of: of?, key, ignore, run, life: 0, known: HashMap::default() }))
}

impl Check for Stable {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        if !self.run && self.life != episode.kernel.life {
            self.life = episode.kernel.life;
            self.known.clear();
        }
        for message in self.of.select(episode) {
            let seen = &episode.messages[message];
            let Some(content) = seen.content() else { continue };
            let name = name_of(episode, message);
            let mut key = name.to_owned();
            for path in &self.key {
                key.push_str(&format!("\n{}", path.value(episode, message).map(|value| value.to_string()).unwrap_or_default()));
            }
            let answer = self.kept(content);
            let Some((first, line)) = self.known.get(&key) else {
                self.known.insert(key, (answer.into_owned(), seen.line));
                continue;
            };
            report.exercised();
            if let Some(field) = differing(first, &answer) {
                let place = format!("{name} {field}");
                report.deviation(episode, About::Message(message), &place, || {
                    // Of long texts the part that differs.
                    if let (Some(Json::String(now)), Some(Json::String(before))) = (answer.get(&field), first.get(&field))
                        && now.len().max(before.len()) > LONG
                    {
                        let parting = difference(now, before);
                        return format!("{field} of {name} is not that of line {line} for the same question: {parting}");
                    }
                    format!(
                        "{field} of {name} is {}, and was {} at line {line} for the same question",
                        brief(answer.get(&field)),
                        brief(first.get(&field))
                    )
                });
            }
        }
    }
}

impl Stable {
    fn kept<'a>(&self, content: &'a Json) -> Cow<'a, Json> {
        match content {
            Json::Object(members) if !self.ignore.is_empty() => {
                let kept = members.iter().filter(|(key, _)| !self.ignore.iter().any(|ignored| ignored == key));
                Cow::Owned(Json::Object(kept.cloned().collect()))
            }
            other => Cow::Borrowed(other),
        }
    }
}

/// The first field that differs.
pub(super) fn differing(left: &Json, right: &Json) -> Option<String> {
    if left == right {
        return None;
    }
    let differs = |key: &&str| left.get(key) != right.get(key);
    Some(left.keys().chain(right.keys()).find(differs).unwrap_or("content").to_owned())
}
