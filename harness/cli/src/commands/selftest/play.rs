//! Plays against one kernel of a self-test.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use harness::oracle::Judgement;
use harness::session::Cancel;
use harness::session::kernel::{CONNECTION_FILE, Command, Launcher, Reach, Target};
use harness::session::run::{self as session, Part, ProfileChoice, RunOptions};
use harness::session::transport::Wire;
use harness::spec::Spec;
use harness::spec::select::Selection;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::SelftestArgs;
use super::subject::Subject;
use super::tour::tour;
use crate::commands::run::launcher;
use crate::judge::Judge;
use crate::out_dir::OutDir;
use crate::usage::Usage;

/// What all plays have in common.
pub(super) struct Player {
    pub(super) cancel: Cancel,
    pub(super) extent: Extent,
    spec: Arc<Spec>,
    selection: Selection,
    tour: BTreeSet<usize>,
    launcher: Launcher,
    seed: u64,
    deadline_scale: f64,
    out: Option<PathBuf>,
}

/// What is played against a kernel with a defect. All is played against one that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// What is for the rule that the defect is made for.
    Rule,
    /// What is for the rules that it breaks, and a tour.
    Tour,
    /// Everything.
    All,
}

/// What a play came to.
pub(super) struct Played {
    pub(super) judgement: Judgement,
    /// Why it ended early, if it did.
    pub(super) trouble: Option<String>,
}

impl Player {
    pub(super) fn new(spec: &Arc<Spec>, runtime: &Runtime, cancel: Cancel, args: &SelftestArgs) -> anyhow::Result<Self> {
        let selection = Selection::new(&[], &[], spec).map_err(|error| Usage::error(error.to_string()))?;
        let (tour, launcher) = (tour(spec), launcher(runtime)?);
        let spec = Arc::clone(spec);
        Ok(Self {
            cancel,
            spec,
            selection,
            tour,
            launcher,
            extent: args.extent(),
            seed: args.seed.into(),
            deadline_scale: args.deadline_scale,
            out: args.out.clone(),
        })
    }

    /// Plays against one kernel.
    pub(super) fn play(&self, subject: &Subject, extent: Extent) -> anyhow::Result<Played> {
        let temporary = TempDir::new().context("cannot make a directory")?;
        let out = self.out.as_ref().map_or_else(|| temporary.path().to_owned(), |out| out.join(subject.name()));
        let out = OutDir::for_run(&out)?;
        let command = self.command(subject)?;
        let options = RunOptions {
            interrupt_mode: command.interrupt_mode,
            target: Target::Command(command),
            profile: ProfileChoice::Auto,
            parts: self.scenarios(subject, extent).into_iter().map(Part::Scenario).collect(),
            seed: self.seed,
            out: out.path().to_owned(),
            fresh: false,
            confirm: true,
            reach: Reach::default(),
            wire: Wire::default(),
            wire_throughout: false,
            deadline_scale: self.deadline_scale,
            cancel: self.cancel.clone(),
            launcher: self.launcher.clone(),
        };
        let judge = Judge::new(&self.spec, &self.selection)?;
        let ran = session::run(&options, &self.spec, vec![judge], &mut |_| {})?;
        let trouble = ran.trouble.map(|error| error.to_string());
        let named = |(_, judge)| Ok(("trace.jsonl".to_owned(), judge));
        let (judged, _) = Judge::finish(ran.traces.into_iter().map(named))?;
        Ok(Played { judgement: judged.judgement, trouble })
    }

    fn command(&self, subject: &Subject) -> anyhow::Result<Command> {
        let own = self.launcher.guard.to_str().context("the path of kernelcheck's own file is not UTF-8")?;
        let mut argv = vec![own.to_owned(), "fixture-kernel".to_owned()];
        argv.extend(subject.options());
        argv.push(CONNECTION_FILE.to_owned());
        Ok(Command { interrupt_mode: subject.interrupt_mode(), ..Command::from_argv(argv)? })
    }

    fn scenarios(&self, subject: &Subject, extent: Extent) -> Vec<usize> {
        let breaks = subject.breaks();
        let provokes = |index: usize, rules: &[&str]| self.spec.scenarios[index].provokes.iter().any(|id| rules.contains(&id.as_str()));
        let is_played = |&index: &usize| match (breaks, extent) {
            ([], _) | (_, Extent::All) => true,
            ([made_for, ..], Extent::Rule) => provokes(index, &[*made_for]),
            (_, Extent::Tour) => provokes(index, breaks) || self.tour.contains(&index),
        };
        (0..self.spec.scenarios.len()).filter(is_played).collect()
    }
}
