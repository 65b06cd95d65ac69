//! What shows once only, though it was tried again, is not called a lockup or a crash.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::Kind;

/// In which plays of which scenarios each suspicion showed.
#[derive(Debug, Default)]
pub(super) struct Confirmations {
    /// How often each scenario was played.
    plays: BTreeMap<String, u32>,
    /// Scenario and attempt, by kind and place.
    shown: BTreeMap<(Kind, String), BTreeSet<(String, u32)>>,
}

impl Confirmations {
    /// Notes that a play begins.
    pub(super) fn play(&mut self, scenario: &str, attempt: u32) {
        let plays = self.plays.entry(scenario.to_owned()).or_default();
        *plays = attempt.max(*plays);
    }

    /// Adds what another trace of the run told.
    pub(super) fn join(&mut self, other: Self) {
        for (scenario, plays) in other.plays {
            self.play(&scenario, plays);
        }
        for (suspicion, mut shown) in other.shown {
            self.shown.entry(suspicion).or_default().append(&mut shown);
        }
    }

    /// Notes that a suspicion showed.
    pub(super) fn show(&mut self, kind: Kind, place: &str, scenario: &str, attempt: u32) {
        self.shown.entry((kind, place.to_owned())).or_default().insert((scenario.to_owned(), attempt));
    }

    /// Whether it showed again, or was never tried again: on a kernel that can't be had afresh, or where its cause was confirmed before.
    pub(super) fn holds(&self, kind: Kind, place: &str) -> bool {
        let Some(shown) = self.shown.get(&(kind, place.to_owned())) else { return true };
        shown.len() > 1 || shown.iter().any(|(scenario, _)| self.plays.get(scenario).is_none_or(|&plays| plays < 2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_once_of_three_does_not_hold() {
        let mut confirmations = Confirmations::default();
        for attempt in 1..=3 {
            confirmations.play("s", attempt);
        }
        confirmations.play("once", 1);
        confirmations.show(Kind::Lockup, "flaky", "s", 1);
        confirmations.show(Kind::Lockup, "real", "s", 1);
        confirmations.show(Kind::Lockup, "real", "s", 2);
        confirmations.show(Kind::Crash, "joined", "once", 1);
        let holds = |kind, place| confirmations.holds(kind, place);
        assert_eq!([holds(Kind::Lockup, "flaky"), holds(Kind::Lockup, "real"), holds(Kind::Crash, "joined")], [false, true, true]);
    }
}
