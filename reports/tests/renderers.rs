//! The renderers, on a run with something of everything.

mod sample;

use quick_junit::{NonSuccessKind, Report, TestCaseStatus};
use reports::run::Trouble;
use reports::text::Look;
use reports::{Run, json, junit, text};
use serde_json::Value;

fn narrow() -> Look {
    Look { width: 80, traces_in: "out/".to_owned(), ..Look::default() }
}

fn troubled() -> Run {
    let mut run = sample::clean();
    run.exit_code = 4;
    run.troubles = vec![Trouble { what: "run_ended".to_owned(), text: "the kernel ended before it answered: exit code 1".to_owned() }];
    run
}

#[test]
fn the_text_is_for_a_maintainer() {
    insta::assert_snapshot!(text::render(&sample::run(), &narrow()));
}

#[test]
fn the_verbose_text_lists_what_is_otherwise_counted() {
    let verbose = text::render(&sample::run(), &Look { verbose: true, ..narrow() });
    let listed: String = verbose.lines().skip_while(|line| !line.starts_with("Not exercised")).map(|line| format!("{line}\n")).collect();
    insta::assert_snapshot!(listed);
}

#[test]
fn a_clean_run_is_short() {
    insta::assert_snapshot!(text::render(&sample::clean(), &narrow()));
}

#[test]
fn a_run_without_a_verdict_says_why() {
    let text = text::render(&troubled(), &narrow());
    let first: Vec<&str> = text.lines().filter(|line| line.starts_with("NO VERDICT") || line.starts_with("- ")).collect();
    assert_eq!(first, ["NO VERDICT: toy 1.2\\u{1b}[31m, calc 3, protocol 5.4", "- the kernel ended before it answered: exit code 1"]);
}

#[test]
fn only_command_lines_are_wider_than_the_terminal() {
    for width in [40, 80, 120] {
        let text = text::render(&sample::run(), &Look { width, verbose: true, ..narrow() });
        let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > width && !line.starts_with("  Again: ")).collect();
        // A table needs the room that it needs.
        assert!(wide.iter().all(|line| width == 40 && !line.starts_with(' ')), "{width}: {wide:#?}");
    }
}

#[test]
fn colour_changes_nothing_but_the_colour() {
    let coloured = text::render(&sample::run(), &Look { colour: true, ..narrow() });
    let mut plain = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after.split_once('m').expect("a colour ends").1;
    }
    assert_eq!(plain + rest, text::render(&sample::run(), &narrow()));
}

#[test]
fn results_are_as_their_schema_says() {
    let schema: Value = serde_json::from_str(json::SCHEMA).expect("the schema is JSON");
    let validator = jsonschema::draft202012::new(&schema).expect("the schema is one");
    for run in [sample::run(), sample::clean(), troubled()] {
        let document: Value = serde_json::from_str(&json::render(&run)).expect("the document is JSON");
        let mistakes: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert_eq!(mistakes, Vec::<String>::new());
    }
    let mut wrong: Value = serde_json::from_str(&json::render(&sample::run())).expect("the document is JSON");
    wrong["findings"][0]["verdict"] = "warn".into();
    assert!(!validator.is_valid(&wrong), "a lockup is always a failure");
}

#[test]
fn results_are_readable() {
    let mut run = sample::run();
    run.rules.truncate(1);
    run.findings.truncate(1);
    insta::assert_snapshot!(json::render(&run));
}

/// Suite, case and outcome of every rule.
fn outcomes(document: &str) -> Vec<(String, String, &'static str)> {
    let report = Report::deserialize_from_str(document).expect("the document is JUnit XML");
    let mut outcomes = Vec::new();
    for suite in &report.test_suites {
        for case in &suite.test_cases {
            let outcome = match case.status {
                TestCaseStatus::Success { .. } => "success",
                TestCaseStatus::NonSuccess { kind: NonSuccessKind::Failure, .. } => "failure",
                TestCaseStatus::NonSuccess { kind: NonSuccessKind::Error, .. } => "error",
                TestCaseStatus::Skipped { .. } => "skipped",
            };
            outcomes.push((suite.name.to_string(), case.name.to_string(), outcome));
        }
    }
    outcomes
}

#[test]
fn junit_has_a_suite_a_group_and_a_case_a_rule() {
    let document = junit::render(&sample::run(), false).expect("writable");
    let outcomes = outcomes(&document);
    let outcomes: Vec<(&str, &str, &str)> =
        outcomes.iter().map(|(suite, case, outcome)| (suite.as_str(), case.as_str(), *outcome)).collect();
    assert_eq!(
        outcomes,
        [
            ("execution", "EXEC-01 execute-answered", "failure"),
            ("execution", "EXEC-02 counter-rises", "success"),
            ("execution", "EXEC-03 payload-known", "skipped"),
            ("heartbeat", "HB-01 echo", "success"),
            ("status", "STAT-02 idle-follows-busy", "failure"),
            ("status", "STAT-09 no-idle-chatter", "success"),
            ("subshell", "SUB-01 subshell-created", "skipped"),
            ("subshell", "SUB-02 subshell-deleted", "skipped"),
            ("xpub", "XPUB-01 welcome-first", "skipped"),
        ]
    );
    assert!(document.contains("<system-out>warning: status without a request"), "{document}");
}

#[test]
fn junit_fails_a_warning_where_it_is_to() {
    let outcomes = outcomes(&junit::render(&sample::run(), true).expect("writable"));
    assert_eq!(outcomes[5].2, "failure");
}

#[test]
fn junit_tells_our_own_trouble_as_an_error() {
    let outcomes = outcomes(&junit::render(&troubled(), false).expect("writable"));
    assert_eq!(outcomes.last(), Some(&("kernelcheck".to_owned(), "run_ended".to_owned(), "error")));
}
