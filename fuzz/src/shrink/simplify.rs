//! Simpler messages, and fewer who send them.

use std::collections::BTreeSet;

use harness::plan::{Action, Format, Outgoing, Owed, Plan, Step};

use super::Samples;

/// One change to a step.
pub(super) type Edit = Box<dyn Fn(&mut Step)>;

/// Plans in which one client's steps are those of the first, where it never leaves and nobody takes its identity. That it came is left out.
pub(super) fn merged_clients(plan: &Plan) -> Vec<Plan> {
    let is_apart = |client: &str| {
        let apart = |step: &Step| match &step.action {
            Action::Connect { identity_of, identity, .. } => {
                identity_of.as_deref() == Some(client) || (step.client == client && (identity_of.is_some() || identity.is_some()))
            }
            Action::Disconnect => step.client == client,
            _ => false,
        };
        plan.steps.iter().any(apart)
    };
    let others: BTreeSet<&String> =
        plan.steps.iter().map(|step| &step.client).filter(|client| *client != "a" && !is_apart(client)).collect();
    let merged = others.into_iter().map(|client| {
        let mut merged = plan.clone();
        merged.clients.retain(|other| other != client);
        merged.steps.retain(|step| step.client != *client || !matches!(step.action, Action::Connect { .. }));
        merged.steps.iter_mut().filter(|step| step.client == *client).for_each(|step| step.client = "a".to_owned());
        merged
    });
    merged.collect()
}

/// What may be simpler about a step, the boldest first. What makes no difference is no edit worth a play, and is left to the caller to see.
pub(super) fn edits(step: &Step, samples: &Samples<'_>) -> Vec<Edit> {
    let Action::Send(outgoing) = &step.action else { return Vec::new() };
    // What else is known about a step holds for its message as it is: code that is no loop any more is not interrupted.
    if step.facts.keys().any(|fact| fact != "odd") {
        return Vec::new();
    }
    let mut edits: Vec<Edit> = Vec::new();
    let sample = samples(&outgoing.msg_type);
    if let Some(sample) = sample.clone() {
        // Made honest altogether: then it is odd no more.
        let (channel, awaits, answers) = (outgoing.channel, outgoing.awaits, outgoing.answers.clone());
        let (msg_type, owed) = (outgoing.msg_type.clone(), Owed { odd: false, ..outgoing.owed });
        edits.push(Box::new(move |step| {
            let honest = Outgoing::honest(channel, &msg_type, sample.clone(), owed);
            step.action = Action::Send(Box::new(Outgoing { awaits, answers: answers.clone(), ..honest }));
            step.facts.remove("odd");
        }));
    }
    edits.push(in_message(|outgoing| outgoing.repeat = 1));
    edits.push(in_message(|outgoing| outgoing.metadata.clear()));
    edits.push(in_message(|outgoing| outgoing.header.clear()));
    edits.push(in_message(|outgoing| outgoing.buffers.clear()));
    edits.push(in_message(|outgoing| outgoing.idents.clear()));
    edits.push(in_message(|outgoing| outgoing.format = Format::Compact));
    for key in outgoing.content.keys().cloned().collect::<Vec<_>>() {
        let usual = sample.as_ref().and_then(|sample| sample.get(&key)).cloned();
        edits.push(in_message(move |outgoing| match &usual {
            Some(usual) => drop(outgoing.content.insert(key.clone(), usual.clone())),
            None => drop(outgoing.content.shift_remove(&key)),
        }));
    }
    edits
}

fn in_message(change: impl Fn(&mut Outgoing) + 'static) -> Edit {
    Box::new(move |step| {
        if let Action::Send(outgoing) = &mut step.action {
            change(outgoing);
        }
    })
}
