//! `unique`: a value is never used twice.
//!
//! - `of`: the messages (a selector)
//! - `value`: the path of the value; messages without it are passed over
//! - `within`: `kernel` (one life, the default) or `run`
//!
//! The copies of one message at several clients are one message; which channels may copy is a matter of other rules.

use std::collections::HashMap;
use std::sync::Arc;

use super::Check;
use super::shape::name_of;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::path::Path;
use crate::oracle::report::Report;
use crate::oracle::seen::Direction;
use crate::oracle::selector::Selector;
use crate::oracle::words::digest;
use crate::spec::reader::Reader;
use crate::wire::Channel;

struct Unique {
    of: Selector,
    value: Path,
    per_life: bool,
    life: u32,
    /// By the digest of the value: a run has many thousands.
    known: HashMap<u64, First>,
}

/// Where a value was first.
struct First {
    line: u64,
    client: Arc<str>,
    channel: Channel,
    /// Digest of the signature.
    signature: u64,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let of = reader.required("of").and_then(|item| compiler.selector(item, Direction::ToClient));
    let value = reader.required("value").and_then(|item| compiler.path_of(item));
    let per_life = match reader.optional("within") {
        None => true,
        Some(item) => match item.clone().str()? {
            "kernel" => true,
            "run" => false,
            other => {
                item.unknown("span", other, ["kernel", "run"]);
                return None;
            }
        },
    };
    let mut of = of?;
    of.copies = true;
    Some(Box::new(Unique { of, value: value?, per_life, life: 0, known: HashMap::new() }))
}

impl Check for Unique {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        if self.per_life && self.life != episode.kernel.life {
            self.life = episode.kernel.life;
            self.known.clear();
        }
        for message in self.of.select(episode) {
            let Some(value) = self.value.value(episode, message) else { continue };
            let key = value.as_str().map_or_else(|| digest(value.to_string().as_bytes()), |text| digest(text.as_bytes()));
            let seen = &episode.messages[message];
            let signature = digest(seen.signature.as_ref().map_or(&[][..], |signature| &signature.0));
            report.exercised();
            let Some(first) = self.known.get(&key) else {
                self.known.insert(key, First { line: seen.line, client: Arc::clone(&seen.client), channel: seen.channel, signature });
                continue;
            };
            let is_copy = seen.channel == first.channel
                && first.client != seen.client
                && (seen.channel == Channel::Iopub || signature == first.signature);
            if is_copy {
                continue;
            }
            let (path, name, line) = (&self.value, name_of(episode, message), first.line);
            let place = format!("{name}: {path} used before on {}", first.channel);
            report.deviation(episode, About::Message(message), &place, || {
                format!("{path} of {name} is that of the message at line {line} as well")
            });
        }
    }
}
