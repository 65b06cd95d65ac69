//! Baselines: read, held against runs, written.

mod sample;

use harness::oracle::{Kind, Verdict};
use harness::spec::{Basis, Level, Rule, RuleVerdict, Scenario, Spec};
use harness::trace::ScenarioOutcome;
use harness::trace::notation::parse;
use reports::baseline::{Baseline, State, write};
use reports::run::ScenarioResult;
use reports::{Observed, Run};

const HEAD: &str = "implementation = \"toy\"\nversion = \"3\"\n";

fn spec() -> Spec {
    let rule = |id: &str| Rule {
        id: id.to_owned(),
        name: String::new(),
        group: String::new(),
        level: Level::Must,
        verdict: RuleVerdict::Fail,
        basis: Basis::Spec,
        since: None,
        source: String::new(),
        open: None,
        summary: String::new(),
        prose: String::new(),
        checks: Vec::new(),
        unchecked: None,
        traces: Vec::new(),
        file: String::new(),
    };
    let scenario = |id: &str| {
        let (group, name) = id.split_once('/').expect("group/name");
        Scenario {
            name: name.to_owned(),
            group: group.to_owned(),
            summary: String::new(),
            provokes: Vec::new(),
            rounds: 1,
            fresh: false,
            wire: None,
            feature: None,
            start: None,
            clients: Vec::new(),
            steps: Vec::new(),
            file: String::new(),
        }
    };
    Spec {
        rules: ["EXEC-01", "EXEC-02", "EXEC-03", "HB-01", "STAT-02", "STAT-09"].map(rule).to_vec(),
        scenarios: ["execution/plain", "execution/stuck", "status/all"].map(scenario).to_vec(),
        ..Spec::default()
    }
}

/// The sample, with the three scenarios of the spec: one played, one given up, one played.
fn run() -> Run {
    let mut run = sample::run();
    run.target.implementation = "toy".to_owned();
    run.target.implementation_version = "3".to_owned();
    run.scenarios[2] = ScenarioResult { name: "status/all".to_owned(), outcome: ScenarioOutcome::Completed, reason: None };
    run
}

fn known(rule: &str, scenario: &str, more: &str) -> String {
    format!("\n[[known]]\nrule = \"{rule}\"\nscenario = \"{scenario}\"\nreason = \"so\"\n{more}")
}

