//! What makes a value of a message wrong, from the words that the oracle has for it into a condition of a script.

use serde_json::Value;

use super::literal::{list, string, value};
use super::tell::Tell;

/// `status on iopub is malformed: parent_header: wanted an object, found null`
pub(super) fn malformed(_: &str, title: &str) -> Option<Tell> {
    let (name, faults) = title.split_once(" is malformed: ")?;
    let (msg_type, _) = name.split_once(" on ")?;
    let (part, _) = faults.split_once(": wanted an object, found ")?;
    let part = if part == "parent_header" { "parent" } else { part };
    let path = ["header", "parent", "metadata", "content"].into_iter().find(|known| *known == part)?;
    Some(Tell::Wrong { msg_type: msg_type.to_owned(), path: path.to_owned(), condition: of_kinds(&["object"]) })
}

/// `status of execute_reply is "abort", which it must not be`
pub(super) fn wrong(place: &str, title: &str) -> Option<Tell> {
    let (name, rest) = title.split_once(" of ")?;
    let (msg_type, why) = rest.split_once(' ')?;
    let root = name.split('.').next()?;
    let path = match root {
        _ if place == format!("{msg_type} content.{name}") => format!("content.{name}"),
        "header" | "metadata" | "prefix" | "buffers" | "content" | "parent" => name.to_owned(),
        "parent_header" => format!("parent{}", &name[root.len()..]),
        "reply" | "request" | "kernel" | "info" => return None,
        _ => format!("content.{name}"),
    };
    let (path, why) = match why.strip_prefix("has its length that ") {
        Some(why) => (format!("{path}.#"), why),
        None => (path, why),
    };
    let is_plain = path.chars().all(|one| one.is_ascii_alphanumeric() || matches!(one, '_' | '.' | '#'));
    // What is made anew for each message is no value to compare with.
    let is_new = ["parent.date", "parent.msg_id", "parent.session"].contains(&&*path) && !why.ends_with(" is absent");
    let condition = condition(why).filter(|_| !is_new)?;
    is_plain.then(|| Tell::Wrong { msg_type: msg_type.to_owned(), path, condition })
}

/// What makes `value` wrong, by the words of a want that does not hold.
fn condition(why: &str) -> Option<String> {
    if why == "is missing" {
        return Some("value is ABSENT".to_owned());
    }
    if let Some((keys, _)) =
        why.strip_prefix("lacks the keys [").and_then(|rest| rest.split_once("] of ")).filter(|(keys, _)| !keys.is_empty())
    {
        return Some(format!("any(lacks(value, key) for key in {})", list(keys.split(", ").map(string))));
    }
    let rest = why.strip_prefix("is ")?;
    if rest.starts_with("absent, that of the request is ") {
        return Some("value is ABSENT".to_owned());
    }
    if rest.ends_with(", and should be absent") {
        return Some("value is not ABSENT".to_owned());
    }
    if let Some((found, _)) = rest.split_once(", which it must not be") {
        return Some(format!("same(value, {})", value(&serde_json::from_str(found).ok()?)));
    }
    if let Some((_, part)) = rest.rsplit_once(", which lacks ") {
        return Some(format!("lacks(value, {})", value(&first(part)?)));
    }
    let compared = [", that of the request is ", ", expected is "].into_iter().find_map(|words| Some(rest.rsplit_once(words)?.1));
    let compared = compared.or_else(|| Some(rest.rsplit_once(", request.")?.1.split_once(" is ")?.1));
    if let Some(wanted) = compared {
        let absent = || (wanted == "absent").then(|| "value is not ABSENT".to_owned());
        return absent().or_else(|| Some(format!("not same(value, {})", value(&first(wanted)?))));
    }
    wanted(rest.rsplit_once(", wanted ")?.1)
}

fn wanted(wanted: &str) -> Option<String> {
    if let Some(listed) = wanted.strip_prefix("one of ") {
        let listed = first(&format!("[{listed}]"))?;
        return Some(format!("not any(same(value, one) for one in {})", value(&listed)));
    }
    for (words, sign) in [("at least ", ">="), ("at most ", "<=")] {
        if let Some(bound) = wanted.strip_prefix(words) {
            let bound: f64 = bound.parse().ok().filter(|bound: &f64| bound.is_finite())?;
            return Some(format!("not (\"number\" in kind(value) and value {sign} {bound})"));
        }
    }
    let kinds: Vec<&str> = wanted.trim_start_matches("an ").split(" or ").collect();
    if kinds.iter().all(|kind| ["object", "array", "string", "int", "number", "bool", "boolean"].contains(kind)) {
        return Some(of_kinds(&kinds));
    }
    Some(format!("not same(value, {})", value(&first(wanted)?)))
}

fn of_kinds(kinds: &[&str]) -> String {
    format!("not set(kind(value)) & {{{}}}", kinds.iter().map(|kind| string(kind)).collect::<Vec<_>>().join(", "))
}

/// The JSON value that a text begins with.
fn first(text: &str) -> Option<Value> {
    serde_json::Deserializer::from_str(text).into_iter().next()?.ok()
}
