//! The spec: message types, rules, scenarios and profiles, loaded from the files below `specs/`.
//!
//! A loaded [`Spec`] is right: whatever one file says of another has been held against it. What is not right gives every
//! mistake of every file at once, each with its line and the nearest known name. The parameters of checks are the one thing
//! that is left to the layer above, which owns the checks; it reads them with the same [`reader`].

pub mod coverage;
pub mod document;
mod embedded;
mod error;
mod field_path;
mod files;
pub mod lacking;
mod load;
mod message;
mod named;
pub mod nearest;
mod profile;
pub mod reader;
mod relate;
mod rule;
mod scenario;
pub mod schema;
pub mod select;
mod version;

use std::collections::BTreeMap;
use std::path::Path;

pub use error::{SpecError, SpecErrors};
pub use field_path::{BadFieldPath, FieldPath, Segment};
pub use message::{BadPattern, Command, Condition, Direction, Field, FieldProblem, MessageType, Pattern, Required, Role, Status, Type};
pub use named::Named;
pub use profile::{Profile, Snippet, SnippetKind};
pub use rule::{Basis, CheckDecl, Level, Rule, RuleTrace, RuleVerdict, TraceVerdict};
pub use scenario::{
    Action, Await, Connect, Format, Interrupt, MessageReference, Payload, Scenario, Send, Settle, Sign, SnippetReference, Source, Start,
    Step, Tcp, Then, Wait,
};
pub use version::{BadVersion, Version};

/// Everything that is declared.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Spec {
    /// The message types by name.
    pub messages: BTreeMap<String, MessageType>,
    /// The rules by id.
    pub rules: Vec<Rule>,
    /// The scenarios by group and name.
    pub scenarios: Vec<Scenario>,
    /// The profiles by name.
    pub profiles: Vec<Profile>,
    /// The kinds of snippets by name.
    pub vocabulary: BTreeMap<String, SnippetKind>,
}

impl Spec {
    /// The spec that was built in.
    ///
    /// # Panics
    ///
    /// If it has a mistake, which a test of this crate rules out.
    #[must_use]
    pub fn embedded() -> Self {
        match load::load(&embedded::files()) {
            Ok(spec) => spec,
            Err(errors) => panic!("the embedded spec is right, and yet: {errors}"),
        }
    }

    /// Loads a spec from a directory that holds `messages`, `rules`, `scenarios` and `profiles`, or some of them.
    ///
    /// # Errors
    ///
    /// Every mistake in its files, or that they can't be read.
    pub fn load(dir: &Path) -> Result<Self, SpecErrors> {
        load::load(&files::read_dir(dir)?)
    }

    /// The same without what nobody needs who plays and judges: why each rule matters, and the traces that prove it.
    #[must_use]
    pub fn without_prose(mut self) -> Self {
        for rule in &mut self.rules {
            (rule.prose, rule.traces) = (String::new(), Vec::new());
        }
        self
    }

    /// The same without the checks, which nobody needs once oracles were made of them.
    #[must_use]
    pub fn without_checks(mut self) -> Self {
        self.rules.iter_mut().for_each(|rule| rule.checks = Vec::new());
        self
    }

    /// The rule of an id or a name.
    #[must_use]
    pub fn rule(&self, id_or_name: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id_or_name || rule.name == id_or_name)
    }

    /// The scenario of an id, `group/name`.
    #[must_use]
    pub fn scenario(&self, id: &str) -> Option<&Scenario> {
        self.scenarios.iter().find(|scenario| scenario.id() == id)
    }

    /// The profile of a name.
    #[must_use]
    pub fn profile(&self, name: &str) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.name == name)
    }

    /// The profile for a kernel by what its `kernel_info_reply` says of `language_info.name` and `implementation`.
    ///
    /// Case does not count. One that names the implementation goes before one for the language.
    #[must_use]
    pub fn profile_for(&self, language: &str, implementation: &str) -> Option<&Profile> {
        let fitting = self.profiles.iter().filter_map(|profile| Some((profile.fit(language, implementation)?, profile)));
        fitting.rev().max_by_key(|(fit, _)| *fit).map(|(_, profile)| profile)
    }
}
