//! The kill matrix: what each kernel of a self-test was made to break, and what noticed it.

use std::collections::BTreeSet;

use harness::spec::Spec;

use super::play::Played;
use super::subject::Subject;

/// What came of one kernel.
#[derive(Debug)]
pub(super) struct Row {
    subject: Subject,
    fate: Fate,
    /// Rules that noticed something that they were to notice.
    noticed: Vec<String>,
    /// Rules that gave a finding and should not have, each with what it said.
    unrelated: Vec<(String, String)>,
    trouble: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// No defect, and none was wanted.
    Clean,
    /// The rule that the defect is made for noticed it; where that one is not checked, another that it breaks.
    Noticed,
    /// None did that should have.
    Missed,
    /// The rule that the defect is made for is not checked yet, and no other that it breaks noticed it.
    Unchecked,
}

impl Row {
    pub(super) fn new(subject: Subject, played: &Played, spec: &Spec) -> Self {
        let breaks = subject.breaks();
        let judgement = &played.judgement;
        let told: BTreeSet<&str> = judgement.findings.iter().chain(&judgement.remarks).map(|finding| finding.rule.as_str()).collect();
        let noticed: Vec<String> = breaks.iter().filter(|id| told.contains(**id)).map(|id| (*id).to_owned()).collect();
        let unrelated = judgement.findings.iter().filter(|finding| !breaks.contains(&finding.rule.as_str()));
        let is_checked = |id: &&&str| spec.rule(id).is_some_and(|rule| rule.unchecked.is_none());
        let made_for = breaks.first().filter(is_checked);
        let fate = match made_for {
            _ if breaks.is_empty() => Fate::Clean,
            Some(id) if !told.contains(id) => Fate::Missed,
            None if noticed.is_empty() => Fate::Unchecked,
            _ => Fate::Noticed,
        };
        let unrelated = unrelated.map(|finding| (finding.rule.clone(), finding.title.clone())).collect();
        Self { subject, fate, noticed, unrelated, trouble: played.trouble.clone() }
    }

    /// Whether a defect of a checked rule went unnoticed.
    pub(super) fn is_missed(&self) -> bool {
        self.fate == Fate::Missed
    }

    /// Whether it is not as it must be.
    pub(super) fn is_wrong(&self) -> bool {
        // A defect may well keep a kernel from starting; it has then to be noticed, as any other.
        let troubled = self.trouble.is_some() && self.fate == Fate::Clean;
        self.is_missed() || !self.unrelated.is_empty() || troubled
    }

    /// The row on one line.
    pub(super) fn line(&self) -> String {
        let made_for = self.subject.breaks().first().copied().unwrap_or("-");
        let fate = match self.fate {
            Fate::Clean if self.unrelated.is_empty() => "no finding",
            Fate::Clean => "FALSE ALARM",
            Fate::Noticed => "noticed",
            Fate::Missed => "MISSED",
            Fate::Unchecked => "not checked yet",
        };
        let mut line = format!("{:28} {made_for:9} {fate:16} {}", self.subject.name(), self.noticed.join(" "));
        if !self.unrelated.is_empty() {
            let rules: BTreeSet<&str> = self.unrelated.iter().map(|(rule, _)| rule.as_str()).collect();
            line.push_str(&format!("  UNRELATED {}", rules.into_iter().collect::<Vec<_>>().join(" ")));
        }
        if let Some(trouble) = &self.trouble {
            line.push_str(&format!("  TROUBLE {}", trouble.lines().next().unwrap_or_default()));
        }
        line.trim_end().to_owned()
    }
}

/// All rows, those that are wrong once more with what was said, and the sums.
pub(super) fn text(rows: &[Row], verbose: bool) -> String {
    let mut text = format!("{:28} {:9} {:16} by\n", "kernel", "made for", "");
    text.extend(rows.iter().map(|row| row.line() + "\n"));
    for row in rows.iter().filter(|row| row.is_wrong()) {
        text.push_str(&format!("\n{}: {}\n", row.subject.name(), row.subject.summary()));
        text.push_str(&format!("  breaks {}\n", row.subject.breaks().join(" ")));
        let told = if verbose { usize::MAX } else { 5 };
        text.extend(row.unrelated.iter().take(told).map(|(rule, title)| format!("  {rule}: {title}\n")));
        if row.unrelated.len() > told {
            text.push_str(&format!("  and {} more (-v lists them)\n", row.unrelated.len() - told));
        }
    }
    text.push_str(&sums(rows));
    text
}

fn sums(rows: &[Row]) -> String {
    let count = |fate| rows.iter().filter(|row| row.fate == fate).count();
    let defects = rows.len() - count(Fate::Clean);
    let unrelated = rows.iter().filter(|row| row.fate != Fate::Clean && !row.unrelated.is_empty()).count();
    let alarms = rows.iter().filter(|row| row.fate == Fate::Clean && row.is_wrong()).count();
    format!(
        "\n{defects} defects: {} noticed, {} missed, {} not checked yet; {unrelated} with unrelated findings\n\
         {} kernels without a defect: {alarms} with findings\n",
        count(Fate::Noticed),
        count(Fate::Missed),
        count(Fate::Unchecked),
        count(Fate::Clean),
    )
}
