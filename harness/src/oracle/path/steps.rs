//! The steps of a path, from one value to those in it.

use std::borrow::Cow;

use compact_str::ToCompactString;

use crate::wire::Json;

/// One step further into a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Items,
    Item(usize),
    Members,
    Count,
}

/// Splits `a.b[].c{}` into its steps.
pub(super) fn split(text: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for piece in text.split('.').filter(|piece| !piece.is_empty()) {
        let (mut key, mut tail) = (piece, Vec::new());
        loop {
            if let Some(rest) = key.strip_suffix("[]") {
                tail.push(Step::Items);
                key = rest;
            } else if let Some(rest) = key.strip_suffix("{}") {
                tail.push(Step::Members);
                key = rest;
            } else if let Some((rest, index)) =
                key.strip_suffix(']').and_then(|text| text.rsplit_once('[')).and_then(|(rest, index)| Some((rest, index.parse().ok()?)))
            {
                tail.push(Step::Item(index));
                key = rest;
            } else {
                break;
            }
        }
        match key {
            "" => {}
            "#" => steps.push(Step::Count),
            key => steps.push(Step::Key(key.to_owned())),
        }
        steps.extend(tail.into_iter().rev());
    }
    steps
}

/// The member that a step leads to; nothing, if it is none to a member.
pub(super) fn member<'a>(value: &'a Json, step: &Step) -> Option<&'a Json> {
    if let Step::Key(key) = step { value.get(key) } else { None }
}

/// The one value that a step leads to.
pub(super) fn take<'a>(step: &Step, value: Cow<'a, Json>) -> Option<Cow<'a, Json>> {
    match (value, step) {
        (Cow::Borrowed(value), Step::Key(key)) => value.get(key).map(Cow::Borrowed),
        (Cow::Borrowed(value), Step::Item(index)) => value.as_array()?.get(*index).map(Cow::Borrowed),
        (Cow::Borrowed(value), Step::Count) => length(value).map(Cow::Owned),
        (Cow::Borrowed(_), Step::Items | Step::Members) => None,
        (Cow::Owned(value), step) => take(step, Cow::Borrowed(&value)).map(|value| Cow::Owned(value.into_owned())),
    }
}

/// All values that a step leads to.
pub(super) fn take_all<'a>(step: &Step, value: Cow<'a, Json>) -> Vec<Cow<'a, Json>> {
    match (value, step) {
        (Cow::Borrowed(Json::Array(items)), Step::Items) => items.iter().map(Cow::Borrowed).collect(),
        (Cow::Borrowed(Json::Object(members)), Step::Members) => members.iter().map(|(_, value)| Cow::Borrowed(value)).collect(),
        (Cow::Owned(value), step) => {
            take_all(step, Cow::Borrowed(&value)).into_iter().map(|value| Cow::Owned(value.into_owned())).collect()
        }
        (value, step) => take(step, value).into_iter().collect(),
    }
}

/// How many items, members or code points a value has.
pub(crate) fn length(value: &Json) -> Option<Json> {
    let count = match value {
        Json::Array(items) => items.len(),
        Json::Object(members) => members.len(),
        Json::String(text) => text.characters(),
        _ => return None,
    };
    Some(Json::Number(count.to_compact_string()))
}

#[cfg(test)]
mod tests {
    use super::{Step, split};

    #[test]
    fn steps_name_items_and_members() {
        let key = |name: &str| Step::Key(name.to_owned());
        assert_eq!(split("history[][]"), [key("history"), Step::Items, Step::Items]);
        assert_eq!(split("comms{}.target_name"), [key("comms"), Step::Members, key("target_name")]);
        assert_eq!(split("matches.#"), [key("matches"), Step::Count]);
        assert_eq!(split(""), []);
    }
}
