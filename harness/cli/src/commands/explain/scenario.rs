//! A scenario explained: what it is for, what it needs, and its steps.

use harness::spec::{Action, Scenario, Settle, Step};
use reports::text::wrapped;

/// The text.
pub(super) fn text(scenario: &Scenario, width: usize) -> String {
    let mut text = format!("{}\n", scenario.id());
    text.push_str(&wrapped(&scenario.summary, width, "", ""));
    text.push('\n');
    for (name, value) in facts(scenario) {
        text.push_str(&wrapped(&value, width, &format!("  {name:9} "), "            "));
    }
    text.push_str("\nSteps:\n");
    for (step, number) in scenario.steps.iter().zip(1..) {
        let optional = if step.optional { " (left out where the profile lacks its snippet)" } else { "" };
        text.push_str(&wrapped(&format!("{}: {}{optional}", step.client, action(step)), width, &format!("{number:>4} "), "       "));
    }
    text
}

fn facts(scenario: &Scenario) -> Vec<(&'static str, String)> {
    let mut facts = vec![("for", scenario.provokes.join(", ")), ("clients", scenario.clients.join(", "))];
    let snippets: Vec<&str> = scenario.needed_snippets().into_iter().collect();
    if !snippets.is_empty() {
        facts.push(("snippets", snippets.join(", ")));
    }
    if let Some(feature) = &scenario.feature {
        facts.push(("feature", format!("only where the kernel announces `{feature}`")));
    }
    if let Some(wire) = scenario.wire {
        facts.push(("wire", format!("{}, unless --wire says otherwise", wire.name())));
    }
    if scenario.fresh {
        let start = scenario.start.as_ref().map(|start| format!(", started with {}", start.odd));
        facts.push(("kernel", format!("one of its own{}", start.unwrap_or_default())));
    }
    facts.retain(|(_, value)| !value.is_empty());
    facts
}

fn action(step: &Step) -> String {
    match &step.action {
        Action::Send(send) => {
            let name = if step.name == send.message_type { String::new() } else { format!(" as {}", step.name) };
            format!("sends {}{name}", send.message_type)
        }
        Action::Heartbeat(_) => "sends a heartbeat and waits for its echo".to_owned(),
        Action::Frames { channel, .. } => format!("sends raw frames on {channel}"),
        Action::Settle(Settle::All) => "waits for all that is owed".to_owned(),
        Action::Settle(Settle::Steps(names)) => format!("waits for what is owed to {}", names.join(", ")),
        Action::Wait(wait) if wait.any_parent => format!("waits for {} since {}", wait.message_type, wait.of),
        Action::Wait(wait) => format!("waits for {} of {}", wait.message_type, wait.of),
        Action::Connect(_) => "connects".to_owned(),
        Action::Disconnect => "disconnects".to_owned(),
        Action::Interrupt(_) => "interrupts the kernel".to_owned(),
        Action::Signal(signal) => format!("sends {signal} to the kernel"),
        Action::Restart => "restarts the kernel".to_owned(),
        Action::Tcp(tcp) => format!("sends bytes by plain TCP to the port of {}", tcp.channel),
        Action::Pause(seconds) => format!("lets {seconds} s pass"),
    }
}
