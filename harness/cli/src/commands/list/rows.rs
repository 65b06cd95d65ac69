//! One row of a list: its columns for people, and the same for programs.

use harness::spec::{MessageType, Rule, Scenario, Version};
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

fn version(version: Option<Version>) -> Option<String> {
    version.map(|version| version.to_string())
}
