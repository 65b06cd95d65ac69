//! A run as data: the input of every renderer, and, field by field, `results.json`.
//!
//! `schema/results.schema.json` publishes the shape. New fields may come within a schema version; none changes or goes.

use std::collections::BTreeMap;

use harness::oracle::{Kind, Verdict};
use harness::spec::Level;
use harness::spec::lacking::Lacking;
use harness::trace::ScenarioOutcome;
use serde::Serialize;

use crate::baseline::Account;
use crate::timings::RunTimings;

/// The version of the shape of `results.json`.
pub const SCHEMA_VERSION: u32 = 1;

/// What one run, or the judging of its traces, came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Run {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Who judged.
    pub tool: Tool,
    /// What was judged.
    pub target: Target,
    /// Where and when it was played.
    pub environment: Environment,
    /// The exit code of the command.
    pub exit_code: u8,
    /// Counts of rules by verdict, and of findings of the grave kinds.
    pub summary: Summary,
    /// One result a rule that was to be judged, by id.
    pub rules: Vec<RuleResult>,
    /// One entry a cause, the worst first.
    pub findings: Vec<Finding>,
    /// What was played, in order.
    pub scenarios: Vec<ScenarioResult>,
    /// Troubles that are not the kernel's: with one of them there is no verdict.
    pub troubles: Vec<Trouble>,
    /// What the baseline says, where one was given.
    pub baseline: Option<Account>,
    /// What the profile does not give, and what stays unexercised for it; empty where no profile is known.
    pub lacking: Vec<Lacking>,
}

/// Who judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tool {
    /// `kernelcheck`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Which spec: `built-in`, or the directory that replaced it.
    pub spec: String,
}

/// What was judged. Texts that are not known are empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Target {
    /// Program and arguments, with `{connection_file}`; empty for a kernel that was running already.
    pub command: Vec<String>,
    /// Name of the kernelspec, if one was used.
    pub kernelspec: Option<String>,
    /// `implementation`, as the kernel says.
    pub implementation: String,
    /// `implementation_version`, as the kernel says.
    pub implementation_version: String,
    /// `language_info.name`, as the kernel says.
    pub language: String,
    /// `language_info.version`, as the kernel says.
    pub language_version: String,
    /// `protocol_version`, as the kernel says.
    pub protocol_version: String,
    /// The profile whose snippets were sent; `None` if the language has none, or the trace does not tell.
    pub profile: Option<String>,
    /// `tcp` or `ipc`.
    pub transport: String,
    /// Whose ZeroMQ was spoken with it: `zmq` or `zmtp`.
    pub wire: String,
    /// `signal` or `message`.
    pub interrupt_mode: String,
    /// Optional message types that it never answered, by name.
    pub unsupported: Vec<String>,
}

/// Where and when it was played.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Environment {
    /// Operating system and architecture, as `linux x86_64`.
    pub os: String,
    /// Processors that could be used.
    pub cpus: u32,
    /// RFC 3339.
    pub started: String,
    /// Seconds of wall time.
    pub seconds: f64,
    /// Seed of all random choices.
    pub seed: u64,
    /// Where the time went; `None` where only traces are judged.
    pub timings: Option<RunTimings>,
}

/// Counts of rules by verdict, and of findings of the grave kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Summary {
    /// Rules that were exercised and kept.
    pub pass: usize,
    /// Rules broken where the protocol advises or is unclear.
    pub warn: usize,
    /// Rules broken.
    pub fail: usize,
    /// Rules with only cases that could not be decided.
    pub inconclusive: usize,
    /// Rules on which nothing bore.
    pub not_exercised: usize,
    /// Rules that could not be judged, by our own fault.
    pub error: usize,
    /// Findings of kind lockup.
    pub lockups: usize,
    /// Findings of kind crash.
    pub crashes: usize,
    /// Findings that the baseline knows.
    pub known: usize,
}

impl Summary {
    /// Rules that something bore on.
    #[must_use]
    pub fn exercised(&self) -> usize {
        self.pass + self.warn + self.fail
    }

    /// All rules that were to be judged.
    #[must_use]
    pub fn all(&self) -> usize {
        self.exercised() + self.inconclusive + self.not_exercised + self.error
    }
}

/// The result of one rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleResult {
    /// As `STAT-02`.
    pub id: String,
    /// As `idle-follows-busy`.
    pub name: String,
    /// As `status`.
    pub group: String,
    /// How binding it is.
    pub level: Level,
    /// What a conforming kernel does, in a sentence.
    pub summary: String,
    /// The worst of all cases.
    pub verdict: Verdict,
    /// Cases that were decided.
    pub exercised: u64,
    /// Cases that could not be.
    pub inconclusive: u64,
    /// Cases that broke it.
    pub deviations: u64,
    /// Why nothing bore on it; only of rules that were not exercised.
    pub not_exercised: Option<NotExercised>,
}

/// Why nothing bore on a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotExercised {
    /// The cause, one of a few.
    pub cause: Cause,
    /// The same for this rule, for people.
    pub detail: String,
}

/// Why nothing bore on a rule, the commonest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// This version has no check for it.
    Unchecked,
    /// No scenario is for it, and nothing in the others bore on it.
    NoScenario,
    /// Its scenarios were skipped: the profile or the kernel lacks what they need.
    Skipped,
    /// Its scenarios were not played, or not to their end.
    NotPlayed,
    /// Its scenarios were played, and the kernel did nothing that the rule is about.
    NothingSeen,
}

/// Something that a rule is broken by, once for each cause.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Id of the rule.
    pub rule: String,
    /// `warn` or `fail`.
    pub verdict: Verdict,
    /// What it is.
    pub kind: Kind,
    /// The kind of lockup, as `shell_stuck`; only of lockups.
    pub lockup: Option<String>,
    /// Its place in the protocol's state: findings of one rule, kind and place have one cause.
    pub place: String,
    /// What was seen against what is wanted, in a sentence.
    pub title: String,
    /// `group/name` of the scenario in which it shows first; `None` outside of scenarios.
    pub scenario: Option<String>,
    /// Seed of the run.
    pub seed: u64,
    /// `file:line`, where it shows first. The file is named as seen from `results.json`.
    pub trace: String,
    /// File that replays it by itself; `None` where it stands only in the trace.
    pub reproducer: Option<String>,
    /// `k/n`: it showed in k of n plays on a fresh kernel; `None` where it was seen by the way and not tried again.
    pub reliability: Option<String>,
    /// How often it shows in the traces.
    pub count: u64,
    /// The command line that plays its scenario again.
    pub again: String,
    /// What the baseline says of it, if that knows it.
    pub known: Option<Excuse>,
    /// What was seen.
    pub evidence: Evidence,
}

/// Why a known finding does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Excuse {
    /// Line of its entry in the baseline.
    pub line: usize,
    /// The reason that stands there.
    pub reason: String,
}

/// What was seen of a finding.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evidence {
    /// The messages, in the trace notation.
    pub excerpt: Vec<String>,
    /// Lines of the trace, the first being where it shows.
    pub lines: Vec<u64>,
    /// What is known beside the messages, as the state of a process; empty if nothing is.
    pub details: BTreeMap<String, serde_json::Value>,
}

/// What became of a scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScenarioResult {
    /// `group/name`.
    pub name: String,
    /// How it ended.
    pub outcome: ScenarioOutcome,
    /// Why, where it did not complete.
    pub reason: Option<String>,
}

/// A trouble that is not the kernel's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// A stable name of the matter, as `start_failed`.
    pub what: String,
    /// A sentence for people.
    pub text: String,
}
