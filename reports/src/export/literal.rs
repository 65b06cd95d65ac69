//! Values as Python spells them, in ASCII. All that comes from a file passes through here, so that none of it becomes code.

use std::fmt::Write;

use serde_json::Value;

/// The longest unit whose repetition is written as such.
const UNIT: usize = 16;
/// How long a repetition is at least.
const REPEATED: usize = 96;
/// How deep Python's parser is trusted with brackets.
const DEPTH: usize = 40;

/// Any JSON value.
pub(super) fn value(value: &Value) -> String {
    if depth(value) > DEPTH {
        return format!("json.loads({})", string(&value.to_string()));
    }
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => string(text),
        Value::Array(items) => list(items.iter().map(self::value)),
        Value::Object(members) => object(members),
    }
}

/// A JSON object.
pub(super) fn object(members: &serde_json::Map<String, Value>) -> String {
    let members: Vec<String> = members.iter().map(|(key, member)| format!("{}: {}", string(key), value(member))).collect();
    format!("{{{}}}", members.join(", "))
}

/// A list of what is spelled already.
pub(super) fn list(items: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join(", "))
}

/// A string.
pub(super) fn string(text: &str) -> String {
    spelled(&text.chars().collect::<Vec<_>>(), "", |one, out| match one {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        ' '..='~' => out.push(one),
        _ if u32::from(one) <= 0xffff => _ = write!(out, "\\u{:04x}", u32::from(one)),
        _ => _ = write!(out, "\\U{:08x}", u32::from(one)),
    })
}

/// Bytes.
pub(super) fn bytes(bytes: &[u8]) -> String {
    spelled(bytes, "b", |one, out| match one {
        b'"' => out.push_str("\\\""),
        b'\\' => out.push_str("\\\\"),
        b'\n' => out.push_str("\\n"),
        b' '..=b'~' => out.push(char::from(one)),
        _ => _ = write!(out, "\\x{one:02x}"),
    })
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// A literal with `prefix`, or a sum of such where something is repeated often.
fn spelled<T: Copy + PartialEq>(units: &[T], prefix: &str, escape: impl Fn(T, &mut String)) -> String {
    let quoted = |units: &[T]| {
        let mut text = format!("{prefix}\"");
        units.iter().for_each(|&one| escape(one, &mut text));
        text + "\""
    };
    let (mut terms, mut plain_from, mut at) = (Vec::new(), 0, 0);
    while at < units.len() {
        let Some((unit, times)) = repetition(&units[at..]) else {
            at += 1;
            continue;
        };
        if plain_from < at {
            terms.push(quoted(&units[plain_from..at]));
        }
        terms.push(format!("{} * {times}", quoted(&units[at..at + unit])));
        at += unit * times;
        plain_from = at;
    }
    if plain_from < at || terms.is_empty() {
        terms.push(quoted(&units[plain_from..]));
    }
    terms.join(" + ")
}

/// The length of the unit that `units` begins with several times over, and how many times.
fn repetition<T: PartialEq>(units: &[T]) -> Option<(usize, usize)> {
    (1..=UNIT.min(units.len() / 2)).find_map(|unit| {
        let same = units.iter().zip(&units[unit..]).take_while(|(one, other)| one == other).count();
        let times = same / unit + 1;
        (times > 1 && unit * times >= REPEATED).then_some((unit, times))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{bytes, string, value};

    #[test]
    fn text_stays_within_its_quotes() {
        assert_eq!(string("a\"b'\\\n\r\u{0}\u{7f}\u{e9}\u{2028}\u{1f600}{x}"), r#""a\"b'\\\n\r\u0000\u007f\u00e9\u2028\U0001f600{x}""#);
        assert_eq!(bytes(b"\"\\\n\r\x00\xff"), r#"b"\"\\\n\x0d\x00\xff""#);
        assert_eq!((string(""), bytes(b"")), ("\"\"".to_owned(), "b\"\"".to_owned()));
    }

    #[test]
    fn what_is_repeated_is_counted() {
        assert_eq!(string(&format!("a{}b", "[".repeat(200))), r#""a" + "[" * 200 + "b""#);
        assert_eq!(bytes("{\"a\":".repeat(100).as_bytes()), r#"b"{\"a\":" * 100"#);
    }

    #[test]
    fn values_are_pythons() {
        assert_eq!(value(&json!({"a": [null, true, false, -1, 1.5], "b": {}})), r#"{"a": [None, True, False, -1, 1.5], "b": {}}"#);
        let deep = (0..100).fold(Value::Null, |inner, _| json!([inner]));
        assert_eq!(value(&deep), r#"json.loads("[" * 100 + "null" + "]" * 100)"#);
    }
}
