//! Reads the parameters of checks: selectors, wants and paths, with every mistake noted at its line.

use std::cell::RefCell;
use std::collections::BTreeMap;

use foldhash::HashMap;
use regex::Regex;

use super::path::Path;
use super::seen::Direction;
use super::selector::{Condition, Selector};
use super::types::Types;
use super::want::{Bound, Want};
use crate::spec::MessageType;
use crate::spec::reader::{Item, Reader};
use crate::wire::{Channel, Json};

/// The kinds that [`Json::kind`] names.
const KINDS: &[&str] = &["null", "bool", "int", "number", "string", "array", "object"];

/// The operators of a condition's table.
const OPERATORS: &[&str] = &[
    "in",
    "not",
    "kind",
    "exists",
    "optional",
    "pattern",
    "min",
    "max",
    "same_as",
    "same_version_as",
    "same_keys_as",
    "same_items_as",
    "begins_with",
    "ends_with",
    "fact",
    "contains",
    "each",
    "values",
    "keys",
    "length",
    "base64",
    "version",
    "any",
];

/// What parameters are read against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Compiler<'a> {
    /// The message types, as the oracle needs them.
    pub(crate) types: &'a Types,
    /// The message types, as declared.
    pub(crate) messages: &'a BTreeMap<String, MessageType>,
    /// The numbers of the conditions that were met, by how they are written.
    pub(crate) conditions: &'a RefCell<HashMap<String, usize>>,
}

impl Compiler<'_> {
    /// A selector: a table of `channel`, `type`, `from`, `copies` and conditions by path. `from` names who sends where the table does not say.
    pub(crate) fn selector(&self, item: Item<'_>, from: Direction) -> Option<Selector> {
        let mut selector = Selector { direction: from, channels: Vec::new(), types: None, conditions: Vec::new(), copies: false };
        let entries = item.entries()?;
        if let Some((_, item)) = entries.iter().find(|(key, _)| *key == "type") {
            selector.types = Some(self.type_names(item.clone())?);
        }
        for (key, item) in entries {
            match key {
                "type" => {}
                "channel" => selector.channels = channels(item)?,
                "copies" => selector.copies = item.bool()?,
                "from" => selector.direction = sender(item)?,
                _ => {
                    let path = self.path(key, &item, selector.types.as_deref())?;
                    let number = self.number(format!("{key} = {}", item.json()));
                    selector.conditions.push(Condition::new(number, path, self.want(item)?));
                }
            }
        }
        selector.conditions.sort_by_key(|condition| condition.scope);
        Some(selector)
    }

    fn number(&self, condition: String) -> usize {
        let mut known = self.conditions.borrow_mut();
        let next = known.len();
        *known.entry(condition).or_insert(next)
    }

    /// The selector at a key that may be left out, which means all messages of the kernel.
    pub(crate) fn selector_or_all(&self, reader: &Reader<'_>, key: &'static str) -> Option<Selector> {
        match reader.optional(key) {
            Some(item) => self.selector(item, Direction::ToClient),
            None => {
                Some(Selector { direction: Direction::ToClient, channels: Vec::new(), types: None, conditions: Vec::new(), copies: false })
            }
        }
    }

    /// One message type or several; each must be one of the spec.
    pub(crate) fn type_names(&self, item: Item<'_>) -> Option<Vec<String>> {
        let names = one_or_many(&item)?;
        for name in &names {
            if self.types.get(name).is_none() {
                item.unknown("message type", name, self.types.names());
                return None;
            }
        }
        Some(names)
    }

    /// A path given as a string.
    pub(crate) fn path_of(&self, item: Item<'_>) -> Option<Path> {
        let text = item.clone().str()?;
        self.path(text, &item, None)
    }

    /// Several paths given as strings.
    pub(crate) fn paths_of(&self, item: Item<'_>) -> Option<Vec<Path>> {
        item.items()?.into_iter().map(|item| self.path_of(item)).collect()
    }

    /// A path for messages of the given types, whose fields it may name.
    pub(crate) fn path(&self, text: &str, item: &Item<'_>, types: Option<&[String]>) -> Option<Path> {
        let path = match Path::parse(text) {
            Ok(path) => path,
            Err(unknown) => {
                item.unknown("begin of a path", &unknown.0, Path::roots());
                return None;
            }
        };
        if let Some((other, field)) = path.content_field() {
            let own = |name: &str| other || types.is_none_or(|types| types.iter().any(|known| known == name));
            let fields: Vec<String> = self
                .messages
                .values()
                .filter(|message| own(&message.name))
                .flat_map(|message| message.fields.iter().map(|field| top(&field.path.to_string())))
                .collect();
            if !fields.iter().any(|known| known == field) {
                item.unknown("field", field, fields.iter().map(String::as_str));
                return None;
            }
        }
        Some(path)
    }

    /// A table of wants by path.
    pub(crate) fn wants(&self, item: Item<'_>, types: Option<&[String]>) -> Option<Vec<(Path, Want)>> {
        let entry = |(key, item): (&str, Item<'_>)| Some((self.path(key, &item, types)?, self.want(item)?));
        item.entries()?.into_iter().map(entry).collect()
    }

    /// A want: a literal, or a table of operators.
    pub(crate) fn want(&self, item: Item<'_>) -> Option<Want> {
        let json = item.json();
        let is_operators = json.as_object().is_some_and(|table| table.keys().any(|key| OPERATORS.contains(&key.as_str())));
        if !is_operators {
            return Some(Want::Is(Json::from(json)));
        }
        let mut wants = Vec::new();
        for (operator, item) in item.entries()? {
            wants.push(self.operator(operator, item)?);
        }
        Some(if wants.len() == 1 { wants.remove(0) } else { Want::All(wants) })
    }

    fn operator(&self, operator: &str, item: Item<'_>) -> Option<Want> {
        let boxed = |item| self.want(item).map(Box::new);
        Some(match operator {
            "in" => Want::In(item.items()?.into_iter().map(|item| Json::from(item.json())).collect()),
            "not" => Want::Not(boxed(item)?),
            "kind" => Want::Kind(kinds(&item)?),
            "exists" => Want::Exists(item.bool()?),
            "optional" => Want::Optional(boxed(item)?),
            "pattern" => Want::Pattern(Box::new(pattern(item)?)),
            "min" => Want::Min(self.bound(item)?),
            "max" => Want::Max(self.bound(item)?),
            "same_as" => Want::SameAs(self.path_of(item)?),
            "same_version_as" => Want::SameVersion(self.path_of(item)?),
            "same_keys_as" => Want::SameKeys(self.path_of(item)?),
            "same_items_as" => Want::SameItems(self.path_of(item)?),
            "begins_with" => Want::BeginsWith(self.path_of(item)?),
            "ends_with" => Want::EndsWith(self.path_of(item)?),
            "fact" => Want::Fact(item.string()?),
            "contains" => Want::Contains(boxed(item)?),
            "each" => Want::Each(boxed(item)?),
            "values" => Want::Values(boxed(item)?),
            "keys" => Want::Keys(boxed(item)?),
            "length" => Want::Length(boxed(item)?),
            "base64" => item.bool().map(|_| Want::Base64)?,
            "version" => {
                let text = item.clone().str()?;
                let Some((major, minor)) = super::kernel::version(text) else {
                    item.mistake(format!("`{text}` is no protocol version"));
                    return None;
                };
                Want::Version(major, minor)
            }
            "any" => Want::Any(item.items()?.into_iter().map(|item| self.want(item)).collect::<Option<_>>()?),
            unknown => {
                item.unknown("operator", unknown, OPERATORS.iter().copied());
                return None;
            }
        })
    }

    fn bound(&self, item: Item<'_>) -> Option<Bound> {
        let json = item.json();
        if let Some(number) = json.as_f64() {
            return Some(Bound::Number(number));
        }
        if json.is_string() {
            return self.path_of(item).map(Bound::At);
        }
        let reader = item.reader()?;
        let path = self.path_of(reader.required("code_points_of")?)?;
        reader.finish();
        Some(Bound::CodePointsOf(path))
    }
}

