//! The schema of a content, from the declared fields.

use serde_json::{Map, Value, json};

use super::DIALECT;
use crate::spec::{Command, Condition, Field, FieldPath, MessageType, Required, Segment, Type};

/// The schema of the content of a message type.
#[must_use]
pub fn content_schema(message_type: &MessageType) -> Value {
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), DIALECT.into());
    schema.insert("title".to_owned(), format!("content of {}", message_type.name).into());
    schema.insert("description".to_owned(), message_type.summary.as_str().into());
    schema.extend(bare_content_schema(message_type));
    schema.into()
}

/// The same, to stand inside another schema.
pub(super) fn bare_content_schema(message_type: &MessageType) -> Map<String, Value> {
    let mut schema = container(&message_type.fields);
    let has_success = message_type.field("success").is_some();
    let rules = schema.entry("allOf").or_insert_with(|| json!([]));
    if let Value::Array(rules) = rules {
        for command in &message_type.commands {
            rules.extend(command_part(command, "arguments", &command.arguments, false));
            rules.extend(command_part(command, "body", &command.body, has_success));
        }
        if rules.is_empty() {
            schema.shift_remove("allOf");
        }
    }
    schema
}

/// What a command adds; nothing if it declares no fields.
fn command_part(command: &Command, key: &str, fields: &[Field], on_success: bool) -> Option<Value> {
    let mut conditions = vec![holds(&["command"], &command.name.as_str().into())];
    if on_success {
        conditions.push(holds(&["success"], &true.into()));
    }
    let is_needed = |field: &Field| field.required == Required::Always && field.path.segments().len() == 1;
    let needed: &[&str] = if fields.iter().any(is_needed) { &[key] } else { &[] };
    let then = json!({ "properties": { key: container(fields) }, "required": needed });
    (!fields.is_empty()).then(|| json!({ "if": { "allOf": conditions }, "then": then }))
}

/// The schema of an object that holds these fields.
fn container(fields: &[Field]) -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("type".to_owned(), "object".into());
    schema.extend(Inside { fields, path: &[] }.schema());
    schema
}

/// The fields below one path.
#[derive(Clone, Copy)]
struct Inside<'a> {
    fields: &'a [Field],
    path: &'a [Segment],
}

impl<'a> Inside<'a> {
    /// What is declared inside: members, values, items, and what of it must be there.
    fn schema(self) -> Map<String, Value> {
        let mut schema = Map::new();
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for field in self.children() {
            let inner = Self { path: field.path.segments(), ..self };
            let mut child = describe(field);
            child.extend(inner.schema());
            match field.path.last() {
                Segment::Key(key) => {
                    properties.insert(key.clone(), child.into());
                    required.extend((field.required == Required::Always).then(|| key.clone()));
                }
                Segment::Values => drop(schema.insert("additionalProperties".to_owned(), child.into())),
                Segment::Items => drop(schema.insert("items".to_owned(), child.into())),
            }
        }
        if !properties.is_empty() {
            schema.insert("properties".to_owned(), properties.into());
        }
        if !required.is_empty() {
            schema.insert("required".to_owned(), required.into());
        }
        let conditional = self.conditional();
        if !conditional.is_empty() {
            schema.insert("allOf".to_owned(), conditional.into());
        }
        schema
    }

    fn children(self) -> impl Iterator<Item = &'a Field> {
        self.fields.iter().filter(move |field| {
            let segments = field.path.segments();
            segments.len() == self.path.len() + 1 && segments.starts_with(self.path)
        })
    }

    /// The fields that must be there under conditions, the first of which looks into this container.
    fn conditional(self) -> Vec<Value> {
        let rule = |field: &'a Field| {
            let Required::When(conditions) = &field.required else {
                return None;
            };
            let mut placed: Vec<(usize, &Condition)> =
                conditions.iter().map(|condition| (shared(&field.path, &condition.path), condition)).collect();
            placed.sort_by_key(|(depth, _)| *depth);
            let is_here = field.path.segments().starts_with(self.path) && placed.first()?.0 == self.path.len();
            is_here.then(|| required_when(field.path.segments(), self.path.len(), &placed))
        };
        self.fields.iter().filter_map(rule).collect()
    }
}

