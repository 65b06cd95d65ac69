//! The schema of a whole message.

use serde_json::{Value, json};

use super::DIALECT;
use super::content::bare_content_schema;
use crate::spec::MessageType;

/// The schema of a message of this type, as an object of its parts: `header`, `parent_header`, `metadata`, `content` and,
/// where there are some, `buffers`.
#[must_use]
pub fn message_schema(message_type: &MessageType) -> Value {
    json!({
        "$schema": DIALECT,
        "title": message_type.name,
        "description": message_type.summary,
        "type": "object",
        "properties": {
            "header": header_schema(&message_type.name),
            "parent_header": {
                "description": "header of the message that caused this one; empty if there is none",
                "type": "object",
            },
            "metadata": { "type": "object" },
            "content": bare_content_schema(message_type),
            "buffers": { "type": "array" },
        },
        "required": ["header", "parent_header", "metadata", "content"],
    })
}

fn header_schema(name: &str) -> Value {
    json!({
        "type": "object",
        "properties": {
            "msg_id": { "description": "unique to the message", "type": "string" },
            "session": { "description": "the client or kernel process that sends it", "type": "string" },
            "username": { "type": "string" },
            "date": { "description": "when it was made, as ISO 8601", "type": "string" },
            "msg_type": { "const": name },
            "version": {
                "description": "version of the protocol",
                "type": "string",
                "pattern": "^[0-9]+(\\.[0-9]+)*$",
            },
            "subshell_id": {
                "description": "the subshell that it is for; null or missing for the main one",
                "type": ["string", "null"],
            },
        },
        "required": ["msg_id", "session", "username", "date", "msg_type", "version"],
    })
}
