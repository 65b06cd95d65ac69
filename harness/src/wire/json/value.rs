//! The value: what a text said, with the order of its keys, their duplicates, and the spelling of its numbers.

use compact_str::CompactString;
use serde_json::Value;

use super::Text;

/// A JSON value as sent.
///
/// Two values are equal if they say the same: the order of keys does not count (that of duplicates of one key does), and
/// numbers are equal if they are spelled alike or are the same integer; `1` and `1.0` differ.
#[derive(Debug, Clone)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, spelled as sent; `NaN`, `Infinity` and `-Infinity` too.
    Number(CompactString),
    /// A string, unescaped.
    String(Text),
    /// An array.
    Array(Vec<Json>),
    /// An object: all its members in the order sent, duplicates included.
    Object(Vec<Member>),
}

/// A key and its value. Text of up to 24 bytes, as nearly all keys are, needs no memory of its own.
pub type Member = (CompactString, Json);

impl Json {
    /// The member of this name, the last one if there are several; `None` if this is no object.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        // Most names differ in length or in their first byte.
        let is_it = |name: &str| name.len() == key.len() && name.as_bytes().first() == key.as_bytes().first() && name == key;
        self.as_object()?.iter().rev().find(|(name, _)| is_it(name)).map(|(_, value)| value)
    }

    /// The value at a dotted path of keys, as in `language_info.name`.
    #[must_use]
    pub fn get_path(&self, path: &str) -> Option<&Self> {
        path.split('.').try_fold(self, |value, key| value.get(key))
    }

    /// The text, if this is a string. A long one is held from here on; see [`Json::as_text`].
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.as_text().map(|text| &**text)
    }

    /// The text, if this is a string, wherever it is kept.
    #[must_use]
    pub fn as_text(&self) -> Option<&Text> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The truth value, if this is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self { Some(*value) } else { None }
    }

    /// The number, if it is spelled as an integer (`1.0` and `1e0` are not) and fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        self.integer_spelling()?.parse().ok()
    }

    /// The nearest floating point number; `1e999` gives infinity.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        if let Self::Number(spelling) = self { spelling.parse().ok() } else { None }
    }

    /// The items, if this is an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Self]> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    /// The members as sent, if this is an object.
    #[must_use]
    pub fn as_object(&self) -> Option<&[Member]> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    /// The keys as sent, if this is an object; none of anything else.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.as_object().unwrap_or_default().iter().map(|(key, _)| key.as_str())
    }

    /// Whether this is an object.
    #[must_use]
    pub fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// What this is: `null`, `bool`, `int` (spelled as an integer, of any size), `number`, `string`, `array` or `object`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Number(_) if self.integer_spelling().is_some() => "int",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }

    /// The nearest `serde_json` value. What it can't hold is lost: of duplicate keys the last one stays, numbers beyond 64 bits
    /// are rounded to a double, and those that are not finite become a string of their spelling.
    #[must_use]
    pub fn to_serde(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(spelling) => number_to_serde(spelling),
            Self::String(text) => Value::String(text.to_string()),
            Self::Array(items) => Value::Array(items.iter().map(Self::to_serde).collect()),
            Self::Object(members) => Value::Object(members.iter().map(|(key, value)| (key.to_string(), value.to_serde())).collect()),
        }
    }

    fn integer_spelling(&self) -> Option<&str> {
        let Self::Number(spelling) = self else {
            return None;
        };
        let digits = spelling.strip_prefix('-').unwrap_or(spelling);
        let is_integer = match digits.as_bytes() {
            [b'0'] => true,
            [] | [b'0', ..] => false,
            all => all.iter().all(u8::is_ascii_digit),
        };
        is_integer.then_some(spelling)
    }
}

fn number_to_serde(spelling: &str) -> Value {
    if let Ok(whole) = spelling.parse::<i64>() {
        return whole.into();
    }
    if let Ok(whole) = spelling.parse::<u64>() {
        return whole.into();
    }
    let nearest = spelling.parse().ok().and_then(serde_json::Number::from_f64);
    nearest.map_or_else(|| spelling.into(), Value::Number)
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        // What messages have in common is held once, and compared often.
        if std::ptr::eq(self, other) {
            return true;
        }
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(left), Self::Bool(right)) => left == right,
            (Self::Number(left), Self::Number(right)) => same_number(left, right),
            (Self::String(left), Self::String(right)) => left == right,
            (Self::Array(left), Self::Array(right)) => left == right,
            (Self::Object(left), Self::Object(right)) => same_members(left, right),
            _ => false,
        }
    }
}

