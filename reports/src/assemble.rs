//! Makes a [`Run`] of what the oracle found and what the traces tell beside it.

use std::collections::BTreeMap;

use harness::oracle::{self, Judgement, Kind, RuleVerdict, Verdict};
use harness::spec::lacking::Lacking;
use harness::spec::{Rule, Spec, Status};
use harness::trace::ScenarioOutcome;
use serde_json::Value;

use crate::exit_code::exit_code;
use crate::observed::Observed;
use crate::plays::Plays;
use crate::replay::Replay;
use crate::run::{
    Cause, Environment, Evidence, Finding, NotExercised, RuleResult, Run, SCHEMA_VERSION, ScenarioResult, Summary, Tool, Trouble,
};
use crate::sort::worst_first;

/// The traces of a run, as reports are to call them, and their judgement.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedTraces {
    /// As seen from `results.json`, in the order in which they were judged.
    pub files: Vec<String>,
    /// What the oracle says of all together.
    pub judgement: Judgement,
}

/// What a [`Run`] is made of.
#[derive(Debug)]
pub struct Ingredients<'a> {
    /// Who judged.
    pub tool: Tool,
    /// By which spec.
    pub spec: &'a Spec,
    /// The traces with their judgement.
    pub judged: JudgedTraces,
    /// What the traces tell beside them.
    pub observed: &'a Observed,
    /// Where and when it was played.
    pub environment: Environment,
    /// How the kernel was started, to play findings again.
    pub replay: Replay,
    /// What the profile does not give.
    pub lacking: Vec<Lacking>,
    /// Whether warnings fail.
    pub strict: bool,
}

/// Makes the run.
#[must_use]
pub fn assemble(ingredients: Ingredients<'_>) -> Run {
    let Ingredients { tool, spec, judged, observed, environment, replay, mut lacking, strict } = ingredients;
    let mut target = observed.target.clone();
    target.unsupported = unsupported(&judged.judgement, spec, &observed.features);
    let rules = rules(judged.judgement.rules.clone(), spec, &observed.scenarios);
    let idle = |id: &str| rules.iter().any(|rule| rule.id == id && rule.verdict == Verdict::NotExercised);
    lacking.iter_mut().for_each(|one| one.settle(idle));
    let findings = findings(&judged, &observed.plays, environment.seed, &replay);
    let summary = summary(&rules, &findings);
    let mut troubles = observed.troubles.clone();
    if summary.exercised() == 0 && summary.lockups + summary.crashes == 0 && troubles.is_empty() {
        let text = "no rule was exercised, which says nothing about the kernel".to_owned();
        troubles.push(Trouble { what: "nothing_exercised".to_owned(), text });
    }
    let mut run = Run {
        schema_version: SCHEMA_VERSION,
        tool,
        target,
        environment,
        exit_code: 0,
        summary,
        rules,
        findings,
        scenarios: observed.scenarios.clone(),
        troubles,
        baseline: None,
        lacking,
    };
    run.exit_code = exit_code(&run, strict);
    run
}

fn summary(rules: &[RuleResult], findings: &[Finding]) -> Summary {
    let rules = |verdict| rules.iter().filter(|rule| rule.verdict == verdict).count();
    let findings = |kind| findings.iter().filter(|finding| finding.kind == kind).count();
    Summary {
        pass: rules(Verdict::Pass),
        warn: rules(Verdict::Warn),
        fail: rules(Verdict::Fail),
        inconclusive: rules(Verdict::Inconclusive),
        not_exercised: rules(Verdict::NotExercised),
        error: rules(Verdict::Error),
        lockups: findings(Kind::Lockup),
        crashes: findings(Kind::Crash),
        known: 0,
    }
}

/// Optional request types that were sent and never answered, in any trace, but for those of features that the kernel announces.
fn unsupported(judgement: &Judgement, spec: &Spec, features: &[String]) -> Vec<String> {
    let required = |name: &str| spec.messages.get(name).is_some_and(|one| one.status == Status::Required);
    let announced =
        |name: &str| spec.messages.get(name).and_then(|one| one.feature.as_ref()).is_some_and(|feature| features.contains(feature));
    let lacking = judgement.support.iter().filter(|(name, was)| !**was && !required(name) && !announced(name));
    lacking.map(|(name, _)| name.clone()).collect()
}

