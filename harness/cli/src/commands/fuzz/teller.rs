//! What is told while a campaign goes on.

use std::time::Duration;

use ::fuzz::campaign::{Fate, Found, Limits, News, Status};
use harness::session::About;
use reports::text::clean;

use crate::commands::run::signals::say;
use crate::way::Way;

/// The moving line.
const TEMPLATE: &str = "{spinner} {wide_msg}";
/// How often a line is written where lines stay.
const EVERY: Duration = Duration::from_secs(15);

/// Tells what happens.
pub(crate) struct Teller {
    way: Way,
    limits: Limits,
    told: Duration,
}

impl Teller {
    pub(crate) fn new(quiet: bool, about: &About, limits: Limits) -> Self {
        let teller = Self { way: Way::new(quiet, None, TEMPLATE), limits, told: Duration::ZERO };
        teller.way.line(&format!("playing against {} {}", about.implementation, about.implementation_version));
        teller
    }

    pub(crate) fn tell(&mut self, news: &News<'_>) {
        match news {
            News::Playing(_) => {}
            News::Status(status) => self.status(status),
            News::New(found) => self.way.line(&format!("{} {}: {}", found.finding.verdict, found.bucket.rule, found.finding.title)),
            News::Reducing(found) => {
                if let Way::Bar(bar) = &self.way {
                    bar.set_message(format!("making {} smaller: {} steps", found.bucket.rule, found.plan.steps.len()));
                }
            }
            News::Reduced(found, fate) => self.way.line(&reduced(found, *fate)),
        }
    }

    /// Ends the moving line.
    pub(crate) fn finish(self) {
        self.way.finish();
    }

    fn status(&mut self, status: &Status) {
        match &self.way {
            Way::Bar(bar) => bar.set_message(self.account(status)),
            Way::Lines if status.elapsed >= self.told + EVERY => {
                self.told = status.elapsed;
                self.way.line(&self.account(status));
            }
            Way::Lines | Way::Silent => {}
        }
    }

    fn account(&self, status: &Status) -> String {
        let seconds = status.elapsed.as_secs_f64().max(0.001);
        let of_time = self.limits.time.map(|time| format!(" of {}", clock(time))).unwrap_or_default();
        let of_runs = self.limits.runs.map(|runs| format!(" of {runs}")).unwrap_or_default();
        let lost = if status.lost > 0 { format!(", {} not seen again", status.lost) } else { String::new() };
        // Messages and kernels are counted by the batch.
        let rate = if status.messages > 0 { format!(", {:.0} messages/s", status.messages as f64 / seconds) } else { String::new() };
        let kernels = if status.kernels > 0 { format!(", {} kernels", status.kernels) } else { String::new() };
        format!("{}{of_time}: {}{of_runs} plans{rate}{kernels}, {} found{lost}", clock(status.elapsed), status.plans, status.found)
    }
}

/// Says what is left out, and why: it may be real, and nobody could see it by its plan.
pub(crate) fn told_of_lost(lost: &[Found]) {
    for found in lost {
        let kind = harness::spec::Named::name(found.bucket.kind);
        say(&clean(&format!("left out, as its plan alone did not show it again: {kind}, {}: {}", found.bucket.rule, found.finding.title)));
    }
}

fn reduced(found: &Found, fate: Fate) -> String {
    let rule = &found.bucket.rule;
    match (fate, found.reliability) {
        (Fate::Reduced, Some((shown, plays))) => {
            format!("  {rule}: {} of {} steps show it, in {shown} of {plays} plays", found.plan.steps.len(), found.steps_at_first)
        }
        (Fate::Gone, _) => format!("  {rule}: did not show again by its plan alone"),
        (Fate::Known, _) => format!("  {rule}: its plan alone shows what is known"),
        _ => format!("  {rule}: not tried again"),
    }
}

fn clock(time: Duration) -> String {
    format!("{}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}
