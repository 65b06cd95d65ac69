//! The exported JSON Schemas say what the spec's own validator says, for contents of every message type.

use std::collections::BTreeSet;

use harness::spec::schema::{content_schema, message_schema, profile_schema};
use harness::spec::{Field, FieldPath, MessageType, Required, Segment, Spec, Type};
use harness::wire::Json;
use serde_json::{Map, Value, json};

/// Values of every type, none of which the two could read differently: JSON Schema takes `1.0` for an integer.
fn strange_values() -> [Value; 12] {
    [
        json!(null),
        json!(true),
        json!(0),
        json!(-7),
        json!(70000),
        json!(2.5),
        json!(""),
        json!("strange"),
        json!([]),
        json!([null, 1, "x", [], {}]),
        json!({}),
        json!({ "strange": 1, "status": "ok" }),
    ]
}

#[test]
fn validator_and_schema_agree_on_every_message_type() {
    let spec = Spec::embedded();
    let mut counts = (0, 0);
    for message_type in spec.messages.values() {
        let schema = content_schema(message_type);
        jsonschema::meta::validate(&schema).expect("the schema is one");
        let validator = jsonschema::validator_for(&schema).expect("the schema compiles");
        for content in contents(message_type) {
            let problems = message_type.check(&Json::from(content.clone()), None);
            let errors: Vec<String> =
                validator.iter_errors(&content).map(|error| format!("{} at {}", error, error.instance_path())).collect();
            assert_eq!(
                problems.is_empty(),
                errors.is_empty(),
                "{}: {content}\nours: {problems:#?}\nschema: {errors:#?}",
                message_type.name
            );
            let count = if problems.is_empty() { &mut counts.0 } else { &mut counts.1 };
            *count += 1;
        }
    }
    assert!(counts.0 > 500 && counts.1 > 5000, "too little was compared: {counts:?}");
}

#[test]
fn samples_and_full_contents_are_as_declared() {
    for message_type in Spec::embedded().messages.values() {
        let mut contents = vec![Value::from(message_type.sample.clone())];
        if message_type.sample.is_empty() {
            contents.clear();
        }
        contents.extend(whole_contents(message_type));
        for content in contents {
            let problems = message_type.check(&Json::from(content.clone()), None);
            assert_eq!(problems, [], "{}: {content}", message_type.name);
        }
    }
}

#[test]
fn a_whole_message_is_held_against_its_header_and_its_content() {
    let spec = Spec::embedded();
    let schema = message_schema(&spec.messages["status"]);
    let validator = jsonschema::validator_for(&schema).expect("the schema compiles");
    let header = json!({
        "msg_id": "1", "session": "s", "username": "", "date": "2025-01-01T00:00:00Z", "msg_type": "status",
        "version": "5.3",
    });
    let message = |header: &Value, content: Value| json!({ "header": header, "parent_header": {}, "metadata": {}, "content": content });
    let mut other = header.clone();
    other["msg_type"] = json!("stream");
    let outcomes = [
        message(&header, json!({ "execution_state": "idle" })),
        message(&header, json!({ "execution_state": "asleep" })),
        message(&other, json!({ "execution_state": "idle" })),
    ]
    .map(|message| validator.is_valid(&message));
    assert_eq!(outcomes, [true, false, false]);
}

#[test]
fn every_profile_matches_the_schema_of_profiles() {
    let spec = Spec::embedded();
    let validator = jsonschema::validator_for(&profile_schema(&spec.vocabulary)).expect("the schema compiles");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../specs/profiles");
    for profile in &spec.profiles {
        let text = std::fs::read_to_string(format!("{folder}/{}.toml", profile.name)).expect("the profile is a file");
        let table: toml::Table = text.parse().expect("the profile is TOML");
        let value = serde_json::to_value(table).expect("TOML without dates is JSON");
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| format!("{error} at {}", error.instance_path())).collect();
        assert_eq!(errors, [""; 0], "{}", profile.name);
    }
    let broken = json!({ "summary": "x", "match": {}, "snippets": { "hello": { "code": "x", "stdot": "" } } });
    let places: BTreeSet<String> = validator.iter_errors(&broken).map(|error| error.instance_path().to_string()).collect();
    assert_eq!(places, BTreeSet::from(["/match", "/snippets/hello"].map(str::to_owned)));
}

/// The sample, whole contents, nothing at all, and each of these with one thing changed.
fn contents(message_type: &MessageType) -> Vec<Value> {
    let mut contents = vec![json!({}), json!([]), json!(null), Value::from(message_type.sample.clone())];
    for whole in whole_contents(message_type) {
        change_one(&whole, &mut |changed| contents.push(changed));
        contents.push(whole);
    }
    contents
}

