//! What the oracle says in the end.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Compiled;
use super::finding::{Finding, Kind};
use super::verdict::Verdict;
use crate::spec::Level;

/// Verdicts and findings of a run, whether it has one trace or several.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judgement {
    /// One verdict a rule, in the order of the spec.
    pub rules: Vec<RuleVerdict>,
    /// What was found, by rule, and then by trace and line. One cause gives one finding, in however many traces it shows.
    pub findings: Vec<Finding>,
    /// What was seen beside rules that are only recorded; never counts against the kernel.
    pub remarks: Vec<Finding>,
    /// Request types that were sent, and whether any was ever answered. A type that is no required one and never answered is
    /// one that the kernel lacks. `kernel_info_request on control` is kept apart.
    pub support: BTreeMap<String, bool>,
    /// How many kernel processes the traces tell of.
    pub lives: u32,
    /// How many lines were judged.
    pub lines: u64,
}

/// The verdict on one rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleVerdict {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
    /// The group.
    pub group: String,
    /// How binding it is.
    pub level: Level,
    /// The worst of all cases.
    pub verdict: Verdict,
    /// How many cases were decided.
    pub exercised: u64,
    /// How many could not be.
    pub inconclusive: u64,
    /// How many broke the rule, counting each time that it shows.
    pub deviations: u64,
}

impl Judgement {
    /// How many findings are of this kind.
    #[must_use]
    pub fn count(&self, kind: Kind) -> usize {
        self.findings.iter().filter(|finding| finding.kind == kind).count()
    }

    /// How many rules have this verdict.
    #[must_use]
    pub fn rules_with(&self, verdict: Verdict) -> usize {
        self.rules.iter().filter(|rule| rule.verdict == verdict).count()
    }
}

pub(super) fn verdict_of(rule: &Compiled) -> RuleVerdict {
    let tally = &rule.tally;
    let verdict = match tally.worst {
        worst if worst > Verdict::Pass => worst,
        _ if tally.inconclusive > 0 => Verdict::Inconclusive,
        _ if tally.exercised + tally.deviations > 0 => Verdict::Pass,
        _ => Verdict::NotExercised,
    };
    RuleVerdict {
        id: rule.judged.id.clone(),
        name: rule.name.clone(),
        group: rule.group.clone(),
        level: rule.level,
        verdict,
        exercised: tally.exercised,
        inconclusive: tally.inconclusive,
        deviations: tally.deviations,
    }
}

pub(super) fn judgement(
    rules: Vec<RuleVerdict>,
    found: Vec<Finding>,
    support: BTreeMap<String, bool>,
    lives: u32,
    lines: u64,
) -> Judgement {
    let (findings, remarks) = found.into_iter().partition(|finding| finding.verdict > Verdict::Pass);
    Judgement { rules, findings, remarks, support, lives, lines }
}
