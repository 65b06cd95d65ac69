//! `constant`: a value is the same in all messages of a set.
//!
//! - `of`: the messages (a selector)
//! - `value`: the path of the value; messages without it are passed over
//! - `within`: `request`, `episode`, `kernel` (one life) or `run`

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
use crate::spec::reader::{Item, Reader};
use crate::wire::Json;

struct Constant {
    of: Selector,
    value: Path,
    within: Within,
    life: u32,
    known: Option<Known>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Request,
    Episode,
    Kernel,
    Run,
}

/// The value as it was first.
struct Known {
    value: Json,
    name: String,
    line: u64,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let of = reader.required("of").and_then(|item| compiler.selector(item, Direction::ToClient));
    let value = reader.required("value").and_then(|item| compiler.path_of(item));
    let within = reader.required("within").and_then(span);
    Some(Box::new(Constant { of: of?, value: value?, within: within?, life: 0, known: None }))
}

fn span(item: Item<'_>) -> Option<Within> {
    let names = [("request", Within::Request), ("episode", Within::Episode), ("kernel", Within::Kernel), ("run", Within::Run)];
    let name = item.clone().str()?;
    let found = names.iter().find(|(known, _)| *known == name).map(|(_, span)| *span);
    if found.is_none() {
        item.unknown("span", name, names.iter().map(|(known, _)| *known));
    }
    found
}

impl Check for Constant {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        if self.within == Within::Request {
            self.judge_requests(episode, report);
            return;
        }
        let renewed = self.within == Within::Episode || (self.within == Within::Kernel && self.life != episode.kernel.life);
        if renewed {
            self.life = episode.kernel.life;
            self.known = None;
        }
        let messages = self.of.select(episode);
        let known = self.known.take();
        self.known = self.compare(episode, &messages, known, report);
    }
}

impl Constant {
    fn judge_requests(&self, episode: &Episode, report: &mut Report<'_>) {
        let mut by_request: std::collections::BTreeMap<usize, Vec<usize>> = std::collections::BTreeMap::new();
        for message in self.of.select(episode) {
            if let Some(number) = episode.messages[message].request {
                by_request.entry(number).or_default().push(message);
            }
        }
        for (number, messages) in by_request {
            if !episode.requests[number].shared_id {
                self.compare(episode, &messages, None, report);
            }
        }
    }

    /// Holds the messages against the value as it was first, which it gives back.
    fn compare(&self, episode: &Episode, messages: &[usize], known: Option<Known>, report: &mut Report<'_>) -> Option<Known> {
        let mut known = known;
        let mut compared = 0;
        for &message in messages {
            let Some(value) = self.value.value(episode, message) else { continue };
            let Some(first) = &known else {
                let name = name_of(episode, message).to_owned();
                known = Some(Known { value: value.into_owned(), name, line: episode.messages[message].line });
                continue;
            };
            compared += 1;
            if first.value != *value {
                let (path, name) = (self.value.to_string(), name_of(episode, message));
                let path = path.strip_prefix("content.").unwrap_or(&path).to_owned();
                // Over many messages one sender's slip shows in whatever comes next.
                let place = if self.within == Within::Request { format!("{path} of {name} against {}", first.name) } else { path.clone() };
                report.deviation(episode, About::Message(message), &place, || {
                    format!(
                        "{path} of {name} is {}, that of {} at line {} is {}",
                        brief(Some(&value)),
                        first.name,
                        first.line,
                        brief(Some(&first.value))
                    )
                });
            }
        }
        if compared > 0 {
            report.exercised();
        }
        known
    }
}
