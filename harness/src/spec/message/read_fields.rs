//! Reads the declared fields of a message type.

use super::fields::{Condition, Field, Required, Type};
use crate::spec::document::Value;
use crate::spec::named::find;
use crate::spec::reader::Item;
use crate::spec::{BadFieldPath, FieldPath, Named, Segment};

/// Reads a table of fields by path, and holds them against each other.
pub(super) fn read_fields(item: Item<'_>) -> Vec<Field> {
    let entries = item.entries().unwrap_or_default();
    let declared: Vec<&str> = entries.iter().map(|(path, _)| *path).collect();
    let read = |(path, item): &(&str, Item<'_>)| read_field(path, item);
    let fields: Vec<Option<Field>> = entries.iter().map(read).collect();
    for (field, (_, item)) in fields.iter().zip(&entries) {
        if let Some(field) = field {
            check_parent(field, &fields, &declared, item);
            check_conditions(field, &fields, &declared, item);
        }
    }
    fields.into_iter().flatten().collect()
}

fn read_field(path: &str, item: &Item<'_>) -> Option<Field> {
    let path: Option<FieldPath> = path.parse().map_err(|error: BadFieldPath| item.mistake(error.to_string())).ok();
    let reader = item.clone().reader()?;
    let types = reader.required("type").and_then(read_types);
    let required = reader.required("required").and_then(read_required);
    let allowed = reader.optional("allowed").and_then(|item| read_allowed(&item, types.as_deref()));
    let pattern = reader.optional("pattern").and_then(Item::parsed);
    let [min, max] = ["min", "max"].map(|key| reader.optional(key).and_then(Item::integer));
    let [since, deprecated, removed] = ["since", "deprecated", "removed"].map(|key| reader.optional(key).and_then(Item::parsed));
    let open = reader.optional("open").and_then(crate::spec::rule::read_open);
    let default = reader.optional("default").map(|item| item.json());
    let summary = reader.required("summary").and_then(Item::sentence);
    reader.finish();
    let field = Field {
        path: path?,
        types: types?,
        required: required?,
        allowed: allowed.unwrap_or_default(),
        pattern,
        min,
        max,
        since,
        deprecated,
        removed,
        open,
        default,
        summary: summary?,
    };
    check_limits(&field, item);
    Some(field)
}

fn read_types(item: Item<'_>) -> Option<Vec<Type>> {
    let mut types = Vec::new();
    for name in item.clone().str()?.split('|') {
        match find::<Type>(name) {
            Some(one) if types.contains(&one) => item.mistake(format!("type `{name}` stands twice")),
            Some(one) => types.push(one),
            None => item.unknown("type", name, Type::ALL.iter().map(|one| one.name())),
        }
    }
    (!types.is_empty()).then_some(types)
}

fn read_required(item: Item<'_>) -> Option<Required> {
    let entries = match &item.node().value {
        Value::Boolean(true) => return Some(Required::Always),
        Value::Boolean(false) => return Some(Required::Never),
        Value::Table(_) => item.clone().entries()?,
        _ => {
            item.mistake(format!("`{}` must be true, false or a table of conditions", item.name));
            return None;
        }
    };
    if entries.is_empty() {
        item.mistake(format!("`{}` names no condition", item.name));
    }
    let condition = |(path, item): (&str, Item<'_>)| {
        if !matches!(item.node().value, Value::String(_) | Value::Integer(_) | Value::Boolean(_)) {
            item.mistake("a condition compares with a string, an integer or a boolean");
        }
        let path = path.parse().map_err(|error: BadFieldPath| item.mistake(error.to_string())).ok()?;
        Some(Condition { path, equals: item.json() })
    };
    Some(Required::When(entries.into_iter().filter_map(condition).collect()))
}

fn read_allowed(item: &Item<'_>, types: Option<&[Type]>) -> Option<Vec<serde_json::Value>> {
    let items = item.clone().items()?;
    if items.is_empty() {
        item.mistake(format!("`{}` allows nothing", item.name));
    }
    for one in &items {
        let fits = match one.node().value {
            Value::String(_) => Type::String,
            Value::Integer(_) => Type::Int,
            _ => {
                one.mistake(format!("`{}` must be a string or an integer", one.name));
                continue;
            }
        };
        if types.is_some_and(|types| !types.contains(&fits)) {
            one.mistake(format!("`{}` is not of the field's type", one.name));
        }
    }
    Some(items.iter().map(Item::json).collect())
}

fn check_limits(field: &Field, item: &Item<'_>) {
    let is_number = field.admits(Type::Int) || field.admits(Type::Number);
    if (field.min.is_some() || field.max.is_some()) && !is_number {
        item.mistake(format!("`{}` has limits and is no number", item.name));
    }
    if field.pattern.is_some() && !field.admits(Type::String) {
        item.mistake(format!("`{}` has a pattern and is no string", item.name));
    }
    if let (Some(min), Some(max)) = (field.min, field.max)
        && min > max
    {
        item.mistake(format!("`{}` has a min above its max", item.name));
    }
}

fn check_parent(field: &Field, fields: &[Option<Field>], declared: &[&str], item: &Item<'_>) {
    let Some(parent_path) = field.path.parent() else {
        return;
    };
    let parent_name = parent_path.to_string();
    if !declared.contains(&parent_name.as_str()) {
        item.mistake(format!("`{}` has no declared parent: `{parent_name}` is missing", field.path));
        return;
    }
    let wanted = match field.path.last() {
        Segment::Items => Type::Array,
        Segment::Key(_) | Segment::Values => Type::Object,
    };
    let parent = fields.iter().flatten().find(|other| other.path == parent_path);
    if parent.is_some_and(|parent| !parent.admits(wanted)) {
        item.mistake(format!("`{}` stands inside `{parent_name}`, which is no {wanted}", field.path));
    }
}

fn check_conditions(field: &Field, fields: &[Option<Field>], declared: &[&str], item: &Item<'_>) {
    let Required::When(conditions) = &field.required else {
        return;
    };
    for condition in conditions {
        let name = condition.path.to_string();
        if !declared.contains(&name.as_str()) {
            item.unknown("field in a condition:", &name, declared.iter().copied());
            continue;
        }
        if !is_reachable(&field.path, &condition.path) {
            item.mistake(format!("the condition on `{name}` does not say which of its items or values is meant"));
        }
        let other = fields.iter().flatten().find(|other| other.path == condition.path);
        if let Some(other) = other.filter(|other| !other.allowed.is_empty() && !other.allowed.contains(&condition.equals)) {
            let known: Vec<&str> = other.allowed.iter().filter_map(|value| value.as_str()).collect();
            let value = condition.equals.as_str().map_or_else(|| condition.equals.to_string(), str::to_owned);
            item.unknown(&format!("value of `{name}`:"), &value, known);
        }
    }
}

/// Whether the condition's field is single where `path` is: beyond what both share it has keys only.
fn is_reachable(path: &FieldPath, condition: &FieldPath) -> bool {
    let parent = &path.segments()[..path.segments().len() - 1];
    let shared = parent.iter().zip(condition.segments()).take_while(|(left, right)| left == right).count();
    condition.segments()[shared..].iter().all(|segment| matches!(segment, Segment::Key(_)))
}
