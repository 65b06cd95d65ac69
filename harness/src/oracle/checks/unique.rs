//! `unique`: a value is never used twice.
//!
//! - `of`: the messages (a selector)
//! - `value`: the path of the value; messages without it are passed over
//! - `within`: `kernel` (one life, the default) or `run`
//!
//! The copies of one message at several clients are one message; which channels may copy is a matter of other rules.

use std::sync::Arc;

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
use crate::oracle::words::digest;
use crate::spec::reader::Reader;
use crate::wire::Channel;

struct Unique {
    of: Selector,
    value: Path,
    per_life: bool,
    life: u32,
    /// Those that messages came to, so that each is told by its number.
    clients: Vec<Arc<str>>,
    /// By the digest of the value: a run has many thousands.
    known: HashMap<u64, First>,
}

/// Where a value was first, in few bytes.
struct First {
    /// Line of the trace, which has no four thousand million.
    line: u32,
    /// The half of a digest: it only tells whether what has the same value is the same message.
    signature: u32,
    client: u16,
    channel: Channel,
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
    Some(Box::new(Unique { of, value: value?, per_life, life: 0, clients: Vec::new(), known: HashMap::default() }))
}

impl Check for Unique {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        if self.per_life && self.life != episode.kernel.life {
            self.life = episode.kernel.life;
            (self.known, self.clients) = (HashMap::default(), Vec::new());
        }
        for message in self.of.select(episode) {
            let Some(value) = self.value.value(episode, message) else { continue };
            let key = value.as_str().map_or_else(|| digest(value.to_string().as_bytes()), |text| digest(text.as_bytes()));
            let seen = &episode.messages[message];
            let signature = digest(seen.signature.as_ref().map_or(&[][..], |signature| &signature.0)) as u32;
            let client = number_of(&seen.client, &mut self.clients);
            report.exercised();
            let Some(first) = self.known.get(&key) else {
                let line = u32::try_from(seen.line).unwrap_or(u32::MAX);
                self.known.insert(key, First { line, signature, client, channel: seen.channel });
                continue;
            };
            let is_copy =
                seen.channel == first.channel && first.client != client && (seen.channel == Channel::Iopub || signature == first.signature);
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

/// The number of a client, of which no kernel has more than a few.
fn number_of(client: &Arc<str>, clients: &mut Vec<Arc<str>>) -> u16 {
    let number = clients.iter().position(|known| known == client).unwrap_or_else(|| {
        clients.push(Arc::clone(client));
        clients.len() - 1
    });
    u16::try_from(number).unwrap_or(u16::MAX)
}
