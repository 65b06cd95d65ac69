//! Reads the steps of a scenario, each with what the ones before it are called.

use std::collections::BTreeSet;

use serde_json::{Map, Value as JsonValue};

use super::read::Known;
use super::read_send::{check_references, outermost_fields, read_map, read_payload, read_payloads, read_pieces, read_send};
use super::reference::{MessageReference, Source, each_string};
use super::step::{Action, Connect, Interrupt, Payload, Settle, Step, Tcp, Then, Wait};
use crate::spec::document::{Entry, Value};
use crate::spec::nearest::nearest;
use crate::spec::reader::{Item, Reader};
use crate::spec::{MessageType, Role};
use crate::wire::Channel;

/// The actions, one of which each step has.
const ACTIONS: [&str; 12] =
    ["send", "heartbeat", "frames", "tcp", "settle", "wait", "connect", "disconnect", "interrupt", "signal", "restart", "pause"];

/// The keys of a step whose values may refer to earlier messages, beside its facts.
const REFERRING: [&str; 4] = ["content", "metadata", "header", "parent"];

/// The signals that a step may send.
const SIGNALS: [&str; 11] =
    ["SIGINT", "SIGTERM", "SIGKILL", "SIGSTOP", "SIGCONT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGPIPE", "SIGABRT"];

/// The steps read so far, and what they may refer to.
pub(super) struct Steps<'a> {
    clients: &'a [String],
    /// Clients that a step connects.
    late_clients: BTreeSet<&'a str>,
    known: &'a Known<'a>,
    /// Names given in the file, which made-up names keep clear of.
    given: BTreeSet<&'a str>,
    /// Names of the steps so far.
    names: Vec<String>,
    pub(super) done: Vec<Step>,
}

