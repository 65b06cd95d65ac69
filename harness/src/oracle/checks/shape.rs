//! `shape`: each message of a set has values as wanted.
//!
//! - `on`: the messages (a selector)
//! - `require`: wants by path; one that does not hold breaks the rule
//! - `advise`: wants by path; one that does not hold gives a warning at most
//! - `some`: wants by path; one that holds for none of the values breaks the rule
//! - `place`: where it is all one cause, whichever want does not hold, a name for it: then it is one finding
//! - `because`: what the value goes against, for where that does not stand in the messages; it ends the title
//!
//! Where `on` names types, a reply that has not the type of its request's is passed over: its name is a matter of the rule about names.
//!
//! A path with `[]` or `{}` wants it of each value, in `some` of at least one. A want that compares with something that is not there is passed over.

use std::borrow::Cow;

use super::Check;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::path::Path;
use crate::oracle::report::Report;
use crate::oracle::seen::Direction;
use crate::oracle::selector::Selector;
use crate::oracle::want::{At, Held, Want};
use crate::spec::reader::{Item, Reader};
use crate::wire::Json;

struct Shape {
    on: Selector,
    told: Told,
    wants: Vec<(Demand, Vec<(Path, Want)>)>,
}

/// How a want that does not hold is told.
struct Told {
    place: Option<String>,
    because: Option<String>,
}

/// How much is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Demand {
    /// Of each value.
    Require,
    /// The same, and less is a warning at most.
    Advise,
    /// Of one value.
    Some,
}

/// The demands by their keys.
const DEMANDS: [(&str, Demand); 3] = [("require", Demand::Require), ("advise", Demand::Advise), ("some", Demand::Some)];

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let on = compiler.selector(reader.required("on")?, Direction::ToClient)?;
    let text = |key: &'static str| reader.optional(key).map(Item::string).map_or(Some(None), |one| one.map(Some));
    let told = Told { place: text("place")?, because: text("because")? };
    let given = DEMANDS.iter().filter_map(|(key, demand)| Some((*demand, reader.optional(key)?)));
    let wants: Vec<_> = given.map(|(demand, item)| Some((demand, compiler.wants(item, on.types.as_deref())?))).collect();
    if wants.is_empty() {
        reader.mistake("a shape has `require`, `advise` or `some`");
        return None;
    }
    Some(Box::new(Shape { on, told, wants: wants.into_iter().collect::<Option<_>>()? }))
}

impl Check for Shape {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        // That a message has no header at all is told once, by the rules about frames.
        let by_type = self.on.types.is_some();
        let tells = |&message: &usize| episode.messages[message].has_header() && !(by_type && episode.is_misnamed(message));
        for message in self.on.select(episode).into_iter().filter(tells) {
            let mut told = false;
            for (demand, wants) in &self.wants {
                for (path, want) in wants {
                    told |= judge(path, want, (*demand, &self.told), episode, message, report);
                }
            }
            if told {
                report.exercised();
            }
        }
    }
}

/// Whether it could be told if the want holds.
fn judge(path: &Path, want: &Want, (demand, told): (Demand, &Told), episode: &Episode, message: usize, report: &mut Report<'_>) -> bool {
    match holds(path, want, demand, At { episode, message, explain: false }) {
        Held::Yes => true,
        Held::Unknown => false,
        Held::No(_) => {
            let msg_type = name_of(episode, message);
            // What is wrong with the envelope is wrong with all types in the same way.
            let place = match &told.place {
                Some(place) => place.clone(),
                None if path.is_of_envelope() || !path.is_of_message() => path.to_string(),
                None => format!("{msg_type} {path}"),
            };
            let title = || {
                let Held::No(why) = holds(path, want, demand, At { episode, message, explain: true }) else { return String::new() };
                let name = path.to_string();
                let because = told.because.as_ref().map_or_else(String::new, |because| format!(": {because}"));
                if !path.is_of_message() {
                    return format!("{name} {why}{because}");
                }
                format!("{} of {msg_type} {why}{because}", name.strip_prefix("content.").unwrap_or(&name))
            };
            if demand == Demand::Advise {
                report.milder_deviation(episode, About::Message(message), &place, title);
            } else {
                report.deviation(episode, About::Message(message), &place, title);
            }
            true
        }
    }
}

fn holds(path: &Path, want: &Want, demand: Demand, at: At<'_>) -> Held {
    if !path.is_readable(at.episode, at.message) {
        return Held::Unknown;
    }
    if !path.is_many() {
        return want.holds(path.value(at.episode, at.message).as_deref(), at);
    }
    let values = path.values(at.episode, at.message);
    if demand == Demand::Some {
        return of_some(want, &values, at);
    }
    let mut worst = Held::Yes;
    for value in &values {
        match want.holds(Some(value), at) {
            Held::Yes => {}
            Held::Unknown => worst = Held::Unknown,
            Held::No(why) => return Held::No(why),
        }
    }
    worst
}

/// Whether the want holds for at least one of the values.
fn of_some(want: &Want, values: &[Cow<'_, Json>], at: At<'_>) -> Held {
    let mut worst = Held::No(if at.explain { "has no value that is wanted".to_owned() } else { String::new() });
    for value in values {
        match want.holds(Some(value), at) {
            Held::Yes => return Held::Yes,
            Held::Unknown => worst = Held::Unknown,
            Held::No(_) => {}
        }
    }
    worst
}

/// The message type, in words where there is none.
pub(super) fn name_of(episode: &Episode, message: usize) -> &str {
    episode.messages[message].name()
}
