//! Reads the keys of a step that sends a message.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as JsonValue};

use super::read::Known;
use super::reference::SnippetReference;
use super::step::{Await, Format, Payload, Send, Sign};
use crate::spec::document::{Table, Value};
use crate::spec::reader::{Item, Reader};
use crate::spec::{MessageType, Segment};
use crate::wire::{Channel, PartName};

/// Most bytes of one payload.
const MAX_PAYLOAD: u64 = 256 << 20;

/// The fields of an honest header.
const HEADER: [&str; 7] = ["msg_id", "username", "session", "date", "msg_type", "version", "subshell_id"];

/// Reads a `send`: the operand is the message type, the rest are keys of the step.
pub(super) fn read_send(operand: Item<'_>, reader: &Reader<'_>, known: &Known<'_>) -> Option<Send> {
    let message_type = operand.clone().string()?;
    if !known.types.contains(&message_type) {
        operand.unknown("message type", &message_type, known.types.iter().map(String::as_str));
    }
    let declared = known.messages.get(&message_type);
    let channel = reader.optional("channel").and_then(Item::named::<Channel>);
    let content = reader.optional("content").inspect(|item| check_references(item, known)).map(read_map);
    let without = reader.optional("without").map(|item| read_without(item, declared, content.as_ref()));
    let answers = reader.optional("answers").inspect(|item| check_references(item, known)).and_then(Item::items);
    let without_header = reader.optional("without_header").map(read_without_header);
    Some(Send {
        message_type,
        channel: channel.or_else(|| declared?.channels.first().copied()).unwrap_or(Channel::Shell),
        snippet: reader.optional("snippet").and_then(|item| read_snippet(item, known)),
        content: content.unwrap_or_default(),
        without: without.unwrap_or_default(),
        metadata: reader.optional("metadata").map(read_map).unwrap_or_default(),
        header: reader.optional("header").map(read_map).unwrap_or_default(),
        without_header: without_header.unwrap_or_default(),
        parent: reader.optional("parent").map(read_map).unwrap_or_default(),
        without_parent: reader.optional("without_parent").and_then(Item::bool).unwrap_or_default(),
        buffers: reader.optional("buffers").and_then(read_payloads).unwrap_or_default(),
        idents: reader.optional("idents").and_then(read_payloads).unwrap_or_default(),
        raw: reader.optional("raw").map(read_parts).unwrap_or_default(),
        splice: reader.optional("splice").map(read_parts).unwrap_or_default(),
        cut_to: reader.optional("cut_to").and_then(Item::count),
        format: reader.optional("format").and_then(Item::named).unwrap_or(Format::Compact),
        sign: reader.optional("sign").and_then(Item::named).unwrap_or(Sign::Good),
        wait_for: reader.optional("await").and_then(Item::named).unwrap_or(Await::Settled),
        answers: answers.unwrap_or_default().iter().map(Item::json).collect(),
        seconds: reader.optional("seconds").and_then(Item::seconds),
        count: reader.optional("count").and_then(Item::count),
        text: reader.optional("text").and_then(Item::sentence),
        repeat: reader.optional("repeat").and_then(Item::count).unwrap_or(1),
        then_exit: reader.optional("then_exit").and_then(Item::bool).unwrap_or(false),
    })
}

/// Notes every `$SNIPPET.KEY` whose snippet or key is not in the vocabulary.
pub(super) fn check_references(item: &Item<'_>, known: &Known<'_>) {
    SnippetReference::each_in(&item.json(), &mut |reference| {
        let Some(kind) = known.vocabulary.get(reference.snippet) else {
            item.unknown("snippet", reference.snippet, known.vocabulary.keys().map(String::as_str));
            return;
        };
        if reference.key != "code" && !kind.all_facts().any(|fact| fact == reference.key) {
            item.unknown(&format!("fact of `{}`:", kind.name), reference.key, kind.all_facts().chain(["code"]));
        }
    });
}

fn read_snippet(item: Item<'_>, known: &Known<'_>) -> Option<String> {
    let name = item.clone().string()?;
    if !known.vocabulary.contains_key(&name) {
        item.unknown("snippet", &name, known.vocabulary.keys().map(String::as_str));
    }
    Some(name)
}