impl Eq for Json {}

/// JSON spells each integer in one way only, zero apart.
fn same_number(left: &str, right: &str) -> bool {
    let plain_zero = |spelling| if spelling == "-0" { "0" } else { spelling };
    plain_zero(left) == plain_zero(right)
}

fn same_members(left: &[Member], right: &[Member]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    if left.iter().zip(right).all(|((left, _), (right, _))| left == right) {
        return left.iter().zip(right).all(|((_, left), (_, right))| left == right);
    }
    // A stable sort, so that duplicates of one key are compared in the order sent.
    by_key(left).into_iter().eq(by_key(right))
}

fn by_key(members: &[Member]) -> Vec<&Member> {
    let mut sorted: Vec<_> = members.iter().collect();
    sorted.sort_by(|(left, _), (right, _)| left.cmp(right));
    sorted
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(number) => Self::Number(number.to_string().into()),
            Value::String(text) => Self::String(text.into()),
            Value::Array(items) => Self::Array(items.into_iter().map(Self::from).collect()),
            Value::Object(members) => Self::Object(members.into_iter().map(|(key, value)| (key.into(), Self::from(value))).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Limits, parse};
    use super::*;

    fn read(text: &str) -> Json {
        parse(text.as_bytes(), &Limits::default()).value.expect("the text of a test holds a value")
    }

    #[test]
    fn members_are_found_by_key_and_by_path_the_last_duplicate_first() {
        let value = read(r#"{"a": 1, "b": {"c": [true]}, "a": 2}"#);
        assert_eq!(value.get("a").and_then(Json::as_i64), Some(2));
        assert_eq!(value.get_path("b.c"), Some(&read("[true]")));
        assert_eq!(value.get_path("b.c.d"), None);
        assert_eq!(read("[1]").get("a"), None);
    }

    #[test]
    fn an_integer_is_one_by_its_spelling() {
        let integers = ["0", "-7", "9223372036854775807", "9223372036854775808", "1.0", "1e2", "NaN"]
            .map(|spelling| (read(spelling).as_i64(), read(spelling).kind()));
        let expected = [
            (Some(0), "int"),
            (Some(-7), "int"),
            (Some(i64::MAX), "int"),
            (None, "int"),
            (None, "number"),
            (None, "number"),
            (None, "number"),
        ];
        assert_eq!(integers, expected);
        assert_eq!(read("1e999").as_f64(), Some(f64::INFINITY));
        assert_eq!(read("1.5").as_f64(), Some(1.5));
    }

    #[test]
    fn equality_is_of_what_is_said() {
        let same = [("1", "1"), ("-0", "0"), (r#""\u0041""#, r#""A""#)];
        let same_objects = [(r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#), (r#"{"a":1,"b":0,"a":2}"#, r#"{"a":1,"a":2,"b":0}"#)];
        for (left, right) in same.into_iter().chain(same_objects) {
            assert_eq!(read(left), read(right));
        }
        let different = [
            ("1", "1.0"),
            ("1e2", "100"),
            ("1", "\"1\""),
            ("null", "{}"),
            ("[1,2]", "[2,1]"),
            (r#"{"a":1}"#, r#"{"a":1,"a":1}"#),
            (r#"{"a":1,"a":2}"#, r#"{"a":2,"a":1}"#),
        ];
        for (left, right) in different {
            assert_ne!(read(left), read(right));
        }
    }

    #[test]
    fn serde_gets_what_it_can_hold() {
        let value = read(r#"{"a": 1, "a": 2, "big": 36893488147419103232, "nan": NaN, "over": 1e999, "u": 18446744073709551615}"#);
        let expected = json!({"a": 2, "big": 36_893_488_147_419_103_232_f64, "nan": "NaN", "over": "1e999", "u": u64::MAX});
        assert_eq!(value.to_serde(), expected);
        let plain = json!({"a": [null, true, -1, 1.5, "x"], "b": {}});
        assert_eq!(Json::from(plain.clone()).to_serde(), plain);
    }
}
