//! A rule explained: what it wants, why, how it is checked, and traces that keep and break it.

use harness::spec::{Rule, Scenario, Spec, TraceVerdict};
use reports::text::wrapped;

/// The text.
pub(super) fn text(rule: &Rule, spec: &Spec, width: usize) -> String {
    let mut text = format!("{} {}\n", rule.id, rule.name);
    text.push_str(&wrapped(&rule.summary, width, "", ""));
    text.push('\n');
    for (name, value) in facts(rule, spec) {
        text.push_str(&wrapped(&value, width, &format!("  {name:9} "), "            "));
    }
    text.push('\n');
    text.push_str(rule.prose.trim());
    text.push('\n');
    for trace in &rule.traces {
        let kind = match (trace.expect, &trace.title_contains) {
            (TraceVerdict::Pass, _) => "A trace that keeps it:".to_owned(),
            (TraceVerdict::Fail, None) => "A trace that breaks it:".to_owned(),
            (TraceVerdict::Fail, Some(title)) => format!("A trace that breaks it ({title}):"),
        };
        text.push_str(&format!("\n{kind}\n"));
        text.extend(trace.text.lines().map(|line| format!("  {line}\n")));
    }
    text
}

fn facts(rule: &Rule, spec: &Spec) -> Vec<(&'static str, String)> {
    let mut facts = vec![("group", rule.group.clone()), ("level", format!("{}; broken, it gives: {}", rule.level, rule.verdict))];
    let since = rule.since.map(|since| format!(", since protocol {since}")).unwrap_or_default();
    facts.push(("basis", format!("{}{since}", rule.basis)));
    facts.push(("source", rule.source.clone()));
    if let Some(open) = &rule.open {
        facts.push(("open", format!("the protocol is unclear here ({open}), so it warns at most")));
    }
    let kinds: Vec<&str> = rule.checks.iter().map(|check| check.kind.as_str()).collect();
    let checked = rule.unchecked.as_ref().map_or_else(|| kinds.join(", "), |reason| format!("no: {reason}"));
    facts.push(("checked", checked));
    let provoking: Vec<String> = spec.scenarios.iter().filter(|one| one.provokes.contains(&rule.id)).map(Scenario::id).collect();
    if !provoking.is_empty() {
        facts.push(("scenarios", provoking.join(", ")));
    }
    facts
}
