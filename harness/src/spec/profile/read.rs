//! Reads a profile file.

use std::collections::BTreeMap;

use super::{Profile, Snippet, SnippetKind};
use crate::spec::document::Table;
use crate::spec::reader::{Item, Mistakes, Reader};

type Vocabulary = BTreeMap<String, SnippetKind>;

/// Reads the profile `name`.
pub(crate) fn read(name: &str, table: &Table, vocabulary: &Vocabulary, mistakes: &Mistakes) -> Option<Profile> {
    let reader = Reader::new(table, 1, mistakes);
    let summary = reader.required("summary").and_then(Item::sentence);
    let (language, implementation) = reader.required("match").and_then(read_match).unwrap_or_default();
    let entries = reader.required("snippets").and_then(Item::entries).unwrap_or_default();
    let snippets = entries.into_iter().filter_map(|(name, item)| {
        let Some(kind) = vocabulary.get(name) else {
            item.unknown("snippet", name, vocabulary.keys().map(String::as_str));
            return None;
        };
        Some((name.to_owned(), read_snippet(kind, item)?))
    });
    let snippets = snippets.collect();
    reader.finish();
    Some(Profile { name: name.to_owned(), summary: summary?, language, implementation, snippets })
}

fn read_match(item: Item<'_>) -> Option<(Vec<String>, Vec<String>)> {
    let reader = item.reader()?;
    let language = reader.optional("language").map(Item::strings);
    let implementation = reader.optional("implementation").map(Item::strings);
    // One that is no list of strings has been complained about.
    let names_nothing = |list: &Option<Option<Vec<String>>>| match list {
        None => true,
        Some(names) => names.as_ref().is_some_and(Vec::is_empty),
    };
    if names_nothing(&language) && names_nothing(&implementation) {
        reader.mistake("a profile matches by `language`, by `implementation`, or by both");
    }
    reader.finish();
    Some((language.flatten().unwrap_or_default(), implementation.flatten().unwrap_or_default()))
}

fn read_snippet(kind: &SnippetKind, item: Item<'_>) -> Option<Snippet> {
    let (line_item, mut code) = (item.clone(), None);
    let mut facts = Vec::new();
    for (key, value) in item.entries()? {
        if key == "code" {
            code = value.string();
        } else if kind.all_facts().any(|fact| fact == key) {
            facts.push((key.to_owned(), value.json()));
        } else {
            value.unknown(&format!("fact of `{}`:", kind.name), key, kind.all_facts().chain(["code"]));
        }
    }
    let table = line_item.clone().table()?;
    for wanted in kind.facts.iter().map(String::as_str).chain(["code"]) {
        if table.get(wanted).is_none() {
            line_item.mistake(format!("missing key `{}.{wanted}`", line_item.name));
        }
    }
    facts.shrink_to_fit();
    Some(Snippet { code: code?, facts })
}
