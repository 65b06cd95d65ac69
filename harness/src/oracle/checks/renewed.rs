//! `renewed`: a value changes when the kernel is restarted.
//!
//! - `of`: the messages (a selector)
//! - `value`: the path of the value

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
use crate::wire::Json;

struct Renewed {
    of: Selector,
    value: Path,
    life: u32,
    /// The last value of the life before, and of this one.
    before: Option<Json>,
    now: Option<Json>,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let of = reader.required("of").and_then(|item| compiler.selector(item, Direction::ToClient));
    let value = reader.required("value").and_then(|item| compiler.path_of(item));
    Some(Box::new(Renewed { of: of?, value: value?, life: 0, before: None, now: None }))
}

impl Check for Renewed {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        if self.life != episode.kernel.life {
            let restarted = episode.kernel.started.as_ref().is_some_and(|started| started.event.restarted);
            let now = self.now.take();
            (self.life, self.before) = (episode.kernel.life, now.filter(|_| restarted));
        }
        for message in self.of.select(episode) {
            let Some(value) = self.value.value(episode, message) else { continue };
            if let Some(before) = self.before.take() {
                report.exercised();
                if before == *value {
                    let (path, name) = (self.value.to_string(), name_of(episode, message));
                    report.deviation(episode, About::Message(message), &path, || {
                        format!("{path} of {name} is {} after the restart, as it was before it", brief(Some(&value)))
                    });
                }
            }
            self.now = Some(value.into_owned());
        }
    }
}
