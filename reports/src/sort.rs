//! The order of findings: the worst first.

use std::cmp::Reverse;

use harness::oracle::{Kind, Verdict};

use crate::run::Finding;

/// Crashes and lockups, then failures, then warnings; within these by rule and place.
pub(crate) fn worst_first(findings: &mut [Finding]) {
    findings.sort_by(|left, right| key(left).cmp(&key(right)));
}

fn key(finding: &Finding) -> (Reverse<Kind>, Reverse<Verdict>, &str, &str) {
    (Reverse(finding.kind), Reverse(finding.verdict), &finding.rule, &finding.trace)
}
