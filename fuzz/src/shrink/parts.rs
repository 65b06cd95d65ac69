//! What of a plan goes together, and what is left of a plan that makes sense.

use std::collections::{BTreeMap, BTreeSet};

use harness::plan::{Action, Await, MessageReference, Plan, Step};
use serde_json::Value;

/// The indices of steps that stay or go as one: what blocks the kernel with the waits for it, what frees it, and the pause before that,
/// without which it might come too early. All others stand alone.
pub(super) fn parts(plan: &Plan) -> Vec<Vec<usize>> {
    let mut owner: BTreeMap<usize, usize> = BTreeMap::new();
    for (index, step) in plan.steps.iter().enumerate() {
        let Some(release) = release(&plan.steps, index) else { continue };
        let is_wait = |other: &usize| matches!(&plan.steps[*other].action, Action::Wait(wait) if Some(&wait.of) == step.name.as_ref());
        let is_pause = matches!(plan.steps[release - 1].action, Action::Pause(_));
        let pause = (is_pause && release - 1 > index).then_some(release - 1);
        let members = (index + 1..release).filter(is_wait).chain(pause).chain([index, release]);
        let members: Vec<usize> = members.collect();
        let first = members.iter().map(|member| owner.get(member).copied().unwrap_or(index)).min().unwrap_or(index);
        for member in members {
            owner.insert(member, first);
        }
    }
    let mut parts: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for index in 0..plan.steps.len() {
        parts.entry(owner.get(&index).copied().unwrap_or(index)).or_default().push(index);
    }
    parts.into_values().collect()
}

/// The plan with these parts only, and without what needs any of the others; nothing if that would leave the kernel blocked.
pub(super) fn of_parts(plan: &Plan, parts: &[Vec<usize>]) -> Option<Plan> {
    let kept: BTreeSet<usize> = parts.iter().flatten().copied().collect();
    let steps = kept.into_iter().map(|index| plan.steps[index].clone());
    let candidate = Plan { steps: without_dangling(&plan.clients, steps), ..plan.clone() };
    is_sound(&candidate).then_some(candidate)
}

/// Whether each step finds what it needs: its client, the steps that it names, and what frees the kernel again after it.
#[must_use]
pub fn is_sound(plan: &Plan) -> bool {
    let whole = without_dangling(&plan.clients, plan.steps.iter().cloned());
    whole.len() == plan.steps.len()
        && (0..plan.steps.len()).all(|index| !is_blocking(&plan.steps[index]) || release(&plan.steps, index).is_some())
}

/// Whether nothing but a later step ends what this one begins.
fn is_blocking(step: &Step) -> bool {
    let Action::Send(outgoing) = &step.action else { return false };
    let is_endless = step.facts.get("interrupted") == Some(&Value::Bool(true));
    outgoing.awaits == Await::Later && (is_endless || is_open_question(step))
}

fn is_open_question(step: &Step) -> bool {
    let asks = step.facts.get("asks").and_then(Value::as_u64).unwrap_or_default();
    matches!(&step.action, Action::Send(outgoing) if asks > 0 && outgoing.answers.is_empty())
}

/// The step that ends what a blocking one begins.
fn release(steps: &[Step], index: usize) -> Option<usize> {
    let step = &steps[index];
    if !is_blocking(step) {
        return None;
    }
    let by_interrupt = step.facts.get("interrupted") == Some(&Value::Bool(true));
    let frees = |other: &Step| match &other.action {
        Action::Interrupt => by_interrupt,
        Action::Send(outgoing) if by_interrupt => outgoing.msg_type == "interrupt_request",
        Action::Send(outgoing) => outgoing.msg_type == "input_reply",
        _ => false,
    };
    (index + 1..steps.len()).find(|&later| frees(&steps[later]))
}

/// Steps without those whose client is not there, or which name or quote a step that is not.
fn without_dangling(clients: &[String], steps: impl Iterator<Item = Step>) -> Vec<Step> {
    let mut present: BTreeSet<String> = clients.iter().cloned().collect();
    let mut known = present.clone();
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut kept = Vec::new();
    for mut step in steps {
        let fits = match &mut step.action {
            Action::Connect { identity_of, .. } => {
                let fits = !present.contains(&step.client) && identity_of.as_ref().is_none_or(|client| known.contains(client));
                if fits {
                    present.insert(step.client.clone());
                    known.insert(step.client.clone());
                }
                fits
            }
            Action::Disconnect => present.remove(&step.client),
            Action::Wait(wait) => names.contains(&wait.of) && present.contains(&step.client),
            Action::Settle(of) if !of.is_empty() => {
                of.retain(|name| names.contains(name));
                !of.is_empty()
            }
            Action::Send(outgoing) => {
                let mut quotes_known = true;
                outgoing.parts().for_each(|value| {
                    MessageReference::each_in(value, &mut |reference| quotes_known &= names.contains(reference.step));
                });
                quotes_known && present.contains(&step.client)
            }
            _ => present.contains(&step.client),
        };
        if fits {
            names.extend(step.name.clone());
            kept.push(step);
        }
    }
    kept
}
