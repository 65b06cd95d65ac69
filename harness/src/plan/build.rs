//! A scenario and a profile make a plan: snippets are filled in, and each message gets its content, whole.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Action, Object, Outgoing, Owed, Plan, Step, Wait};
use crate::spec::{self, MessageReference, MessageType, Profile, Role, Scenario, SnippetReference, Spec, Status};
use crate::trace::{Bytes, Facts};
use crate::wire::PartName;

/// The fact of a step whose message is wrong on purpose; it says how.
const ODD: &str = "odd";

/// Why a profile can't play a scenario.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the profile lacks {}", .0.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))]
pub struct Lacking(pub Vec<String>);

impl Plan {
    /// Fills `scenario` with the code of `profile`; without one, only what needs no code can be played.
    ///
    /// # Errors
    ///
    /// The snippets that steps need and the profile lacks; steps that are optional are left out instead.
    pub fn from_scenario(scenario: &Scenario, profile: Option<&Profile>, spec: &Spec) -> Result<Self, Lacking> {
        let has = |name: &str| profile.is_some_and(|profile| profile.snippets.contains_key(name));
        let lacking: Vec<String> = scenario.needed_snippets().into_iter().filter(|name| !has(name)).map(str::to_owned).collect();
        if !lacking.is_empty() {
            return Err(Lacking(lacking));
        }
        let filler = Filler { profile, spec };
        let mut kept: Vec<&spec::Step> = Vec::new();
        for step in &scenario.steps {
            let is_kept = |name: &str| kept.iter().any(|step| step.name == name);
            let finds_its_steps = match &step.action {
                spec::Action::Wait(wait) => is_kept(&wait.of),
                spec::Action::Interrupt(spec::Interrupt::Step(of)) => is_kept(of),
                _ => step.needed_steps().into_iter().all(is_kept),
            };
            if finds_its_steps && step.snippets().into_iter().all(has) {
                kept.push(step);
            }
        }
        let steps: Vec<Step> = kept.into_iter().map(|step| filler.step(step)).collect();
        let later = (2..=scenario.rounds).flat_map(|round| steps.iter().map(move |step| in_round(step, round))).collect::<Vec<_>>();
        let steps = steps.into_iter().chain(later).collect();
        Ok(Self {
            scenario: scenario.id(),
            clients: scenario.clients.clone(),
            fresh: scenario.fresh,
            start: scenario.start.clone(),
            wire: scenario.wire,
            feature: scenario.feature.clone(),
            steps,
        })
    }
}

/// A step of a round after the first: the names of steps are those of the scenario in the first, and tell the round in later ones.
fn in_round(step: &Step, round: u32) -> Step {
    let mut step = step.clone();
    let rename = |name: &mut String| *name = format!("{name}-{round}");
    step.name.iter_mut().for_each(rename);
    match &mut step.action {
        Action::Wait(wait) => rename(&mut wait.of),
        Action::Settle(names) => names.iter_mut().for_each(rename),
        Action::Send(outgoing) => outgoing.parts_mut().for_each(|value| refer_to_round(value, round)),
        _ => {}
    }
    step.facts.values_mut().for_each(|value| refer_to_round(value, round));
    step
}

