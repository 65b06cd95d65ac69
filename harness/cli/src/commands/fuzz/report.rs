//! The report of what was found by playing many plans: that of a run in which only the smallest ones were played.
//!
//! The first trace is that of a first look at the kernel; each finding has one of its own, of its smallest plan. They are judged once more
//! together, so that what is reported is what their traces show, to whoever judges them again.

use std::path::PathBuf;
use std::time::Duration;

use ::fuzz::campaign::{self, Bucket, Found};
use anyhow::Context;
use harness::session::run::trace_name;
use harness::spec::Spec;
use harness::spec::select::Selection;
use harness::trace::for_each_record;
use reports::{Ingredients, JudgedTraces, Run, assemble};

use crate::args::Common;
use crate::commands::run::{Chosen, RunArgs, environment, replay_line, signals, tool};
use crate::judge::Judge;
use crate::out_dir::OutDir;
use crate::reproducers;

/// What came of the playing.
pub(crate) struct Account {
    /// The traces of the first look.
    first: Vec<PathBuf>,
    /// Name of the profile.
    pub(crate) profile: Option<String>,
    /// What is reported.
    pub(crate) found: Vec<Found>,
    /// What was seen of each rule.
    pub(crate) seen: campaign::Account,
    /// How long it took.
    pub(crate) elapsed: Duration,
    /// What ended it early.
    pub(crate) trouble: Option<String>,
    /// Whether somebody did.
    pub(crate) cancelled: bool,
}

impl Account {
    /// Of nothing but a first look.
    pub(crate) fn new(first: Vec<PathBuf>) -> Self {
        Self {
            first,
            profile: None,
            found: Vec::new(),
            seen: campaign::Account::default(),
            elapsed: Duration::ZERO,
            trouble: None,
            cancelled: false,
        }
    }
}

/// What a report needs beside it.
pub(crate) struct Report<'a> {
    pub(crate) args: &'a RunArgs,
    pub(crate) common: &'a Common,
    pub(crate) chosen: &'a Chosen,
    pub(crate) spec: &'a Spec,
    pub(crate) selection: &'a Selection,
    pub(crate) seed: u64,
    pub(crate) out: &'a OutDir,
}

impl Report<'_> {
    /// Puts traces and reproducers into the directory, and gives the run.
    pub(crate) fn make(&self, account: Account) -> anyhow::Result<Run> {
        let traces = self.keep_traces(&account)?;
        let judges = traces.iter().map(|(name, path)| Ok((name.clone(), self.judged(path)?)));
        let (judged, mut observed) = Judge::finish(judges)?;
        if let Some(trouble) = &account.trouble {
            observed.trouble("run_ended", trouble);
        }
        if account.cancelled {
            observed.trouble("ended_early", "the run ended early: cancelled");
            signals::say(&format!("cancelled; what was found so far stands in {}", self.args.out().display()));
        }
        observed.target.profile = account.profile;
        self.chosen.name(&mut observed.target);
        let judged = JudgedTraces { judgement: account.seen.under(judged.judgement), ..judged };
        let mut run = assemble(Ingredients {
            tool: tool(self.common),
            spec: self.spec,
            judged,
            observed: &observed,
            environment: environment(&observed, account.elapsed, self.seed),
            replay: replay_line(self.args, self.common, self.seed),
            lacking: Vec::new(),
            strict: self.args.reporting.strict,
        });
        for finding in &mut run.findings {
            let bucket = Bucket::new(&finding.rule, finding.kind, &finding.place);
            let found = account.found.iter().find(|found| found.bucket == bucket);
            if let Some((shown, plays)) = found.and_then(|found| found.reliability) {
                finding.reliability = Some(format!("{shown}/{plays}"));
            }
        }
        reproducers::write(&mut run, &traces, &self.chosen.kernel(), self.out)?;
        Ok(run)
    }

    /// Copies the traces into the directory, each once, by the names that reports call them.
    fn keep_traces(&self, account: &Account) -> anyhow::Result<Vec<(String, PathBuf)>> {
        let mut paths: Vec<&PathBuf> = account.first.iter().take(1).collect();
        // A finding has the first trace that shows it, which is to be that of the smallest plan.
        let mut by_size: Vec<&Found> = account.found.iter().collect();
        by_size.sort_by_key(|found| (!found.is_proven(), found.plan.steps.len()));
        for found in by_size {
            if !paths.contains(&&found.trace) {
                paths.push(&found.trace);
            }
        }
        let mut kept = Vec::new();
        for (path, number) in paths.into_iter().zip(1..) {
            let name = trace_name(number);
            let to = self.out.path().join(&name);
            std::fs::copy(path, &to).with_context(|| format!("cannot write {}", to.display()))?;
            kept.push((name, to));
        }
        Ok(kept)
    }

    fn judged(&self, path: &std::path::Path) -> anyhow::Result<Judge> {
        let mut judge = Judge::new(self.spec, self.selection)?;
        for_each_record(path, |record, line| judge.observe(record, line)).context("cannot read the trace again")?;
        Ok(judge)
    }
}