/// The first key of a field path.
fn top(path: &str) -> String {
    path.split(['.', '[', '{']).next().unwrap_or(path).to_owned()
}

/// A string, or an array of strings.
pub(crate) fn one_or_many(item: &Item<'_>) -> Option<Vec<String>> {
    if item.json().is_array() { item.clone().strings() } else { item.clone().string().map(|one| vec![one]) }
}

fn kinds(item: &Item<'_>) -> Option<Vec<String>> {
    let kinds = if item.json().is_array() {
        item.clone().strings()?
    } else {
        item.clone().str()?.split('|').map(|kind| kind.trim().to_owned()).collect()
    };
    match kinds.iter().find(|kind| !KINDS.contains(&kind.as_str())) {
        Some(unknown) => {
            item.unknown("kind", unknown, KINDS.iter().copied());
            None
        }
        None => Some(kinds),
    }
}

fn channels(item: Item<'_>) -> Option<Vec<Channel>> {
    let known = |name: &String| {
        let channel = name.parse().ok();
        if channel.is_none() {
            item.unknown("channel", name, Channel::ALL.iter().map(|channel| channel.name()));
        }
        channel
    };
    one_or_many(&item)?.iter().map(known).collect()
}

fn sender(item: Item<'_>) -> Option<Direction> {
    match item.clone().str()? {
        "kernel" => Some(Direction::ToClient),
        "client" => Some(Direction::ToKernel),
        other => {
            item.unknown("sender", other, ["kernel", "client"]);
            None
        }
    }
}

fn pattern(item: Item<'_>) -> Option<Regex> {
    let text = item.clone().str()?;
    Regex::new(text).map_err(|error| item.mistake(format!("`{text}` is no regular expression: {error}").replace('\n', " "))).ok()
}
