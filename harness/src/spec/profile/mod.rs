//! Profiles: what the spec needs said in a kernel's language.

mod read;
mod vocabulary;

use std::collections::BTreeMap;
use std::path::Path;

use super::document::Table;
use super::reader::Mistakes;
use super::{SpecError, SpecErrors};
pub(super) use read::read;
pub(super) use vocabulary::read as read_vocabulary;

/// A kind of snippet that a profile may give, from `specs/profiles/vocabulary.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnippetKind {
    /// Its name.
    pub name: String,
    /// What the code must do.
    pub summary: String,
    /// The facts that must stand beside the code.
    pub facts: Vec<String>,
    /// The facts that may.
    pub optional_facts: Vec<String>,
}

/// A profile, from `specs/profiles/NAME.toml`.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// The name: that of the file, without its ending.
    pub name: String,
    /// Whom it is for, in a sentence.
    pub summary: String,
    /// Values of `language_info.name` that it is for.
    pub language: Vec<String>,
    /// Values of `implementation` that it is for; empty for every kernel of the language.
    pub implementation: Vec<String>,
    /// The snippets by the names of the vocabulary.
    pub snippets: BTreeMap<String, Snippet>,
}

/// Code in a kernel's language, and what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Snippet {
    /// The code, or for some kinds an expression. `{seconds}`, `{count}` and `{text}` stand for values that a plan gives.
    pub code: String,
    /// What it does, by the names of the vocabulary: a few facts of each of hundreds of snippets, so no map.
    pub facts: Vec<(String, serde_json::Value)>,
}

impl Snippet {
    /// What is known of it by this name.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<&serde_json::Value> {
        self.facts.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

impl SnippetKind {
    /// The facts that a snippet of this kind may have, those that it must have first.
    pub fn all_facts(&self) -> impl Iterator<Item = &str> {
        self.facts.iter().chain(&self.optional_facts).map(String::as_str)
    }
}

impl Profile {
    /// Loads a profile that is not part of a spec.
    ///
    /// # Errors
    ///
    /// Every mistake in the file, or that it can't be read.
    pub fn load_file(path: &Path, vocabulary: &BTreeMap<String, SnippetKind>) -> Result<Self, SpecErrors> {
        let file = path.display().to_string();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let text = std::fs::read_to_string(path)
            .map_err(|error| SpecErrors(vec![SpecError::whole_file(&file, format!("cannot be read: {error}"))]))?;
        let mut found = Vec::new();
        let profile = Table::parse(&file, &text, 1, &mut found).and_then(|table| {
            let mistakes = Mistakes::new(&file);
            let profile = read(&name, &table, vocabulary, &mistakes);
            found.extend(mistakes.into_vec());
            profile
        });
        SpecErrors::none_of(found)?;
        Ok(profile.expect("a file without a mistake gives a profile"))
    }

    /// The kinds of snippets that it does not give, by name.
    #[must_use]
    pub fn missing<'v>(&self, vocabulary: &'v BTreeMap<String, SnippetKind>) -> Vec<&'v str> {
        let names = vocabulary.keys().map(String::as_str);
        names.filter(|name| !self.snippets.contains_key(*name)).collect()
    }

    /// How well it fits a kernel: `None` not at all, more where it names the implementation. Case does not count.
    pub(super) fn fit(&self, language: &str, implementation: &str) -> Option<u8> {
        let names = |list: &[String], name: &str| list.iter().any(|one| one.to_lowercase() == name.to_lowercase());
        if names(&self.implementation, implementation) {
            return Some(1);
        }
        (self.implementation.is_empty() && names(&self.language, language)).then_some(0)
    }
}
