//! Reads a rule file.

use super::markdown::{Parts, split};
use super::{CheckDecl, Rule, RuleTrace, RuleVerdict, TraceVerdict};
use crate::spec::SpecError;
use crate::spec::document::{Table, Value};
use crate::spec::reader::{Item, Mistakes, Reader};

/// A rule file after the front matter was parsed, so that all ids are known before any rule is read in full.
pub(crate) struct RuleFile {
    pub(crate) group: String,
    pub(crate) name: String,
    pub(crate) file: String,
    pub(crate) table: Table,
    prose: String,
    traces: Vec<RuleTrace>,
}

impl RuleFile {
    /// Takes the file apart.
    pub(crate) fn parse(group: &str, name: &str, file: &str, text: &str, mistakes: &mut Vec<SpecError>) -> Option<Self> {
        let found = Mistakes::new(file);
        let parts = split(text, &found);
        mistakes.extend(found.into_vec());
        let Parts { front, prose, traces } = parts?;
        Some(Self {
            group: group.to_owned(),
            name: name.to_owned(),
            file: file.to_owned(),
            table: Table::parse(file, &front, 2, mistakes)?,
            prose,
            traces,
        })
    }

    /// The id, if it has one at all.
    pub(crate) fn id(&self) -> Option<&str> {
        match &self.table.get("id")?.value {
            Value::String(id) => Some(id),
            _ => None,
        }
    }
}

/// Reads the rule.
pub(crate) fn read(source: RuleFile, mistakes: &Mistakes) -> Option<Rule> {
    let reader = Reader::new(&source.table, 1, mistakes);
    let id = reader.required("id").and_then(read_id);
    let level = reader.required("level").and_then(Item::named);
    let verdict = reader.required("verdict").and_then(read_verdict(&source));
    let basis = reader.required("basis").and_then(Item::named);
    let since = reader.optional("since").and_then(Item::parsed);
    let written = reader.required("source").and_then(Item::sentence);
    let open = reader.optional("open").and_then(read_open);
    let summary = reader.required("summary").and_then(Item::sentence);
    let checks = reader.optional("check").map(|item| read_checks(item, &source.file));
    let unchecked = reader.optional("unchecked").map(read_unchecked);
    match (&checks, &unchecked) {
        (None, None) => reader.mistake("a rule has a [check.KIND] table, or says in [unchecked] why it has none"),
        (Some(_), Some(_)) => reader.mistake("a rule with a check is not unchecked"),
        _ => (),
    }
    if checks.is_some() {
        check_traces(&source, &reader);
    } else if let Some(trace) = source.traces.first() {
        mistakes.add(trace.line, None, "this trace proves nothing: the rule has no check", None);
    }
    reader.finish();
    Some(Rule {
        id: id?,
        name: source.name,
        group: source.group,
        level: level?,
        verdict: verdict?,
        basis: basis?,
        since,
        source: written?,
        open,
        summary: summary?,
        prose: source.prose,
        checks: checks.unwrap_or_default(),
        unchecked: unchecked.flatten(),
        traces: source.traces,
        file: source.file,
    })
}

fn check_traces(source: &RuleFile, reader: &Reader<'_>) {
    for expect in [TraceVerdict::Pass, TraceVerdict::Fail] {
        if !source.traces.iter().any(|trace| trace.expect == expect) {
            reader.mistake(format!("a checked rule has at least one trace that must {expect}"));
        }
    }
}

fn read_id(item: Item<'_>) -> Option<String> {
    let id = item.clone().str()?;
    let (group, number) = id.split_once('-').unwrap_or((id, ""));
    let is_good = !group.is_empty()
        && group.bytes().all(|byte| byte.is_ascii_uppercase())
        && number.len() >= 2
        && number.bytes().all(|byte| byte.is_ascii_digit());
    if !is_good {
        item.mistake(format!("`{id}` is no rule id, as `STAT-02`"));
        return None;
    }
    Some(id.to_owned())
}

/// Where the protocol's text is open, no kernel can be failed for one reading of it.
fn read_verdict(source: &RuleFile) -> impl Fn(Item<'_>) -> Option<RuleVerdict> + '_ {
    |item| {
        let verdict = item.clone().named()?;
        if verdict == RuleVerdict::Fail && source.table.get("open").is_some() {
            item.mistake("a rule about an open matter gives a warning at most");
        }
        Some(verdict)
    }
}

/// The number of an ambiguity.
pub(crate) fn read_open(item: Item<'_>) -> Option<String> {
    let number = item.clone().str()?;
    let digits = number.strip_prefix('A').unwrap_or("");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        item.mistake(format!("`{number}` is no number of an open matter, as `A17`"));
        return None;
    }
    Some(number.to_owned())
}

fn read_checks(item: Item<'_>, file: &str) -> Vec<CheckDecl> {
    let Some(entries) = item.clone().entries() else {
        return Vec::new();
    };
    if entries.is_empty() {
        item.mistake("`check` names no check");
    }
    let mut checks = Vec::new();
    for (kind, item) in entries {
        // A pattern that is needed twice is an array of tables.
        let tables = match item.node().value {
            Value::Array(_) => item.items().unwrap_or_default(),
            _ => vec![item],
        };
        checks.extend(tables.into_iter().filter_map(|item| {
            Some(CheckDecl { kind: kind.to_owned(), line: item.line, params: item.table()?.clone(), file: file.to_owned() })
        }));
    }
    checks
}

fn read_unchecked(item: Item<'_>) -> Option<String> {
    let reader = item.reader()?;
    let reason = reader.required("reason").and_then(Item::sentence);
    reader.finish();
    reason
}
