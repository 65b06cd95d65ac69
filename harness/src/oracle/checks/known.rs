//! `known`: a value that messages refer to was introduced by an earlier message of the same life.
//!
//! - `of` and `value`: the messages that refer to it (a selector) and the path of the value; messages without it are passed over
//! - `earlier` and `earlier_value`: the messages that introduce it, and the path of the value
//! - `until` and `until_value`: the messages that end it, from which on it is unknown again

use std::collections::BTreeSet;

use super::Check;
use super::shape::name_of;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::path::Path;
use crate::oracle::report::Report;
use crate::oracle::seen::Direction;
use crate::oracle::selector::Selector;
use crate::oracle::words::brief;
use crate::spec::reader::Reader;

struct Known {
    of: (Selector, Path),
    earlier: (Selector, Path),
    until: Option<(Selector, Path)>,
    life: u32,
    values: BTreeSet<String>,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let selector = |key: &'static str| reader.required(key).and_then(|item| compiler.selector(item, Direction::ToClient));
    let path = |key: &'static str| reader.required(key).and_then(|item| compiler.path_of(item));
    let (of, value, earlier, earlier_value) = (selector("of"), path("value"), selector("earlier"), path("earlier_value"));
    let until = match reader.optional("until") {
        Some(item) => Some((compiler.selector(item, Direction::ToClient)?, path("until_value")?)),
        None => None,
    };
    Some(Box::new(Known { of: (of?, value?), earlier: (earlier?, earlier_value?), until, life: 0, values: BTreeSet::new() }))
}

impl Check for Known {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        if self.life != episode.kernel.life {
            self.life = episode.kernel.life;
            self.values.clear();
        }
        for message in 0..episode.messages.len() {
            if episode.messages[message].copy {
                continue;
            }
            let value =
                |(selector, path): &(Selector, Path)| selector.matches(episode, message).then(|| path.value(episode, message)).flatten();
            if let Some(found) = value(&self.of) {
                report.exercised();
                if !self.values.contains(&found.to_string()) {
                    let (name, path) = (name_of(episode, message), &self.of.1);
                    let place = format!("{name} {path}");
                    report.deviation(episode, About::Message(message), &place, || {
                        format!("{path} of {name} is {}, which no earlier message introduced", brief(Some(&found)))
                    });
                }
            }
            if let Some(found) = self.until.as_ref().and_then(value) {
                self.values.remove(&found.to_string());
            }
            if let Some(found) = value(&self.earlier) {
                self.values.insert(found.to_string());
            }
        }
    }
}
