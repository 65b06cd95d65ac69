//! What is told while a run goes on.

use std::collections::BTreeSet;

use harness::session::About;
use harness::session::run::Progress;
use harness::trace::ScenarioOutcome;

use crate::way::Way;

/// The moving line.
const TEMPLATE: &str = "{spinner} {pos}/{len} {elapsed} {wide_msg}";

/// Tells what happens.
pub(crate) struct Teller {
    way: Way,
    total: usize,
    /// By name, as a scenario that is played again to confirm ends more than once.
    done: BTreeSet<String>,
    /// What was found so far: kernels that are played with side by side show the same.
    found: BTreeSet<String>,
}

impl Teller {
    /// For a run of `total` scenarios.
    pub(crate) fn new(total: usize, quiet: bool) -> Self {
        Self { way: Way::new(quiet, Some(total), TEMPLATE), total, done: BTreeSet::new(), found: BTreeSet::new() }
    }

    /// Tells one thing.
    pub(crate) fn tell(&mut self, progress: &Progress) {
        match progress {
            Progress::Ready(about) => self.way.line(&format!("playing against {}", kernel(about))),
            Progress::Started { scenario, attempt } => self.doing(scenario, *attempt),
            Progress::Ended { scenario, outcome, reason } => self.ended(scenario, *outcome, reason.as_deref()),
            Progress::Told(news) => {
                if self.found.insert(news.clone()) {
                    self.way.line(news);
                }
            }
        }
    }

    /// Ends the moving line.
    pub(crate) fn finish(self) {
        self.way.finish();
    }

    fn doing(&self, scenario: &str, attempt: u32) {
        let again = if attempt > 1 { format!(" (again, to confirm, {attempt})") } else { String::new() };
        match &self.way {
            Way::Bar(bar) => bar.set_message(format!("{scenario}{again}")),
            Way::Lines if attempt > 1 => self.way.line(&format!("{scenario}{again}")),
            Way::Lines | Way::Silent => {}
        }
    }

    fn ended(&mut self, scenario: &str, outcome: ScenarioOutcome, reason: Option<&str>) {
        self.done.insert(scenario.to_owned());
        let done = self.done.len();
        match &self.way {
            Way::Silent => {}
            Way::Bar(bar) => bar.set_position(done as u64),
            Way::Lines => {
                let outcome = match outcome {
                    ScenarioOutcome::Completed => "",
                    ScenarioOutcome::Abandoned => ": given up",
                    ScenarioOutcome::Skipped => ": skipped",
                };
                let reason = reason.map(|reason| format!(", {reason}")).unwrap_or_default();
                self.way.line(&format!("{done}/{} {scenario}{outcome}{reason}", self.total));
            }
        }
    }
}

fn kernel(about: &About) -> String {
    format!(
        "{} {} ({} {}, protocol {})",
        about.implementation, about.implementation_version, about.language, about.language_version, about.protocol_version
    )
}