fn read(entries: &[String]) -> Baseline {
    Baseline::read("known.toml", &format!("{HEAD}{}", entries.concat()), &spec()).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn applied(entries: &[String], mut run: Run) -> Run {
    read(entries).apply(&mut run, &spec(), false);
    run
}

fn states(run: &Run) -> Vec<State> {
    run.baseline.as_ref().expect("it was applied").entries.iter().map(|entry| entry.state).collect()
}

#[test]
fn every_mistake_is_told_with_its_line() {
    let text = "implementation = 1\nversio = \"1\"\n\n[[known]]\nrule = \"STAT-2\"\nscenario = \"execution/plian\"\nreason = \"x\"\n\n\
        [[known]]\nrule = \"STAT-02\"\nscenario = \"nothing*\"\nkind = \"lockups\"\nsometime = true\n\n\
        [[known]]\nrule = \"STAT-*\"\nscenario = \"*\"\nkind = \"crash\"\nreason = \"x\"\n";
    let mistakes = Baseline::read("known.toml", text, &spec()).expect_err("much is wrong").to_string();
    insta::assert_snapshot!(mistakes);
    let wild: String = ["*", "?XEC-01", "E*", "STAT-0?"].map(|rule| known(rule, "execution/plain", "")).concat();
    let twice = known("HB-01", "", "").repeat(2);
    let mistakes = Baseline::read("k.toml", &format!("{HEAD}{wild}{twice}"), &spec()).expect_err("too many").to_string();
    assert_eq!(
        mistakes,
        "k.toml:1: 3 entries may have wildcards, and 4 have: lines 4, 9, 14, 19\n\
         k.toml:29: HB-01 outside of scenarios is listed already, on line 24"
    );
    let inline = format!("{HEAD}known = [{{ rule = \"HB-01\", scenario = \"\", reason = \"x\" }}]\n");
    let mistakes = Baseline::read("k.toml", &inline, &spec()).expect_err("not so").to_string();
    assert_eq!(mistakes, "k.toml:3: each known deviation is a table of its own, `[[known]]`");
}

#[test]
fn what_is_known_does_not_fail() {
    let lockup = known("EXEC-01", "execution/plain", "kind = \"lockup\"\n");
    let idle = known("STAT-02", "execution/plain", "");
    assert_eq!(applied(&[], run()).exit_code, 3);
    assert_eq!(applied(std::slice::from_ref(&lockup), run()).exit_code, 1);
    assert_eq!(applied(std::slice::from_ref(&idle), run()).exit_code, 3);
    let all = applied(&[lockup, idle], run());
    assert_eq!((all.exit_code, all.summary.known), (0, 2));
    assert_eq!(states(&all), [State::Showing, State::Showing]);
    // A deviation that is known hides no lockup.
    let other = applied(&[known("EXEC-01", "execution/plain", "")], run());
    assert_eq!((other.exit_code, states(&other)), (3, vec![State::NotExercised]));
}

#[test]
fn an_entry_is_stale_only_where_it_was_seen_to_be_over() {
    let mut played = run();
    played.findings.clear();
    played.rules.iter_mut().filter(|rule| rule.verdict == Verdict::Fail).for_each(|rule| rule.verdict = Verdict::Pass);
    let entries = [
        known("STAT-02", "execution/plain", ""),
        known("STAT-02", "", ""),
        known("STAT-02", "execution/plain", "place = \"x\"\nsometimes = true\n"),
        // Given up, undecided, and not all of its scenarios played.
        known("STAT-02", "execution/stuck", ""),
        known("EXEC-03", "execution/plain", ""),
        known("STAT-02", "execution/*", ""),
        known("STAT-*", "status/*", ""),
    ];
    let judged = applied(&entries, played);
    use State::{Absent, NotExercised, Stale};
    assert_eq!(states(&judged), [Stale, Stale, Absent, NotExercised, NotExercised, NotExercised, Stale]);
    assert_eq!(judged.exit_code, 1);
    // The same rule is broken in a way that could be this one, first seen elsewhere; a place tells them apart.
    let elsewhere = applied(&[known("STAT-02", "status/all", ""), known("STAT-02", "status/all", "place = \"x\"\n")], run());
    assert_eq!(states(&elsewhere), [NotExercised, Stale]);
    // A cause is known in whatever scenario it shows first.
    let cause = applied(&[known("STAT-02", "status/all", "place = \"\"\n")], run());
    assert_eq!(states(&cause), [State::Showing]);
}

#[test]
fn what_is_wrong_with_the_baseline_alone_is_told_so() {
    let mut clean = sample::clean();
    clean.target.implementation = "toy".to_owned();
    let judged = applied(&[known("HB-01", "execution/plain", "")], clean);
    let text = reports::text::render(&judged, &Default::default());
    assert!(text.starts_with("BASELINE IS OUT OF DATE: toy") && text.contains("    line 4: HB-01 in execution/plain\n"), "{text}");
    assert_eq!(judged.exit_code, 1);
}

#[test]
fn a_wildcard_covers_a_few_and_no_lockup() {
    let few = applied(&[known("*", "execution/*", "")], run());
    let entry = &few.baseline.as_ref().expect("it was applied").entries[0];
    assert_eq!(
        (entry.state, entry.covers.as_slice()),
        (State::Showing, &["STAT-02 in execution/plain: no idle for execute_request".to_owned()][..])
    );
    assert_eq!(few.exit_code, 3);
    let mut many = run();
    many.findings.retain(|finding| finding.kind == Kind::Deviation);
    many.findings = [many.findings[0].clone(); 1].iter().cycle().take(6).cloned().collect();
    let many = applied(&[known("*", "execution/*", "")], many);
    assert_eq!((states(&many), many.summary.known, many.exit_code), (vec![State::TooWide], 0, 1));
}

#[test]
fn a_baseline_for_another_kernel_is_not_applied() {
    let mut other = run();
    other.target.implementation = "other".to_owned();
    let judged = applied(&[known("STAT-02", "execution/plain", "")], other);
    let account = judged.baseline.as_ref().expect("it was applied");
    assert_eq!(account.warnings, ["it is for toy, and this is other: none of it was applied"]);
    assert_eq!((judged.summary.known, account.entries[0].state), (0, State::NotExercised));
}

fn whole() -> Run {
    let mut run = run();
    run.scenarios[1].outcome = ScenarioOutcome::Completed;
    run
}

#[test]
fn a_baseline_is_written_and_known_then() {
    let text = write(None, &whole(), &Observed::default(), &spec(), false).expect("the run is whole");
    insta::assert_snapshot!(text);
    let mut judged = whole();
    Baseline::read("known.toml", &text, &spec()).expect("it is right").apply(&mut judged, &spec(), false);
    assert_eq!(judged.exit_code, 0);
    assert_eq!(
        judged.baseline.expect("it was applied").warnings,
        [
            "line 5: EXEC-01 in execution/plain has no reason yet: say why it stays",
            "line 12: STAT-02 in execution/plain has no reason yet: say why it stays"
        ]
    );
}

#[test]
fn what_people_wrote_stays() {
    let entries = [
        known("STAT-02", "execution/plain", "# until 2.0\n"),
        format!("\n# Gone by now.{}", known("HB-01", "status/all", "")),
        known("EXEC-02", "status/all", "sometimes = true\n"),
    ];
    let text = format!("# Ours.\n{}\n# Races:{}", HEAD.replace('3', "2"), entries.concat());
    let earlier = Baseline::read("known.toml", &text, &spec()).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let mut judged = whole();
    earlier.apply(&mut judged, &spec(), false);
    assert_eq!(states(&judged), [State::Showing, State::Stale, State::Absent]);
    insta::assert_snapshot!(write(Some(&earlier), &judged, &Observed::default(), &spec(), false).expect("the run is whole"));
}

#[test]
fn a_run_that_is_not_whole_gives_no_baseline() {
    let mut partial = run();
    partial.scenarios.remove(2);
    partial.scenarios[1].reason = Some("an answer was missed".to_owned());
    let refused = write(None, &partial, &Observed::default(), &spec(), false).expect_err("not whole").to_string();
    insta::assert_snapshot!(refused);
}

#[test]
fn what_was_given_up_for_a_lockup_that_is_told_is_no_obstacle() {
    let trace =
        "! scenario execution/stuck\n> shell execute_request id=1\n! ladder 1 kind=shell_stuck missing=reply\n! scenario_end abandoned";
    let mut observed = Observed::default();
    parse(trace).expect("the text is a trace").iter().for_each(|record| observed.observe(record));
    assert!(write(None, &run(), &observed, &spec(), false).is_ok());
    assert!(write(None, &run(), &Observed::default(), &spec(), false).is_err());
}

#[test]
fn a_baseline_is_told_in_each_format() {
    let entries = [
        known("EXEC-01", "execution/plain", "kind = \"lockup\"\n"),
        known("STAT-02", "execution/plain", "").replace("\"so\"", "\"TODO: say why\""),
        known("HB-01", "status/all", ""),
    ];
    let judged = applied(&entries, run());
    let look = reports::text::Look { width: 80, ..Default::default() };
    insta::assert_snapshot!(reports::text::render(&judged, &look));
    let junit = reports::junit::render(&judged, false).expect("writable");
    let told: Vec<&str> = junit.lines().map(str::trim).filter(|line| line.contains("known") || line.contains("stale")).collect();
    insta::assert_debug_snapshot!(told);
    let schema = serde_json::from_str(reports::json::SCHEMA).expect("the schema is JSON");
    let validator = jsonschema::draft202012::new(&schema).expect("the schema is one");
    let document = serde_json::from_str(&reports::json::render(&judged)).expect("the document is JSON");
    let mistakes: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert_eq!(mistakes, Vec::<String>::new());
}
