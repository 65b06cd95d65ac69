//! A message type explained: who sends it where, and what it holds.

use harness::spec::{Field, MessageType, Required};
use reports::text::wrapped;

/// The text.
pub(super) fn text(message: &MessageType, width: usize) -> String {
    let mut text = format!("{}\n", message.name);
    text.push_str(&wrapped(&message.summary, width, "", ""));
    text.push('\n');
    for (name, value) in facts(message) {
        text.push_str(&wrapped(&value, width, &format!("  {name:10} "), "             "));
    }
    if !message.fields.is_empty() {
        text.push_str("\nContent:\n");
    }
    for field in &message.fields {
        text.push_str(&wrapped(&line(field), width, "  ", "      "));
    }
    if !message.commands.is_empty() {
        text.push_str("\nCommands:\n");
    }
    for command in &message.commands {
        text.push_str(&wrapped(&format!("{}: {}", command.name, command.summary), width, "  ", "      "));
    }
    text
}

fn facts(message: &MessageType) -> Vec<(&'static str, String)> {
    let channels: Vec<&str> = message.channels.iter().map(|channel| channel.name()).collect();
    let mut facts =
        vec![("channels", channels.join(", ")), ("direction", message.direction.to_string()), ("role", message.role.to_string())];
    let versions = [("since", message.since), ("deprecated", message.deprecated), ("removed", message.removed)];
    facts.extend(message.pair.clone().map(|pair| ("pair", pair)));
    facts.push(("status", message.status.to_string()));
    facts.extend(versions.into_iter().filter_map(|(name, version)| Some((name, version?.to_string()))));
    facts.extend(message.feature.clone().map(|feature| ("feature", feature)));
    facts.push(("publishes", message.publishes.join(", ")));
    facts.push(("source", message.source.clone()));
    facts.retain(|(_, value)| !value.is_empty());
    facts
}

fn line(field: &Field) -> String {
    let required = match &field.required {
        Required::Always => ", required".to_owned(),
        Required::Never => String::new(),
        Required::When(conditions) => {
            let conditions: Vec<String> = conditions.iter().map(|one| format!("{} is {}", one.path, one.equals)).collect();
            format!(", required where {}", conditions.join(" and "))
        }
    };
    let allowed: Vec<String> = field.allowed.iter().map(ToString::to_string).collect();
    let allowed = if allowed.is_empty() { String::new() } else { format!(", one of {}", allowed.join(" ")) };
    let since = field.since.map(|since| format!(", since {since}")).unwrap_or_default();
    format!("{} ({}{required}{allowed}{since}): {}", field.path, field.type_names(), field.summary)
}
