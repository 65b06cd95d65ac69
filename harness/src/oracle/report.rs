//! Where checks put what they find: for one rule, what was exercised, what could not be decided, and what was broken.

use super::blame::Blame;
use super::episode::Episode;
use super::excerpt::{About, excerpt};
use super::finding::{Finding, Findings, Kind};
use super::repeats::{Cause, Proviso};
use super::request::Request;
use super::verdict::Verdict;
use crate::spec::{RuleVerdict, Version};
use crate::trace::Expectation;

/// What was counted for one rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) exercised: u64,
    pub(super) inconclusive: u64,
    pub(super) deviations: u64,
    pub(super) worst: Verdict,
}

impl Tally {
    /// Adds the account of another trace.
    pub(super) fn add(&mut self, other: &Self) {
        self.exercised += other.exercised;
        self.inconclusive += other.inconclusive;
        self.deviations += other.deviations;
        self.worst = self.worst.max(other.worst);
    }
}

/// What a check needs to know of its rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Judged {
    pub(super) index: usize,
    pub(super) id: String,
    pub(super) verdict: RuleVerdict,
    /// First version of the protocol that has it.
    pub(super) since: Option<Version>,
}

impl Judged {
    /// What a breach gives: of a kernel that claims an older version than the first that has the rule, a warning at most.
    pub(super) fn severity(&self, claims: Option<(u32, u32)>) -> RuleVerdict {
        let older = |since: Version| claims.is_some_and(|claimed| claimed < (since.major, since.minor));
        if self.verdict == RuleVerdict::Fail && self.since.is_some_and(older) { RuleVerdict::Warn } else { self.verdict }
    }
}

/// The account of one rule, open for one check at a time.
pub(crate) struct Report<'a> {
    pub(super) rule: &'a Judged,
    pub(super) tally: &'a mut Tally,
    pub(super) findings: &'a mut Findings,
    pub(super) blame: &'a Blame,
    /// Whether something in this episode was left open: by a lockup, a crash, or the end of the trace.
    pub(super) open: bool,
}