pub(super) fn read_map(item: Item<'_>) -> Map<String, JsonValue> {
    item.table().map(Table::to_json).unwrap_or_default()
}

/// The names of the fields of a message type that are inside no other.
pub(super) fn outermost_fields(declared: &MessageType) -> impl Iterator<Item = &str> {
    declared.fields.iter().filter_map(|field| match field.path.segments() {
        [Segment::Key(key)] => Some(key.as_str()),
        _ => None,
    })
}

/// What is taken out must be declared, or put in by the step itself; else it is a slip of the pen.
fn read_without(item: Item<'_>, declared: Option<&MessageType>, content: Option<&Map<String, JsonValue>>) -> Vec<String> {
    let outermost = declared.into_iter().flat_map(outermost_fields);
    let put_in = content.into_iter().flat_map(Map::keys).map(String::as_str);
    let known: Vec<&str> = outermost.chain(put_in).collect();
    let read = |item: Item<'_>| {
        let name = item.clone().string()?;
        if declared.is_some() && !known.contains(&name.as_str()) {
            item.unknown("field", &name, known.iter().copied());
        }
        Some(name)
    };
    item.items().unwrap_or_default().into_iter().filter_map(read).collect()
}

fn read_without_header(item: Item<'_>) -> Vec<String> {
    let read = |item: Item<'_>| {
        let name = item.clone().string()?;
        if !HEADER.contains(&name.as_str()) {
            item.unknown("header field", &name, HEADER);
        }
        Some(name)
    };
    item.items().unwrap_or_default().into_iter().filter_map(read).collect()
}

/// Payloads by part, each alone or in pieces.
fn read_parts(item: Item<'_>) -> BTreeMap<PartName, Vec<Payload>> {
    let read = |(name, item): (&str, Item<'_>)| {
        let part = PartName::ALL.into_iter().find(|part| part.name() == name);
        if part.is_none() {
            item.unknown("part", name, PartName::ALL.iter().map(|part| part.name()));
        }
        let pieces = read_pieces(item);
        Some((part?, pieces?))
    };
    item.entries().unwrap_or_default().into_iter().filter_map(read).collect()
}

/// A payload, alone or in pieces.
pub(super) fn read_pieces(item: Item<'_>) -> Option<Vec<Payload>> {
    let in_pieces = matches!(item.node().value, Value::Array(_));
    if in_pieces { read_payloads(item) } else { read_payload(item).map(|payload| vec![payload]) }
}

/// An array of payloads.
pub(super) fn read_payloads(item: Item<'_>) -> Option<Vec<Payload>> {
    let payloads: Vec<Option<Payload>> = item.items()?.into_iter().map(read_payload).collect();
    payloads.into_iter().collect()
}

/// Text, `{ repeat = TEXT, times = N }` or `{ base64 = TEXT }`.
pub(super) fn read_payload(item: Item<'_>) -> Option<Payload> {
    if let Value::String(text) = &item.node().value {
        return Some(Payload::Text(text.clone()));
    }
    let reader = item.reader()?;
    let base64 = reader.optional("base64");
    let payload = match base64 {
        Some(item) => {
            let text = item.clone().str();
            let decoded = text.map(|text| STANDARD.decode(text));
            if let Some(Err(error)) = &decoded {
                let reason = error.to_string().to_lowercase();
                let reason = reason.trim_end_matches('.');
                item.mistake(format!("`{}` is not base64: {reason}", item.name));
            }
            decoded.and_then(Result::ok).map(Payload::Bytes)
        }
        None => {
            let text = reader.required("repeat").and_then(Item::string);
            let times = reader.required("times").and_then(Item::count);
            let payload = text.zip(times);
            if payload.as_ref().is_some_and(|(text, times)| text.len() as u64 * u64::from(*times) > MAX_PAYLOAD) {
                reader.mistake(format!("a payload has at most {MAX_PAYLOAD} bytes"));
            }
            payload.map(|(text, times)| Payload::Repeat { text, times })
        }
    };
    reader.finish();
    payload
}
