//! The exit code of a run.

use harness::oracle::{Kind, Verdict};

use crate::run::{Finding, Run};

/// 4 no verdict, 3 lockup or crash, 1 deviations or a baseline that is out of date, 0 conforms; the worst wins. What a baseline
/// knows does not count.
pub(crate) fn exit_code(run: &Run, strict: bool) -> u8 {
    let grave = |finding: &Finding| finding.kind != Kind::Deviation && finding.known.is_none();
    if !run.troubles.is_empty() || run.summary.error > 0 {
        4
    } else if run.findings.iter().any(grave) {
        3
    } else if run.baseline.as_ref().is_some_and(|account| account.fails())
        || run.rules.iter().any(|rule| fails(run, &rule.id, rule.verdict, strict))
    {
        1
    } else {
        0
    }
}

/// Whether a rule is broken by something that is not known. With no finding to tell by what, it is.
pub(crate) fn fails(run: &Run, rule: &str, verdict: Verdict, strict: bool) -> bool {
    let counts = |verdict| verdict == Verdict::Fail || (strict && verdict == Verdict::Warn);
    let mut findings = run.findings.iter().filter(|finding| finding.rule == rule && counts(finding.verdict)).peekable();
    counts(verdict) && (findings.peek().is_none() || findings.any(|finding| finding.known.is_none()))
}
