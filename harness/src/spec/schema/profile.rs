//! The schema of a profile file, by which editors complete and check one while it is written.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::DIALECT;
use crate::spec::SnippetKind;

/// The schema of `specs/profiles/NAME.toml` and of `--profile FILE`, read as JSON.
#[must_use]
pub fn profile_schema(vocabulary: &BTreeMap<String, SnippetKind>) -> Value {
    let snippets: Map<String, Value> = vocabulary.iter().map(|(name, kind)| (name.clone(), snippet_schema(kind))).collect();
    let names = json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 });
    json!({
        "$schema": DIALECT,
        "title": "kernelcheck profile",
        "description": "Code in a kernel's language, by what it has to do.",
        "type": "object",
        "properties": {
            "summary": { "description": "whom the profile is for, in a sentence", "type": "string" },
            "match": {
                "description": "the kernels it is for, by language_info.name or by implementation",
                "type": "object",
                "properties": { "language": names, "implementation": names },
                "minProperties": 1,
                "additionalProperties": false,
            },
            "snippets": {
                "type": "object",
                "properties": snippets,
                "additionalProperties": false,
            },
        },
        "required": ["summary", "match", "snippets"],
        "additionalProperties": false,
    })
}

fn snippet_schema(kind: &SnippetKind) -> Value {
    let mut properties = Map::from_iter([("code".to_owned(), json!({ "type": "string" }))]);
    properties.extend(kind.all_facts().map(|fact| (fact.to_owned(), json!(true))));
    let required: Vec<&str> = std::iter::once("code").chain(kind.facts.iter().map(String::as_str)).collect();
    json!({
        "description": kind.summary,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}
