//! Reads a baseline and holds it against the spec. Every mistake is told at once, with its line and the nearest known name.

use harness::oracle::Kind;
use harness::spec::document::Table;
use harness::spec::reader::{Item, Mistakes, Reader};
use harness::spec::select::{glob, has_wildcards};
use harness::spec::{Scenario, Spec, SpecErrors};

use super::{Baseline, Known, WILDCARDS};

impl Baseline {
    /// Reads the text of a file.
    ///
    /// # Errors
    ///
    /// Every mistake in it.
    pub fn read(file: &str, text: &str, spec: &Spec) -> Result<Self, SpecErrors> {
        let mut found = Vec::new();
        let baseline = Table::parse(file, text, 1, &mut found).and_then(|table| {
            let mistakes = Mistakes::new(file);
            let baseline = File { file, text, spec }.read(&table, &mistakes);
            found.extend(mistakes.into_vec());
            baseline
        });
        SpecErrors::none_of(found)?;
        Ok(baseline.expect("a file without a mistake gives a baseline"))
    }
}

struct File<'a> {
    file: &'a str,
    text: &'a str,
    spec: &'a Spec,
}

impl File<'_> {
    fn read(&self, table: &Table, mistakes: &Mistakes) -> Option<Baseline> {
        let reader = Reader::new(table, 1, mistakes);
        let implementation = reader.required("implementation").and_then(Item::string);
        let version = reader.required("version").and_then(Item::string);
        let items = reader.optional("known").and_then(Item::items).unwrap_or_default();
        let mut known: Vec<Known> = Vec::new();
        for item in items {
            let Some(entry) = self.entry(&item) else { continue };
            if let Some(first) = known.iter().find(|first| is_same(first, &entry)) {
                item.mistake(format!("{} is listed already, on line {}", entry.about(), first.line));
            }
            known.push(entry);
        }
        let wild: Vec<String> = known.iter().filter(|entry| entry.is_wild()).map(|entry| entry.line.to_string()).collect();
        if wild.len() > WILDCARDS {
            reader.mistake(format!("{WILDCARDS} entries may have wildcards, and {} have: lines {}", wild.len(), wild.join(", ")));
        }
        reader.finish();
        let version_line = table.entry("version").map_or(1, |entry| entry.line);
        let (file, text) = (self.file.to_owned(), self.text.to_owned());
        Some(Baseline { file, implementation: implementation?, version: version?, known, text, version_line })
    }

    fn entry(&self, item: &Item<'_>) -> Option<Known> {
        let header = self.text.lines().nth(item.line - 1).unwrap_or_default();
        if !header.trim_start().starts_with("[[") {
            item.mistake("each known deviation is a table of its own, `[[known]]`");
            return None;
        }
        let reader = item.clone().reader()?;
        let rule = reader.required("rule").and_then(|rule| self.rule(rule));
        let scenario = reader.required("scenario").and_then(|scenario| self.scenario(scenario));
        let kind = reader.optional("kind").map_or(Some(Kind::Deviation), Item::named);
        let place = reader.optional("place").map(Item::string);
        let title = reader.optional("title").map(Item::string);
        let reason = reader.required("reason").and_then(Item::string);
        let sometimes = reader.optional("sometimes").map_or(Some(false), Item::bool);
        reader.finish();
        let entry = Known {
            line: item.line,
            rule: rule?,
            scenario: scenario?,
            kind: kind?,
            place: place.flatten(),
            title: title.flatten(),
            reason: reason?,
            sometimes: sometimes?,
        };
        if entry.is_wild() && entry.kind != Kind::Deviation {
            item.mistake("a lockup or crash is known by its exact rule and scenario only, never by wildcards");
        }
        Some(entry)
    }

    fn rule(&self, item: Item<'_>) -> Option<String> {
        let ids = || self.spec.rules.iter().map(|rule| rule.id.as_str());
        named(item, "rule", ids().map(str::to_owned).collect())
    }

    /// Nothing at all stands for what shows outside of scenarios.
    fn scenario(&self, item: Item<'_>) -> Option<String> {
        if item.clone().str()?.is_empty() {
            return Some(String::new());
        }
        named(item, "scenario", self.spec.scenarios.iter().map(Scenario::id).collect())
    }
}

/// One of the names, or a pattern that some of them match.
fn named(item: Item<'_>, what: &str, names: Vec<String>) -> Option<String> {
    let text = item.clone().string()?;
    let is_known = if has_wildcards(&text) { names.iter().any(|name| glob(&text, name)) } else { names.contains(&text) };
    if !is_known {
        item.unknown(what, &text, names.iter().map(String::as_str));
    }
    is_known.then_some(text)
}

fn is_same(one: &Known, other: &Known) -> bool {
    let key = |known: &Known| (known.rule.clone(), known.scenario.clone(), known.kind, known.place.clone(), known.title.clone());
    key(one) == key(other)
}
