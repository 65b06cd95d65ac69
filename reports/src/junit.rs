//! JUnit XML: a group is a suite, a rule a test case.
//!
//! A broken rule is a failure; a warning passes and says so in its output, unless warnings are to fail. What nothing bore on is
//! skipped, with the reason; so is a rule that is broken only in ways that the baseline knows. What is wrong with the baseline itself
//! fails in a suite of its own. Troubles that are not the kernel's are errors of a suite of their own, named `kernelcheck`.

use std::collections::BTreeMap;
use std::time::Duration;

use harness::oracle::Verdict;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::baseline::{Account, Entry, State};
use crate::exit_code::fails;
use crate::run::{Finding, RuleResult, Run, Trouble};

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
#[error("cannot write JUnit XML: {0}")]
pub struct JunitError(#[from] quick_junit::SerializeError);

/// The run as a document.
///
/// # Errors
///
/// If the XML can't be written.
pub fn render(run: &Run, strict: bool) -> Result<String, JunitError> {
    let mut report = Report::new("kernelcheck");
    report.set_time(Duration::try_from_secs_f64(run.environment.seconds).unwrap_or_default());
    let mut groups: BTreeMap<&str, Vec<&RuleResult>> = BTreeMap::new();
    for rule in &run.rules {
        groups.entry(&rule.group).or_default().push(rule);
    }
    for (group, rules) in groups {
        let mut suite = TestSuite::new(group);
        suite.add_test_cases(rules.into_iter().map(|rule| case(rule, run, strict)));
        report.add_test_suite(suite);
    }
    if let Some(account) = run.baseline.as_ref().filter(|account| account.fails()) {
        let mut suite = TestSuite::new("baseline");
        suite.add_test_cases(account.entries.iter().filter_map(|entry| outdated(account, entry)));
        report.add_test_suite(suite);
    }
    if !run.troubles.is_empty() {
        let mut suite = TestSuite::new("kernelcheck");
        suite.add_test_cases(run.troubles.iter().map(error));
        report.add_test_suite(suite);
    }
    Ok(report.to_string()?)
}

fn case(rule: &RuleResult, run: &Run, strict: bool) -> TestCase {
    let findings: Vec<&Finding> = run.findings.iter().filter(|finding| finding.rule == rule.id).collect();
    let first = findings.iter().find(|finding| finding.known.is_none()).or(findings.first());
    let title = first.map_or("", |finding| finding.title.as_str());
    let fails = fails(run, &rule.id, rule.verdict, strict);
    let known = findings.iter().find_map(|finding| finding.known.as_ref());
    let status = match (rule.verdict, known) {
        (Verdict::Pass, _) => TestCaseStatus::success(),
        (Verdict::Warn | Verdict::Fail, Some(known)) if !fails => skipped(&format!("known deviation: {}", known.reason)),
        (Verdict::Warn, None) if !fails => TestCaseStatus::success(),
        (Verdict::Warn | Verdict::Fail, _) => non_success(NonSuccessKind::Failure, rule, title, &findings),
        (Verdict::Error, _) => non_success(NonSuccessKind::Error, rule, "the rule could not be judged", &findings),
        (Verdict::Inconclusive, _) => skipped("inconclusive: not all cases could be decided"),
        (Verdict::NotExercised, _) => skipped(rule.not_exercised.as_ref().map_or("not exercised", |why| why.detail.as_str())),
    };
    let mut case = TestCase::new(format!("{} {}", rule.id, rule.name), status);
    case.set_classname(rule.group.as_str());
    if rule.verdict == Verdict::Warn && !fails {
        case.set_system_out(format!("warning: {}", findings.iter().map(|finding| told(finding)).collect::<String>()));
    }
    case
}

/// An entry of the baseline that fails.
fn outdated(account: &Account, entry: &Entry) -> Option<TestCase> {
    let what = match entry.state {
        State::Stale => "stale: its rule is kept now; delete the entry".to_owned(),
        State::TooWide => format!("too wide: it covers {}", entry.covers.join("; ")),
        State::Showing | State::Absent | State::NotExercised => return None,
    };
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(format!("{}:{}: {what}", account.file, entry.known.line));
    let mut case = TestCase::new(entry.known.about(), status);
    case.set_classname("baseline");
    Some(case)
}

fn non_success(kind: NonSuccessKind, rule: &RuleResult, title: &str, findings: &[&Finding]) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(title).set_type(rule.level.to_string());
    let told: String = findings.iter().map(|finding| told(finding)).collect();
    status.set_description(format!("{}\n\n{told}", rule.summary));
    status
}

fn skipped(why: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(why);
    status
}

fn told(finding: &Finding) -> String {
    let excerpt: String = finding.evidence.excerpt.iter().map(|line| format!("  {line}\n")).collect();
    let reliability = finding.reliability.as_ref().map(|k_of_n| format!("reliability: {k_of_n}\n")).unwrap_or_default();
    let known = finding.known.as_ref().map(|known| format!("known: {}\n", known.reason)).unwrap_or_default();
    format!("{}\n{known}{excerpt}where: {}\nagain: {}\n{reliability}\n", finding.title, finding.trace, finding.again)
}

fn error(trouble: &Trouble) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(trouble.text.as_str()).set_type(trouble.what.as_str());
    let mut case = TestCase::new(trouble.what.as_str(), status);
    case.set_classname("kernelcheck");
    case
}
