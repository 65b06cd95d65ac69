//! Reads a scenario file.

use std::collections::{BTreeMap, BTreeSet};

use super::Scenario;
use super::read_steps::Steps;
use super::start::read_start;
use crate::spec::document::Table;
use crate::spec::reader::{Item, Mistakes, Reader};
use crate::spec::{MessageType, SnippetKind};

/// More would make a scenario longer than all others together.
const MOST_ROUNDS: u32 = 100;

/// What the rest of the spec knows. A type whose file has mistakes has a name and nothing else.
pub(crate) struct Known<'a> {
    pub(crate) types: &'a BTreeSet<String>,
    pub(crate) messages: &'a BTreeMap<String, MessageType>,
    pub(crate) vocabulary: &'a BTreeMap<String, SnippetKind>,
    pub(crate) rule_ids: &'a BTreeSet<String>,
}

/// Reads the scenario `group/name`.
pub(crate) fn read(group: &str, name: &str, file: &str, table: &Table, known: &Known<'_>, mistakes: &Mistakes) -> Option<Scenario> {
    let reader = Reader::new(table, 1, mistakes);
    let summary = reader.required("summary").and_then(Item::sentence);
    let provokes = reader.optional("provokes").map(|item| read_provokes(item, known));
    let fresh = reader.optional("fresh").and_then(Item::bool).unwrap_or(false);
    let rounds = reader.optional("rounds").map_or(Some(1), |item| read_rounds(&item));
    let wire = reader.optional("wire").and_then(Item::named);
    let feature = reader.optional("feature").and_then(Item::sentence);
    let clients = reader.optional("clients").and_then(Item::strings).unwrap_or_else(|| vec!["a".to_owned()]);
    if clients.is_empty() {
        reader.mistake("a scenario has a client");
    }
    let start = reader.optional("start").and_then(read_start);
    let items = if start.is_some() { reader.optional("steps") } else { reader.required("steps") }.and_then(Item::items);
    if items.as_ref().is_some_and(Vec::is_empty) {
        reader.mistake("a scenario has a step");
    }
    reader.finish();
    let items = items.unwrap_or_default();
    let mut steps = Steps::new(&items, &clients, known);
    for item in items {
        steps.read(item);
    }
    Some(Scenario {
        name: name.to_owned(),
        group: group.to_owned(),
        summary: summary?,
        provokes: provokes.unwrap_or_default(),
        rounds: rounds?,
        fresh: fresh || start.is_some(),
        start,
        wire,
        feature,
        clients: steps.early_clients(),
        steps: steps.done,
        file: file.to_owned(),
    })
}

fn read_rounds(item: &Item<'_>) -> Option<u32> {
    let found = item.clone().integer()?;
    let rounds = u32::try_from(found).ok().filter(|rounds| (1..=MOST_ROUNDS).contains(rounds));
    if rounds.is_none() {
        item.mistake(format!("wanted a number from 1 to {MOST_ROUNDS}, found {found}"));
    }
    rounds
}

fn read_provokes(item: Item<'_>, known: &Known<'_>) -> Vec<String> {
    let read = |item: Item<'_>| {
        let id = item.clone().string()?;
        if !known.rule_ids.contains(&id) {
            item.unknown("rule", &id, known.rule_ids.iter().map(String::as_str));
        }
        Some(id)
    };
    item.items().unwrap_or_default().into_iter().filter_map(read).collect()
}