impl<'a> Steps<'a> {
    pub(super) fn new(items: &[Item<'a>], clients: &'a [String], known: &'a Known<'a>) -> Self {
        let texts = |key: &'static str| items.iter().filter_map(move |item| text_of(item, key));
        Self {
            clients,
            late_clients: texts("connect").collect(),
            known,
            given: texts("name").collect(),
            names: Vec::new(),
            done: Vec::with_capacity(items.len()),
        }
    }

    /// The listed clients that are there from the start: those whose first step of the kind is not `connect`.
    pub(super) fn early_clients(&self) -> Vec<String> {
        let is_late = |client: &str| {
            let first =
                self.done.iter().find(|step| step.client == client && matches!(step.action, Action::Connect(_) | Action::Disconnect));
            first.is_some_and(|step| matches!(step.action, Action::Connect(_)))
        };
        self.clients.iter().filter(|client| !is_late(client)).cloned().collect()
    }

    /// Reads the next step. One that has mistakes still has its name, so that those who refer to it are not blamed.
    pub(super) fn read(&mut self, item: Item<'a>) {
        let Some(reader) = item.clone().reader() else {
            return;
        };
        let Some((kind, operand)) = the_action(&item, &reader) else {
            if let Some(name) = text_of(&item, "name") {
                self.remember(name);
            }
            return;
        };
        let name = self.name(&reader, &operand, kind);
        let client = self.client(&reader, &operand, kind);
        let optional = reader.optional("optional").and_then(Item::bool).unwrap_or(false);
        let facts = reader.optional("facts").and_then(Item::entries).unwrap_or_default();
        for (_, fact) in &facts {
            check_references(fact, self.known);
            self.check_message_references(fact, kind);
        }
        if kind == "send" {
            for item in REFERRING.into_iter().filter_map(|key| reader.optional(key)) {
                self.check_message_references(&item, kind);
            }
        }
        let facts = facts.into_iter().map(|(key, value)| (key.to_owned(), value.json())).collect();
        let action = self.action(kind, operand, &reader);
        reader.finish();
        self.remember(&name);
        if let (Some(client), Some(action)) = (client, action) {
            self.done.push(Step { name, client, action, facts, optional });
        }
    }

    fn remember(&mut self, name: &str) {
        if !self.names.iter().any(|known| known == name) {
            self.names.push(name.to_owned());
        }
    }

    fn name(&self, reader: &Reader<'a>, operand: &Item<'a>, kind: &str) -> String {
        if let Some(item) = reader.optional("name")
            && let Some(name) = item.clone().sentence()
        {
            if self.names.contains(&name) {
                item.mistake(format!("there is a step `{name}` before"));
            }
            return name;
        }
        let base = match &operand.node().value {
            Value::String(message_type) if kind == "send" => message_type,
            _ => kind,
        };
        let numbered = (2..).map(|number| format!("{base}-{number}"));
        let is_free = |name: &String| !self.names.contains(name) && !self.given.contains(name.as_str());
        let mut candidates = std::iter::once(base.to_owned()).chain(numbered);
        candidates.find(is_free).expect("one of infinitely many names is free")
    }

    /// Who acts: for `connect` and `disconnect` their operand, else the key `client`, else the first client.
    fn client(&self, reader: &Reader<'a>, operand: &Item<'a>, kind: &str) -> Option<String> {
        let item = match kind {
            "connect" | "disconnect" => operand.clone(),
            _ => match reader.optional("client") {
                Some(item) => item,
                None => return self.clients.first().cloned(),
            },
        };
        let client = item.clone().string()?;
        let known: Vec<&str> = self.clients.iter().map(String::as_str).chain(self.late_clients.iter().copied()).collect();
        if !known.contains(&client.as_str()) {
            item.unknown("client", &client, known);
        }
        Some(client)
    }

    fn action(&self, kind: &str, operand: Item<'a>, reader: &Reader<'a>) -> Option<Action> {
        match kind {
            "send" => read_send(operand, reader, self.known).map(|send| Action::Send(Box::new(send))),
            "heartbeat" => read_payload(operand).map(Action::Heartbeat),
            "frames" => {
                let channel = reader.required("channel").and_then(Item::named);
                Some(Action::Frames { frames: read_payloads(operand)?, channel: channel? })
            }
            "tcp" => read_tcp(operand, reader).map(Action::Tcp),
            "settle" => self.settle(operand).map(Action::Settle),
            "wait" => self.wait(operand).map(Action::Wait),
            "connect" => Some(Action::Connect(self.connect(reader))),
            "disconnect" => Some(Action::Disconnect),
            "interrupt" => match operand.node().value {
                Value::Boolean(true) => Some(Action::Interrupt(Interrupt::Kernel)),
                _ => self.earlier_step(operand).map(|step| Action::Interrupt(Interrupt::Step(step))),
            },
            "signal" => read_signal(operand).map(Action::Signal),
            "pause" => operand.seconds().map(Action::Pause),
            _ => {
                if operand.clone().bool() == Some(false) {
                    operand.mistake("`restart` can only be true");
                }
                Some(Action::Restart)
            }
        }
    }

    /// Notes every `$reply.STEP.PATH` for which nothing can ever come.
    fn check_message_references(&self, item: &Item<'a>, kind: &str) {
        each_string(&item.json(), &mut |text| {
            if !MessageReference::is_meant(text) {
                return;
            }
            let Some(reference) = MessageReference::parse(text) else {
                item.mistake(format!("`{text}` is no reference: it is written as `$reply.STEP.content.FIELD`"));
                return;
            };
            if kind != "send" {
                item.mistake(format!("`{text}` can't be filled in: this step sends no message"));
            } else if !self.names.iter().any(|name| name == reference.step) {
                item.unknown("step", reference.step, self.names.iter().map(String::as_str));
            } else {
                self.check_answer(item, reference);
            }
        });
    }

    /// Notes a reference to an answer that its step never gets, or to a field that this never has. Of a step with mistakes nothing is known.
    fn check_answer(&self, item: &Item<'a>, reference: MessageReference<'_>) {
        let Some(step) = self.done.iter().find(|step| step.name == reference.step) else { return };
        let asked = match &step.action {
            Action::Send(send) => self.known.messages.get(&send.message_type),
            _ => None,
        };
        let answer = match (reference.source, &step.action) {
            (Source::Reply, _) => asked.filter(|asked| asked.role == Role::Request).and_then(|asked| asked.pair.as_deref()),
            (Source::InputRequest, _) => asked.filter(|asked| asked.name == "execute_request").map(|_| "input_request"),
            (Source::Message, Action::Wait(wait)) => Some(wait.message_type.as_str()),
            (Source::Message, _) => None,
        };
        let Some(answer) = answer else {
            item.mistake(format!("step `{}` gets no {}", reference.step, reference.source.name()));
            return;
        };
        if let (Some(field), Some(declared)) = (reference.content_field(), self.known.messages.get(answer))
            && !outermost_fields(declared).any(|known| known == field)
        {
            item.unknown(&format!("field of {answer}:"), field, outermost_fields(declared));
        }
    }

    fn settle(&self, operand: Item<'a>) -> Option<Settle> {
        if matches!(&operand.node().value, Value::String(text) if text == "all") {
            return Some(Settle::All);
        }
        let steps: Vec<Option<String>> = operand.items()?.into_iter().map(|item| self.earlier_step(item)).collect();
        steps.into_iter().collect::<Option<_>>().map(Settle::Steps)
    }

    fn wait(&self, operand: Item<'a>) -> Option<Wait> {
        let reader = operand.reader()?;
        let since = reader.optional("since");
        let any_parent = since.is_some();
        let of = match (since, any_parent) {
            (Some(since), _) => Some(since),
            (None, _) => reader.required("of"),
        };
        let of = of.and_then(|item| self.earlier_step(item));
        let message_type = reader.required("type").and_then(|item| {
            let name = item.clone().string()?;
            if !self.known.types.contains(&name) {
                item.unknown("message type", &name, self.known.types.iter().map(String::as_str));
            }
            Some(name)
        });
        let declared = message_type.as_ref().and_then(|name| self.known.messages.get(name));
        let content = reader.optional("content").map(|item| read_wanted(item, declared)).unwrap_or_default();
        reader.finish();
        Some(Wait { of: of?, any_parent, message_type: message_type?, content })
    }

    fn connect(&self, reader: &Reader<'a>) -> Connect {
        let topics = reader.optional("topics").and_then(read_payloads);
        let channels = reader.optional("channels").and_then(Item::items);
        let identity = reader.optional("identity");
        let is_bytes = identity.as_ref().is_some_and(|item| matches!(item.node().value, Value::Table(_)));
        let bytes = identity.clone().filter(|_| is_bytes).and_then(read_identity);
        let same_identity_as = identity.filter(|_| !is_bytes).and_then(|item| {
            let text = item.clone().str()?;
            let client = text.strip_prefix("same-as:");
            if client.is_none() {
                item.mistake("`identity` is written as `same-as:CLIENT`");
            }
            client.map(str::to_owned)
        });
        let read = |items: Vec<Item<'_>>| items.into_iter().filter_map(Item::named).collect();
        let flag = |key| reader.optional(key).and_then(Item::bool).unwrap_or(false);
        Connect {
            topics: topics.unwrap_or_else(|| vec![Payload::Text(String::new())]),
            same_identity_as,
            identity: bytes,
            channels: channels.map_or_else(|| Channel::ALL.to_vec(), read),
            deaf: flag("deaf"),
            welcomed: flag("welcomed"),
            cut_off: flag("cut_off"),
        }
    }

    fn earlier_step(&self, item: Item<'a>) -> Option<String> {
        let name = item.clone().string()?;
        if !self.names.contains(&name) {
            item.unknown("step", &name, self.names.iter().map(String::as_str));
        }
        Some(name)
    }
}

/// The text of a key, if it is one.
fn text_of<'a>(item: &Item<'a>, key: &str) -> Option<&'a str> {
    let Value::Table(table) = &item.node().value else {
        return None;
    };
    match &table.get(key)?.value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// The one key that says what is done, and its value.
