//! Baselines: a file of the deviations of a kernel that are known, each with the reason why it stays.
//!
//! | file | what it does |
//! |---|---|
//! | [`read`] | reads a file, and tells every mistake at once |
//! | [`apply`] | holds it against a run: what is known, and which entries are stale |
//! | [`write`](mod@write) | makes a file of a run, with what people wrote into an earlier one |
//!
//! A finding names the scenario in which it shows first, and one cause gives one finding. So an entry that gives the place of
//! the cause knows it in whatever scenario it shows; one without a place knows what shows first in its scenario.

mod apply;
mod read;
mod write;

use harness::oracle::Kind;
use harness::spec::select::has_wildcards;
use serde::Serialize;

pub use write::{NotWhole, write};

/// How many entries of a file may have wildcards.
pub const WILDCARDS: usize = 3;
/// How many findings an entry with wildcards may cover.
pub const COVERED: usize = 5;
/// How a reason begins that nobody has given yet.
pub const TODO: &str = "TODO";

/// A baseline, as read from its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    /// The file, as it was named.
    pub file: String,
    /// The kernel that it is for, as `implementation` of its `kernel_info_reply`.
    pub implementation: String,
    /// The version for which it was written.
    pub version: String,
    /// What is known, in the order of the file.
    pub known: Vec<Known>,
    /// The file's text, so that it can be written anew with all that people put into it.
    text: String,
    version_line: usize,
}

/// One known deviation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Known {
    /// Line of its `[[known]]`.
    pub line: usize,
    /// Id of the rule; may have wildcards.
    pub rule: String,
    /// `group/name` of the scenario, empty for what shows outside of all; may have wildcards.
    pub scenario: String,
    /// What the finding is.
    pub kind: Kind,
    /// Place of its cause in the protocol's state, where only that is known.
    pub place: Option<String>,
    /// What was seen, where only that is known.
    pub title: Option<String>,
    /// Why it stays.
    pub reason: String,
    /// Whether it need not show each time.
    pub sometimes: bool,
}

/// What a run says of a baseline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Account {
    /// The file.
    pub file: String,
    /// The kernel that it is for.
    pub implementation: String,
    /// The version for which it was written.
    pub version: String,
    /// Its entries, in the order of the file.
    pub entries: Vec<Entry>,
    /// What else its readers should know: reasons that are missing, a kernel that it is not for.
    pub warnings: Vec<String>,
}

/// An entry of a baseline, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// As it stands in the file.
    #[serde(flatten)]
    pub known: Known,
    /// What became of it.
    pub state: State,
    /// What it covers, as `STAT-02 in status/info: no idle`.
    pub covers: Vec<String>,
}

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It shows, as it is known to.
    Showing,
    /// Its scenario was played, its rule exercised, and kept.
    Stale,
    /// It covers more than an entry with wildcards may; what it covers is not known by it.
    TooWide,
    /// It did not show, and need not each time.
    Absent,
    /// Nothing in this run says whether it still shows.
    NotExercised,
}

impl Known {
    /// Whether it is about more than one rule or scenario.
    #[must_use]
    pub fn is_wild(&self) -> bool {
        has_wildcards(&self.rule) || has_wildcards(&self.scenario)
    }

    /// Whether the reason is still to be given.
    #[must_use]
    pub fn lacks_reason(&self) -> bool {
        self.reason.trim().is_empty() || self.reason.trim_start().starts_with(TODO)
    }

    /// What it is about, as `STAT-02 in status/info`.
    #[must_use]
    pub fn about(&self) -> String {
        about(&self.rule, &self.scenario)
    }
}

impl Account {
    /// The entries in a state.
    pub fn entries_in(&self, state: State) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.state == state)
    }

    /// Whether something is wrong with the file itself, so that the run fails.
    #[must_use]
    pub fn fails(&self) -> bool {
        self.entries.iter().any(|entry| matches!(entry.state, State::Stale | State::TooWide))
    }
}

fn about(rule: &str, scenario: &str) -> String {
    if scenario.is_empty() { format!("{rule} outside of scenarios") } else { format!("{rule} in {scenario}") }
}
