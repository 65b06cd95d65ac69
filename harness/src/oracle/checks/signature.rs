//! `signature`: messages carry the signature that they ought to.
//!
//! - `on`: the messages; all of the kernel if not given
//! - `misread`: only signatures that are wrong by this known misreading: `with_buffers`, `key_first`
//!
//! Without a key the signature ought to be empty. Messages that lack parts have no signature to hold them against.

use super::Check;
use super::shape::name_of;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::seen::{Seen, Signed, Wrong};
use crate::oracle::selector::Selector;
use crate::spec::reader::{Item, Reader};

struct Signature {
    on: Selector,
    misread: Option<String>,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let on = compiler.selector_or_all(reader, "on")?;
    let misread = reader.optional("misread").and_then(Item::string);
    Some(Box::new(Signature { on, misread }))
}

impl Check for Signature {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        for message in self.on.select(episode) {
            let seen = &episode.messages[message];
            let (Some(signed), None) = (&seen.signed, seen.cut_from) else { continue };
            // With a delimiter too many it can't be told which frame the signature is.
            if seen.hides_parts() {
                continue;
            }
            report.exercised();
            let Signed::Wrong(wrong) = signed else { continue };
            if self.misread.is_some() && self.misread != wrong.misread {
                continue;
            }
            let how = how(seen, wrong);
            let (name, channel) = (name_of(episode, message), seen.channel);
            report.deviation(episode, About::Message(message), how, || format!("the signature of {name} on {channel} is wrong: {how}"));
        }
    }
}

/// What is wrong, as far as it can be told.
fn how(seen: &Seen, wrong: &Wrong) -> &'static str {
    let signature = seen.signature.as_ref().map(|bytes| bytes.0.as_slice()).unwrap_or_default();
    let mac = wrong.mac.as_str();
    match wrong.misread.as_deref() {
        Some("with_buffers") => "it covers the buffers",
        Some("key_first") => "the key was taken for data",
        _ if mac.is_empty() => "there is no key, and it is not empty",
        _ if signature.is_empty() => "it is empty",
        _ if signature.eq_ignore_ascii_case(mac.as_bytes()) => "it is not in lower case",
        _ if signature.len() != mac.len() => "it has another length",
        _ => "it is that of other bytes or another key",
    }
}
