//! What becomes of charges: told at once, or kept until the run is over and it is known whether they hold.

use super::blame::{Charge, PARTIAL};
use super::finding::{Finding, Kind};
use super::repeats::{Case, Cause};
use super::verdict::Verdict;
use super::{Oracle, Severity, brake};

impl Oracle {
    /// Charges what was kept, the plainest cases first: what comes of a cause that is told of is no finding of its own.
    pub(super) fn charge_deferred(&mut self) {
        let mut deferred = std::mem::take(&mut self.deferred);
        brake::hold_to_one(&mut deferred, &mut self.support, &self.confirmations);
        // Of cases that are as plain the same one is told in whatever order they came.
        let rank = |charge: &Charge| charge.case.as_ref().map_or(0, Case::rank);
        deferred.sort_by(|one, other| (rank(one), &one.finding.place).cmp(&(rank(other), &other.finding.place)));
        for mut charge in deferred {
            let is_confirmed = self.confirmations.holds(charge.finding.kind, &charge.finding.place, charge.rules.first());
            let is_known = |key: &String| self.support.get(key) == Some(&true);
            if let Some((_, rules)) = charge.if_known.take().filter(|(key, _)| is_known(key)) {
                charge.rules.splice(0..0, rules);
            }
            if charge.if_supported.as_ref().is_some_and(|key| !is_known(key)) {
                continue;
            }
            let repeated = charge.case.as_ref().is_some_and(|case| case.is_repeated() && self.findings.is_told(&case.cause));
            if is_confirmed && !repeated { self.charge(charge) } else { self.doubt(&charge) }
        }
    }

    /// Tells a charge, or keeps it until more is known.
    pub(super) fn file(&mut self, charge: Charge) {
        let conditional = charge.if_supported.is_some() || charge.case.is_some() || charge.if_known.is_some();
        if charge.finding.kind != Kind::Deviation || conditional { self.defer(charge) } else { self.charge(charge) }
    }

    /// Reports what checks kept until the end, where it counts.
    pub(super) fn file_waiting(&mut self) {
        for (index, proviso, mut finding) in self.findings.take_waiting() {
            let tally = &mut self.rules[index].tally;
            let is_told = proviso.unless.as_ref().is_some_and(|cause| self.findings.is_told(cause));
            if is_told || finding.count < proviso.times {
                tally.inconclusive += if proviso.doubtful { finding.count } else { 0 };
                continue;
            }
            // What it takes to count is no breach each time.
            finding.count -= proviso.times - 1;
            tally.deviations += finding.count;
            tally.worst = tally.worst.max(finding.verdict);
            self.findings.put(index, finding);
        }
    }

    /// Keeps a charge until it is known whether the kernel knows the type and whether it shows again; one of each cause is enough.
    pub(super) fn defer(&mut self, charge: Charge) {
        let same = |known: &&mut Charge| {
            let (known_finding, finding) = (&known.finding, &charge.finding);
            known_finding.place == finding.place
                && known_finding.kind == finding.kind
                && (&known.case, &known.if_known) == (&charge.case, &charge.if_known)
                && (known.mild, known.usual) == (charge.mild, charge.usual)
                && known.rules.first() == charge.rules.first()
        };
        match self.deferred.iter_mut().find(same) {
            Some(known) => known.finding.count += charge.finding.count,
            None => self.deferred.push(charge),
        }
    }

    /// Counts a charge that did not show again, or whose cause is told of, as a case that could not be decided.
    pub(super) fn doubt(&mut self, charge: &Charge) {
        if let Some(index) = self.fittest(charge) {
            self.rules[index].tally.inconclusive += charge.finding.count;
        }
    }

    /// The first of a charge's rules that is judged, by its place.
    fn fittest(&self, charge: &Charge) -> Option<usize> {
        charge.rules.iter().find_map(|id| self.rules.iter().position(|rule| rule.judged.id == *id))
    }

    fn charge(&mut self, charge: Charge) {
        let fittest = self.fittest(&charge);
        if let Some(case) = charge.case.filter(Case::is_plain) {
            self.findings.tell(case.cause);
        }
        let mut finding = charge.finding;
        let index = match fittest {
            Some(index) => {
                let rule = &mut self.rules[index];
                finding.rule.clone_from(&rule.judged.id);
                let severity = match rule.judged.severity(self.claims) {
                    Severity::Fail if charge.mild => Severity::Warn,
                    severity => severity,
                };
                soften(&mut finding, severity, charge.usual, charge.coarse_place);
                rule.tally.exercised += 1;
                rule.tally.deviations += finding.count;
                rule.tally.worst = rule.tally.worst.max(finding.verdict);
                rule.judged.index
            }
            None => {
                finding.rule = charge.rules.first().cloned().unwrap_or_default();
                self.rules.len()
            }
        };
        if finding.kind != Kind::Deviation && !is_partial(&finding) {
            self.findings.tell(Cause::Harm(finding.rule.clone()));
        }
        self.findings.put(index, finding);
    }
}

/// A rule that gives a warning at most gives no more for one thing that never came, and of an unusual request that is passed over it is told
/// as of any other breach. A kernel that is stuck as a whole, or gone, is another matter.
fn soften(finding: &mut Finding, severity: Severity, usual: bool, coarse_place: String) {
    let verdict = match severity {
        Severity::Fail => Verdict::Fail,
        Severity::Warn => Verdict::Warn,
        Severity::Record => Verdict::Pass,
    };
    if finding.kind == Kind::Deviation {
        finding.verdict = verdict;
    } else if is_partial(finding) && (verdict < Verdict::Fail || !usual) {
        (finding.kind, finding.lockup, finding.verdict) = (Kind::Deviation, None, verdict);
        finding.place = coarse_place;
    }
}

/// Whether it is a lockup of one request only.
fn is_partial(finding: &Finding) -> bool {
    finding.lockup.as_ref().is_some_and(|kind| PARTIAL.contains(&kind.as_str()))
}
