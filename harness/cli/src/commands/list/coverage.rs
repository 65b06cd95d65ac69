//! The account of all requirements: how many are checked, and why the others are not.

use std::collections::BTreeMap;

use harness::spec::Spec;
use harness::spec::coverage::{GroupCoverage, coverage};
use serde_json::{Value, json};

/// For people: by group, then the reasons; with `verbose` every requirement that is not checked.
pub(super) fn text(spec: &Spec, verbose: bool) -> String {
    let groups = coverage(spec);
    let (checked, all) = totals(&groups);
    let mut text = format!("{checked} of {all} requirements are checked\n\ngroup           checked  of\n");
    for group in &groups {
        let (checked, all) = (group.checked.len(), group.checked.len() + group.unchecked.len());
        text.push_str(&format!("{:15} {checked:>7} {all:>3}\n", group.group));
    }
    let mut reasons: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for unchecked in groups.iter().flat_map(|group| &group.unchecked) {
        reasons.entry(unchecked.reason).or_default().push(format!("{} {}", unchecked.rule.id, unchecked.rule.name));
    }
    let mut reasons: Vec<(&str, Vec<String>)> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, rules)| std::cmp::Reverse(rules.len()));
    if !reasons.is_empty() {
        text.push_str("\nthe others, by reason\n");
    }
    for (reason, rules) in reasons {
        text.push_str(&format!("{:>4}  {reason}\n", rules.len()));
        if verbose || rules.len() == 1 {
            text.extend(rules.iter().map(|rule| format!("        {rule}\n")));
        }
    }
    text
}

/// For programs.
pub(super) fn json(spec: &Spec) -> Value {
    let groups = coverage(spec);
    let (checked, all) = totals(&groups);
    let group = |group: &GroupCoverage<'_>| {
        json!({
            "group": group.group,
            "checked": group.checked.iter().map(|rule| &rule.id).collect::<Vec<_>>(),
            "unchecked": group.unchecked.iter().map(|one| json!({"id": one.rule.id, "reason": one.reason})).collect::<Vec<_>>(),
        })
    };
    json!({"checked": checked, "requirements": all, "groups": groups.iter().map(group).collect::<Vec<_>>()})
}

fn totals(groups: &[GroupCoverage<'_>]) -> (usize, usize) {
    let checked: usize = groups.iter().map(|group| group.checked.len()).sum();
    let unchecked: usize = groups.iter().map(|group| group.unchecked.len()).sum();
    (checked, checked + unchecked)
}
