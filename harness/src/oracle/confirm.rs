//! What shows once only, though it was tried again, is not called a lockup or a crash.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::Kind;
use super::woken::WOKEN;

/// In which plays of which scenarios each suspicion showed.
#[derive(Debug, Default)]
pub(super) struct Confirmations {
    /// How often each scenario was played.
    plays: BTreeMap<String, u32>,
    /// Where each showed, by kind and place.
    shown: BTreeMap<(Kind, String), BTreeSet<Showing>>,
}

/// A play in which a suspicion showed, and the fittest of the rules that would answer for it there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Showing {
    pub(super) scenario: String,
    pub(super) attempt: u32,
    pub(super) rule: Option<String>,
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
    pub(super) fn show(&mut self, kind: Kind, place: &str, showing: Showing) {
        self.shown.entry((kind, place.to_owned())).or_default().insert(showing);
    }

    /// Whether what a rule answers for showed again, or was never tried again: on a kernel that can't be had afresh, or where its cause was
    /// confirmed before. That the same showed elsewhere, for another reason, confirms nothing; that it showed in another play of the
    /// scenario does, whatever led to it there.
    pub(super) fn holds(&self, kind: Kind, place: &str, rule: Option<&String>) -> bool {
        let Some(shown) = self.shown.get(&(kind, place.to_owned())) else { return true };
        let own: Vec<&Showing> = shown.iter().filter(|showing| showing.rule.as_ref() == rule).collect();
        // An answer that is slow may come just after a probe, once.
        let may_chance = place.ends_with(WOKEN);
        let is_lone = |showing: &Showing| !may_chance && self.plays.get(&showing.scenario).is_none_or(|&plays| plays < 2);
        let again = |one: &Showing| shown.iter().any(|other| other.scenario == one.scenario && other.attempt != one.attempt);
        // What a process was about when it ended is a matter of moments, and what it died of is not. One that dies of another thing in
        // each play is told of once, by the first.
        let died_again =
            |one: &Showing| kind == Kind::Crash && (self.dies_again(one) || (one.attempt == 1 && self.dies_each_time(&one.scenario)));
        let shows_again = |one: &Showing| again(one) || died_again(one) || (kind == Kind::Lockup && self.is_stuck_each_time(&one.scenario));
        own.len() > 1 || own.into_iter().any(|showing| is_lone(showing) || shows_again(showing))
    }

    /// Whether something waited in vain in more than one play of a scenario, and none went well. Which request that was may be a matter of
    /// moments; that one did is not.
    fn is_stuck_each_time(&self, scenario: &str) -> bool {
        let attempts = |kind: Kind| self.showings(kind, scenario).map(|showing| showing.attempt).collect::<BTreeSet<u32>>();
        let (stuck, died) = (attempts(Kind::Lockup), attempts(Kind::Crash));
        self.plays.get(scenario).is_some_and(|&plays| stuck.len() >= plays.min(2) as usize && stuck.union(&died).count() >= plays as usize)
    }

    /// Whether the process ended unasked in another play of the scenario too, and the same rule would answer for it.
    fn dies_again(&self, one: &Showing) -> bool {
        self.showings(Kind::Crash, &one.scenario).any(|other| other.attempt != one.attempt && other.rule == one.rule)
    }

    /// Whether the process ended unasked in more than one play of a scenario, and in each, and never did so of the same.
    fn dies_each_time(&self, scenario: &str) -> bool {
        let died: BTreeSet<u32> = self.showings(Kind::Crash, scenario).map(|showing| showing.attempt).collect();
        let each_time = self.plays.get(scenario).is_some_and(|&plays| died.len() >= plays.max(2) as usize);
        each_time && !self.showings(Kind::Crash, scenario).any(|showing| self.dies_again(showing))
    }

    /// All that showed of a kind in a scenario, wherever its place, but for what confirms itself alone.
    fn showings<'a>(&'a self, kind: Kind, scenario: &'a str) -> impl Iterator<Item = &'a Showing> {
        let counts = move |(other, place): &(Kind, String)| *other == kind && !place.ends_with(WOKEN);
        let of_kind = self.shown.iter().filter(move |(suspicion, _)| counts(suspicion)).flat_map(|(_, shown)| shown);
        of_kind.filter(move |showing| showing.scenario == scenario)
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
        confirmations.show(Kind::Lockup, "flaky", of("s", 1, "A"));
        confirmations.show(Kind::Lockup, "real", of("s", 1, "A"));
        confirmations.show(Kind::Lockup, "real", of("s", 2, "B"));
        confirmations.show(Kind::Crash, "joined", of("once", 1, "A"));
        let holds = |kind, place| confirmations.holds(kind, place, Some(&"A".to_owned()));
        assert_eq!([holds(Kind::Lockup, "flaky"), holds(Kind::Lockup, "real"), holds(Kind::Crash, "joined")], [false, true, true]);
    }

    #[test]
    fn what_is_stuck_in_every_play_holds_whatever_was_asked_there() {
        let mut confirmations = Confirmations::default();
        (1..=2).for_each(|attempt| confirmations.play("s", attempt));
        confirmations.show(Kind::Lockup, "kernel_info_request", of("s", 1, "A"));
        let holds = |confirmations: &Confirmations| confirmations.holds(Kind::Lockup, "kernel_info_request", Some(&"A".to_owned()));
        assert!(!holds(&confirmations));
        confirmations.show(Kind::Lockup, "execute_request", of("s", 2, "B"));
        assert!(holds(&confirmations));
        confirmations.play("s", 3);
        assert!(!holds(&confirmations));
        confirmations.show(Kind::Lockup, "execute_request on shell: reply missing, woken", of("s", 3, "B"));
        assert!(!holds(&confirmations));
        confirmations.show(Kind::Crash, "after execute_request", of("s", 3, "B"));
        assert!(holds(&confirmations));
    }

    #[test]
    fn a_death_of_the_same_holds_whatever_was_going_on() {
        let mut confirmations = Confirmations::default();
        for attempt in 1..=2 {
            confirmations.play("s", attempt);
        }
        confirmations.show(Kind::Crash, "after comm_open", of("s", 1, "A"));
        confirmations.show(Kind::Crash, "after kernel_info_request", of("s", 2, "A"));
        confirmations.show(Kind::Crash, "by chance", of("s", 1, "B"));
        let holds = |place, rule: &str| confirmations.holds(Kind::Crash, place, Some(&rule.to_owned()));
        assert_eq!([holds("after comm_open", "A"), holds("by chance", "B")], [true, false]);
    }

    #[test]
    fn a_death_in_each_play_holds_once_whatever_it_seemed_to_be_of() {
        let mut confirmations = Confirmations::default();
        (1..=2).for_each(|attempt| confirmations.play("s", attempt));
        confirmations.show(Kind::Crash, "after kernel_info_request", of("s", 1, "A"));
        let holds = |confirmations: &Confirmations, place, rule: &str| confirmations.holds(Kind::Crash, place, Some(&rule.to_owned()));
        assert!(!holds(&confirmations, "after kernel_info_request", "A"));
        confirmations.show(Kind::Crash, "while idle", of("s", 2, "B"));
        assert_eq!([holds(&confirmations, "after kernel_info_request", "A"), holds(&confirmations, "while idle", "B")], [true, false]);
        confirmations.play("s", 3);
        assert!(!holds(&confirmations, "after kernel_info_request", "A"));
    }

    #[test]
    fn what_another_rule_answers_for_elsewhere_confirms_nothing() {
        let mut confirmations = Confirmations::default();
        for scenario in ["s", "t"] {
            (1..=2).for_each(|attempt| confirmations.play(scenario, attempt));
        }
        confirmations.show(Kind::Lockup, "stuck", of("s", 1, "A"));
        confirmations.show(Kind::Lockup, "stuck", of("t", 1, "B"));
        assert!(!confirmations.holds(Kind::Lockup, "stuck", Some(&"A".to_owned())));
        confirmations.show(Kind::Lockup, "stuck", of("t", 2, "A"));
        assert!(confirmations.holds(Kind::Lockup, "stuck", Some(&"A".to_owned())));
    }

    fn of(scenario: &str, attempt: u32, rule: &str) -> Showing {
        Showing { scenario: scenario.to_owned(), attempt, rule: Some(rule.to_owned()) }
    }
}
