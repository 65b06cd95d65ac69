//! `$SNIPPET.KEY`: a value that stands in a profile.

use serde_json::Value;

/// A string of a scenario that stands for a value of a snippet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnippetReference<'a> {
    /// The snippet.
    pub snippet: &'a str,
    /// `code`, or one of its facts.
    pub key: &'a str,
}

impl<'a> SnippetReference<'a> {
    /// Reads a string; `None` if it stands for itself.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let (snippet, key) = text.strip_prefix('$')?.split_once('.')?;
        let is_name =
            |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        (is_name(snippet) && is_name(key)).then_some(Self { snippet, key })
    }

    /// Visits every reference in a value.
    pub fn each_in(value: &'a Value, visit: &mut dyn FnMut(Self)) {
        match value {
            Value::String(text) => {
                if let Some(reference) = Self::parse(text) {
                    visit(reference);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| Self::each_in(item, visit)),
            Value::Object(members) => members.values().for_each(|member| Self::each_in(member, visit)),
            Value::Null | Value::Bool(_) | Value::Number(_) => (),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SnippetReference;

    #[test]
    fn only_whole_strings_of_the_form_are_references() {
        let reference = SnippetReference { snippet: "two_inputs", key: "value" };
        assert_eq!(SnippetReference::parse("$two_inputs.value"), Some(reference));
        for text in ["$x", "$x.", "$.y", "x.y", "$x.y z", "cost: $x.y", "$X.Y"] {
            assert_eq!(SnippetReference::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn references_are_found_at_any_depth() {
        let value = serde_json::json!({"a": ["$x.code", "plain"], "b": {"c": "$y.stdout"}});
        let mut found = Vec::new();
        SnippetReference::each_in(&value, &mut |reference| found.push((reference.snippet, reference.key)));
        assert_eq!(found, [("x", "code"), ("y", "stdout")]);
    }
}
