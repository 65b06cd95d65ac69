//! The oracle: verdicts and findings, from a [`Spec`] and a trace alone. It does no I/O and reads no clock.
//!
//! Records come in one by one. Those of one scenario are an [`Episode`]: decoded once, grouped by request, looked at by every rule's
//! checks, and dropped. What lasts is small: what each check keeps of a kernel's life or of the run, and the findings.
//!
//! ```text
//! records ─▶ Gathering ─▶ Episode ─┬─▶ Blame: what never came, which rule answers for it (obligations.rs)
//!                                  └─▶ each rule's checks ─▶ Report ─▶ Findings
//! ```
//!
//! What never came convicts only where the session waited for it in a way that proves something, where no other finding tells
//! of it, and where the kernel knows the message type.

mod astray;
mod blame;
mod brake;
mod charges;
mod checks;
mod confirm;
mod crash;
mod deeds;
mod episode;
mod excerpt;
mod finding;
mod gather;
mod join;
mod judgement;
mod kernel;
mod lacking;
mod long_text;
mod marks;
mod missed;
mod obligations;
mod overdue;
mod params;
mod path;
mod reading;
mod repeats;
mod report;
mod request;
mod seen;
mod selector;
mod types;
mod verdict;
mod want;
mod woken;
mod words;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

pub use checks::check_kinds;
pub use episode::{Beat, Client, Damage, Episode, Happened};
pub use finding::{Finding, Kind};
pub use judgement::{Judgement, RuleVerdict};
pub use kernel::{Kernel, Started};
pub use request::{Request, Role};
pub use seen::{Direction, Seen};
pub use verdict::Verdict;

use crate::spec::{Rule, RuleVerdict as Severity, Spec, SpecError, SpecErrors};
use crate::trace::{Event, Expectation, Record};
use blame::{Bench, Blame, Charge};
use checks::{Check, Deed};
use confirm::{Confirmations, Showing};
use finding::Findings;
use gather::Gathering;
use lacking::support_key;
use params::Compiler;
use report::{Judged, Report, Tally};
use types::Types;

/// Judges a trace while it is read. Those of several traces of one run are joined in the end, see [`Oracle::join`].
pub struct Oracle {
    types: Types,
    rules: Vec<Compiled>,
    findings: Findings,
    gathering: Gathering,
    kernel: Kernel,
    scenario: Option<(String, u32)>,
    support: BTreeMap<String, bool>,
    deferred: Vec<Charge>,
    /// Charges that fall if what was given up comes after all, while the same kernel lives.
    overdue: Vec<Charge>,
    confirmations: Confirmations,
    /// The oldest version of the protocol that a kernel of this run was seen to claim.
    claims: Option<(u32, u32)>,
    lives: u32,
    line: u64,
    traces: usize,
}

/// The rules, as those who may be blamed with.
struct Rules<'a> {
    all: &'a [Compiled],
    support: &'a BTreeMap<String, bool>,
}

impl Rules<'_> {
    fn claiming(&self, claims: impl Fn(&dyn Check) -> bool) -> Vec<String> {
        let own = |rule: &&Compiled| rule.checks.iter().any(|check| claims(&**check));
        self.all.iter().filter(own).map(|rule| rule.judged.id.clone()).collect()
    }
}

impl Bench for Rules<'_> {
    fn has(&self, rule: &str) -> bool {
        self.all.iter().any(|known| known.judged.id == rule)
    }

    fn survivals(&self, episode: &Episode, deed: &Deed) -> Vec<String> {
        self.claiming(|check| check.claims(episode, deed))
    }

    fn owners(&self, episode: &Episode, request: &Request, what: Expectation) -> Vec<String> {
        self.claiming(|check| check.owns(episode, request, what))
    }

    fn echo_owners(&self, episode: &Episode, beat: usize) -> Vec<String> {
        self.claiming(|check| check.owns_echo(episode, beat))
    }

    fn has_answered(&self, key: &str) -> bool {
        self.support.get(key) == Some(&true)
    }

    fn is_promised(&self, episode: &Episode, request: &Request, what: Expectation) -> bool {
        self.all.iter().flat_map(|rule| &rule.checks).any(|check| check.is_promised() && check.owns(episode, request, what))
    }
}

