//! The account of all rules, by group.

use std::collections::BTreeMap;

use harness::oracle::Verdict;

use crate::run::{RuleResult, Run};

use super::paint::Paint;
use super::{Look, wrapped};

/// The columns, and which verdicts they count.
const COLUMNS: [(&str, Verdict); 5] = [
    ("broken", Verdict::Fail),
    ("warned", Verdict::Warn),
    ("kept", Verdict::Pass),
    ("undecided", Verdict::Inconclusive),
    ("not exercised", Verdict::NotExercised),
];

pub(super) fn block(run: &Run, look: &Look, paint: Paint) -> Option<String> {
    let mut groups: BTreeMap<&str, Vec<&RuleResult>> = BTreeMap::new();
    for rule in &run.rules {
        groups.entry(&rule.group).or_default().push(rule);
    }
    let is_idle = |rules: &Vec<&RuleResult>| rules.iter().all(|rule| rule.verdict == Verdict::NotExercised);
    let idle: Vec<&str> = groups.iter().filter(|(_, rules)| is_idle(rules)).map(|(group, _)| *group).collect();
    groups.retain(|_, rules| !is_idle(rules));
    let mut text = table(&groups, paint);
    if !idle.is_empty() {
        text.push_str(&wrapped(&format!("nothing exercised of: {}", idle.join(", ")), look.width, "", "  "));
    }
    (!text.is_empty()).then_some(text)
}

fn table(groups: &BTreeMap<&str, Vec<&RuleResult>>, paint: Paint) -> String {
    let Some(longest) = groups.keys().map(|group| group.chars().count()).max() else { return String::new() };
    let first = longest.max("group".len());
    let heads: String = COLUMNS.iter().map(|(head, _)| format!("  {head}")).collect();
    let mut text = paint.strong(&format!("{:first$}{heads}", "group"));
    text.push('\n');
    for (group, rules) in groups {
        text.push_str(&format!("{group:first$}"));
        for (head, verdict) in COLUMNS {
            let number = rules.iter().filter(|rule| rule.verdict == verdict).count();
            let number = if number == 0 { ".".to_owned() } else { number.to_string() };
            text.push_str(&format!("  {number:>width$}", width = head.len()));
        }
        text.push('\n');
    }
    text
}
