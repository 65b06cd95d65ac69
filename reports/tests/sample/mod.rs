//! A run with something of everything.

use std::collections::BTreeMap;

use harness::oracle::{Kind, Verdict};
use harness::spec::Level;
use harness::trace::ScenarioOutcome;
use reports::run::{
    Cause, Environment, Evidence, Finding, NotExercised, RuleResult, Run, SCHEMA_VERSION, ScenarioResult, Summary, Target, Tool,
};
use serde_json::json;

pub(crate) fn run() -> Run {
    let rules = rules();
    let count = |verdict| rules.iter().filter(|rule| rule.verdict == verdict).count();
    let summary = Summary {
        pass: count(Verdict::Pass),
        warn: count(Verdict::Warn),
        fail: count(Verdict::Fail),
        inconclusive: count(Verdict::Inconclusive),
        not_exercised: count(Verdict::NotExercised),
        error: 0,
        lockups: 1,
        crashes: 0,
        known: 0,
    };
    Run {
        schema_version: SCHEMA_VERSION,
        tool: Tool { name: "kernelcheck".to_owned(), version: "0.1.0".to_owned(), spec: "built-in".to_owned() },
        target: target(),
        environment: environment(),
        exit_code: 3,
        summary,
        rules,
        findings: findings(),
        scenarios: scenarios(),
        troubles: Vec::new(),
        baseline: None,
        lacking: Vec::new(),
    }
}

/// A run with no finding.
pub(crate) fn clean() -> Run {
    let mut run = run();
    run.rules.retain(|rule| rule.verdict == Verdict::Pass);
    run.findings.clear();
    run.summary = Summary { pass: run.rules.len(), ..Summary::default() };
    run.exit_code = 0;
    run.target.unsupported.clear();
    run
}

fn target() -> Target {
    Target {
        command: vec!["python3".to_owned(), "-m".to_owned(), "toy".to_owned(), "{connection_file}".to_owned()],
        kernelspec: Some("toy".to_owned()),
        implementation: "toy".to_owned(),
        implementation_version: "1.2\u{1b}[31m".to_owned(),
        language: "calc".to_owned(),
        language_version: "3".to_owned(),
        protocol_version: "5.4".to_owned(),
        profile: Some("calc".to_owned()),
        transport: "tcp".to_owned(),
        wire: "zmq".to_owned(),
        interrupt_mode: "signal".to_owned(),
        unsupported: vec!["connect_request".to_owned(), "usage_request".to_owned()],
    }
}

fn environment() -> Environment {
    Environment {
        os: "linux x86_64".to_owned(),
        cpus: 2,
        started: "2026-01-01T00:00:00Z".to_owned(),
        seconds: 6.25,
        seed: 7,
        timings: None,
    }
}

fn rules() -> Vec<RuleResult> {
    let why = |cause, detail: &str| Some(NotExercised { cause, detail: detail.to_owned() });
    let mut rules = vec![
        rule("EXEC-01", "execute-answered", "execution", Verdict::Fail),
        rule("EXEC-02", "counter-rises", "execution", Verdict::Pass),
        rule("EXEC-03", "payload-known", "execution", Verdict::Inconclusive),
        rule("HB-01", "echo", "heartbeat", Verdict::Pass),
        rule("STAT-02", "idle-follows-busy", "status", Verdict::Fail),
        rule("STAT-09", "no-idle-chatter", "status", Verdict::Warn),
        rule("SUB-01", "subshell-created", "subshell", Verdict::NotExercised),
        rule("SUB-02", "subshell-deleted", "subshell", Verdict::NotExercised),
        rule("XPUB-01", "welcome-first", "xpub", Verdict::NotExercised),
    ];
    rules[5].level = Level::Should;
    rules[6].not_exercised = why(Cause::Skipped, "skipped: subshell/created");
    rules[7].not_exercised = why(Cause::Unchecked, "not yet checked");
    rules[8].not_exercised = why(Cause::NoScenario, "no scenario is for it, and nothing else bore on it");
    rules
}

fn rule(id: &str, name: &str, group: &str, verdict: Verdict) -> RuleResult {
    RuleResult {
        id: id.to_owned(),
        name: name.to_owned(),
        group: group.to_owned(),
        level: Level::Must,
        summary: format!("What {name} asks of a kernel, in one plain sentence that is long enough to be broken."),
        verdict,
        exercised: u64::from(!matches!(verdict, Verdict::NotExercised | Verdict::Inconclusive)) * 4,
        inconclusive: u64::from(verdict == Verdict::Inconclusive),
        deviations: u64::from(matches!(verdict, Verdict::Warn | Verdict::Fail)),
        not_exercised: None,
    }
}

fn findings() -> Vec<Finding> {
    let mut lockup = finding("EXEC-01", Verdict::Fail, "execute_request got no reply", "trace.jsonl:120");
    lockup.kind = Kind::Lockup;
    lockup.lockup = Some("shell_stuck".to_owned());
    lockup.reliability = Some("3/3".to_owned());
    lockup.evidence.details = BTreeMap::from([
        ("process".to_owned(), json!({"state": "sleeping", "cpu_ms": 0})),
        ("stderr".to_owned(), json!("Traceback\u{7}: deadlock")),
    ]);
    let mut idle = finding("STAT-02", Verdict::Fail, "no idle for execute_request", "trace.jsonl:44");
    idle.count = 4;
    let mut chatter = finding("STAT-09", Verdict::Warn, "status without a request", "trace-2.jsonl:9");
    chatter.scenario = None;
    chatter.again = "kernelcheck run toy --seed 7".to_owned();
    vec![lockup, idle, chatter]
}

fn finding(rule: &str, verdict: Verdict, title: &str, trace: &str) -> Finding {
    let long = format!("> shell execute_request id=1 code=\"{}\"", "x = 1; ".repeat(20));
    Finding {
        rule: rule.to_owned(),
        verdict,
        kind: Kind::Deviation,
        lockup: None,
        place: String::new(),
        title: title.to_owned(),
        scenario: Some("execution/plain".to_owned()),
        seed: 7,
        trace: trace.to_owned(),
        reproducer: None,
        reliability: None,
        count: 1,
        again: "kernelcheck run toy --seed 7 --out kernelcheck-again --select execution/plain".to_owned(),
        known: None,
        evidence: Evidence {
            excerpt: vec![
                long,
                "< iopub status parent=1 execution_state=busy".to_owned(),
                "! settled 1 missing=reply,idle why=deadline".to_owned(),
            ],
            lines: vec![44],
            details: BTreeMap::new(),
        },
    }
}

fn scenarios() -> Vec<ScenarioResult> {
    let result =
        |name: &str, outcome, reason: Option<&str>| ScenarioResult { name: name.to_owned(), outcome, reason: reason.map(str::to_owned) };
    vec![
        result("execution/plain", ScenarioOutcome::Completed, None),
        result("execution/stuck", ScenarioOutcome::Abandoned, Some("a deadline was missed")),
        result("subshell/created", ScenarioOutcome::Skipped, Some("the kernel does not announce `kernel subshells`")),
    ]
}
