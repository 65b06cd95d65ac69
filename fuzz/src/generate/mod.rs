//! Plans that nobody wrote: of a seed and a number, and of nothing else, so that a campaign is the same whatever plays it.
//!
//! What is drawn is a scenario, of the steps that scenarios have, and the plan layer makes a plan of it as of any other. Beside what the
//! generator writes itself, it takes single odd messages out of the scenarios of the spec ([`stock`]): whoever adds one there adds it here.
//!
//! A fact may convict, so a plan keeps only those that hold whatever else goes on around a step ([`KEPT`]). What a cell prints is none of
//! them: any other step may get in its way.

mod blocks;
mod draft;
mod stock;
mod values;
mod verbs;

use std::sync::Arc;

use fastrand::Rng;
use harness::plan::Plan;
use harness::spec::{Profile, Scenario, Spec};

use draft::Draft;
pub use stock::Stock;
pub use values::{Broken, Wrong, wrong_values};
use verbs::Swarm;

/// The group of all generated plans, which begins their names.
pub const GROUP: &str = "fuzz";
/// Facts that hold in any traffic. What makes a message odd excuses the kernel, and what the others say is seen to by the generator: that a
/// cell is interrupted while it runs, asks for input, or loses who asked for it, and that nobody knows a comm or its target.
const KEPT: &[&str] = &["odd", "interrupted", "asks", "asker", "known_target", "known_comm"];
/// How many plans in a row have the same verbs.
const SLICE: u64 = 16;
/// The fewest and the most steps that are aimed at; what belongs together may go a little beyond.
const STEPS: std::ops::RangeInclusive<usize> = 4..=40;

/// Makes plans for one kernel.
pub struct Generator {
    spec: Arc<Spec>,
    profile: Option<Profile>,
    stock: Stock,
    seed: u64,
}

impl Generator {
    /// For a kernel whose code is that of `profile`, and which announces `features`.
    #[must_use]
    pub fn new(spec: &Arc<Spec>, profile: Option<&Profile>, features: &[String], seed: u64) -> Self {
        let stock = Stock::of(spec, profile, features);
        Self { spec: Arc::clone(spec), profile: profile.cloned(), stock, seed }
    }

    /// The plan of a number.
    ///
    /// # Panics
    ///
    /// If it needs a snippet that the profile lacks, which the stock rules out.
    #[must_use]
    pub fn plan(&self, number: u64) -> Plan {
        let swarm = Swarm::of(&mut rng(self.seed, number / SLICE, 1), &self.stock);
        let mut draft = Draft::new(&self.stock, rng(self.seed, number, 2), format!("{}-{number}", self.seed));
        // Short plans are as likely as long ones, and find things sooner.
        let aim = draft.rng.usize(STEPS).min(draft.rng.usize(STEPS));
        while draft.len() < aim {
            swarm.draw(&mut draft.rng)(&mut draft);
        }
        let scenario = draft.into_scenario(GROUP);
        self.fill(&scenario)
    }

    fn fill(&self, scenario: &Scenario) -> Plan {
        let filled = Plan::from_scenario(scenario, self.profile.as_ref(), &self.spec);
        let mut plan = filled.unwrap_or_else(|lacking| panic!("only snippets of the profile are drawn, and yet: {lacking}"));
        for step in &mut plan.steps {
            step.facts.retain(|name, _| KEPT.contains(&name.as_str()));
        }
        plan
    }
}

/// A generator of random choices for one purpose. Neighbouring numbers must give choices that have nothing to do with each other.
fn rng(seed: u64, number: u64, purpose: u64) -> Rng {
    let mixed = [seed, number, purpose].into_iter().fold(0u64, |state, word| splitmix(state ^ word));
    Rng::with_seed(mixed)
}

/// One step of SplitMix64 (Steele, Lea and Flood, 2014).
fn splitmix(state: u64) -> u64 {
    let mut mixed = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use harness::plan::Action;

    use super::*;
    use crate::shrink::is_sound;

    fn generator(profile: &str, seed: u64) -> Generator {
        let spec = Arc::new(Spec::embedded());
        let profile = spec.profile(profile).cloned();
        Generator::new(&spec, profile.as_ref(), &["kernel subshells".to_owned()], seed)
    }

    #[test]
    fn a_seed_and_a_number_give_a_plan() {
        let (one, same, other) = (generator("python", 7), generator("python", 7), generator("python", 8));
        for number in [0, 1, 100] {
            assert_eq!(one.plan(number), same.plan(number));
            assert_ne!(one.plan(number).steps, other.plan(number).steps);
        }
        assert_ne!(one.plan(0).steps, one.plan(1).steps);
    }

    #[test]
    fn every_plan_can_be_played() {
        for generator in [generator("python", 1), generator("reference", 2), generator("no such language", 3)] {
            for number in 0..300 {
                let plan = generator.plan(number);
                assert_eq!(plan.check(), Ok(()));
                assert!(is_sound(&plan), "{plan:#?}");
                assert!((4..60).contains(&plan.steps.len()), "{} steps", plan.steps.len());
                let names: BTreeSet<&String> = plan.steps.iter().filter_map(|step| step.name.as_ref()).collect();
                assert_eq!(names.len(), plan.steps.len(), "each step has a name of its own");
            }
        }
    }

    #[test]
    fn every_type_of_request_is_sent_and_every_kind_of_step_made() {
        let generator = generator("python", 1);
        let plans: Vec<Plan> = (0..400).map(|number| generator.plan(number)).collect();
        let steps = || plans.iter().flat_map(|plan| &plan.steps);
        let types: BTreeSet<&str> = steps()
            .filter_map(|step| match &step.action {
                Action::Send(outgoing) => Some(outgoing.msg_type.as_str()),
                _ => None,
            })
            .collect();
        let lacking: Vec<&String> = generator.stock.requests().iter().filter(|name| !types.contains(name.as_str())).collect();
        assert_eq!(lacking, Vec::<&String>::new());
        let has = |wanted: fn(&Action) -> bool| steps().any(|step| wanted(&step.action));
        assert!(has(|action| matches!(action, Action::Heartbeat(_))));
        assert!(has(|action| matches!(action, Action::Frames { .. })));
        assert!(has(|action| matches!(action, Action::Interrupt)));
        assert!(has(|action| matches!(action, Action::Connect { identity_of: Some(_), .. })));
        assert!(has(|action| matches!(action, Action::Disconnect)));
    }
}
