//! One row of a list: its columns for people, and the same for programs.

use std::collections::BTreeMap;

use harness::spec::{MessageType, Profile, Rule, Scenario, SnippetKind, Version};
use serde_json::{Value, json};

/// One row.
pub(super) struct Row {
    /// Columns.
    pub(super) cells: Vec<String>,
    /// The whole of it.
    pub(super) json: Value,
}

/// A rule, or a requirement that is not checked.
pub(super) fn rule(rule: &Rule) -> Row {
    let checked = rule.unchecked.is_none();
    let state = if checked { rule.verdict.to_string() } else { "unchecked".to_owned() };
    Row {
        cells: vec![rule.id.clone(), rule.group.clone(), rule.level.to_string(), state, rule.name.clone(), rule.summary.clone()],
        json: json!({
            "id": rule.id,
            "name": rule.name,
            "group": rule.group,
            "level": rule.level,
            "verdict": rule.verdict,
            "basis": rule.basis,
            "since": version(rule.since),
            "source": rule.source,
            "open": rule.open,
            "summary": rule.summary,
            "checks": rule.checks.iter().map(|check| &check.kind).collect::<Vec<_>>(),
            "unchecked": rule.unchecked,
        }),
    }
}

/// A scenario.
pub(super) fn scenario(scenario: &Scenario) -> Row {
    Row {
        cells: vec![scenario.id(), scenario.summary.clone()],
        json: json!({
            "name": scenario.id(),
            "group": scenario.group,
            "summary": scenario.summary,
            "provokes": scenario.provokes,
            "fresh": scenario.fresh,
            "start": scenario.start,
            "feature": scenario.feature,
            "clients": scenario.clients,
            "steps": scenario.steps.len(),
            "snippets": scenario.needed_snippets(),
        }),
    }
}

/// A message type.
pub(super) fn message(message: &MessageType) -> Row {
    let channels: Vec<&str> = message.channels.iter().map(|channel| channel.name()).collect();
    Row {
        cells: vec![
            message.name.clone(),
            channels.join(","),
            message.role.to_string(),
            message.direction.to_string(),
            message.status.to_string(),
            message.summary.clone(),
        ],
        json: json!({
            "name": message.name,
            "summary": message.summary,
            "channels": channels,
            "direction": message.direction,
            "role": message.role,
            "pair": message.pair,
            "status": message.status,
            "since": version(message.since),
            "deprecated": version(message.deprecated),
            "removed": version(message.removed),
            "feature": message.feature,
            "source": message.source,
            "publishes": message.publishes,
        }),
    }
}

/// A profile.
pub(super) fn profile(profile: &Profile, vocabulary: &BTreeMap<String, SnippetKind>) -> Row {
    let given = vocabulary.len() - profile.missing(vocabulary).len();
    let of = [&profile.language, &profile.implementation].into_iter().flatten().cloned().collect::<Vec<_>>().join(",");
    Row {
        cells: vec![profile.name.clone(), of, format!("{given}/{}", vocabulary.len()), profile.summary.clone()],
        json: json!({
            "name": profile.name,
            "summary": profile.summary,
            "language": profile.language,
            "implementation": profile.implementation,
            "snippets": profile.snippets.keys().collect::<Vec<_>>(),
            "missing": profile.missing(vocabulary),
        }),
    }
}

/// A kind of snippet.
pub(super) fn snippet(kind: &SnippetKind) -> Row {
    let optional = kind.optional_facts.iter().map(|fact| format!("[{fact}]"));
    let facts: Vec<String> = kind.facts.iter().cloned().chain(optional).collect();
    let facts = if facts.is_empty() { "-".to_owned() } else { facts.join(",") };
    Row {
        cells: vec![kind.name.clone(), facts, kind.summary.clone()],
        json: json!({"name": kind.name, "summary": kind.summary, "facts": kind.facts, "optional_facts": kind.optional_facts}),
    }
}

fn version(version: Option<Version>) -> Option<String> {
    version.map(|version| version.to_string())
}
