//! Where a field stands in a content: `history[][]`, `user_expressions{}.status`.

use std::fmt;
use std::str::FromStr;

/// A path of keys, items of arrays (`[]`) and values of objects (`{}`).
///
/// The values of an object are those of its members that are not declared by name beside them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath(Vec<Segment>);

/// One part of a [`FieldPath`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// The member of this name.
    Key(String),
    /// Every item of an array.
    Items,
    /// Every value of an object.
    Values,
}

/// A text that is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a field path, as `history[][]` or `user_expressions{{}}.status`")]
pub struct BadFieldPath {
    /// The text.
    pub found: String,
}

impl FieldPath {
    /// Its parts; never empty, and the first is a key.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// The last part.
    #[must_use]
    pub fn last(&self) -> &Segment {
        &self.0[self.0.len() - 1]
    }

    /// The field that holds this one; `None` for one of the content itself.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let outer = &self.0[..self.0.len() - 1];
        (!outer.is_empty()).then(|| Self(outer.to_vec()))
    }
}

impl FromStr for FieldPath {
    type Err = BadFieldPath;

    fn from_str(text: &str) -> Result<Self, BadFieldPath> {
        read(text).map(Self).ok_or_else(|| BadFieldPath { found: text.to_owned() })
    }
}

fn read(text: &str) -> Option<Vec<Segment>> {
    let mut segments = Vec::new();
    for part in text.split('.') {
        let key_length = part.find(['[', '{']).unwrap_or(part.len());
        let (key, mut suffixes) = part.split_at(key_length);
        if key.is_empty() || key.contains([']', '}']) || key.contains(char::is_whitespace) {
            return None;
        }
        segments.push(Segment::Key(key.to_owned()));
        while !suffixes.is_empty() {
            let (segment, rest) = match suffixes.strip_prefix("[]") {
                Some(rest) => (Segment::Items, rest),
                None => (Segment::Values, suffixes.strip_prefix("{}")?),
            };
            segments.push(segment);
            suffixes = rest;
        }
    }
    Some(segments)
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Key(key) if index == 0 => f.write_str(key)?,
                Segment::Key(key) => write!(f, ".{key}")?,
                Segment::Items => f.write_str("[]")?,
                Segment::Values => f.write_str("{}")?,
            }
        }
        Ok(())
    }
}

impl serde::Serialize for FieldPath {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::{FieldPath, Segment};

    #[test]
    fn paths_read_as_they_are_written() {
        let key = |name: &str| Segment::Key(name.to_owned());
        let path: FieldPath = "user_expressions{}.traceback[]".parse().expect("a path");
        let segments = [key("user_expressions"), Segment::Values, key("traceback"), Segment::Items];
        assert_eq!(path.segments(), segments);
        assert_eq!(path.to_string(), "user_expressions{}.traceback[]");
        let parent = path.parent().map(|parent| parent.to_string());
        assert_eq!(parent.as_deref(), Some("user_expressions{}.traceback"));
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for bad in ["", "a.", ".a", "[]", "a[", "a[]b", "a{}b", "a b", "a]", "a.[]"] {
            assert!(bad.parse::<FieldPath>().is_err(), "{bad:?} was read as a path");
        }
    }
}
