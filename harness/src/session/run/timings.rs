//! Where the time of a run goes.

use std::time::Duration;

use crate::session::waited::Waited;

/// Where time went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timings {
    /// Waiting for kernels to start, spare ones aside.
    pub starting: Duration,
    /// Waiting for kernels that have started.
    pub waited: Waited,
    /// All else: making, recording and judging messages, the last beside the waiting.
    pub harness: Duration,
    /// Kernels started, spare ones included.
    pub kernels: u32,
    /// Messages sent and received.
    pub messages: u64,
}

/// Where the time of one scenario went: with the kernels that it needed, and all its plays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioTimings {
    /// `group/name`.
    pub scenario: String,
    /// Where its time went.
    pub timings: Timings,
}

impl Timings {
    /// All of it.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.waiting() + self.harness
    }

    /// All that is not ours.
    #[must_use]
    pub fn waiting(&self) -> Duration {
        self.starting + self.waited.total()
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.starting += other.starting;
        self.waited.add(&other.waited);
        self.harness += other.harness;
        self.kernels += other.kernels;
        self.messages += other.messages;
    }

    /// What has come to it since then, of the `took` that have passed; what was no waiting is ours.
    pub(super) fn since(&self, before: &Self, took: Duration) -> Self {
        let mut since = Self {
            starting: self.starting - before.starting,
            waited: self.waited.since(&before.waited),
            harness: Duration::ZERO,
            kernels: self.kernels - before.kernels,
            messages: self.messages - before.messages,
        };
        since.harness = took.saturating_sub(since.waiting());
        since
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Timings, Waited};

    #[test]
    fn what_is_no_waiting_is_ours() {
        let [one, two, ten] = [1, 2, 10].map(Duration::from_secs);
        let answered_for = |answers| Waited { answers, ..Waited::default() };
        let before = Timings { waited: answered_for(one), messages: 3, ..Timings::default() };
        let now = Timings { starting: two, waited: answered_for(two), kernels: 1, messages: 5, harness: Duration::ZERO };
        let since = now.since(&before, ten);
        assert_eq!(since, Timings { starting: two, waited: answered_for(one), harness: Duration::from_secs(7), kernels: 1, messages: 2 });
        assert_eq!(since.total(), ten);
    }
}
