//! A value as compact JSON text.

use std::borrow::Cow;
use std::fmt::{self, Write};

use super::Json;
use super::inside::run_length;

impl fmt::Display for Json {
    /// Compact JSON: no whitespace, keys in the order sent, numbers as spelled, text beyond ASCII unescaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(spelling) => f.write_str(spelling),
            Self::String(text) => write_string(f, text.pieces()),
            Self::Array(items) => {
                f.write_char('[')?;
                for (index, item) in items.iter().enumerate() {
                    write_comma(f, index)?;
                    item.fmt(f)?;
                }
                f.write_char(']')
            }
            Self::Object(members) => {
                f.write_char('{')?;
                for (index, (key, value)) in members.iter().enumerate() {
                    write_comma(f, index)?;
                    write_string(f, std::iter::once(Cow::Borrowed(key.as_str())))?;
                    f.write_char(':')?;
                    value.fmt(f)?;
                }
                f.write_char('}')
            }
        }
    }
}

fn write_comma(f: &mut fmt::Formatter<'_>, index: usize) -> fmt::Result {
    if index > 0 { f.write_char(',') } else { Ok(()) }
}

fn write_string<'a>(f: &mut fmt::Formatter<'_>, pieces: impl Iterator<Item = Cow<'a, str>>) -> fmt::Result {
    f.write_char('"')?;
    for piece in pieces {
        write_escaped(f, &piece)?;
    }
    f.write_char('"')
}

fn write_escaped(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let mut rest = text;
    loop {
        let length = run_length(rest.as_bytes());
        f.write_str(&rest[..length])?;
        let Some(ends) = rest.as_bytes().get(length) else { return Ok(()) };
        match ends {
            b'"' => f.write_str("\\\"")?,
            b'\\' => f.write_str("\\\\")?,
            b'\n' => f.write_str("\\n")?,
            b'\r' => f.write_str("\\r")?,
            b'\t' => f.write_str("\\t")?,
            control => write!(f, "\\u{control:04x}")?,
        }
        rest = &rest[length + 1..];
    }
}

impl Json {
    /// The begin of its compact text: so many characters, and an ellipsis if there are more. No more is made of it than that.
    #[must_use]
    pub fn shortened(&self, characters: usize) -> String {
        let mut short = Short { text: String::new(), left: characters };
        // It fails when there is no room for more.
        if write!(short, "{self}").is_err() {
            short.text.push('…');
        }
        short.text
    }
}

/// Takes so many characters, and refuses the next.
struct Short {
    text: String,
    left: usize,
}

impl Write for Short {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        match more.char_indices().nth(self.left) {
            Some((end, _)) => {
                self.text.push_str(&more[..end]);
                self.left = 0;
                Err(fmt::Error)
            }
            None => {
                self.text.push_str(more);
                self.left -= more.chars().count();
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Limits, parse};
    use super::*;

    #[test]
    fn text_is_compact_and_escapes_only_what_it_must() {
        let text = r#" { "b" : [ 1.50 , null ] , "a\n\u0001\"\\\/" : "é\u2028\ud834\udd1e" , "b" : {} } "#;
        let value = parse(text.as_bytes(), &Limits::default()).value;
        let expected = "{\"b\":[1.50,null],\"a\\n\\u0001\\\"\\\\/\":\"é\u{2028}\u{1d11e}\",\"b\":{}}";
        assert_eq!(value.map(|value| value.to_string()).as_deref(), Some(expected));
    }

    fn any_json() -> impl Strategy<Value = Json> {
        let number = prop_oneof![
            any::<i64>().prop_map(|number| number.to_string()),
            any::<u64>().prop_map(|number| number.to_string()),
            "(0|-?[1-9][0-9]{0,3})(\\.[0-9]{1,3})?([eE][+-]?[0-9])?",
        ];
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::Bool),
            number.prop_map(|number| Json::Number(number.into())),
            any::<String>().prop_map(|text| Json::String(text.into())),
        ];
        leaf.prop_recursive(6, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Json::Array),
                prop::collection::vec((any::<String>().prop_map(Into::into), inner), 0..8).prop_map(Json::Object),
            ]
        })
    }

    proptest! {
        #[test]
        fn text_reads_back_as_the_same_value(value in any_json()) {
            let parsed = parse(value.to_string().as_bytes(), &Limits::default());
            prop_assert_eq!(parsed.value, Some(value));
            let kinds: Vec<_> = parsed.problems.iter().map(|problem| problem.kind).collect();
            prop_assert!(kinds.iter().all(|kind| *kind == super::super::ProblemKind::DuplicateKey), "{kinds:?}");
        }

        #[test]
        fn text_is_what_another_parser_reads(value in any_json()) {
            if let Ok(read) = serde_json::from_str::<serde_json::Value>(&value.to_string()) {
                prop_assert_eq!(read, value.to_serde());
            }
        }
    }
}
