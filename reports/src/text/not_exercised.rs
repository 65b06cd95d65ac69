//! The rules that nothing bore on: how many for which cause, and, where wanted, which.

use std::collections::BTreeMap;

use crate::run::{Cause, RuleResult, Run};

use super::{Look, wrapped};

pub(super) fn block(run: &Run, look: &Look) -> Option<String> {
    let mut causes: BTreeMap<Cause, Vec<&RuleResult>> = BTreeMap::new();
    for rule in &run.rules {
        if let Some(why) = &rule.not_exercised {
            causes.entry(why.cause).or_default().push(rule);
        }
    }
    if causes.is_empty() {
        return None;
    }
    let hint = if look.verbose { "" } else { " (-v lists them)" };
    let mut text = format!("Not exercised{hint}:\n");
    for (cause, rules) in causes {
        text.push_str(&wrapped(&format!("{:>4} {}", "", name(cause)), look.width, &format!("{:>5} ", rules.len()), "      "));
        if look.verbose {
            for rule in rules {
                let why = rule.not_exercised.as_ref().map_or("", |why| why.detail.as_str());
                let why = if cause == Cause::NoScenario { String::new() } else { format!(": {why}") };
                text.push_str(&wrapped(&format!("{} {}{why}", rule.id, rule.name), look.width, "        ", "          "));
            }
        }
    }
    Some(text)
}

fn name(cause: Cause) -> &'static str {
    match cause {
        Cause::Unchecked => "have no check in this version",
        Cause::NoScenario => "have no scenario of their own, and nothing else bore on them",
        Cause::Skipped => "need what the profile or the kernel lacks",
        Cause::NotPlayed => "have scenarios that were not selected or not played to their end",
        Cause::NothingSeen => "had their scenarios, and the kernel did nothing that they are about",
    }
}
