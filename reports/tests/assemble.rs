//! A judgement becomes a run.

use std::collections::BTreeMap;

use harness::oracle::{Finding, Judgement, Kind, RuleVerdict, Verdict};
use harness::spec::{Basis, Level, Rule, RuleVerdict as Severity, Spec};
use reports::run::{Cause, Environment, Run, Tool};
use reports::{Ingredients, JudgedTraces, Observed, Replay, assemble};
use serde_json::{Value, json};

fn rule(id: &str, unchecked: Option<&str>) -> Rule {
    Rule {
        id: id.to_owned(),
        name: "name".to_owned(),
        group: "group".to_owned(),
        level: Level::Must,
        verdict: Severity::Fail,
        basis: Basis::Spec,
        since: None,
        source: "here".to_owned(),
        open: None,
        summary: "It does.".to_owned(),
        prose: String::new(),
        checks: Vec::new(),
        unchecked: unchecked.map(str::to_owned),
        traces: Vec::new(),
        file: "x.md".to_owned(),
    }
}

fn verdict(id: &str, verdict: Verdict, exercised: u64) -> RuleVerdict {
    let (name, group, level) = ("name".to_owned(), "group".to_owned(), Level::Must);
    RuleVerdict { id: id.to_owned(), name, group, level, verdict, exercised, inconclusive: 0, deviations: 0 }
}

fn finding(rule: &str, kind: Kind, place: &str, evidence: Value) -> Finding {
    Finding {
        rule: rule.to_owned(),
        verdict: Verdict::Fail,
        kind,
        lockup: None,
        title: "seen".to_owned(),
        scenario: "group/scenario".to_owned(),
        place: place.to_owned(),
        trace: 0,
        life: 1,
        lines: vec![3, 4],
        excerpt: Vec::new(),
        count: 2,
        evidence,
    }
}

fn judged(rules: Vec<RuleVerdict>, findings: Vec<Finding>) -> JudgedTraces {
    let support = BTreeMap::from([("history_request".to_owned(), true)]);
    let judgement = Judgement { rules, findings, remarks: Vec::new(), support, lives: 1, lines: 9 };
    JudgedTraces { files: vec!["a".to_owned(), "b".to_owned()], judgement }
}

fn run(judged: JudgedTraces, strict: bool) -> Run {
    let spec = Spec { rules: vec![rule("A-01", None), rule("A-02", None), rule("A-03", Some("it needs root"))], ..Spec::default() };
    assemble(Ingredients {
        tool: Tool { name: "kernelcheck".to_owned(), version: "0".to_owned(), spec: "built-in".to_owned() },
        spec: &spec,
        judged,
        observed: &Observed::default(),
        environment: Environment { seed: 5, ..Environment::default() },
        replay: Replay { arguments: vec!["kernelcheck".to_owned(), "run".to_owned()], command: Vec::new() },
        lacking: Vec::new(),
        strict,
    })
}

#[test]
fn findings_name_the_trace_in_which_they_show() {
    let rules =
        vec![verdict("A-02", Verdict::Inconclusive, 1), verdict("A-01", Verdict::Fail, 5), verdict("A-03", Verdict::NotExercised, 0)];
    let deviation = finding("A-01", Kind::Deviation, "p", Value::Null);
    let crash = Finding { trace: 1, ..finding("A-02", Kind::Crash, "q", json!({"signal": "SIGSEGV"})) };
    let run = run(judged(rules, vec![deviation, crash]), false);
    let rules: Vec<_> = run.rules.iter().map(|rule| (rule.id.as_str(), rule.verdict, rule.exercised)).collect();
    assert_eq!(rules, [("A-01", Verdict::Fail, 5), ("A-02", Verdict::Inconclusive, 1), ("A-03", Verdict::NotExercised, 0)]);
    assert_eq!(run.rules[2].not_exercised.as_ref().map(|why| (why.cause, why.detail.as_str())), Some((Cause::Unchecked, "it needs root")));
    let findings: Vec<_> =
        run.findings.iter().map(|one| (one.rule.as_str(), one.trace.as_str(), one.count, one.reliability.as_deref())).collect();
    assert_eq!(findings, [("A-02", "b:3", 2, None), ("A-01", "a:3", 2, None)]);
    assert_eq!(run.findings[0].evidence.details, BTreeMap::from([("signal".to_owned(), json!("SIGSEGV"))]));
    assert_eq!(run.findings[0].again, "kernelcheck run --select group/scenario");
    assert_eq!((run.exit_code, run.target.unsupported.len()), (3, 0));
}

#[test]
fn the_exit_code_is_that_of_the_worst() {
    let code = |verdicts: &[Verdict], strict| {
        let rules = verdicts.iter().map(|&one| verdict("A-01", one, u64::from(one != Verdict::NotExercised))).collect();
        run(judged(rules, Vec::new()), strict).exit_code
    };
    assert_eq!(code(&[Verdict::Pass], false), 0);
    assert_eq!((code(&[Verdict::Warn], false), code(&[Verdict::Warn], true)), (0, 1));
    assert_eq!(code(&[Verdict::Fail], false), 1);
    assert_eq!(code(&[Verdict::Error], false), 4);
    // Nothing exercised is never green.
    assert_eq!((code(&[Verdict::NotExercised], false), code(&[], false)), (4, 4));
}
