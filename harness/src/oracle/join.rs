//! Several traces of one run, judged as one: over which of them its scenarios were spread must not matter.

use super::Oracle;
use super::blame::Charge;
use super::finding::Finding;

impl Oracle {
    /// Takes over what was seen in another trace of the same run; both are over. What depends on the whole run is decided only after that, by
    /// [`Oracle::finish`]. Findings of the other trace have numbers of traces that follow those of this one.
    ///
    /// # Panics
    ///
    /// If the other one judges by other rules.
    pub fn join(&mut self, mut other: Self) {
        let same_rules = self.rules.iter().map(|rule| &rule.judged).eq(other.rules.iter().map(|rule| &rule.judged));
        assert!(same_rules, "traces of one run are judged by the same rules");
        for oracle in [&mut *self, &mut other] {
            oracle.close(true);
            oracle.file_overdue();
        }
        let first = self.traces;
        let renumbered = |finding: Finding| Finding { trace: finding.trace + first, ..finding };
        self.findings.join(other.findings, renumbered);
        for charge in other.deferred {
            self.defer(Charge { finding: renumbered(charge.finding), ..charge });
        }
        for (rule, same) in self.rules.iter_mut().zip(other.rules) {
            rule.tally.add(&same.tally);
        }
        for (key, was_answered) in other.support {
            *self.support.entry(key).or_default() |= was_answered;
        }
        self.confirmations.join(other.confirmations);
        self.note_claims(other.claims);
        self.lives += other.lives;
        self.line += other.line;
        self.traces += other.traces;
    }
}