fn rules(mut verdicts: Vec<RuleVerdict>, spec: &Spec, scenarios: &[ScenarioResult]) -> Vec<RuleResult> {
    verdicts.sort_by(|one, other| one.id.cmp(&other.id));
    let outcomes: BTreeMap<&str, ScenarioOutcome> = scenarios.iter().map(|one| (one.name.as_str(), one.outcome)).collect();
    verdicts.into_iter().map(|verdict| result(verdict, spec, &outcomes)).collect()
}

fn result(verdict: RuleVerdict, spec: &Spec, outcomes: &BTreeMap<&str, ScenarioOutcome>) -> RuleResult {
    let rule = spec.rule(&verdict.id);
    let idle = verdict.verdict == Verdict::NotExercised;
    RuleResult {
        summary: rule.map(|rule| rule.summary.clone()).unwrap_or_default(),
        not_exercised: rule.filter(|_| idle).map(|rule| why_not(rule, spec, outcomes)),
        id: verdict.id,
        name: verdict.name,
        group: verdict.group,
        level: verdict.level,
        verdict: verdict.verdict,
        exercised: verdict.exercised,
        inconclusive: verdict.inconclusive,
        deviations: verdict.deviations,
    }
}

fn why_not(rule: &Rule, spec: &Spec, outcomes: &BTreeMap<&str, ScenarioOutcome>) -> NotExercised {
    if let Some(reason) = &rule.unchecked {
        return NotExercised { cause: Cause::Unchecked, detail: reason.clone() };
    }
    let provoking = spec.scenarios.iter().filter(|scenario| scenario.provokes.contains(&rule.id));
    let provoking: Vec<(String, Option<ScenarioOutcome>)> =
        provoking.map(|scenario| scenario.id()).map(|id| (id.clone(), outcomes.get(id.as_str()).copied())).collect();
    let names = || provoking.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
    let any = |wanted| provoking.iter().any(|(_, outcome)| *outcome == Some(wanted));
    if provoking.is_empty() {
        NotExercised { cause: Cause::NoScenario, detail: "no scenario is for it, and nothing else bore on it".to_owned() }
    } else if any(ScenarioOutcome::Completed) {
        NotExercised { cause: Cause::NothingSeen, detail: format!("nothing in {} bore on it", names()) }
    } else if any(ScenarioOutcome::Skipped) {
        NotExercised { cause: Cause::Skipped, detail: format!("skipped: {}", names()) }
    } else {
        NotExercised { cause: Cause::NotPlayed, detail: format!("not played to its end: {}", names()) }
    }
}

fn findings(judged: &JudgedTraces, plays: &Plays, seed: u64, replay: &Replay) -> Vec<Finding> {
    let mut findings: Vec<Finding> = judged.judgement.findings.iter().map(|found| finding(found, judged, plays, seed, replay)).collect();
    worst_first(&mut findings);
    findings
}

fn finding(found: &oracle::Finding, judged: &JudgedTraces, plays: &Plays, seed: u64, replay: &Replay) -> Finding {
    let scenario = Some(found.scenario.clone()).filter(|scenario| !scenario.is_empty());
    let file = judged.files.get(found.trace).map_or("", String::as_str);
    Finding {
        rule: found.rule.clone(),
        verdict: found.verdict,
        kind: found.kind,
        lockup: found.lockup.clone(),
        place: found.place.clone(),
        title: found.title.clone(),
        again: replay.line(scenario.as_deref()),
        known: None,
        scenario,
        seed,
        trace: format!("{file}:{}", found.lines.first().copied().unwrap_or(1)),
        reproducer: None,
        reliability: plays.reliability(&found.scenario, found.kind, found.lockup.as_deref()),
        count: found.count,
        evidence: Evidence { excerpt: found.excerpt.clone(), lines: found.lines.clone(), details: details(&found.evidence) },
    }
}

fn details(evidence: &Value) -> BTreeMap<String, Value> {
    match evidence {
        Value::Object(members) => members.clone().into_iter().collect(),
        Value::Null => BTreeMap::new(),
        other => BTreeMap::from([("evidence".to_owned(), other.clone())]),
    }
}
