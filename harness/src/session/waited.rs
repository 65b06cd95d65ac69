//! What a session waited for, and how long.

use std::time::Duration;

/// Time that was spent waiting, by what for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waited {
    /// For the kernel to answer.
    pub answers: Duration,
    /// Because the scenario says so.
    pub pauses: Duration,
    /// For the kernel to end, once it was asked to.
    pub exits: Duration,
}

impl Waited {
    /// All of it.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.answers + self.pauses + self.exits
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.answers += other.answers;
        self.pauses += other.pauses;
        self.exits += other.exits;
    }

    /// What has come to it since then.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self { answers: self.answers - before.answers, pauses: self.pauses - before.pauses, exits: self.exits - before.exits }
    }

    /// The same, were all that has come to it since then a pause.
    #[must_use]
    pub fn paused_since(&self, before: &Self) -> Self {
        Self { pauses: before.pauses + self.since(before).total(), ..*before }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Waited;

    #[test]
    fn whatever_is_waited_for_in_a_pause_is_the_pause() {
        let [answers, pauses, exits] = [1, 2, 4].map(Duration::from_secs);
        let before = Waited { answers, pauses, exits };
        let now = Waited { answers: 3 * answers, pauses, exits: 2 * exits };
        assert_eq!(now.since(&before), Waited { answers: 2 * answers, pauses: Duration::ZERO, exits });
        assert_eq!(now.paused_since(&before), Waited { answers, pauses: 4 * pauses, exits });
        assert_eq!(now.paused_since(&before).total(), now.total());
    }
}
