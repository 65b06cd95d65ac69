//! Reads a message type file.

use std::collections::BTreeSet;

use super::read_fields::read_fields;
use super::shape::Shape;
use super::{Command, MessageType, Role};
use crate::spec::Named;
use crate::spec::document::Table;
use crate::spec::reader::{Item, Mistakes, Reader};

/// Reads the type `name`, given the names of all types.
pub(crate) fn read(name: &str, table: &Table, types: &BTreeSet<String>, mistakes: &Mistakes) -> Option<MessageType> {
    let reader = Reader::new(table, 1, mistakes);
    let summary = reader.required("summary").and_then(Item::sentence);
    let channels = reader.required("channels").and_then(read_channels);
    let direction = reader.required("direction").and_then(Item::named);
    let role = reader.required("role").and_then(Item::named);
    let pair = reader.optional("pair").and_then(|item| type_name(item, types));
    let status = reader.required("status").and_then(Item::named);
    let source = reader.required("source").and_then(Item::sentence);
    let [since, deprecated, removed] = ["since", "deprecated", "removed"].map(|key| reader.optional(key).and_then(Item::parsed));
    let feature = reader.optional("feature").and_then(Item::sentence);
    let publishes = reader.optional("publishes").map(|item| type_names(item, types));
    let fields = reader.optional("fields").map(read_fields).unwrap_or_default();
    let commands = reader.optional("commands").map(read_commands).unwrap_or_default();
    let sample = reader.optional("sample").and_then(Item::table).map(Table::to_json);
    check_pairing(&reader, role, table.entry("pair").is_some());
    reader.finish();
    let shape = Shape::new(&fields, &commands);
    Some(MessageType {
        name: name.to_owned(),
        summary: summary?,
        channels: channels?,
        direction: direction?,
        role: role?,
        pair,
        status: status?,
        since,
        deprecated,
        removed,
        feature,
        source: source?,
        publishes: publishes.unwrap_or_default(),
        fields,
        commands,
        sample: sample.unwrap_or_default(),
        shape,
    })
}

fn read_channels<T: Named>(item: Item<'_>) -> Option<Vec<T>> {
    let items = item.clone().items()?;
    if items.is_empty() {
        item.mistake(format!("`{}` must name a channel", item.name));
        return None;
    }
    let channels: Vec<Option<T>> = items.into_iter().map(Item::named).collect();
    channels.into_iter().collect()
}

fn check_pairing(reader: &Reader<'_>, role: Option<Role>, has_pair: bool) {
    match (role, has_pair) {
        (Some(Role::Request | Role::Reply), false) => {
            reader.mistake("missing key `pair`: a request has a reply, and a reply a request");
        }
        (Some(Role::Publication | Role::Notice), true) => {
            reader.mistake("`pair` is for requests and replies only");
        }
        _ => (),
    }
}

/// The name of a known message type.
fn type_name(item: Item<'_>, types: &BTreeSet<String>) -> Option<String> {
    let name = item.clone().string()?;
    if !types.contains(&name) {
        item.unknown("message type", &name, types.iter().map(String::as_str));
    }
    Some(name)
}

fn type_names(item: Item<'_>, types: &BTreeSet<String>) -> Vec<String> {
    let items = item.items().unwrap_or_default();
    items.into_iter().filter_map(|item| type_name(item, types)).collect()
}

fn read_commands(item: Item<'_>) -> Vec<Command> {
    let read = |(name, item): (&str, Item<'_>)| {
        let reader = item.reader()?;
        let summary = reader.required("summary").and_then(Item::sentence);
        let since = reader.optional("since").and_then(Item::parsed);
        let arguments = reader.optional("arguments").map(read_fields).unwrap_or_default();
        let body = reader.optional("body").map(read_fields).unwrap_or_default();
        reader.finish();
        Some(Command { name: name.to_owned(), summary: summary?, since, arguments, body })
    };
    item.entries().unwrap_or_default().into_iter().filter_map(read).collect()
}
