//! Loads a spec: takes the files apart, reads each with what the others are called, and relates them.

use std::collections::{BTreeMap, BTreeSet};

use super::document::Table;
use super::files::{Files, Kind};
use super::message::{self, MessageType};
use super::profile::{self, Profile, SnippetKind};
use super::reader::Mistakes;
use super::rule::{self, Rule, RuleFile};
use super::scenario::{self, Known, Scenario};
use super::{Spec, SpecError, SpecErrors, relate};

/// Loads what is right, or says all that is not.
pub(super) fn load(files: &Files) -> Result<Spec, SpecErrors> {
    let mut mistakes = Vec::new();
    let mut sources = Sources::take_apart(files, &mut mistakes);
    let vocabulary = sources.vocabulary(&mut mistakes);
    let messages = sources.messages(&mut mistakes);
    relate::rules(&sources.rules, &mut mistakes);
    let rule_ids = sources.rules.iter().filter_map(RuleFile::id).map(str::to_owned).collect();
    let rules = sources.take_rules(&mut mistakes);
    let known = Known { types: &sources.types, messages: &messages, vocabulary: &vocabulary, rule_ids: &rule_ids };
    let scenarios = sources.scenarios(&known, &mut mistakes);
    let profiles = sources.profiles(&vocabulary, &mut mistakes);
    relate::pairs(&messages, &sources.messages, &mut mistakes);
    relate::profiles(&profiles, &sources.profiles, &mut mistakes);
    SpecErrors::none_of(mistakes)?;
    Ok(Spec { messages, rules, scenarios, profiles, vocabulary })
}

/// A TOML file that has been parsed.
pub(super) struct Document {
    pub(super) name: String,
    pub(super) file: String,
    pub(super) table: Table,
}

/// The files by kind, parsed as far as their syntax allows; but scenarios, of which there are most, only when it is their turn.
#[derive(Default)]
struct Sources<'a> {
    /// Names of all message types, those with mistakes too.
    types: BTreeSet<String>,
    vocabulary: Vec<Document>,
    messages: Vec<Document>,
    rules: Vec<RuleFile>,
    scenarios: Vec<Scene<'a>>,
    profiles: Vec<Document>,
}

/// The file of a scenario.
struct Scene<'a> {
    group: &'a str,
    name: &'a str,
    file: String,
    text: &'a str,
}

impl<'a> Sources<'a> {
    fn take_apart(files: &'a Files, mistakes: &mut Vec<SpecError>) -> Self {
        let mut sources = Self::default();
        for (file, kind, text) in files.sorted_out(mistakes) {
            let (list, name) = match kind {
                Kind::Rule(group, name) => {
                    sources.rules.extend(RuleFile::parse(group, name, &file, text, mistakes));
                    continue;
                }
                Kind::Message(name) => {
                    sources.types.insert(name.to_owned());
                    (&mut sources.messages, name)
                }
                Kind::Scenario(group, name) => {
                    sources.scenarios.push(Scene { group, name, file, text });
                    continue;
                }
                Kind::Vocabulary => (&mut sources.vocabulary, "vocabulary"),
                Kind::Profile(name) => (&mut sources.profiles, name),
                Kind::Other => continue,
            };
            if let Some(table) = Table::parse(&file, text, 1, mistakes) {
                list.push(Document { name: name.to_owned(), file, table });
            }
        }
        sources
    }

    fn vocabulary(&self, mistakes: &mut Vec<SpecError>) -> BTreeMap<String, SnippetKind> {
        let read = |document: &Document, found: &Mistakes| profile::read_vocabulary(&document.table, found);
        self.vocabulary.iter().flat_map(|document| document.read(mistakes, read)).collect()
    }

    fn messages(&self, mistakes: &mut Vec<SpecError>) -> BTreeMap<String, MessageType> {
        let read = |document: &Document, found: &Mistakes| message::read(&document.name, &document.table, &self.types, found);
        let types = self.messages.iter().filter_map(|document| document.read(mistakes, read));
        types.map(|one| (one.name.clone(), one)).collect()
    }

    /// Reads the rules, of which their files are no longer needed then.
    fn take_rules(&mut self, mistakes: &mut Vec<SpecError>) -> Vec<Rule> {
        let mut rules = Vec::new();
        for source in std::mem::take(&mut self.rules) {
            let found = Mistakes::new(&source.file);
            rules.extend(rule::read(source, &found));
            mistakes.extend(found.into_vec());
        }
        rules.sort_by(|left, right| left.id.cmp(&right.id));
        rules
    }

    fn scenarios(&self, known: &Known<'_>, mistakes: &mut Vec<SpecError>) -> Vec<Scenario> {
        let read = |scene: &Scene<'_>| {
            let Scene { group, name, file, text } = scene;
            let table = Table::parse(file, text, 1, mistakes)?;
            let found = Mistakes::new(file);
            let scenario = scenario::read(group, name, file, &table, known, &found);
            mistakes.extend(found.into_vec());
            scenario
        };
        self.scenarios.iter().filter_map(read).collect()
    }

    fn profiles(&self, vocabulary: &BTreeMap<String, SnippetKind>, mistakes: &mut Vec<SpecError>) -> Vec<Profile> {
        let read = |document: &Document, found: &Mistakes| profile::read(&document.name, &document.table, vocabulary, found);
        self.profiles.iter().filter_map(|document| document.read(mistakes, read)).collect()
    }
}

impl Document {
    fn read<T>(&self, mistakes: &mut Vec<SpecError>, read: impl Fn(&Self, &Mistakes) -> T) -> T {
        let found = Mistakes::new(&self.file);
        let value = read(self, &found);
        mistakes.extend(found.into_vec());
        value
    }

    /// The line of a key of the outermost table.
    pub(super) fn line_of(&self, key: &str) -> usize {
        self.table.entry(key).map_or(1, |entry| entry.line)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::{Files, Spec, load};
    use crate::spec::files::SpecFile;

    /// The spec of these files, which have no mistake.
    pub(in crate::spec) fn spec_of(files: &[(&str, &str)]) -> Spec {
        let file = |(path, text): &(&str, &str)| SpecFile { path: (*path).to_owned(), bytes: text.as_bytes().to_vec() };
        match load(&Files::new("specs", files.iter().map(file).collect())) {
            Ok(spec) => spec,
            Err(errors) => panic!("the files of this test are right, and yet: {errors}"),
        }
    }

    const PROFILE: &str = "summary = 'x'\n[snippets]\n[match]\n";

    #[test]
    fn the_profile_that_names_the_implementation_goes_first() {
        let spec = spec_of(&[
            ("profiles/a.toml", &format!("{PROFILE}language = ['python', 'python3']")),
            ("profiles/b.toml", &format!("{PROFILE}implementation = ['xeus-python']")),
            ("profiles/c.toml", &format!("{PROFILE}language = ['R']")),
        ]);
        let chosen = |language, implementation| {
            let profile = spec.profile_for(language, implementation);
            profile.map(|profile| profile.name.as_str())
        };
        assert_eq!(chosen("python", "ipykernel"), Some("a"));
        assert_eq!(chosen("Python3", ""), Some("a"));
        assert_eq!(chosen("python", "Xeus-Python"), Some("b"));
        assert_eq!(chosen("r", "ark"), Some("c"));
        assert_eq!(chosen("julia", "ijulia"), None);
    }
}
