//! What a profile lacks, and what stays unexercised for it.

use std::collections::BTreeSet;

use serde::Serialize;

use super::select::Selection;
use super::{Profile, Scenario, SnippetKind, Spec, Step};

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
    /// The rules that stay unexercised: each of their scenarios needs something that is lacking, and one needs this.
    pub rules: Vec<String>,
    /// The rules that may: each of their scenarios is not played, or not whole, and one is shortened for this.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub doubtful: Vec<String>,
}

/// What of the vocabulary a profile does not give, by name, with what stays unexercised of the selected rules and scenarios.
/// What a kernel lacks is another matter, and not known here.
#[must_use]
pub fn lacking(profile: &Profile, spec: &Spec, selection: &Selection) -> Vec<Lacking> {
    let has = |name: &str| profile.snippets.contains_key(name);
    let missing: Vec<&SnippetKind> = spec.vocabulary.values().filter(|kind| !has(&kind.name)).collect();
    let selected = spec.scenarios.iter().filter(|scenario| selection.has_scenario(scenario));
    let (playable, lost): (Vec<&Scenario>, Vec<&Scenario>) = selected.partition(|scenario| scenario.needed_snippets().into_iter().all(has));
    let is_whole = |scenario: &&&Scenario| missing.iter().all(|kind| !loses_a_step(scenario, &kind.name));
    let played = provoked(playable.iter());
    let whole = provoked(playable.iter().filter(is_whole));
    let judged = |id: &&str| spec.rule(id).is_some_and(|rule| rule.unchecked.is_none() && selection.has_rule(rule));
    let names = |rules: BTreeSet<&str>| rules.into_iter().filter(judged).map(str::to_owned).collect();
    let of = |kind: &SnippetKind| {
        let needing: Vec<&Scenario> = lost.iter().filter(|one| one.needed_snippets().contains(kind.name.as_str())).copied().collect();
        let shortened: Vec<&Scenario> = playable.iter().filter(|one| loses_a_step(one, &kind.name)).copied().collect();
        Lacking {
            snippet: kind.name.clone(),
            summary: kind.summary.clone(),
            rules: names(&provoked(needing.iter()) - &played),
            doubtful: names(&provoked(shortened.iter()) - &whole),
            scenarios: needing.into_iter().map(Scenario::id).collect(),
            shortened: shortened.into_iter().map(Scenario::id).collect(),
        }
    };
    missing.iter().map(|kind| of(kind)).collect()
}

/// The rules that some scenarios are for.
fn provoked<'a, 's: 'a>(scenarios: impl Iterator<Item = &'a &'s Scenario>) -> BTreeSet<&'s str> {
    scenarios.flat_map(|scenario| &scenario.provokes).map(String::as_str).collect()
}

impl Lacking {
    /// Once it is known which rules stayed unexercised, nothing is in doubt.
    pub fn settle(&mut self, is_unexercised: impl Fn(&str) -> bool) {
        self.rules.append(&mut self.doubtful);
        self.rules.retain(|rule| is_unexercised(rule));
        self.rules.sort();
        self.rules.dedup();
    }
}

fn loses_a_step(scenario: &Scenario, snippet: &str) -> bool {
    let uses = |step: &Step| step.optional && step.snippets().contains(snippet);
    scenario.steps.iter().any(uses)
}

#[cfg(test)]
mod tests {
    use super::{Lacking, lacking};
    use crate::spec::Spec;
    use crate::spec::load::tests::spec_of;
    use crate::spec::select::Selection;

    fn told(lacking: &Lacking) -> String {
        let Lacking { snippet, scenarios, shortened, rules, doubtful, .. } = lacking;
        format!("{snippet}: {scenarios:?} {shortened:?} {rules:?} {doubtful:?}")
    }

    #[test]
    fn a_rule_is_lost_with_its_last_scenario_and_in_doubt_with_its_last_whole_one() {
        let spec = Spec::embedded();
        let mut profile = spec.profile("python").expect("it is built in").clone();
        let all = Selection::new(&[], &[], &spec).expect("no pattern is wrong");
        assert_eq!(lacking(&profile, &spec, &all), []);
        profile.snippets.retain(|name, _| name != "comm_open" && name != "error");
        let mut lacks = lacking(&profile, &spec, &all);
        assert_eq!(told(&lacks[0]), r#"comm_open: ["comm/from-kernel"] [] ["COMM-11"] []"#);
        let error = &mut lacks[1];
        assert!(error.shortened.contains(&"errors/kinds".to_owned()) && error.doubtful.contains(&"EXEC-05".to_owned()), "{}", told(error));
        error.settle(|rule| rule == "EXEC-05");
        assert_eq!((error.rules.as_slice(), error.doubtful.as_slice()), (&["EXEC-05".to_owned()][..], &[][..]));
    }

    #[test]
    fn what_nothing_is_lost_by_is_told_too() {
        let spec = spec_of(&[
            ("profiles/vocabulary.toml", "[hello]\nsummary = 'Says hello.'\nfacts = []\n"),
            ("profiles/toy.toml", "summary = 'Toy.'\n[match]\nlanguage = ['toy']\n[snippets]\n"),
        ]);
        let all = Selection::new(&[], &[], &spec).expect("no pattern is wrong");
        let lacking: Vec<String> = lacking(&spec.profiles[0], &spec, &all).iter().map(told).collect();
        assert_eq!(lacking, ["hello: [] [] [] []"]);
    }
}
