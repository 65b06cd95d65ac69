//! The closed set of verdicts, the mildest first.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a run says about one rule. The order is that of severity, so that the worst of several is their maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing in the trace bears on it.
    #[default]
    NotExercised,
    /// Exercised, and always kept.
    Pass,
    /// Never seen broken, and with cases that could not be decided: the trace was cut, or the kernel was stuck or gone for another reason.
    Inconclusive,
    /// Broken, where the protocol advises or is unclear.
    Warn,
    /// Broken.
    Fail,
    /// Our own trouble: the rule could not be judged.
    Error,
}

impl Verdict {
    /// All of them, the mildest first.
    pub const ALL: [Self; 6] = [Self::NotExercised, Self::Pass, Self::Inconclusive, Self::Warn, Self::Fail, Self::Error];

    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotExercised => "not_exercised",
            Self::Pass => "pass",
            Self::Inconclusive => "inconclusive",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
