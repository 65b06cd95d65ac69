//! What a campaign has seen of each rule, play by play.

use std::collections::BTreeMap;

use harness::oracle::{Judgement, RuleVerdict, Verdict};

/// Sums over all plays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Account {
    rules: Vec<RuleVerdict>,
    support: BTreeMap<String, bool>,
    lives: u32,
    lines: u64,
}

impl Account {
    /// Adds a play.
    pub(super) fn add(&mut self, judgement: &Judgement) {
        if self.rules.is_empty() {
            self.rules =
                judgement.rules.iter().map(|rule| RuleVerdict { exercised: 0, inconclusive: 0, deviations: 0, ..rule.clone() }).collect();
        }
        for (sum, rule) in self.rules.iter_mut().zip(&judgement.rules) {
            sum.exercised += rule.exercised;
            sum.inconclusive += rule.inconclusive;
        }
        for (name, was_answered) in &judgement.support {
            *self.support.entry(name.clone()).or_default() |= was_answered;
        }
        self.lives += judgement.lives;
        self.lines += judgement.lines;
    }

    /// Lays the sums under the judgement of the plays that are reported. A rule is broken only by what stands there: what was seen once
    /// and did not show again breaks none.
    #[must_use]
    pub fn under(&self, mut reported: Judgement) -> Judgement {
        for rule in &mut reported.rules {
            let Some(sum) = self.rules.iter().find(|sum| sum.id == rule.id) else { continue };
            rule.exercised = rule.exercised.max(sum.exercised);
            rule.inconclusive = rule.inconclusive.max(sum.inconclusive);
            if rule.verdict <= Verdict::Inconclusive {
                rule.verdict = match (rule.exercised, rule.inconclusive) {
                    (0, 0) => Verdict::NotExercised,
                    (_, 0) => Verdict::Pass,
                    (0, _) => Verdict::Inconclusive,
                    // A few plays out of thousands that tell nothing do not undo what the others tell.
                    (..) => Verdict::Pass,
                };
            }
        }
        reported.support.extend(self.support.clone());
        reported.lives = reported.lives.max(self.lives);
        reported.lines = reported.lines.max(self.lines);
        reported
    }
}
