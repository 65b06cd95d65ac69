//! `distinct-signatures`: no two messages that one client receives carry the same signature.
//!
//! It has no parameters. Clients take the second of two such messages for a replay of the first, and drop it, on whatever channels they
//! came. Messages without a signature tell nothing.

use foldhash::HashMap;

use super::Check;
use super::shape::name_of;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::words::digest;
use crate::spec::reader::Reader;
use crate::wire::{Channel, PartName};

#[derive(Default)]
struct DistinctSignatures {
    life: u32,
    /// By the digest of client and signature, as a run has many thousands: channel and line of the first message that carried it.
    known: HashMap<u64, (Channel, u32)>,
}

pub(super) fn compile(_: &Reader<'_>, _: &Compiler<'_>) -> Option<Box<dyn Check>> {
    Some(Box::new(DistinctSignatures::default()))
}

impl Check for DistinctSignatures {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        if self.life != episode.kernel.life {
            self.life = episode.kernel.life;
            self.known = HashMap::default();
        }
        // In a message that can't be taken apart, what stands in the signature's place is something else.
        for (message, seen) in episode.from_kernel().filter(|(_, seen)| seen.part(PartName::Header).is_some()) {
            let Some(signature) = seen.signature.as_ref().filter(|signature| !signature.0.is_empty()) else { continue };
            report.exercised();
            let (name, channel) = (name_of(episode, message), seen.channel);
            let key = digest(&[seen.client.as_bytes(), b"\0", &signature.0].concat());
            let Some((first_channel, line)) = self.known.get(&key) else {
                self.known.insert(key, (channel, u32::try_from(seen.line).unwrap_or(u32::MAX)));
                continue;
            };
            let place = format!("{name} on {channel}");
            report.deviation(episode, About::Message(message), &place, || {
                format!("{name} on {channel} has the signature of the message on {first_channel} at line {line}, so that clients drop it as a replay")
            });
        }
    }
}
