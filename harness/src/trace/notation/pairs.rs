//! The words and pairs of an event line.

use std::collections::VecDeque;

use super::message::text_of;
use super::token::Token;
use crate::wire::Json;

/// Words and pairs, to be taken one by one.
#[derive(Default)]
pub(super) struct Pairs {
    pub(super) words: VecDeque<String>,
    pairs: Vec<(String, Json)>,
}

impl Pairs {
    pub(super) fn new(tokens: &[Token]) -> Result<Self, String> {
        let mut all = Self::default();
        for token in tokens {
            match token {
                Token::Word(word) => all.words.push_back(word.clone()),
                Token::Pair(key, value) => all.pairs.push((key.clone(), value.clone())),
                Token::Without(key) => return Err(format!("`-{key}` has no meaning here")),
            }
        }
        Ok(all)
    }

    pub(super) fn word(&mut self, missing: &str) -> Result<String, String> {
        self.words.pop_front().ok_or_else(|| missing.to_owned())
    }

    pub(super) fn take(&mut self, key: &str) -> Option<Json> {
        let at = self.pairs.iter().position(|(name, _)| name == key)?;
        Some(self.pairs.remove(at).1)
    }

    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        self.take(key).and_then(|value| text_of(&value))
    }

    pub(super) fn number<T: std::str::FromStr>(&mut self, key: &str) -> Result<Option<T>, String> {
        let Some(value) = self.take(key) else { return Ok(None) };
        value.to_string().parse().map(Some).map_err(|_| format!("`{key}` must be a number"))
    }

    pub(super) fn flag(&mut self, key: &str) -> Result<Option<bool>, String> {
        match self.take(key) {
            None => Ok(None),
            Some(Json::Bool(value)) => Ok(Some(value)),
            Some(_) => Err(format!("`{key}` must be true or false")),
        }
    }

    pub(super) fn finish(self) -> Result<(), String> {
        let left = self.words.into_iter().chain(self.pairs.into_iter().map(|(key, _)| format!("{key}=…"))).next();
        left.map_or(Ok(()), |left| Err(format!("`{left}` has no meaning here")))
    }
}

/// The value of a name.
pub(super) fn named<T: Copy>(name: &str, names: &[(&str, T)]) -> Result<T, String> {
    let found = names.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    found.ok_or_else(|| format!("unknown `{name}`: known are {}", names.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", ")))
}
