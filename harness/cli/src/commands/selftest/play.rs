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
    spec: Arc<Spec>,
    selection: Selection,
    tour: BTreeSet<usize>,
    launcher: Launcher,
    all: bool,
    quick: bool,
    seed: u64,
    deadline_scale: f64,
    out: Option<PathBuf>,
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
            all: args.all,
            quick: args.quick,
            seed: args.seed.into(),
            deadline_scale: args.deadline_scale,
            out: args.out.clone(),
        })
    }

    /// Plays the scenarios for the rules that the subject breaks, and a tour; all of them if it has no defect.
    pub(super) fn play(&self, subject: Subject) -> anyhow::Result<Played> {
        let temporary = TempDir::new().context("cannot make a directory")?;
        let out = self.out.as_ref().map_or_else(|| temporary.path().to_owned(), |out| out.join(subject.name()));
        let out = OutDir::for_run(&out)?;
        let command = self.command(subject)?;
        let options = RunOptions {
            interrupt_mode: command.interrupt_mode,
            target: Target::Command(command),
            profile: ProfileChoice::Auto,
            parts: self.scenarios(subject).into_iter().map(Part::Scenario).collect(),
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

    fn command(&self, subject: Subject) -> anyhow::Result<Command> {
        let own = self.launcher.guard.to_str().context("the path of kernelcheck's own file is not UTF-8")?;
        let mut argv = vec![own.to_owned(), "fixture-kernel".to_owned()];
        argv.extend(subject.options());
        argv.push(CONNECTION_FILE.to_owned());
        Ok(Command { interrupt_mode: subject.interrupt_mode(), ..Command::from_argv(argv)? })
    }

    fn scenarios(&self, subject: Subject) -> Vec<usize> {
        let breaks = if self.quick { &subject.breaks()[..subject.breaks().len().min(1)] } else { subject.breaks() };
        let all = 0..self.spec.scenarios.len();
        if self.all || breaks.is_empty() {
            return all.collect();
        }
        let provokes = |index: &usize| self.spec.scenarios[*index].provokes.iter().any(|id| breaks.contains(&id.as_str()));
        all.filter(|index| provokes(index) || (!self.quick && self.tour.contains(index))).collect()
    }
}
