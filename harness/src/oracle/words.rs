//! Values in the sentences of findings, and what is kept of values that are only compared.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::wire::Json;

/// A value in a few words.
#[must_use]
pub(crate) fn brief(value: Option<&Json>) -> String {
    match value {
        None => "absent".to_owned(),
        Some(value) => value.shortened(60),
    }
}

/// Cuts a text after so many characters.
#[must_use]
pub(crate) fn shorten(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Where two texts part, with a little of both.
#[must_use]
pub(crate) fn difference(found: &str, wanted: &str) -> String {
    let same = found.chars().zip(wanted.chars()).take_while(|(left, right)| left == right).count();
    let rest = |text: &str| shorten(&text.chars().skip(same.saturating_sub(10)).collect::<String>(), 40);
    let (found, wanted) = (Json::String(rest(found).into()), Json::String(rest(wanted).into()));
    format!("at character {same} it has {found} where {wanted} was wanted")
}

/// A number that stands for the bytes: of a million different ones, no two have the same but once in forty million runs.
#[must_use]
pub(crate) fn digest(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}
