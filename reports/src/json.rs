//! `results.json`, and the JSON Schema that it is published with.

use crate::run::Run;

/// The JSON Schema of `results.json`.
pub const SCHEMA: &str = include_str!("../schema/results.schema.json");

/// The run as a JSON document, with a line end.
#[must_use]
pub fn render(run: &Run) -> String {
    let text = serde_json::to_string_pretty(run).expect("a run has no keys but strings and no numbers but finite ones");
    text + "\n"
}
