//! The declared fields of a content.

use crate::spec::named::names;
use crate::spec::{FieldPath, Version};

names! {
    /// A JSON type, as the spec tells them apart.
    Type, "type", {
        /// A string.
        String = "string",
        /// `true` or `false`.
        Bool = "bool",
        /// A number spelled as an integer: `1`, not `1.0`.
        Int = "int",
        /// Any number.
        Number = "number",
        /// An object.
        Object = "object",
        /// An array.
        Array = "array",
        /// `null`.
        Null = "null",
        /// Anything.
        Any = "any",
    }
}

/// A declared field.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Where it stands.
    pub path: FieldPath,
    /// The types that its value may have; never empty.
    pub types: Vec<Type>,
    /// Whether it must be there. Says nothing for items and values, which are there or not.
    pub required: Required,
    /// The strings or integers that it may be; empty for no limit.
    pub allowed: Vec<serde_json::Value>,
    /// What a string must match.
    pub pattern: Option<Pattern>,
    /// Least number.
    pub min: Option<i64>,
    /// Greatest number.
    pub max: Option<i64>,
    /// First version of the protocol that has it.
    pub since: Option<Version>,
    /// First version that advises against it.
    pub deprecated: Option<Version>,
    /// First version without it.
    pub removed: Option<Version>,
    /// Number of the ambiguity of the protocol that concerns it, as `A17`.
    pub open: Option<String>,
    /// What a reader assumes where it is missing.
    pub default: Option<serde_json::Value>,
    /// What it is, in a phrase.
    pub summary: String,
}

/// Whether a field must be there.
#[derive(Debug, Clone, PartialEq)]
pub enum Required {
    /// Whenever what holds it is there.
    Always,
    /// Not at all.
    Never,
    /// Where all of these hold; never empty.
    When(Vec<Condition>),
}

/// A condition on another field of the same content.
///
/// Both stand in one instance of whatever items and values their paths share, and the other needs no more of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The other field.
    pub path: FieldPath,
    /// Its value: a string, an integer or a boolean.
    pub equals: serde_json::Value,
}

/// A compiled regular expression, compared by its text.
#[derive(Debug, Clone)]
pub struct Pattern(pub(super) regex::Regex);

impl Pattern {
    /// The expression.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether it matches somewhere in the text.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

/// A text that is no regular expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a regular expression: {reason}")]
pub struct BadPattern {
    /// The text.
    pub found: String,
    /// What is wrong with it.
    pub reason: String,
}

impl std::str::FromStr for Pattern {
    type Err = BadPattern;

    fn from_str(text: &str) -> Result<Self, BadPattern> {
        regex::Regex::new(text).map(Self).map_err(|error| {
            // The parser draws a picture over several lines; the last one says it in words.
            let error = error.to_string();
            let reason = error.lines().last().unwrap_or_default();
            BadPattern { found: text.to_owned(), reason: reason.trim_start_matches("error: ").to_owned() }
        })
    }
}

impl Field {
    /// The types, as `string or null`.
    #[must_use]
    pub fn type_names(&self) -> String {
        let names: Vec<String> = self.types.iter().map(Type::to_string).collect();
        names.join(" or ")
    }

    /// Whether its value may be of this type.
    #[must_use]
    pub fn admits(&self, wanted: Type) -> bool {
        self.types.iter().any(|one| *one == wanted || *one == Type::Any)
    }
}
