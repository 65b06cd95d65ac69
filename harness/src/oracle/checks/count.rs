//! `count`: how many messages of a set there are in the course of a request, or in a life of the kernel.
//!
//! - `of`: what is counted (a selector)
//! - `per`: the requests (a selector of messages to the kernel), or `"kernel"`
//! - `exactly`, `at_most`, `at_least`: how many
//! - `expect`: `reply`, `idle` or `input`, where that is what the session waits for: then its waiting decides what is missing
//! - `place`: a name for what is wrong, where it has one cause with what another check of the rule tells
//! - `bracketed`: too few convict only where the request has a busy or an idle at all
//!
//! In a life of the kernel the subscription of a client that was there first can still come too late, so that too few prove nothing.
//! Only where this is so in several lives, and in none otherwise, they give a warning.

use super::Check;
use super::absence::words;
use super::response::{expectation, is_lacking};
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::repeats::Proviso;
use crate::oracle::report::Report;
use crate::oracle::request::Request;
use crate::oracle::seen::Direction;
use crate::oracle::selector::Selector;
use crate::oracle::types::Types;
use crate::spec::reader::{Item, Reader};
use crate::trace::{Event, Expectation};

struct Count {
    of: Selector,
    per: Per,
    at_least: usize,
    at_most: usize,
    expect: Option<Expectation>,
    bracketed: bool,
    place: Option<String>,
    types: Types,
    life: Life,
}

/// Lives without what is counted that make it likely that there is none.
const LACKING_LIVES: u64 = 5;

enum Per {
    Request(Selector),
    Kernel,
}

/// What was counted in the life that goes on.
#[derive(Default)]
struct Life {
    number: u32,
    count: usize,
    early: bool,
    told: bool,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let of = reader.required("of").and_then(|item| compiler.selector(item, Direction::ToClient));
    let per = reader.required("per").and_then(|item| per(item, compiler));
    let number = |key: &'static str| match reader.optional(key).map(Item::integer) {
        None => Some(None),
        Some(number) => usize::try_from(number?).ok().map(Some),
    };
    let (exactly, at_most, at_least) = (number("exactly")?, number("at_most")?, number("at_least")?);
    let expect = match reader.optional("expect") {
        Some(item) => Some(expectation(item)?),
        None => None,
    };
    let place = reader.optional("place").map(Item::string);
    let place = place.map_or(Some(None), |one| one.map(Some))?;
    let bracketed = reader.optional("bracketed").and_then(Item::bool).unwrap_or(false);
    if exactly.is_none() && at_most.is_none() && at_least.is_none() {
        reader.mistake("a count has `exactly`, `at_most` or `at_least`");
        return None;
    }
    let at_least = exactly.or(at_least).unwrap_or(0);
    let at_most = exactly.or(at_most).unwrap_or(usize::MAX);
    Some(Box::new(Count {
        of: of?,
        per: per?,
        at_least,
        at_most,
        expect,
        bracketed,
        place,
        types: compiler.types.clone(),
        life: Life::default(),
    }))
}

fn per(item: Item<'_>, compiler: &Compiler<'_>) -> Option<Per> {
    if item.json() == "kernel" {
        return Some(Per::Kernel);
    }
    compiler.selector(item, Direction::ToKernel).map(Per::Request)
}

impl Check for Count {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        match &self.per {
            Per::Request(per) => {
                for sent in per.select(episode) {
                    let Some(request) = episode.request_of(sent) else { continue };
                    if !request.shared_id && !is_lacking(episode, request, &self.types) {
                        self.judge_request(episode, request, report);
                    }
                }
            }
            Per::Kernel => self.judge_kernel(episode, report),
        }
    }
}

impl Count {
    fn judge_request(&self, episode: &Episode, request: &Request, report: &mut Report<'_>) {
        let groups = [&request.replies, &request.iopub, &request.inputs];
        let is_own = |message: &usize| !episode.messages[*message].astray;
        let found: Vec<usize> = groups.into_iter().flat_map(|group| self.of.among(episode, group)).filter(is_own).collect();
        let name = episode.type_of(request);
        let wanted = words(&self.of);
        if found.len() > self.at_most {
            report.exercised();
            let place = format!("{name}: more than {} {wanted}", self.at_most);
            let about = found[self.at_most];
            report.deviation(episode, About::Message(about), &place, || {
                format!("{} {wanted} messages for one {name}, wanted {}", found.len(), self.at_most)
            });
        } else if found.len() >= self.at_least {
            report.exercised();
        } else if !(self.bracketed && request.busy.is_none() && request.idle.is_none()) && self.convicts(episode, request, report) {
            report.exercised();
            let place = self.place.clone().unwrap_or_else(|| format!("{name}: fewer than {} {wanted}", self.at_least));
            let few = if found.is_empty() { "no".to_owned() } else { found.len().to_string() };
            report.deviation(episode, About::Request(request), &place, || format!("{few} {wanted} for {name}, wanted {}", self.at_least));
        }
    }

    /// Whether too few can be held against the kernel.
    fn convicts(&self, episode: &Episode, request: &Request, report: &mut Report<'_>) -> bool {
        if let Some(what) = self.expect {
            return (what != Expectation::Idle || request.visible) && report.may_miss(episode, request, what, false);
        }
        let over = request.is_over() && !report.blame.is_halted(episode.asked(request).line);
        if !over {
            report.inconclusive();
        }
        over
    }

    fn judge_kernel(&mut self, episode: &Episode, report: &mut Report<'_>) {
        if self.life.number != episode.kernel.life {
            self.life = Life { number: episode.kernel.life, early: is_early(episode), ..Life::default() };
        }
        let wanted = words(&self.of);
        for message in self.of.select(episode) {
            self.life.count += 1;
            report.exercised();
            if self.life.count > self.at_most {
                let place = format!("more than {} {wanted} in a life", self.at_most);
                report.deviation(episode, About::Message(message), &place, || {
                    format!("more than {} {wanted} in one life of the kernel", self.at_most)
                });
            }
        }
        if self.life.count >= self.at_least {
            report.tell(report.seen());
            return;
        }
        let answered = episode.requests.iter().any(|request| request.idle.is_some());
        if !answered || self.life.told || !self.life.early {
            return;
        }
        self.life.told = true;
        let place = format!("fewer than {} {wanted} in a life", self.at_least);
        let proviso = Proviso { times: LACKING_LIVES, mild: true, ..Proviso::unless(report.seen()) };
        report.provisional(proviso, episode, About::Line(episode.line_range().0), &place, || {
            format!("no {wanted} in any of {LACKING_LIVES} lives of the kernel, whose client was there before it was started")
        });
    }
}

/// Whether a client had its iopub socket open before this process was started.
fn is_early(episode: &Episode) -> bool {
    episode.events.iter().any(|happened| matches!(&happened.event, Event::Connected(connected) if connected.early))
}