fn the_action<'a>(item: &Item<'a>, reader: &Reader<'a>) -> Option<(&'static str, Item<'a>)> {
    let table = item.clone().table()?;
    let found: Vec<&'static str> = ACTIONS.into_iter().filter(|action| table.get(action).is_some()).collect();
    match found.as_slice() {
        [one] => reader.optional(one).map(|operand| (*one, operand)),
        [] => {
            let near = |entry: &Entry| nearest(&entry.key, ACTIONS);
            let hint = match table.0.iter().find_map(near) {
                Some(action) => format!("did you mean `{action}`?"),
                None => format!("known: {}", ACTIONS.join(", ")),
            };
            item.mistake_with_hint("this step has no action", Some(hint));
            None
        }
        several => {
            item.mistake(format!("this step has several actions: {}", several.join(", ")));
            None
        }
    }
}

/// The bytes of an identity: as many as ZeroMQ allows, and none that it keeps for itself.
fn read_identity(item: Item<'_>) -> Option<Payload> {
    let identity = read_payload(item.clone())?;
    let bytes = identity.to_bytes();
    if !(1..=255).contains(&bytes.len()) || bytes.first() == Some(&0) {
        item.mistake("an identity has 1 to 255 bytes, the first of which is not 0");
    }
    Some(identity)
}

fn read_tcp(operand: Item<'_>, reader: &Reader<'_>) -> Option<Tcp> {
    let channel = operand.named();
    let bytes = reader.required("bytes").and_then(read_pieces);
    let peers = reader.optional("peers").and_then(Item::count).unwrap_or(1);
    let then = reader.optional("then").and_then(Item::named).unwrap_or(Then::Close);
    Some(Tcp { channel: channel?, bytes: bytes?, peers, then })
}

/// What a message must hold; a field that its type does not have is a slip of the pen.
fn read_wanted(item: Item<'_>, declared: Option<&MessageType>) -> Map<String, JsonValue> {
    for (key, item) in item.clone().entries().unwrap_or_default() {
        if let Some(declared) = declared.filter(|declared| !outermost_fields(declared).any(|known| known == key)) {
            item.unknown("field", key, outermost_fields(declared));
        }
    }
    read_map(item)
}

fn read_signal(operand: Item<'_>) -> Option<String> {
    let signal = operand.clone().string()?;
    if !SIGNALS.contains(&signal.as_str()) {
        operand.unknown("signal", &signal, SIGNALS);
    }
    Some(signal)
}