/// A rule with its checks, and its account.
struct Compiled {
    judged: Judged,
    name: String,
    group: String,
    level: crate::spec::Level,
    checks: Vec<Box<dyn Check>>,
    tally: Tally,
}

/// Judges a whole trace.
///
/// # Errors
///
/// If checks of the spec have wrong parameters.
pub fn judge(spec: &Spec, records: impl IntoIterator<Item = Record>) -> Result<Judgement, SpecErrors> {
    let mut oracle = Oracle::new(spec)?;
    for (record, line) in records.into_iter().zip(1..) {
        oracle.observe(record, line);
    }
    Ok(oracle.finish())
}

impl Oracle {
    /// Compiles the checks of all rules.
    ///
    /// # Errors
    ///
    /// Every mistake in the parameters of checks, with file and line.
    pub fn new(spec: &Spec) -> Result<Self, SpecErrors> {
        Self::with_rules(spec, spec.rules.iter())
    }

    /// Compiles the checks of some rules only.
    ///
    /// # Errors
    ///
    /// As [`Oracle::new`].
    pub fn with_rules<'a>(spec: &Spec, rules: impl IntoIterator<Item = &'a Rule>) -> Result<Self, SpecErrors> {
        let types = Types::of(&spec.messages);
        let conditions = RefCell::default();
        let compiler = Compiler { types: &types, messages: &spec.messages, conditions: &conditions };
        let mut mistakes = Vec::new();
        let rules: Vec<Compiled> =
            rules.into_iter().enumerate().map(|(index, rule)| compile(index, rule, &compiler, &mut mistakes)).collect();
        if !mistakes.is_empty() {
            mistakes.sort();
            return Err(SpecErrors(mistakes));
        }
        Ok(Self {
            types,
            rules,
            findings: Findings::default(),
            gathering: Gathering::default(),
            kernel: Kernel::default(),
            scenario: None,
            support: BTreeMap::new(),
            deferred: Vec::new(),
            overdue: Vec::new(),
            confirmations: Confirmations::default(),
            claims: None,
            lives: 0,
            line: 0,
            traces: 1,
        })
    }

    /// Takes in a record; `line` is its line of the trace, from 1.
    pub fn observe(&mut self, record: Record, line: u64) {
        self.line = line;
        match &record.event {
            Event::TraceStarted(started) => self.kernel.unix_nanos = started.unix_nanos,
            Event::KernelStarted(started) => {
                if self.kernel.life > 0 {
                    self.close_life();
                    self.file_overdue();
                }
                self.lives += 1;
                let unix_nanos = self.kernel.unix_nanos;
                // The number in the trace may be that of another worker, whose trace was joined to this one.
                self.kernel = Kernel {
                    life: self.lives,
                    since: record.t,
                    started: Some(Started::new(started.clone())),
                    unix_nanos,
                    ..Kernel::default()
                };
                self.gathering.push(record, line);
            }
            Event::Calibrated(calibrated) => self.kernel.calibrated = Some(calibrated.clone()),
            Event::Listening(listening) => {
                self.kernel.listening = Some(listening.clone());
                self.gathering.push(record, line);
            }
            Event::ScenarioStarted(started) => {
                self.close(false);
                self.scenario = Some((started.name.clone(), started.attempt));
                self.confirmations.play(&started.name, started.attempt);
                self.gathering.push(record, line);
            }
            Event::ScenarioEnded(_) => {
                self.gathering.push(record, line);
                self.close(false);
                self.scenario = None;
            }
            Event::End(_) => self.close(false),
            _ => self.gathering.push(record, line),
        }
    }

    /// What was found since the last call. A lockup or crash is no news before the trace ends, as it may not show again.
    pub fn news(&mut self) -> Vec<&Finding> {
        self.findings.news()
    }

    /// Ends the run and gives what was found.
    #[must_use]
    pub fn finish(mut self) -> Judgement {
        self.close(true);
        self.file_overdue();
        self.charge_deferred();
        self.file_waiting();
        let rules = self.rules.iter().map(judgement::verdict_of).collect();
        judgement::judgement(rules, self.findings.into_sorted(), self.support, self.lives, self.line)
    }

    /// Ends the episode.
    fn close(&mut self, cut: bool) {
        if self.gathering.is_empty() {
            return;
        }
        let (scenario, attempt) = self.scenario.clone().unwrap_or_default();
        let mut episode = self.gathering.close(&scenario, attempt, Arc::new(self.kernel.clone()), &self.types);
        episode.cut = cut;
        self.judge(episode);
    }

    /// Ends the episode because a new process was started.
    fn close_life(&mut self) {
        if self.gathering.is_empty() {
            return;
        }
        let (scenario, attempt) = self.scenario.clone().unwrap_or_default();
        let episode = self.gathering.close_life(&scenario, attempt, Arc::new(self.kernel.clone()), &self.types);
        self.judge(episode);
    }

    /// Judges an episode and drops it. One whose kernel lost a port to another program tells nothing: it could not start, and who
    /// answers may be that program.
    fn judge(&mut self, mut episode: Episode) {
        if episode.has_clashed() {
            return;
        }
        if let Some(info) = episode.latest_info() {
            self.kernel.info = Some(info);
            self.note_claims(self.kernel.claims());
            episode.kernel = Arc::new(self.kernel.clone());
        }
        self.drop_overdue(&episode);
        self.note_support(&episode);
        if episode.is_failed_start() {
            return self.judge_start(&episode);
        }
        let (blame, charges) = Blame::of(&episode, &self.types, &Rules { all: &self.rules, support: &self.support });
        let open = episode.cut || blame.is_any() || episode.is_abandoned();
        for charge in charges {
            if charge.finding.kind != Kind::Deviation {
                let rule = charge.rules.first().cloned();
                let showing = Showing { scenario: episode.scenario.clone(), attempt: episode.attempt, rule };
                self.confirmations.show(charge.finding.kind, &charge.finding.place, showing);
            }
            if charge.overdue.is_some() { self.overdue.push(charge) } else { self.file(charge) }
        }
        for rule in &mut self.rules {
            let mut report = Report { rule: &rule.judged, tally: &mut rule.tally, findings: &mut self.findings, blame: &blame, open };
            for check in &mut rule.checks {
                check.judge(&episode, &mut report);
            }
        }
    }

    /// Judges an episode of a kernel that was started otherwise than usual and did not come up for it: nothing else can be held against it.
    fn judge_start(&mut self, episode: &Episode) {
        let blame = Blame::default();
        for rule in &mut self.rules {
            let mut report =
                Report { rule: &rule.judged, tally: &mut rule.tally, findings: &mut self.findings, blame: &blame, open: false };
            for check in rule.checks.iter_mut().filter(|check| check.is_about_starts()) {
                check.judge(episode, &mut report);
            }
        }
    }

    fn note_claims(&mut self, claims: Option<(u32, u32)>) {
        self.claims = self.claims.into_iter().chain(claims).min();
    }

    fn note_support(&mut self, episode: &Episode) {
        for request in episode.requests.iter().filter(|request| request.role == Role::Request && request.honest) {
            // A kernel may abort what stands in its queue whatever it is, types that it lacks among it.
            let was_aborted = matches!(episode.status_of(request), "aborted" | "abort");
            *self.support.entry(support_key(episode, request)).or_default() |= !request.replies.is_empty() && !was_aborted;
        }
    }
}

fn compile(index: usize, rule: &Rule, compiler: &Compiler<'_>, mistakes: &mut Vec<SpecError>) -> Compiled {
    let checks = rule.checks.iter().filter_map(|decl| checks::compile(decl, compiler, mistakes)).collect();
    Compiled {
        judged: Judged { index, id: rule.id.clone(), verdict: rule.verdict, since: rule.since },
        name: rule.name.clone(),
        group: rule.group.clone(),
        level: rule.level,
        checks,
        tally: Tally::default(),
    }
}
