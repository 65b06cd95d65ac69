//! Rules: what a conforming kernel does, why, how it is checked, and the traces that prove the check.

mod check_decl;
mod markdown;
mod read;

pub use check_decl::CheckDecl;

use super::Version;
use super::named::names;
pub(super) use read::{RuleFile, read, read_open};

names! {
    /// How binding a rule is.
    Level, "level", {
        /// The text demands it.
        Must = "must",
        /// The text recommends it.
        Should = "should",
        /// The text permits it.
        May = "may",
        /// Clients rely on it; no text says so.
        DeFacto = "de-facto",
    }
}

names! {
    /// What a broken rule gives at most.
    RuleVerdict, "verdict", {
        /// A failure.
        Fail = "fail",
        /// A warning.
        Warn = "warn",
        /// Shown, never a finding.
        Record = "record",
    }
}

names! {
    /// What a rule rests on.
    Basis, "basis", {
        /// The protocol's text.
        Spec = "spec",
        /// An accepted enhancement proposal.
        Jep = "jep",
        /// What kernels and clients do.
        DeFacto = "de-facto",
    }
}

names! {
    /// What a rule's trace has to give.
    TraceVerdict, "trace kind", {
        /// No finding.
        Pass = "pass",
        /// A finding.
        Fail = "fail",
    }
}

/// A rule, from `specs/rules/GROUP/NAME.md`.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// The stable id, as `STAT-02`.
    pub id: String,
    /// The name: that of the file, without its ending.
    pub name: String,
    /// The group: the folder.
    pub group: String,
    /// How binding it is.
    pub level: Level,
    /// What it gives at most where it is broken.
    pub verdict: RuleVerdict,
    /// What it rests on.
    pub basis: Basis,
    /// First version of the protocol that has it.
    pub since: Option<Version>,
    /// Where it is written.
    pub source: String,
    /// Number of the ambiguity of the protocol that concerns it, as `A17`.
    pub open: Option<String>,
    /// What a conforming kernel does, in a sentence.
    pub summary: String,
    /// Markdown: why it matters, how to provoke and observe it. Without the traces.
    pub prose: String,
    /// What has to hold, all of it; empty if the rule is not checked.
    pub checks: Vec<CheckDecl>,
    /// Why it is not checked.
    pub unchecked: Option<String>,
    /// The traces that prove the checks: of a checked rule at least one of each kind.
    pub traces: Vec<RuleTrace>,
    /// The file, as the loader found it.
    pub file: String,
}

/// A trace in a rule file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleTrace {
    /// What it has to give.
    pub expect: TraceVerdict,
    /// What the title of the finding must contain.
    pub title_contains: Option<String>,
    /// The trace in its one-line notation.
    pub text: String,
    /// The line of the file where the text begins, from 1.
    pub line: usize,
}
