//! Reading the fields of a connection file one by one, gathering what is wrong.

use serde_json::{Map, Value};

use super::{Channel, TransportKind};

/// What is found where a field is missing.
const NOTHING: &str = "nothing";

/// Why a text is no connection file.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// It is not JSON.
    #[error("not JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    /// It is JSON, but no object.
    #[error("wanted an object, found {found}")]
    NotAnObject {
        /// The kind of value.
        found: &'static str,
    },
    /// Some fields are wrong: all of them.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Fields(Vec<FieldMistake>),
}

/// One field that is missing or wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: wanted {wanted}, found {found}")]
pub struct FieldMistake {
    /// The field's name.
    pub field: &'static str,
    /// What would do.
    pub wanted: &'static str,
    /// What is there instead; of the key only its kind.
    pub found: String,
}

/// The fields not read yet, and what was wrong with those that were.
pub(super) struct Fields {
    fields: Map<String, Value>,
    mistakes: Vec<FieldMistake>,
}

impl Fields {
    pub(super) fn new(text: &str) -> Result<Self, ConnectionError> {
        match serde_json::from_str(text)? {
            Value::Object(fields) => Ok(Self { fields, mistakes: Vec::new() }),
            other => Err(ConnectionError::NotAnObject { found: kind_of(&other) }),
        }
    }

    /// The fields that nobody asked for, or all mistakes in those that were.
    pub(super) fn finish(self) -> Result<Map<String, Value>, ConnectionError> {
        if self.mistakes.is_empty() { Ok(self.fields) } else { Err(ConnectionError::Fields(self.mistakes)) }
    }

    pub(super) fn transport(&mut self) -> TransportKind {
        match self.fields.shift_remove("transport") {
            None => TransportKind::Tcp,
            Some(Value::String(name)) if name == "tcp" => TransportKind::Tcp,
            Some(Value::String(name)) if name == "ipc" => TransportKind::Ipc,
            Some(other) => {
                self.mistake("transport", "\"tcp\" or \"ipc\"", other.to_string());
                TransportKind::Tcp
            }
        }
    }

    pub(super) fn port(&mut self, channel: Channel, transport: TransportKind) -> u32 {
        let (field, wanted, range) = match transport {
            TransportKind::Tcp => (channel.port_field(), "a port from 1 to 65535", 1..=65_535),
            TransportKind::Ipc => (channel.port_field(), "a number from 0 to 4294967295", 0..=u64::from(u32::MAX)),
        };
        let value = self.fields.shift_remove(field);
        let number = match &value {
            Some(Value::Number(number)) => number.as_u64(),
            Some(Value::String(digits)) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok(),
            _ => None,
        };
        let port = number.filter(|number| range.contains(number)).and_then(|number| u32::try_from(number).ok());
        if port.is_none() {
            self.mistake(field, wanted, value.map_or(NOTHING.to_owned(), |value| value.to_string()));
        }
        port.unwrap_or_default()
    }

    pub(super) fn string(&mut self, field: &'static str) -> String {
        if !self.fields.contains_key(field) {
            self.mistake(field, "a string", NOTHING);
        }
        self.optional_string(field).unwrap_or_default()
    }

    pub(super) fn optional_string(&mut self, field: &'static str) -> Option<String> {
        match self.fields.shift_remove(field)? {
            Value::String(text) => return Some(text),
            other => self.mistake(field, "a string", kind_of(&other)),
        }
        None
    }

    fn mistake(&mut self, field: &'static str, wanted: &'static str, found: impl Into<String>) {
        self.mistakes.push(FieldMistake { field, wanted, found: found.into() });
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a bool",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