/// From the container at `depth` on: if the conditions on it hold, go on to the next one, in the end to the field itself.
fn required_when(path: &[Segment], depth: usize, conditions: &[(usize, &Condition)]) -> Value {
    let parent = path.len() - 1;
    let here = conditions.iter().take_while(|(at, _)| *at == depth).count();
    let (here, rest) = conditions.split_at(here);
    let next = rest.first().map_or(parent, |(at, _)| *at);
    let end = match rest {
        [] => match &path[parent] {
            Segment::Key(key) => json!({ "required": [key] }),
            Segment::Items | Segment::Values => json!({}),
        },
        _ => required_when(path, next, rest),
    };
    let then = path[depth..next].iter().rev().fold(end, |inner, segment| match segment {
        Segment::Key(key) => json!({ "properties": { key: inner } }),
        Segment::Items => json!({ "items": inner }),
        Segment::Values => json!({ "additionalProperties": inner }),
    });
    let test = |(at, condition): &(usize, &Condition)| {
        let keys = condition.path.segments()[*at..].iter().filter_map(|segment| match segment {
            Segment::Key(key) => Some(key.as_str()),
            Segment::Items | Segment::Values => None,
        });
        holds(&keys.collect::<Vec<_>>(), &condition.equals)
    };
    let tests: Vec<Value> = here.iter().map(test).collect();
    json!({ "if": { "allOf": tests }, "then": then })
}

/// How many segments two paths share, the field's own last one apart.
fn shared(field: &FieldPath, other: &FieldPath) -> usize {
    let parent = &field.segments()[..field.segments().len() - 1];
    parent.iter().zip(other.segments()).take_while(|(left, right)| left == right).count()
}

/// That the value at these keys equals another.
fn holds(keys: &[&str], equals: &Value) -> Value {
    keys.iter()
        .rev()
        .fold(json!({ "const": equals }), |inner, key| json!({ "type": "object", "properties": { *key: inner }, "required": [key] }))
}

/// The schema of one field's value by itself.
fn describe(field: &Field) -> Map<String, Value> {
    let mut schema = Map::new();
    let mut put = |key: &str, value: Value| drop(schema.insert(key.to_owned(), value));
    put("description", field.summary.as_str().into());
    if let Some(types) = type_names(&field.types) {
        put("type", types);
    }
    if !field.allowed.is_empty() {
        // The limit is one of strings and integers; what else the type admits stays free.
        let is_free = |one: &&Type| !matches!(one, Type::String | Type::Int | Type::Number);
        let free: Vec<Type> = field.types.iter().filter(is_free).copied().collect();
        match type_names(&free) {
            Some(free) => put("anyOf", json!([{ "enum": field.allowed }, { "type": free }])),
            None => put("enum", field.allowed.clone().into()),
        }
    }
    if let Some(pattern) = &field.pattern {
        put("pattern", pattern.as_str().into());
    }
    if let Some(min) = field.min {
        put("minimum", min.into());
    }
    if let Some(max) = field.max {
        put("maximum", max.into());
    }
    if let Some(default) = &field.default {
        put("default", default.clone());
    }
    if field.deprecated.is_some() || field.removed.is_some() {
        put("deprecated", true.into());
    }
    schema
}

/// The value of `type`; `None` if every type is welcome, or there is none.
fn type_names(types: &[Type]) -> Option<Value> {
    let name = |one: &Type| match one {
        Type::String => Some("string"),
        Type::Bool => Some("boolean"),
        Type::Int => Some("integer"),
        Type::Number => Some("number"),
        Type::Object => Some("object"),
        Type::Array => Some("array"),
        Type::Null => Some("null"),
        Type::Any => None,
    };
    let names: Vec<&str> = types.iter().map(name).collect::<Option<_>>()?;
    match names.as_slice() {
        [] => None,
        [one] => Some((*one).into()),
        several => Some(several.into()),
    }
}
