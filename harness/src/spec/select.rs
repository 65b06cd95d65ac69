//! Which rules and scenarios a run is about: patterns over ids, groups and names.

use std::collections::BTreeSet;

use super::{Rule, Scenario, Spec, nearest};

/// What `--select` and `--skip` left.
///
/// A pattern is held against the id, name and group of rules, and the id (`group/name`), name and group of scenarios. In it
/// `*` stands for any text and `?` for one character; case does not count.
///
/// A scenario is played if it is selected itself, or if it provokes a selected rule. A selected rule that no scenario
/// provokes is watched in all of them. If the patterns name scenarios only, all rules are judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    rules: BTreeSet<String>,
    scenarios: BTreeSet<String>,
}

/// A pattern that matches nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("nothing is called `{pattern}`{}", did_you_mean(nearest.as_deref()))]
pub struct UnknownPattern {
    /// The pattern.
    pub pattern: String,
    /// The nearest id, name or group.
    pub nearest: Option<String>,
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(" (did you mean `{name}`?)"))
}

impl Selection {
    /// What the patterns leave of a spec. Without `select` patterns that is everything, less what `skip` says.
    ///
    /// # Errors
    ///
    /// The first pattern that matches nothing.
    pub fn new(select: &[String], skip: &[String], spec: &Spec) -> Result<Self, UnknownPattern> {
        let selected = Matches::of(select, spec)?;
        let skipped = Matches::of(skip, spec)?;
        let all_rules = || spec.rules.iter().map(|rule| rule.id.as_str()).collect();
        let all_scenarios = || spec.scenarios.iter().map(Scenario::id).collect();
        let mut rules: BTreeSet<&str> = if selected.rules.is_empty() { all_rules() } else { selected.rules.clone() };
        let mut scenarios: BTreeSet<String> = if select.is_empty() { all_scenarios() } else { selected.scenarios };
        rules.retain(|id| !skipped.rules.contains(id));
        for id in &rules {
            if !selected.rules.contains(id) {
                continue;
            }
            let provoking: BTreeSet<String> = spec.scenarios.iter().filter(|one| provokes(one, id)).map(Scenario::id).collect();
            scenarios.extend(if provoking.is_empty() { all_scenarios() } else { provoking });
        }
        scenarios.retain(|id| !skipped.scenarios.contains(id));
        Ok(Self { rules: rules.into_iter().map(str::to_owned).collect(), scenarios })
    }

    /// Whether a rule is judged.
    #[must_use]
    pub fn has_rule(&self, rule: &Rule) -> bool {
        self.rules.contains(&rule.id)
    }

    /// Whether a scenario is played.
    #[must_use]
    pub fn has_scenario(&self, scenario: &Scenario) -> bool {
        self.scenarios.contains(&scenario.id())
    }
}

fn provokes(scenario: &Scenario, id: &str) -> bool {
    scenario.provokes.iter().any(|provoked| provoked == id)
}

#[derive(Default)]
struct Matches<'a> {
    rules: BTreeSet<&'a str>,
    scenarios: BTreeSet<String>,
}

impl<'a> Matches<'a> {
    fn of(patterns: &[String], spec: &'a Spec) -> Result<Self, UnknownPattern> {
        let mut matches = Self::default();
        for pattern in patterns {
            let rules = spec.rules.iter().filter(|rule| rule_names(rule).iter().any(|name| glob(pattern, name)));
            let scenarios = spec.scenarios.iter().filter(|one| scenario_names(one).iter().any(|name| glob(pattern, name)));
            let (rules, scenarios): (Vec<&Rule>, Vec<&Scenario>) = (rules.collect(), scenarios.collect());
            if rules.is_empty() && scenarios.is_empty() {
                return Err(unknown(pattern, spec));
            }
            matches.rules.extend(rules.into_iter().map(|rule| rule.id.as_str()));
            matches.scenarios.extend(scenarios.into_iter().map(Scenario::id));
        }
        Ok(matches)
    }
}

fn rule_names(rule: &Rule) -> [String; 3] {
    [rule.id.clone(), rule.name.clone(), rule.group.clone()]
}

fn scenario_names(scenario: &Scenario) -> [String; 3] {
    [scenario.id(), scenario.name.clone(), scenario.group.clone()]
}

fn unknown(pattern: &str, spec: &Spec) -> UnknownPattern {
    let rules = spec.rules.iter().flat_map(rule_names);
    let names: BTreeSet<String> = rules.chain(spec.scenarios.iter().flat_map(scenario_names)).collect();
    let nearest = nearest::nearest(pattern, names.iter().map(String::as_str));
    UnknownPattern { pattern: pattern.to_owned(), nearest: nearest.map(str::to_owned) }
}

/// Whether a pattern stands for more than one name.
#[must_use]
pub fn has_wildcards(pattern: &str) -> bool {
    pattern.contains(['*', '?'])
}

