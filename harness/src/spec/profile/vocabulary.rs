//! Reads the vocabulary of snippets.

use std::collections::BTreeMap;

use super::SnippetKind;
use crate::spec::document::Table;
use crate::spec::reader::{Item, Mistakes, Reader};

/// Reads all kinds; one that has mistakes is there too, so that its users are not blamed.
pub(crate) fn read(table: &Table, mistakes: &Mistakes) -> BTreeMap<String, SnippetKind> {
    let mut vocabulary = BTreeMap::new();
    for entry in &table.0 {
        let name = entry.key.clone();
        let Some(kind) = Reader::entry(entry, mistakes).reader().map(|reader| read_kind(&name, reader)) else {
            continue;
        };
        vocabulary.insert(name, kind);
    }
    vocabulary
}

fn read_kind(name: &str, reader: Reader<'_>) -> SnippetKind {
    let summary = reader.required("summary").and_then(Item::sentence).unwrap_or_default();
    let facts = reader.required("facts").and_then(Item::strings).unwrap_or_default();
    let optional_facts = reader.optional("optional_facts").and_then(Item::strings).unwrap_or_default();
    for reserved in facts.iter().chain(&optional_facts).filter(|fact| *fact == "code") {
        reader.mistake(format!("`{reserved}` is the code itself, not a fact"));
    }
    reader.finish();
    SnippetKind { name: name.to_owned(), summary, facts, optional_facts }
}
