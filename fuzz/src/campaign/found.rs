//! What a campaign has found: one of each bucket, with the smallest plan that shows it so far.

use std::path::PathBuf;
use std::sync::Arc;

use harness::oracle::{Finding, Kind};
use harness::plan::Plan;
use tempfile::TempDir;

/// What findings have in common that have one cause: the same rule, broken in the same way at the same place of the protocol's state.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bucket {
    /// Id of the rule.
    pub rule: String,
    /// What it is.
    pub kind: Kind,
    /// Where, whichever step or code it was.
    pub place: String,
}

impl Bucket {
    /// That of a finding.
    #[must_use]
    pub fn of(finding: &Finding) -> Self {
        Self::new(&finding.rule, finding.kind, &finding.place)
    }

    /// Of what a finding says. The place of a lockup names the step that was never answered: `execute_request hello-3 on shell: …`. Which of
    /// them a kernel that is stuck leaves unanswered depends on what happens to come next, and tells nothing of the cause.
    #[must_use]
    pub fn new(rule: &str, kind: Kind, place: &str) -> Self {
        let without_step = || {
            let (named, rest) = place.split_once(" on ")?;
            Some(format!("{} on {rest}", named.split(' ').next()?))
        };
        let place = (kind == Kind::Lockup).then(without_step).flatten().unwrap_or_else(|| place.to_owned());
        Self { rule: rule.to_owned(), kind, place }
    }

    /// Whether it is the same lockup or crash, whichever rule is blamed: that is said by what stands before it in the plan, and so by what has
    /// nothing to do with it as well.
    #[must_use]
    pub fn is_akin(&self, other: &Self) -> bool {
        self == other || (self.kind != Kind::Deviation && (self.kind, &self.place) == (other.kind, &other.place))
    }
}

/// A finding of a campaign.
pub struct Found {
    /// Its bucket.
    pub bucket: Bucket,
    /// As it showed last.
    pub finding: Finding,
    /// The plan that shows it.
    pub plan: Arc<Plan>,
    /// How many steps the plan had that showed it first.
    pub steps_at_first: usize,
    /// The trace in which it shows, by that plan or among others.
    pub trace: PathBuf,
    /// In how many of how many plays on fresh kernels the smallest plan showed it; unknown as long as nobody tried.
    pub reliability: Option<(u32, u32)>,
    /// Keeps the trace.
    pub(super) dir: Arc<TempDir>,
}

impl Found {
    /// Takes over a play of `plan` that showed it again.
    pub(super) fn replace(&mut self, plan: Arc<Plan>, finding: Finding, trace: PathBuf, dir: Arc<TempDir>) {
        (self.plan, self.finding, self.trace, self.dir) = (plan, finding, trace, dir);
    }

    /// Whether it showed on a fresh kernel by its own plan alone.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.reliability.is_some_and(|(shown, _)| shown > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lockup_is_the_same_whoever_is_left_waiting() {
        let place = |kind, place| Bucket::new("EXEC-01", kind, place).place;
        assert_eq!(
            place(Kind::Lockup, "execute_request hello-3 on shell: reply missing, shell_stuck"),
            "execute_request on shell: reply missing, shell_stuck"
        );
        assert_eq!(place(Kind::Lockup, "echo missing: HB-01"), "echo missing: HB-01");
        let lockup = |rule| Bucket::new(rule, Kind::Lockup, "execute_request hello-3 on shell: reply missing, shell_stuck");
        assert!(lockup("AUTH-17").is_akin(&lockup("EXEC-01")));
        let deviation = |rule| Bucket::new(rule, Kind::Deviation, "somewhere");
        assert!(!deviation("AUTH-17").is_akin(&deviation("EXEC-01")) && deviation("X").is_akin(&deviation("X")));
        assert_eq!(place(Kind::Deviation, "stream x on iopub"), "stream x on iopub");
    }
}