/// Whether a name matches a pattern of `*`, `?` and characters that stand for themselves in either case.
#[must_use]
pub fn glob(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let name: Vec<char> = name.to_lowercase().chars().collect();
    let (mut at, mut from) = (0, 0);
    // The last star, and how much of the name it covers ends at `covered`.
    let (mut star, mut covered) = (None, 0);
    while from < name.len() {
        match pattern.get(at) {
            Some('*') => {
                (star, covered) = (Some(at), from);
                at += 1;
            }
            Some(wanted) if *wanted == '?' || *wanted == name[from] => {
                at += 1;
                from += 1;
            }
            _ => {
                let Some(star) = star else { return false };
                covered += 1;
                (at, from) = (star + 1, covered);
            }
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::{Selection, UnknownPattern, glob};
    use crate::spec::Spec;
    use crate::spec::load::tests::spec_of;

    fn spec() -> Spec {
        let rule = |id: &str| {
            let keys = "level = 'must'\nverdict = 'fail'\nbasis = 'spec'\nsource = 'x'\nsummary = 'It is so.'";
            format!("+++\nid = '{id}'\n{keys}\n[unchecked]\nreason = 'Out of sight.'\n+++\n")
        };
        let scenario = |provokes: &str| format!("summary = 'x'\nprovokes = [{provokes}]\nsteps = [{{ pause = 0 }}]");
        spec_of(&[
            ("rules/status/busy-first.md", &rule("STAT-01")),
            ("rules/status/idle-last.md", &rule("STAT-02")),
            ("rules/wire/frames.md", &rule("WIRE-01")),
            ("scenarios/output/plain.toml", &scenario("'STAT-01'")),
            ("scenarios/output/rich.toml", &scenario("'STAT-01', 'STAT-02'")),
            ("scenarios/start/quiet.toml", &scenario("")),
        ])
    }

    /// The ids of the rules and of the scenarios that are left.
    fn left(select: &[&str], skip: &[&str]) -> Result<(Vec<String>, Vec<String>), UnknownPattern> {
        let owned = |patterns: &[&str]| patterns.iter().map(|pattern| (*pattern).to_owned()).collect::<Vec<_>>();
        let spec = spec();
        let selection = Selection::new(&owned(select), &owned(skip), &spec)?;
        let rules = spec.rules.iter().filter(|rule| selection.has_rule(rule));
        let scenarios = spec.scenarios.iter().filter(|scenario| selection.has_scenario(scenario));
        Ok((rules.map(|rule| rule.id.clone()).collect(), scenarios.map(|scenario| scenario.id()).collect()))
    }

    fn lists(rules: &[&str], scenarios: &[&str]) -> Result<(Vec<String>, Vec<String>), UnknownPattern> {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Ok((owned(rules), owned(scenarios)))
    }

    const ALL_RULES: [&str; 3] = ["STAT-01", "STAT-02", "WIRE-01"];
    const ALL_SCENARIOS: [&str; 3] = ["output/plain", "output/rich", "start/quiet"];

    #[test]
    fn without_patterns_everything_is_left() {
        assert_eq!(left(&[], &[]), lists(&ALL_RULES, &ALL_SCENARIOS));
    }

    #[test]
    fn a_selected_rule_brings_the_scenarios_that_provoke_it() {
        assert_eq!(left(&["idle-last"], &[]), lists(&["STAT-02"], &["output/rich"]));
        assert_eq!(left(&["stat-0?"], &[]), lists(&["STAT-01", "STAT-02"], &["output/plain", "output/rich"]));
        assert_eq!(left(&["status"], &["plain"]), lists(&["STAT-01", "STAT-02"], &["output/rich"]));
    }

    #[test]
    fn a_rule_that_nothing_provokes_is_watched_everywhere() {
        assert_eq!(left(&["wire"], &[]), lists(&["WIRE-01"], &ALL_SCENARIOS));
    }

    #[test]
    fn selected_scenarios_are_judged_by_all_rules() {
        assert_eq!(left(&["output"], &[]), lists(&ALL_RULES, &["output/plain", "output/rich"]));
        assert_eq!(left(&["*/q*"], &["WIRE-*"]), lists(&["STAT-01", "STAT-02"], &["start/quiet"]));
    }

    #[test]
    fn a_rule_that_is_selected_and_skipped_brings_nothing() {
        assert_eq!(left(&["STAT-*"], &["STAT-01"]), lists(&["STAT-02"], &["output/rich"]));
        assert_eq!(left(&["STAT-01"], &["STAT-01"]), lists(&[], &[]));
    }

    #[test]
    fn a_pattern_that_matches_nothing_names_the_nearest() {
        let error = left(&[], &["idle-lsat"]).expect_err("nothing is called so");
        assert_eq!(error.to_string(), "nothing is called `idle-lsat` (did you mean `idle-last`?)");
        let error = left(&["zzz*"], &[]).expect_err("nothing is called so");
        assert_eq!(error.to_string(), "nothing is called `zzz*`");
    }

    #[test]
    fn stars_and_question_marks() {
        let good = [("*", ""), ("a*c", "abbc"), ("a*", "a"), ("*-*-x", "a-b-c-x"), ("?b", "Ab"), ("**", "x"), ("é?", "ÉX")];
        let bad = [("", "x"), ("?", ""), ("a*c", "abb"), ("a", "ab"), ("a?", "a"), ("*b*c", "acb")];
        good.iter().for_each(|(pattern, name)| assert!(glob(pattern, name), "{pattern} {name}"));
        bad.iter().for_each(|(pattern, name)| assert!(!glob(pattern, name), "{pattern} {name}"));
    }
}