impl Report<'_> {
    /// Something bears on the rule.
    pub(crate) fn exercised(&mut self) {
        self.tally.exercised += 1;
    }

    /// Something bears on the rule, but what came of it can't be held against the kernel. Where the episode went its whole way
    /// it tells nothing; where a lockup, a crash or the end of the trace left things open, the rule is undecided for it.
    pub(crate) fn inconclusive(&mut self) {
        if self.open {
            self.tally.inconclusive += 1;
        }
    }

    /// The rule was broken. The place is the same for the same cause; the title is asked for once a place.
    pub(crate) fn deviation(&mut self, episode: &Episode, about: About<'_>, place: &str, title: impl FnOnce() -> String) {
        let verdict = self.verdict(episode);
        if self.tells(episode, about) {
            self.found(episode, about, place, verdict, title);
        }
    }

    /// As [`Report::deviation`], but a warning even where the rule would fail: what the catalogue calls milder, or open.
    pub(crate) fn milder_deviation(&mut self, episode: &Episode, about: About<'_>, place: &str, title: impl FnOnce() -> String) {
        let verdict = self.milder_verdict();
        if self.tells(episode, about) {
            self.found(episode, about, &milder(place), verdict, title);
        }
    }

    /// As [`Report::deviation`], unless another finding of the run tells of its cause at its plainest.
    pub(crate) fn deviation_of(&mut self, cause: Cause, episode: &Episode, about: About<'_>, place: &str, title: impl FnOnce() -> String) {
        self.provisional(Proviso { doubtful: true, ..Proviso::unless(cause) }, episode, about, place, title);
    }

    /// As [`Report::deviation`], if what it takes holds once the run is over.
    pub(crate) fn provisional(
        &mut self,
        proviso: Proviso,
        episode: &Episode,
        about: About<'_>,
        place: &str,
        title: impl FnOnce() -> String,
    ) {
        let (verdict, place) = if proviso.mild { (self.milder_verdict(), &*milder(place)) } else { (self.verdict(episode), place) };
        if self.tells(episode, about) {
            let finding = finding_of(&self.rule.id, episode, about, place, verdict, title());
            self.findings.wait(self.rule.index, proviso, finding);
        }
    }

    /// That what this rule found lacking is there at other times.
    pub(crate) fn seen(&self) -> Cause {
        Cause::Seen(self.rule.id.clone())
    }

    /// That what this rule is about leaves the kernel stuck or dead.
    pub(crate) fn harm(&self) -> Cause {
        Cause::Harm(self.rule.id.clone())
    }

    /// Notes that this rule tells of a cause at its plainest.
    pub(crate) fn tell(&mut self, cause: Cause) {
        self.findings.tell(cause);
    }

    /// As [`Report::deviation`], of bytes that are wrong by themselves, also on a channel that is broken.
    pub(crate) fn malformation(&mut self, episode: &Episode, message: usize, place: &str, title: impl FnOnce() -> String) {
        let verdict = self.verdict(episode);
        self.found(episode, About::Message(message), place, verdict, title);
    }

    /// Whether something odd can be held against the kernel; what may come of a broken channel is inconclusive.
    fn tells(&mut self, episode: &Episode, about: About<'_>) -> bool {
        let damaged = is_damaged(episode, about);
        self.tally.inconclusive += u64::from(damaged);
        !damaged
    }

    fn count(&mut self, verdict: Verdict) {
        self.tally.deviations += 1;
        self.tally.worst = self.tally.worst.max(verdict);
    }

    fn verdict(&self, episode: &Episode) -> Verdict {
        match self.rule.severity(episode.kernel.claims()) {
            RuleVerdict::Fail => Verdict::Fail,
            RuleVerdict::Warn => Verdict::Warn,
            RuleVerdict::Record => Verdict::Pass,
        }
    }

    fn milder_verdict(&self) -> Verdict {
        if self.rule.verdict == RuleVerdict::Record { Verdict::Pass } else { Verdict::Warn }
    }

    fn found(&mut self, episode: &Episode, about: About<'_>, place: &str, verdict: Verdict, title: impl FnOnce() -> String) {
        self.count(verdict);
        let rule = self.rule;
        self.findings.add(rule.index, Kind::Deviation, place, || finding_of(&rule.id, episode, about, place, verdict, title()));
    }

    /// Whether the rule may hold it against the kernel that this never came. Where another rule answers for it, or the kernel
    /// had ended, it is counted as inconclusive and the answer is no. `owns` is for rules about odd requests, which owe an answer by that rule alone.
    pub(crate) fn may_miss(&mut self, episode: &Episode, request: &Request, what: Expectation, owns: bool) -> bool {
        let missed = if owns { request.waited_in_vain(what) } else { request.missed(what) };
        // Where the reply never came either, that is the cause, and told by the rules about replies.
        let follows = what == Expectation::Idle && request.waited_in_vain(Expectation::Reply);
        let may = missed && !follows && !self.blame.is_taken(episode, request, what);
        if !may {
            self.inconclusive();
        }
        may
    }
}

fn milder(place: &str) -> String {
    format!("{place} (milder)")
}

fn finding_of(rule: &str, episode: &Episode, about: About<'_>, place: &str, verdict: Verdict, title: String) -> Finding {
    let (lines, excerpt) = excerpt(episode, about);
    Finding {
        rule: rule.to_owned(),
        verdict,
        kind: Kind::Deviation,
        lockup: None,
        title,
        scenario: episode.scenario.clone(),
        place: place.to_owned(),
        trace: 0,
        life: episode.kernel.life,
        lines,
        excerpt,
        count: 1,
        evidence: serde_json::Value::Null,
    }
}

/// Whether what a finding is about may be odd only as a channel was broken.
fn is_damaged(episode: &Episode, about: About<'_>) -> bool {
    match about {
        _ if episode.damage.is_empty() => false,
        About::Message(message) => episode.is_damaged(message),
        About::Messages(messages) => messages.iter().any(|&message| episode.is_damaged(message)),
        About::Request(request) => episode.is_damaged(request.sent),
        About::Line(_) => false,
    }
}
