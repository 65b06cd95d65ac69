//! How a kernel is started, where a scenario wants that otherwise than usual.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as JsonValue};

use crate::spec::reader::Item;
use crate::wire::{Channel, TransportKind};

/// Fields of a connection file that no scenario makes up: they follow from the machine, or have keys of their own here.
const CHOSEN: [&str; 7] = ["transport", "ip", "shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"];
/// The fields that a start can leave out.
const FIELDS: [&str; 9] =
    ["transport", "ip", "key", "signature_scheme", "shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"];

/// The start of a kernel that a scenario has to itself. Plans and traces hold it as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// What is odd about it, in a few words; rules select starts by it.
    pub odd: String,
    /// Fields put into the connection file, over its own. Of a key it holds no other than the empty one, so that nothing here is secret.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub connection: Map<String, JsonValue>,
    /// Fields left out of the connection file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
    /// Whether its ports are written as strings.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub string_ports: bool,
    /// How the kernel is reached, whatever the run says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<TransportKind>,
    /// The channel whose port is in use already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occupied: Option<Channel>,
    /// Where the connection file lies in its directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Whether the process's stdin is /dev/null; a closed pipe else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stdin_null: bool,
    /// Seconds after which a process that is starting is interrupted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interrupt_after: Option<f64>,
    /// Whether the process is expected to end for it, so that it is waited for and nothing else it does counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub then_exit: bool,
}

impl Start {
    /// Why no kernel can be started so, each reason in a sentence: a start that comes from a file may be anybody's.
    #[must_use]
    pub fn mistakes(&self) -> Vec<String> {
        let mut mistakes: Vec<String> =
            self.connection.keys().filter(|name| CHOSEN.contains(&name.as_str())).map(|name| chosen(name)).collect();
        let is_outside = |path: &String| path.split('/').any(|part| matches!(part, "" | "." | ".."));
        let others = [
            (self.connection.get("key").is_some_and(|key| key != ""), "a key is made when the kernel is started, and can only be empty"),
            (self.connection.get("signature_scheme").is_some_and(|scheme| !scheme.is_string()), "a signature scheme is a string"),
            (self.path.as_ref().is_some_and(is_outside), "the path of a connection file stays in its directory"),
            (self.interrupt_after.is_some_and(|seconds| !(0.0..=60.0).contains(&seconds)), "a start is interrupted within a minute"),
        ];
        mistakes.extend(others.into_iter().filter(|(is_so, _)| *is_so).map(|(_, mistake)| mistake.to_owned()));
        mistakes
    }
}

fn chosen(name: &str) -> String {
    format!("`{name}` is chosen when the kernel is started")
}

/// Reads the table `start`.
pub(super) fn read_start(item: Item<'_>) -> Option<Start> {
    let reader = item.clone().reader()?;
    let odd = reader.required("odd").and_then(Item::sentence);
    let connection = reader.optional("connection").map_or_else(Map::new, fields);
    let without = reader.optional("without").and_then(Item::items).unwrap_or_default();
    let flag = |key| reader.optional(key).and_then(Item::bool).unwrap_or(false);
    let start = Start {
        odd: odd.unwrap_or_default(),
        connection,
        without: without.into_iter().filter_map(field).collect(),
        string_ports: flag("string_ports"),
        transport: reader.optional("transport").and_then(Item::named),
        occupied: reader.optional("occupied").and_then(Item::named),
        path: reader.optional("path").and_then(Item::sentence),
        stdin_null: flag("stdin_null"),
        interrupt_after: reader.optional("interrupt_after").and_then(Item::seconds),
        then_exit: flag("then_exit"),
    };
    reader.finish();
    for mistake in start.mistakes() {
        item.mistake(mistake);
    }
    Some(start)
}

fn fields(item: Item<'_>) -> Map<String, JsonValue> {
    item.entries().unwrap_or_default().into_iter().map(|(name, value)| (name.to_owned(), value.json())).collect()
}

fn field(item: Item<'_>) -> Option<String> {
    let name = item.clone().string()?;
    if !FIELDS.contains(&name.as_str()) {
        item.unknown("field of a connection file:", &name, FIELDS);
    }
    Some(name)
}
