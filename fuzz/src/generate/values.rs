//! Values of a field: right ones, those at its bounds among them, and wrong ones, each with the constraint that it breaks.

use harness::spec::{Field, MessageType, Required, Segment, Type};
use serde_json::{Value, json};

/// A constraint of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Broken {
    /// It must be of another type.
    Type,
    /// It must be there.
    Missing,
    /// It must be one of a list.
    Allowed,
    /// It must not be less.
    Min,
    /// It must not be more.
    Max,
}

/// A way to get one field of a content wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Wrong {
    /// The field of the content.
    pub field: String,
    /// What it breaks.
    pub broken: Broken,
    /// What it is; nothing where it is missing.
    pub value: Option<Value>,
}

impl Wrong {
    /// How the oracle knows this oddity: some of them are owed an answer by rules of their own, others none.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match (self.broken, self.field.as_str()) {
            (Broken::Type, _) => "field type",
            (Broken::Missing, _) => "missing field",
            (_, "cursor_pos") => "cursor",
            (_, "detail_level") => "level",
            (_, "hist_access_type") => "unknown access",
            _ => "field value",
        }
    }
}

/// One value of each JSON type.
fn of_each_type() -> [(Type, Value); 6] {
    [
        (Type::Null, Value::Null),
        (Type::Bool, json!(true)),
        (Type::Int, json!(5)),
        (Type::String, json!("x")),
        (Type::Array, json!(["x"])),
        (Type::Object, json!({"x": 5})),
    ]
}

/// All ways to get one field of this type's content wrong.
#[must_use]
pub fn wrong_values(message: &MessageType) -> Vec<Wrong> {
    own_fields(message).flat_map(|(name, field)| wrong_values_of(name, field)).collect()
}

fn wrong_values_of(name: &str, field: &Field) -> Vec<Wrong> {
    let admits = |one: Type| field.admits(one) || (one == Type::Int && field.admits(Type::Number));
    let wrong = |broken, value| Wrong { field: name.to_owned(), broken, value: Some(value) };
    let mut found: Vec<Wrong> =
        of_each_type().into_iter().filter(|(one, _)| !admits(*one)).map(|(_, value)| wrong(Broken::Type, value)).collect();
    if field.required == Required::Always {
        found.push(Wrong { field: name.to_owned(), broken: Broken::Missing, value: None });
    }
    if let Some(one) = field.allowed.first() {
        found.push(wrong(Broken::Allowed, if one.is_string() { json!("kernelcheck") } else { json!(99) }));
    }
    let bounds = [(Broken::Min, field.min, -1), (Broken::Max, field.max, 1)];
    found.extend(bounds.into_iter().filter_map(|(broken, bound, beyond)| Some(wrong(broken, json!(bound? + beyond)))));
    found
}

/// A field of a content, and right values of it; `None` where it may be left out.
pub(super) type Right = (String, Vec<Option<Value>>);

/// The fields of a content that a right value is known for.
pub(super) fn right_values(message: &MessageType) -> Vec<Right> {
    let values = own_fields(message).map(|(name, field)| (name.to_owned(), right_values_of(field)));
    values.filter(|(_, values)| !values.is_empty()).collect()
}

fn right_values_of(field: &Field) -> Vec<Option<Value>> {
    let mut values: Vec<Option<Value>> = Vec::new();
    // What another field decides over is left as the sample has it.
    match field.required {
        Required::Never => values.push(None),
        Required::Always => {}
        Required::When(_) => return values,
    }
    if field.allowed.is_empty() {
        let at_bounds = [field.min, field.max].into_iter().flatten().map(|bound| Some(json!(bound)));
        values.extend(at_bounds);
        if field.types == [Type::Bool] {
            values.extend([Some(json!(false)), Some(json!(true))]);
        }
        if field.admits(Type::Null) {
            values.push(Some(Value::Null));
        }
    }
    values
}

/// The declared fields that stand in the content itself and are still part of the protocol.
fn own_fields(message: &MessageType) -> impl Iterator<Item = (&str, &Field)> {
    message.fields.iter().filter(|field| field.removed.is_none()).filter_map(|field| match field.path.segments() {
        [Segment::Key(name)] => Some((name.as_str(), field)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use harness::spec::Spec;
    use harness::wire::Json;

    use super::*;

    #[test]
    fn each_wrong_value_breaks_what_it_says() {
        let spec = Spec::embedded();
        for (name, message) in &spec.messages {
            for wrong in wrong_values(message) {
                let mut content = message.sample.clone();
                match &wrong.value {
                    Some(value) => drop(content.insert(wrong.field.clone(), value.clone())),
                    None => drop(content.shift_remove(&wrong.field)),
                }
                let problems = message.check(&Json::from(Value::Object(content)), Some(&[&wrong.field]));
                assert!(!problems.is_empty(), "{name}: {wrong:?} is right");
            }
        }
    }

    #[test]
    fn each_right_value_is_one() {
        let spec = Spec::embedded();
        for (name, message) in &spec.messages {
            for (field, values) in right_values(message) {
                for value in values {
                    let mut content = message.sample.clone();
                    content.shift_remove(&field);
                    content.extend(value.map(|value| (field.clone(), value)));
                    let problems = message.check(&Json::from(Value::Object(content)), Some(&[&field]));
                    assert!(problems.is_empty(), "{name}: {field}: {problems:?}");
                }
            }
        }
    }
}
