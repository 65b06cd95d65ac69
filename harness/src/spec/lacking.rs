//! What a profile lacks, and what stays unexercised for it.

use std::collections::BTreeSet;

use serde::Serialize;

use super::select::Selection;
use super::{Profile, Scenario, Spec, Step};

/// A snippet that a profile does not give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lacking {
    /// Its name in the vocabulary.
    pub snippet: String,
    /// What its code must do.
    pub summary: String,
    /// The scenarios that can't be played without it.
    pub scenarios: Vec<String>,
    /// The scenarios that are played without the steps that need it.
    pub shortened: Vec<String>,
    /// The rules that lose their last scenario: each of theirs needs something that is lacking, and one needs this.
    pub rules: Vec<String>,
}

/// What of the vocabulary a profile does not give, by name, with what stays unexercised of the selected rules and scenarios.
/// What a kernel lacks is another matter, and not known here.
#[must_use]
pub fn lacking(profile: &Profile, spec: &Spec, selection: &Selection) -> Vec<Lacking> {
    let scenarios: Vec<&Scenario> = spec.scenarios.iter().filter(|scenario| selection.has_scenario(scenario)).collect();
    let has = |name: &str| profile.snippets.contains_key(name);
    let (playable, lost): (Vec<&Scenario>, Vec<&Scenario>) =
        scenarios.iter().partition(|scenario| scenario.needed_snippets().into_iter().all(has));
    let provoked: BTreeSet<&str> = playable.iter().flat_map(|scenario| &scenario.provokes).map(String::as_str).collect();
    let lone = |id: &str| !provoked.contains(id) && spec.rule(id).is_some_and(|rule| rule.unchecked.is_none() && selection.has_rule(rule));
    let names = |scenarios: &mut dyn Iterator<Item = &&Scenario>| scenarios.map(|scenario| scenario.id()).collect();
    let of = |name: &str, summary: &str| {
        let needing = || lost.iter().filter(|scenario| scenario.needed_snippets().contains(name));
        let rules: BTreeSet<&str> = needing().flat_map(|scenario| &scenario.provokes).map(String::as_str).filter(|id| lone(id)).collect();
        Lacking {
            snippet: name.to_owned(),
            summary: summary.to_owned(),
            scenarios: names(&mut needing()),
            shortened: names(&mut playable.iter().filter(|scenario| loses_a_step(scenario, name))),
            rules: rules.into_iter().map(str::to_owned).collect(),
        }
    };
    let missing = spec.vocabulary.values().filter(|kind| !has(&kind.name));
    missing.map(|kind| of(&kind.name, &kind.summary)).collect()
}

fn loses_a_step(scenario: &Scenario, snippet: &str) -> bool {
    let uses = |step: &Step| step.optional && step.snippets().contains(snippet);
    scenario.steps.iter().any(uses)
}

#[cfg(test)]
mod tests {
    use super::{Lacking, lacking};
    use crate::spec::load::tests::spec_of;
    use crate::spec::select::Selection;

    fn told(lacking: &Lacking) -> String {
        let Lacking { snippet, scenarios, shortened, rules, .. } = lacking;
        format!("{snippet}: {scenarios:?} {shortened:?} {rules:?}")
    }

    #[test]
    fn a_rule_is_lost_with_its_last_scenario() {
        let spec = crate::spec::Spec::embedded();
        let mut profile = spec.profile("reference").expect("it is built in").clone();
        let all = Selection::new(&[], &[], &spec).expect("no pattern is wrong");
        let before: Vec<String> = lacking(&profile, &spec, &all).iter().map(told).collect();
        profile.snippets.remove("two_inputs");
        let after: Vec<String> = lacking(&profile, &spec, &all).iter().map(told).collect();
        let new: Vec<&String> = after.iter().filter(|line| !before.contains(line)).collect();
        assert!(new.len() == 1 && new[0].starts_with("two_inputs: [\""), "{new:?}");
    }

    #[test]
    fn what_nothing_is_lost_by_is_told_too() {
        let spec = spec_of(&[
            ("profiles/vocabulary.toml", "[hello]\nsummary = 'Says hello.'\nfacts = []\n"),
            ("profiles/toy.toml", "summary = 'Toy.'\n[match]\nlanguage = ['toy']\n[snippets]\n"),
        ]);
        let all = Selection::new(&[], &[], &spec).expect("no pattern is wrong");
        let lacking: Vec<String> = lacking(&spec.profiles[0], &spec, &all).iter().map(told).collect();
        assert_eq!(lacking, ["hello: [] [] []"]);
    }
}
