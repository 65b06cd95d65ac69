//! What is told while a run goes on, on stderr: one moving line on a terminal, plain lines elsewhere, nothing with `--quiet`.

use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};
use std::time::Duration;

use harness::session::About;
use harness::session::run::Progress;
use harness::trace::ScenarioOutcome;
use indicatif::{ProgressBar, ProgressStyle};
use reports::text::clean;

/// How often the moving line is drawn anew where nothing happens.
const TICK: Duration = Duration::from_millis(200);

/// Tells what happens.
pub(crate) struct Teller {
    way: Way,
    total: usize,
    /// By name, as a scenario that is played again to confirm ends more than once.
    done: BTreeSet<String>,
    /// What was found so far: kernels that are played with side by side show the same.
    found: BTreeSet<String>,
}

enum Way {
    Silent,
    Lines,
    Bar(ProgressBar),
}

impl Teller {
    /// For a run of `total` scenarios.
    pub(crate) fn new(total: usize, quiet: bool) -> Self {
        let way = match (quiet, std::io::stderr().is_terminal()) {
            (true, _) => Way::Silent,
            (false, false) => Way::Lines,
            (false, true) => Way::Bar(bar(total)),
        };
        Self { way, total, done: BTreeSet::new(), found: BTreeSet::new() }
    }

    /// Tells one thing.
    pub(crate) fn tell(&mut self, progress: &Progress) {
        match progress {
            Progress::Ready(about) => self.line(&format!("playing against {}", kernel(about))),
            Progress::Started { scenario, attempt } => self.doing(scenario, *attempt),
            Progress::Ended { scenario, outcome, reason } => self.ended(scenario, *outcome, reason.as_deref()),
            Progress::Told(news) => {
                if self.found.insert(news.clone()) {
                    self.line(news);
                }
            }
        }
    }

    /// Ends the moving line.
    pub(crate) fn finish(self) {
        if let Way::Bar(bar) = self.way {
            bar.finish_and_clear();
        }
    }

    fn doing(&self, scenario: &str, attempt: u32) {
        let again = if attempt > 1 { format!(" (again, to confirm, {attempt})") } else { String::new() };
        match &self.way {
            Way::Bar(bar) => bar.set_message(format!("{scenario}{again}")),
            Way::Lines if attempt > 1 => self.line(&format!("{scenario}{again}")),
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
                self.line(&format!("{done}/{} {scenario}{outcome}{reason}", self.total));
            }
        }
    }

    fn line(&self, text: &str) {
        match &self.way {
            Way::Silent => {}
            Way::Bar(bar) => bar.println(clean(text)),
            // Progress that nobody can read any more is not missed.
            Way::Lines => drop(writeln!(std::io::stderr(), "{}", clean(text))),
        }
    }
}

fn bar(total: usize) -> ProgressBar {
    let bar = ProgressBar::new(total as u64);
    let style = ProgressStyle::with_template("{spinner} {pos}/{len} {elapsed} {wide_msg}").expect("the template is right");
    bar.set_style(style);
    bar.set_message("starting the kernel");
    bar.enable_steady_tick(TICK);
    bar
}

fn kernel(about: &About) -> String {
    format!(
        "{} {} ({} {}, protocol {})",
        about.implementation, about.implementation_version, about.language, about.language_version, about.protocol_version
    )
}
