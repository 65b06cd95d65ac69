//! JUnit XML: a group is a suite, a rule a test case.
//!
//! A broken rule is a failure; a warning passes and says so in its output, unless warnings are to fail. What nothing bore on is
//! skipped, with the reason. Troubles that are not the kernel's are errors of a suite of their own, named `kernelcheck`.

use std::collections::BTreeMap;
use std::time::Duration;

use harness::oracle::Verdict;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

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
    if !run.troubles.is_empty() {
        let mut suite = TestSuite::new("kernelcheck");
        suite.add_test_cases(run.troubles.iter().map(error));
        report.add_test_suite(suite);
    }
    Ok(report.to_string()?)
}

fn case(rule: &RuleResult, run: &Run, strict: bool) -> TestCase {
    let findings: Vec<&Finding> = run.findings.iter().filter(|finding| finding.rule == rule.id).collect();
    let title = findings.first().map_or("", |finding| finding.title.as_str());
    let status = match rule.verdict {
        Verdict::Pass => TestCaseStatus::success(),
        Verdict::Warn if !strict => TestCaseStatus::success(),
        Verdict::Warn | Verdict::Fail => non_success(NonSuccessKind::Failure, rule, title, &findings),
        Verdict::Error => non_success(NonSuccessKind::Error, rule, "the rule could not be judged", &findings),
        Verdict::Inconclusive => skipped("inconclusive: not all cases could be decided"),
        Verdict::NotExercised => skipped(rule.not_exercised.as_ref().map_or("not exercised", |why| why.detail.as_str())),
    };
    let mut case = TestCase::new(format!("{} {}", rule.id, rule.name), status);
    case.set_classname(rule.group.as_str());
    if rule.verdict == Verdict::Warn && !strict {
        case.set_system_out(format!("warning: {}", findings.iter().map(|finding| told(finding)).collect::<String>()));
    }
    case
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
    format!("{}\n{excerpt}where: {}\nagain: {}\n{reliability}\n", finding.title, finding.trace, finding.again)
}

fn error(trouble: &Trouble) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(trouble.text.as_str()).set_type(trouble.what.as_str());
    let mut case = TestCase::new(trouble.what.as_str(), status);
    case.set_classname("kernelcheck");
    case
}