/// Contents with every declared field: one for each value that a condition asks for, and one for each command.
fn whole_contents(message_type: &MessageType) -> Vec<Value> {
    let conditions = message_type.fields.iter().flat_map(|field| match &field.required {
        Required::When(conditions) => conditions.clone(),
        Required::Always | Required::Never => Vec::new(),
    });
    let mut choices: Vec<Option<(FieldPath, Value)>> = conditions.map(|condition| Some((condition.path, condition.equals))).collect();
    choices.push(None);
    choices.dedup();
    let build = |choice: &Option<(FieldPath, Value)>| whole_object(&message_type.fields, &[], choice.as_ref());
    let mut contents: Vec<Value> = choices.iter().map(build).map(Value::from).collect();
    for command in &message_type.commands {
        let mut content = whole_object(&message_type.fields, &[], None);
        content.insert("command".to_owned(), command.name.as_str().into());
        content.insert("arguments".to_owned(), whole_object(&command.arguments, &[], None).into());
        content.insert("body".to_owned(), whole_object(&command.body, &[], None).into());
        contents.push(content.clone().into());
        // A failure's body holds what went wrong instead.
        content.insert("success".to_owned(), false.into());
        content.insert("body".to_owned(), json!({}));
        contents.push(content.into());
    }
    contents
}

fn whole_object(fields: &[Field], path: &[Segment], choice: Option<&(FieldPath, Value)>) -> Map<String, Value> {
    let mut object = Map::new();
    for field in children(fields, path) {
        let key = match field.path.last() {
            Segment::Key(key) => key.clone(),
            Segment::Values => "any name".to_owned(),
            Segment::Items => continue,
        };
        object.insert(key, whole_value(fields, field, choice));
    }
    object
}

fn whole_value(fields: &[Field], field: &Field, choice: Option<&(FieldPath, Value)>) -> Value {
    if let Some((path, value)) = choice
        && *path == field.path
    {
        return value.clone();
    }
    let inner = field.path.segments();
    let texts = ["5.3", ".py", "text"];
    let matches = |text: &&str| field.pattern.as_ref().is_none_or(|pattern| pattern.is_match(text));
    if let Some(allowed) = field.allowed.first() {
        return allowed.clone();
    }
    // A container where something is declared inside, else the first type.
    let has_children = children(fields, inner).next().is_some();
    let is_container = |one: &&Type| matches!(one, Type::Array | Type::Object);
    let containers = field.types.iter().find(is_container).filter(|_| has_children);
    match containers.unwrap_or(&field.types[0]) {
        Type::String => texts.iter().find(|text| matches(text)).expect("one of the texts matches").to_string().into(),
        Type::Bool => true.into(),
        Type::Int => field.min.unwrap_or(1).into(),
        Type::Number => 0.5.into(),
        Type::Null => Value::Null,
        Type::Array => children(fields, inner).map(|item| whole_value(fields, item, choice)).collect(),
        Type::Object | Type::Any => whole_object(fields, inner, choice).into(),
    }
}

fn children<'a>(fields: &'a [Field], path: &'a [Segment]) -> impl Iterator<Item = &'a Field> {
    fields.iter().filter(move |field| {
        let segments = field.path.segments();
        segments.len() == path.len() + 1 && segments.starts_with(path)
    })
}

/// Visits copies of a value in each of which one thing is gone, or something strange instead.
fn change_one(value: &Value, visit: &mut dyn FnMut(Value)) {
    match value {
        Value::Object(members) => {
            for key in members.keys() {
                let with = |changed: Option<Value>| {
                    let mut copy = members.clone();
                    match changed {
                        Some(changed) => copy.insert(key.clone(), changed),
                        None => copy.shift_remove(key),
                    };
                    Value::from(copy)
                };
                visit(with(None));
                strange_values().into_iter().for_each(|strange| visit(with(Some(strange))));
                change_one(&members[key], &mut |changed| visit(with(Some(changed))));
            }
        }
        Value::Array(items) => {
            for index in 0..items.len() {
                let with = |changed: Value| {
                    let mut copy = items.clone();
                    copy[index] = changed;
                    Value::from(copy)
                };
                strange_values().into_iter().for_each(|strange| visit(with(strange)));
                change_one(&items[index], &mut |changed| visit(with(changed)));
            }
        }
        _ => (),
    }
}
