//! How often a scenario was played, and in how many plays a lockup or crash showed: what a report calls reliability.

use std::collections::BTreeMap;

use harness::oracle::Kind;
use harness::trace::Event;

/// The plays of all scenarios of a trace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Plays {
    by_scenario: BTreeMap<String, Vec<Play>>,
    /// The scenario that is being played.
    current: Option<String>,
}

/// What a play showed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Play {
    /// Kinds of lockup that the probes told.
    lockups: Vec<String>,
    /// Whether the process ended unasked.
    crashed: bool,
}

impl Plays {
    /// Takes in an event.
    pub(crate) fn observe(&mut self, event: &Event) {
        match event {
            Event::ScenarioStarted(started) => {
                self.by_scenario.entry(started.name.clone()).or_default().push(Play::default());
                self.current = Some(started.name.clone());
            }
            Event::ScenarioEnded(_) => self.current = None,
            Event::Ladder(ladder) => self.show(|play| play.lockups.push(ladder.kind.clone())),
            Event::Exited(exited) if !exited.asked => self.show(|play| play.crashed = true),
            _ => {}
        }
    }

    /// Adds the plays of another trace.
    pub(crate) fn join(&mut self, other: Self) {
        for (scenario, plays) in other.by_scenario {
            self.by_scenario.entry(scenario).or_default().extend(plays);
        }
    }

    /// `k/n`: what is of this kind showed in k of n plays of the scenario. `None` for what is never tried again.
    pub(crate) fn reliability(&self, scenario: &str, kind: Kind, lockup: Option<&str>) -> Option<String> {
        let plays = self.by_scenario.get(scenario)?;
        let shows = |play: &&Play| match kind {
            Kind::Deviation => false,
            Kind::Lockup => lockup.is_some_and(|kind| play.lockups.iter().any(|known| known == kind)),
            Kind::Crash => play.crashed,
        };
        let k = plays.iter().filter(shows).count();
        (k > 0).then(|| format!("{k}/{}", plays.len()))
    }

    fn show(&mut self, note: impl FnOnce(&mut Play)) {
        let plays = self.current.as_ref().and_then(|scenario| self.by_scenario.get_mut(scenario));
        if let Some(play) = plays.and_then(|plays| plays.last_mut()) {
            note(play);
        }
    }
}

#[cfg(test)]
mod tests {
    use harness::oracle::Kind;
    use harness::trace::notation::parse;

    use super::Plays;

    #[test]
    fn plays_that_show_it_are_counted() {
        let trace = "\
! scenario a/b
> shell execute_request id=1
! ladder 1 kind=shell_stuck missing=reply
! scenario_end
! scenario a/b
! scenario_end
! scenario a/b
> shell execute_request id=2
! ladder 2 kind=shell_stuck missing=reply
! exit signal=11 asked=false
! scenario_end";
        let mut plays = Plays::default();
        for record in parse(trace).expect("the text is a trace") {
            plays.observe(&record.event);
        }
        assert_eq!(plays.reliability("a/b", Kind::Lockup, Some("shell_stuck")).as_deref(), Some("2/3"));
        assert_eq!(plays.reliability("a/b", Kind::Crash, None).as_deref(), Some("1/3"));
        assert_eq!(plays.reliability("a/b", Kind::Lockup, Some("no_reply")), None);
        assert_eq!(plays.reliability("a/b", Kind::Deviation, None), None);
    }
}
