//! Holds a baseline against a run. In doubt an entry is not called stale: what one run does not show is no proof.

use harness::oracle::Kind;
use harness::spec::Spec;
use harness::spec::select::glob;
use harness::trace::ScenarioOutcome;

use super::{Account, Baseline, COVERED, Entry, Known, State, about};
use crate::exit_code::exit_code;
use crate::run::{Excuse, Finding, Run};

impl Baseline {
    /// Marks what is known in a run, notes what became of the entries, and gives the run the exit code that this leaves.
    pub fn apply(&self, run: &mut Run, spec: &Spec, strict: bool) {
        let applies = self.is_for(run);
        let entries: Vec<Entry> = self.known.iter().map(|known| entry(known, run, spec, applies)).collect();
        for finding in &mut run.findings {
            let mut fitting: Vec<&Entry> =
                entries.iter().filter(|entry| entry.state == State::Showing && is_of(&entry.known, finding)).collect();
            fitting.sort_by_key(|entry| entry.known.is_wild());
            finding.known = fitting.first().map(|entry| Excuse { line: entry.known.line, reason: entry.known.reason.clone() });
        }
        run.summary.known = run.findings.iter().filter(|finding| finding.known.is_some()).count();
        let warnings = self.warnings(run, applies);
        let (file, implementation, version) = (self.file.clone(), self.implementation.clone(), self.version.clone());
        run.baseline = Some(Account { file, implementation, version, entries, warnings });
        run.exit_code = exit_code(run, strict);
    }

    /// Whether it is for the kernel of the run, as far as that said who it is.
    pub(super) fn is_for(&self, run: &Run) -> bool {
        let actual = &run.target.implementation;
        actual.is_empty() || *actual == self.implementation
    }

    fn warnings(&self, run: &Run, applies: bool) -> Vec<String> {
        let target = &run.target;
        let mut warnings = Vec::new();
        if !applies {
            warnings.push(format!("it is for {}, and this is {}: none of it was applied", self.implementation, target.implementation));
        } else if !target.implementation_version.is_empty() && target.implementation_version != self.version {
            warnings.push(format!("it was written for version {}, and this is {}", self.version, target.implementation_version));
        }
        let silent = self.known.iter().filter(|known| known.lacks_reason());
        warnings.extend(silent.map(|known| format!("line {}: {} has no reason yet: say why it stays", known.line, known.about())));
        warnings
    }
}

fn entry(known: &Known, run: &Run, spec: &Spec, applies: bool) -> Entry {
    let covers: Vec<String> = run.findings.iter().filter(|finding| applies && is_of(known, finding)).map(told).collect();
    let state = if known.is_wild() && covers.len() > COVERED {
        State::TooWide
    } else if !covers.is_empty() {
        State::Showing
    } else if known.sometimes {
        State::Absent
    } else if applies && is_over(known, run, spec) {
        State::Stale
    } else {
        State::NotExercised
    };
    Entry { known: known.clone(), state, covers }
}

/// Whether an entry is about a finding.
fn is_of(known: &Known, finding: &Finding) -> bool {
    let scenario = finding.scenario.as_deref().unwrap_or_default();
    let fits = |wanted: &Option<String>, actual: &str| wanted.as_ref().is_none_or(|wanted| wanted == actual);
    let in_scenario = if known.is_wild() { glob(&known.scenario, scenario) } else { known.scenario == scenario };
    let by_cause = known.place.is_some() && known.kind == Kind::Deviation && !known.is_wild();
    is_of_rule(known, &finding.rule)
        && known.kind == finding.kind
        && (in_scenario || by_cause)
        && fits(&known.place, &finding.place)
        && fits(&known.title, &finding.title)
}

fn is_of_rule(known: &Known, rule: &str) -> bool {
    if known.is_wild() { glob(&known.rule, rule) } else { known.rule == rule }
}

/// Whether what is known is seen to be over: all its scenarios were played to their end, its rules exercised with nothing left
/// undecided, and none of its rules was broken in a way that could be this one, first seen in another scenario.
fn is_over(known: &Known, run: &Run, spec: &Spec) -> bool {
    let completed = |id: &str| run.scenarios.iter().any(|one| one.name == id && one.outcome == ScenarioOutcome::Completed);
    let played = if known.scenario.is_empty() {
        run.scenarios.iter().any(|one| one.outcome == ScenarioOutcome::Completed)
    } else {
        let mut meant = spec.scenarios.iter().map(|one| one.id()).filter(|id| glob(&known.scenario, id));
        meant.all(|id| completed(&id))
    };
    let mut rules = run.rules.iter().filter(|rule| is_of_rule(known, &rule.id)).peekable();
    let decided = rules.peek().is_some() && rules.all(|rule| rule.exercised > 0 && rule.inconclusive == 0);
    let could_be_it = |finding: &&Finding| {
        let elsewhere = known.place.as_ref().is_some_and(|place| *place != finding.place) && known.kind == finding.kind;
        is_of_rule(known, &finding.rule) && !elsewhere
    };
    played && decided && !run.findings.iter().any(|finding| could_be_it(&finding))
}

fn told(finding: &Finding) -> String {
    format!("{}: {}", about(&finding.rule, finding.scenario.as_deref().unwrap_or_default()), finding.title)
}
