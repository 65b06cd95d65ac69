//! Where the time of a run went, in seconds.

use harness::session::run::{ScenarioTimings, Timings};
use serde::Serialize;

/// The time of a whole run, summed over the kernels that were played with side by side.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct RunTimings {
    /// In all.
    #[serde(flatten)]
    pub total: Spent,
    /// Kernels started.
    pub kernels: u32,
    /// Messages sent and received.
    pub messages: u64,
    /// By scenario, the slowest first.
    pub scenarios: Vec<ScenarioSpent>,
}

/// The time of one scenario, with all its plays and the kernels that it needed.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct ScenarioSpent {
    /// `group/name`.
    pub name: String,
    /// Its time.
    #[serde(flatten)]
    pub spent: Spent,
}

/// Seconds, by what they were spent on.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Spent {
    /// All of them.
    pub seconds: f64,
    /// Waiting for kernels to start.
    pub starting: f64,
    /// Waiting for kernels to answer.
    pub answers: f64,
    /// Waiting because a scenario says so.
    pub pauses: f64,
    /// Waiting for kernels to end.
    pub exits: f64,
    /// All else: making, recording and judging messages.
    pub harness: f64,
}

impl RunTimings {
    /// Of what the session measured.
    #[must_use]
    pub fn of(timings: &Timings, by_scenario: &[ScenarioTimings]) -> Self {
        let spent = |one: &ScenarioTimings| ScenarioSpent { name: one.scenario.clone(), spent: Spent::of(&one.timings) };
        let mut scenarios: Vec<ScenarioSpent> = by_scenario.iter().map(spent).collect();
        scenarios.sort_by(|left, right| right.spent.seconds.total_cmp(&left.spent.seconds).then_with(|| left.name.cmp(&right.name)));
        Self { total: Spent::of(timings), kernels: timings.kernels, messages: timings.messages, scenarios }
    }
}

impl Spent {
    fn of(timings: &Timings) -> Self {
        Self {
            seconds: timings.total().as_secs_f64(),
            starting: timings.starting.as_secs_f64(),
            answers: timings.waited.answers.as_secs_f64(),
            pauses: timings.waited.pauses.as_secs_f64(),
            exits: timings.waited.exits.as_secs_f64(),
            harness: timings.harness.as_secs_f64(),
        }
    }

    /// The part of it that is ours, in percent.
    #[must_use]
    pub fn percentage(&self) -> f64 {
        if self.seconds > 0.0 { 100.0 * self.harness / self.seconds } else { 0.0 }
    }
}
