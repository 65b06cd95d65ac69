//! Findings: what was seen against what a rule wants, once for each cause.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::repeats::{Cause, Proviso};
use super::verdict::Verdict;
use crate::spec::Named;

/// What a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A rule was broken.
    Deviation,
    /// Something owed never came, and the probes told why.
    Lockup,
    /// The process ended unasked.
    Crash,
}

impl Named for Kind {
    const WHAT: &'static str = "kind";
    const ALL: &'static [Self] = &[Self::Deviation, Self::Lockup, Self::Crash];

    fn name(self) -> &'static str {
        match self {
            Self::Deviation => "deviation",
            Self::Lockup => "lockup",
            Self::Crash => "crash",
        }
    }
}

/// A broken rule, with the place where it shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Id of the rule.
    pub rule: String,
    /// [`Verdict::Warn`] or [`Verdict::Fail`]; [`Verdict::Pass`] for a mere remark.
    pub verdict: Verdict,
    /// What it is.
    pub kind: Kind,
    /// The kind of lockup, as `shell_stuck`; only of lockups.
    pub lockup: Option<String>,
    /// What was seen against what is wanted, in one sentence.
    pub title: String,
    /// `group/name` of the scenario in which it shows first; empty outside scenarios.
    pub scenario: String,
    /// Its place in the protocol's state: findings of one rule, kind and place have one cause.
    pub place: String,
    /// The number of the trace in which it shows first, of those that are judged together; from 0.
    pub trace: usize,
    /// The life of the kernel in which it shows first.
    pub life: u32,
    /// Lines of that trace, the first being where it shows.
    pub lines: Vec<u64>,
    /// The request and its messages in the notation, at most twelve lines.
    pub excerpt: Vec<String>,
    /// How often it shows.
    pub count: u64,
    /// What is known beside it: the state of a process, how it ended.
    pub evidence: serde_json::Value,
}

/// Findings by cause.
#[derive(Debug, Default)]
pub(super) struct Findings {
    by_cause: BTreeMap<Place, Finding>,
    /// Those that nobody was told of yet, in the order in which they were found.
    news: Vec<Place>,
    /// Causes that are told of at their plainest.
    told: BTreeSet<Cause>,
    /// What counts only where its proviso holds, by rule, proviso and place.
    waiting: BTreeMap<(usize, Proviso, String), Finding>,
}

/// The rule's number, the kind, and the place.
type Place = (usize, Kind, String);

impl Findings {
    /// Counts a finding of this cause; makes it if it is the first.
    pub(super) fn add(&mut self, rule: usize, kind: Kind, place: &str, make: impl FnOnce() -> Finding) {
        match self.by_cause.entry((rule, kind, place.to_owned())) {
            Entry::Occupied(known) => known.into_mut().count += 1,
            Entry::Vacant(new) => {
                self.news.push(new.key().clone());
                new.insert(make());
            }
        }
    }

    /// Takes in a finding; the worst of one cause is kept.
    pub(super) fn put(&mut self, rule: usize, finding: Finding) {
        match self.by_cause.entry((rule, finding.kind, finding.place.clone())) {
            Entry::Occupied(known) => merge(known.into_mut(), finding),
            Entry::Vacant(new) => {
                self.news.push(new.key().clone());
                new.insert(finding);
            }
        }
    }

    /// Takes in those of another trace of the run, once their traces are numbered anew.
    pub(super) fn join(&mut self, other: Self, renumbered: impl Fn(Finding) -> Finding) {
        for ((rule, ..), finding) in other.by_cause {
            self.put(rule, renumbered(finding));
        }
        for ((rule, proviso, _), finding) in other.waiting {
            self.wait(rule, proviso, renumbered(finding));
        }
        self.told.extend(other.told);
    }

    /// Those that were found since the last call.
    pub(super) fn news(&mut self) -> Vec<&Finding> {
        let news = std::mem::take(&mut self.news);
        news.iter().filter_map(|cause| self.by_cause.get(cause)).collect()
    }

    /// Notes that a finding tells of this cause at its plainest.
    pub(super) fn tell(&mut self, cause: Cause) {
        self.told.insert(cause);
    }

    /// Whether one does.
    pub(super) fn is_told(&self, cause: &Cause) -> bool {
        self.told.contains(cause)
    }

    /// Keeps a finding until it is known whether its proviso holds.
    pub(super) fn wait(&mut self, rule: usize, proviso: Proviso, finding: Finding) {
        match self.waiting.entry((rule, proviso, finding.place.clone())) {
            Entry::Occupied(known) => merge(known.into_mut(), finding),
            Entry::Vacant(new) => drop(new.insert(finding)),
        }
    }

    /// Those that were kept.
    pub(super) fn take_waiting(&mut self) -> impl Iterator<Item = (usize, Proviso, Finding)> + use<> {
        std::mem::take(&mut self.waiting).into_iter().map(|((rule, proviso, _), finding)| (rule, proviso, finding))
    }

    /// All of them: by rule, then by trace and line.
    pub(super) fn into_sorted(self) -> Vec<Finding> {
        let mut all: Vec<(usize, Finding)> = self.by_cause.into_iter().map(|((rule, ..), finding)| (rule, finding)).collect();
        all.sort_by_key(|(rule, finding)| (*rule, finding.trace, finding.lines.first().copied()));
        all.into_iter().map(|(_, finding)| finding).collect()
    }
}

/// Counts another finding of the same cause; the worst is kept, and of equals the first.
fn merge(known: &mut Finding, other: Finding) {
    let count = known.count + other.count;
    if other.verdict > known.verdict {
        *known = other;
    }
    known.count = count;
}
