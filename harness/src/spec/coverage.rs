//! What is checked and what is not, by group: a true account of all requirements.

use std::collections::BTreeMap;

use super::{Rule, Spec};

/// The account of one group.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupCoverage<'a> {
    /// The group.
    pub group: &'a str,
    /// Its rules that have a check, by id.
    pub checked: Vec<&'a Rule>,
    /// Its rules that have none, by id.
    pub unchecked: Vec<Unchecked<'a>>,
}

/// A rule without a check.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unchecked<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// Why.
    pub reason: &'a str,
}

/// The account of every group, by name.
#[must_use]
pub fn coverage(spec: &Spec) -> Vec<GroupCoverage<'_>> {
    let mut groups: BTreeMap<&str, GroupCoverage<'_>> = BTreeMap::new();
    for rule in &spec.rules {
        let empty = || GroupCoverage { group: &rule.group, checked: Vec::new(), unchecked: Vec::new() };
        let group = groups.entry(&rule.group).or_insert_with(empty);
        match &rule.unchecked {
            Some(reason) => group.unchecked.push(Unchecked { rule, reason }),
            None => group.checked.push(rule),
        }
    }
    groups.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::coverage;
    use crate::spec::load::tests::spec_of;

    fn rule(id: &str, end: &str) -> String {
        let keys = "level = 'must'\nverdict = 'fail'\nbasis = 'spec'\nsource = 'x'\nsummary = 'It is so.'";
        format!("+++\nid = '{id}'\n{keys}\n{end}")
    }

    #[test]
    fn every_rule_is_in_the_account_of_its_group() {
        let traces = "```trace pass\n> shell x\n```\n```trace fail\n> shell x\n```\n";
        let checked = format!("[check.absence]\n+++\n{traces}");
        let spec = spec_of(&[
            ("rules/status/a.md", &rule("STAT-02", &checked)),
            ("rules/status/b.md", &rule("STAT-01", "[unchecked]\nreason = 'Out of sight.'\n+++\n")),
            ("rules/wire/c.md", &rule("WIRE-01", &checked)),
        ]);
        let account: Vec<_> = coverage(&spec)
            .into_iter()
            .map(|group| {
                let checked: Vec<&str> = group.checked.iter().map(|rule| rule.id.as_str()).collect();
                let unchecked: Vec<(&str, &str)> = group.unchecked.iter().map(|one| (one.rule.id.as_str(), one.reason)).collect();
                (group.group, checked, unchecked)
            })
            .collect();
        let status = ("status", vec!["STAT-02"], vec![("STAT-01", "Out of sight.")]);
        assert_eq!(account, [status, ("wire", vec!["WIRE-01"], vec![])]);
    }
}