/// Lets the references in a value be to the steps of this round.
fn refer_to_round(value: &mut Value, round: u32) {
    match value {
        Value::String(text) => {
            let renamed = MessageReference::parse(text).map(|reference| reference.renamed(&format!("{}-{round}", reference.step)));
            if let Some(renamed) = renamed {
                *text = renamed;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| refer_to_round(item, round)),
        Value::Object(members) => members.values_mut().for_each(|member| refer_to_round(member, round)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

struct Filler<'a> {
    profile: Option<&'a Profile>,
    spec: &'a Spec,
}

impl Filler<'_> {
    fn step(&self, step: &spec::Step) -> Step {
        let mut facts: Facts = step.facts.iter().filter_map(|(key, value)| Some((key.clone(), self.value(value)?))).collect();
        let action = match &step.action {
            spec::Action::Send(send) => {
                let placeholders = Placeholders::of(send, self);
                for (key, value) in self.snippet_facts(send) {
                    facts.entry(key).or_insert(value);
                }
                for value in facts.values_mut() {
                    placeholders.fill(value);
                }
                Action::Send(Box::new(self.outgoing(send, &placeholders, facts.contains_key(ODD))))
            }
            spec::Action::Heartbeat(payload) => Action::Heartbeat(Bytes(payload.to_bytes())),
            spec::Action::Frames { channel, frames } => {
                Action::Frames { channel: *channel, frames: frames.iter().map(|frame| Bytes(frame.to_bytes())).collect() }
            }
            spec::Action::Tcp(tcp) => Action::Tcp {
                channel: tcp.channel,
                bytes: tcp.bytes.iter().map(|piece| Bytes(piece.to_bytes())).collect(),
                peers: tcp.peers,
                stay: tcp.then == spec::Then::Stay,
            },
            spec::Action::Settle(spec::Settle::All) => Action::Settle(Vec::new()),
            spec::Action::Settle(spec::Settle::Steps(names)) => Action::Settle(names.clone()),
            spec::Action::Wait(wait) => Action::Wait(Wait {
                of: wait.of.clone(),
                any_parent: wait.any_parent,
                msg_type: wait.message_type.clone(),
                content: self.object(&wait.content),
            }),
            spec::Action::Connect(connect) => Action::Connect {
                topics: connect.topics.iter().map(|topic| Bytes(topic.to_bytes())).collect(),
                identity_of: connect.same_identity_as.clone(),
                identity: connect.identity.as_ref().map(|identity| Bytes(identity.to_bytes())),
                deaf: connect.deaf,
                welcomed: connect.welcomed,
                cut_off: connect.cut_off,
            },
            spec::Action::Disconnect => Action::Disconnect,
            spec::Action::Interrupt(_) => Action::Interrupt,
            spec::Action::Signal(signal) => Action::Signal(signal.clone()),
            spec::Action::Restart => Action::Restart,
            spec::Action::Pause(seconds) => Action::Pause(*seconds),
        };
        Step { name: Some(step.name.clone()), client: step.client.clone(), action, facts }
    }

    fn outgoing(&self, send: &spec::Send, placeholders: &Placeholders, odd: bool) -> Outgoing {
        let message_type = self.spec.messages.get(&send.message_type);
        let mut content = message_type.map(|known| known.sample.clone()).unwrap_or_default();
        if let Some(snippet) = send.snippet.as_deref().and_then(|name| self.snippet(name)) {
            for field in message_type.map_or(&[][..], |known| &known.fields) {
                let path = field.path.to_string();
                let value = if path == "code" { Some(Value::String(snippet.code.clone())) } else { snippet.fact(&path).cloned() };
                if let Some(value) = value {
                    content.insert(path, value);
                }
            }
        }
        content.extend(self.object(&send.content));
        content.values_mut().for_each(|value| placeholders.fill(value));
        for key in &send.without {
            content.shift_remove(key);
        }
        Outgoing {
            metadata: self.object(&send.metadata),
            header: self.object(&send.header),
            without_header: send.without_header.clone(),
            parent: self.object(&send.parent),
            without_parent: send.without_parent,
            buffers: send.buffers.iter().map(|buffer| Bytes(buffer.to_bytes())).collect(),
            idents: send.idents.iter().map(|ident| Bytes(ident.to_bytes())).collect(),
            raw: joined_by_part(&send.raw),
            splice: joined_by_part(&send.splice),
            cut_to: send.cut_to,
            format: send.format,
            sign: send.sign,
            awaits: send.wait_for,
            answers: send.answers.iter().filter_map(|answer| self.value(answer)).map(|answer| text_of(&answer)).collect(),
            repeat: send.repeat,
            then_exit: send.then_exit,
            ..Outgoing::honest(send.channel, &send.message_type, content, owed(message_type, odd))
        }
    }

    fn snippet(&self, name: &str) -> Option<&spec::Snippet> {
        self.profile?.snippets.get(name)
    }

    fn snippet_facts(&self, send: &spec::Send) -> Facts {
        send.snippet
            .as_deref()
            .and_then(|name| self.snippet(name))
            .map(|snippet| snippet.facts.iter().cloned().collect())
            .unwrap_or_default()
    }

    fn object(&self, object: &Object) -> Object {
        object.iter().filter_map(|(key, value)| Some((key.clone(), self.value(value)?))).collect()
    }

    /// A value of the scenario with its references to snippets resolved; nothing, where the snippet lacks that optional fact.
    fn value(&self, value: &Value) -> Option<Value> {
        Some(match value {
            Value::String(text) => match SnippetReference::parse(text) {
                Some(reference) => return self.referenced(reference),
                None => value.clone(),
            },
            Value::Array(items) => items.iter().filter_map(|item| self.value(item)).collect(),
            Value::Object(members) => Value::Object(self.object(members)),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        })
    }

    fn referenced(&self, reference: SnippetReference<'_>) -> Option<Value> {
        let snippet = self.snippet(reference.snippet)?;
        if reference.key == "code" { Some(Value::String(snippet.code.clone())) } else { snippet.fact(reference.key).cloned() }
    }
}

/// The bytes of payloads in pieces.
fn joined(pieces: &[spec::Payload]) -> Bytes {
    Bytes(pieces.iter().map(spec::Payload::to_bytes).collect::<Vec<_>>().concat())
}

fn joined_by_part(parts: &BTreeMap<PartName, Vec<spec::Payload>>) -> BTreeMap<PartName, Bytes> {
    parts.iter().map(|(part, pieces)| (*part, joined(pieces))).collect()
}

/// What a message of the type is owed; nothing says what one is that the catalogue does not have, so nothing is.
fn owed(message: Option<&MessageType>, odd: bool) -> Owed {
    let Some(message) = message else { return Owed::nothing() };
    let reply = message.role == Role::Request;
    let bracket = message.publishes.iter().any(|published| published == "status");
    Owed { reply, bracket, optional: message.status != Status::Required, odd }
}

/// What replaces the placeholders in a snippet's code and facts.
struct Placeholders(Vec<(&'static str, String)>);

impl Placeholders {
    fn of(send: &spec::Send, filler: &Filler<'_>) -> Self {
        let value = send.answers.first().and_then(|answer| filler.value(answer)).map(|answer| text_of(&answer));
        let all = [
            ("{seconds}", send.seconds.map(|seconds| format!("{seconds:?}"))),
            ("{count}", send.count.map(|count| count.to_string())),
            ("{text}", send.text.clone()),
            ("{value}", value),
        ];
        Self(all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
    }

    fn fill(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                for (name, replacement) in &self.0 {
                    if text.contains(name) {
                        *text = text.replace(name, replacement);
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.fill(item)),
            Value::Object(members) => members.values_mut().for_each(|member| self.fill(member)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::wire::Channel;

    #[test]
    fn a_step_of_a_later_round_refers_to_the_steps_of_its_own() {
        let Value::Object(content) = json!({"subshell_id": "$reply.create.content.subshell_id", "n": ["$reply", 1]}) else { return };
        let outgoing = Outgoing::honest(Channel::Control, "delete_subshell_request", content, Owed::nothing());
        let facts = Facts::from([("gone".to_owned(), json!(["$reply.create.content.subshell_id"]))]);
        let step = Step { name: Some("delete".to_owned()), client: "a".to_owned(), action: Action::Send(Box::new(outgoing)), facts };
        let Step { name, action: Action::Send(outgoing), facts, .. } = in_round(&step, 2) else { return };
        assert_eq!(name.as_deref(), Some("delete-2"));
        assert_eq!(Value::Object(outgoing.content), json!({"subshell_id": "$reply.create-2.content.subshell_id", "n": ["$reply", 1]}));
        assert_eq!(facts["gone"], json!(["$reply.create-2.content.subshell_id"]));
    }
}
