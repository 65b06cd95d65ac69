//! `between`: a message of a set comes between two others, whichever requests they belong to.
//!
//! - `of`: what must come (a selector)
//! - `after` and `before`: the two (selectors; either may be of messages to the kernel, with `from = "client"`). Each `before` is looked at
//!   with the last `after` that came before it, and none in between
//! - `unless`: a message between the two after which nothing can be told (a selector)
//! - `late`: seconds. Then only an `of` breaks the rule that comes more than this after `before`, where it should have come by then; that none
//!   comes at all is a matter of other rules. Two channels may well deliver in another order what was sent in one go

use super::Check;
use super::absence::words;
use super::response::seconds_between;
use super::shape::name_of;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::seen::Direction;
use crate::oracle::selector::Selector;
use crate::spec::reader::{Item, Reader};

struct Between {
    of: Selector,
    after: Selector,
    before: Selector,
    unless: Option<Selector>,
    late: Option<f64>,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let selector = |item| compiler.selector(item, Direction::ToClient);
    let of = reader.required("of").and_then(selector);
    let after = reader.required("after").and_then(selector);
    let before = reader.required("before").and_then(selector);
    let unless = reader.optional("unless").map(selector);
    let late = reader.optional("late").map(Item::seconds);
    let (unless, late) = (unless.map_or(Some(None), |one| one.map(Some)), late.map_or(Some(None), |one| one.map(Some)));
    // The asker of an event is not specified, so each client's copy tells as well as another's.
    let mut of = of?;
    of.copies = true;
    Some(Box::new(Between { of, after: after?, before: before?, unless: unless?, late: late? }))
}

impl Check for Between {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        let begins = self.after.select(episode);
        let mut ends = self.before.select(episode).into_iter().peekable();
        for (position, &begin) in begins.iter().enumerate() {
            let next = begins.get(position + 1).copied().unwrap_or(usize::MAX);
            while ends.next_if(|&end| end < begin).is_some() {}
            if let Some(end) = ends.next_if(|&end| end < next) {
                self.judge_pair(episode, begin, end, next, report);
            }
        }
    }
}

impl Between {
    fn judge_pair(&self, episode: &Episode, begin: usize, end: usize, next: usize, report: &mut Report<'_>) {
        let inside = |message: &usize| (begin..end).contains(message);
        let excused = self.unless.as_ref().is_some_and(|unless| unless.select(episode).iter().any(inside));
        let wanted = self.of.select(episode);
        if wanted.iter().any(inside) {
            report.exercised();
        } else if excused || report.blame.is_halted(episode.messages[end].line) {
            report.inconclusive();
        } else if let Some(allowed) = self.late {
            if let Some(&came) = wanted.iter().find(|&&message| message > end && message < next) {
                self.judge_late(episode, end, came, allowed, report);
            }
        } else {
            report.exercised();
            let (wanted, begin_name, end_name) = (words(&self.of), name_of(episode, begin), name_of(episode, end));
            report.deviation(episode, About::Messages(&[end, begin]), &format!("no {wanted} after {begin_name}"), || {
                format!("no {wanted} came between {begin_name} and {end_name}")
            });
        }
    }

    fn judge_late(&self, episode: &Episode, end: usize, came: usize, allowed: f64, report: &mut Report<'_>) {
        report.exercised();
        let seconds = seconds_between(episode.messages[end].t, episode.messages[came].t);
        if seconds > allowed {
            let (name, end_name) = (name_of(episode, came), name_of(episode, end));
            report.deviation(episode, About::Messages(&[came, end]), &format!("{name} after {end_name}"), || {
                format!("{name} came {seconds:.1} s after {end_name}, which it should precede")
            });
        }
    }
}
