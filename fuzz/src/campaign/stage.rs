//! Plays plans and judges them: by the same session and the same oracle as scripted runs.

use std::path::PathBuf;
use std::sync::Arc;

use harness::oracle::{Finding, Judgement, Oracle};
use harness::plan::Plan;
use harness::session::About;
use harness::session::run::{Follow, Part, Progress, RunError, RunOptions, Timings, run};
use harness::spec::select::Selection;
use harness::spec::{Spec, SpecErrors};
use harness::trace::Record;
use tempfile::TempDir;

/// Why nothing can be played any more.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// There is no room for traces.
    #[error("cannot make a directory for traces")]
    Directory(#[from] std::io::Error),
    /// The rules.
    #[error(transparent)]
    Spec(#[from] SpecErrors),
    /// The session.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Where plans are played.
pub struct Stage {
    /// With its checks.
    pub spec: Arc<Spec>,
    /// Which rules are judged.
    pub selection: Selection,
    /// How kernels are started; what to play and where the traces go is filled in for each play.
    pub options: RunOptions,
    /// How many kernels are played with at a time.
    pub jobs: usize,
}

/// How plans are played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// One after the other on the same kernels; what shows a lockup or a crash is played again on a fresh one.
    Searching,
    /// Each once, on a fresh kernel.
    Probing,
}

/// What came of a play.
pub struct Shown {
    /// What the oracle says.
    pub judgement: Judgement,
    /// The traces, in the order of their numbers in findings.
    pub traces: Vec<PathBuf>,
    /// Holds the traces as long as somebody wants them.
    pub dir: Arc<TempDir>,
    /// What the kernel says about itself, if it answered.
    pub about: Option<About>,
    /// Where the time went.
    pub timings: Timings,
    /// How many plans were played.
    pub played: usize,
    /// What ended it early, if anything did.
    pub trouble: Option<RunError>,
}

impl Stage {
    /// Whether it is to end.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.options.cancel.is_set()
    }

    /// Plays plans.
    ///
    /// # Errors
    ///
    /// If nothing can be played at all. What ends the play early stands in [`Shown::trouble`].
    pub fn play(&self, plans: &[Arc<Plan>], manner: Manner, on: &mut dyn FnMut(Progress)) -> Result<Shown, StageError> {
        let dir = Arc::new(TempDir::with_prefix("kernelcheck-fuzz-")?);
        let options = RunOptions {
            parts: plans.iter().cloned().map(Part::Plan).collect(),
            out: dir.path().to_owned(),
            fresh: self.options.fresh || manner == Manner::Probing,
            confirm: manner == Manner::Searching,
            ..self.options.clone()
        };
        let followers = (0..self.jobs.clamp(1, plans.len().max(1))).map(|_| self.watch()).collect::<Result<Vec<_>, _>>()?;
        let ran = run(&options, &self.spec, followers, on)?;
        let (traces, watches): (Vec<_>, Vec<_>) = ran.traces.into_iter().unzip();
        let joined = watches.into_iter().map(|watch: Watch| watch.0).reduce(|mut all, one| {
            all.join(one);
            all
        });
        let oracle = joined.unwrap_or_else(|| panic!("there is a follower for each of one or more kernels"));
        Ok(Shown {
            judgement: oracle.finish(),
            traces,
            dir,
            about: ran.about,
            timings: ran.timings,
            played: ran.played,
            trouble: ran.trouble,
        })
    }

    /// Plays one plan once, on a fresh kernel. What ends the play early is an error here: it tells nothing of the plan.
    ///
    /// # Errors
    ///
    /// If it can't be played to its end.
    pub fn probe(&self, plan: &Arc<Plan>) -> Result<Shown, StageError> {
        let mut shown = self.play(std::slice::from_ref(plan), Manner::Probing, &mut |_| {})?;
        match shown.trouble.take() {
            Some(trouble) => Err(trouble.into()),
            None => Ok(shown),
        }
    }

    fn watch(&self) -> Result<Watch, SpecErrors> {
        let rules = self.spec.rules.iter().filter(|rule| self.selection.has_rule(rule));
        Oracle::with_rules(&self.spec, rules).map(Watch)
    }
}

impl Shown {
    /// The trace of a finding.
    #[must_use]
    pub fn trace_of(&self, finding: &Finding) -> Option<&PathBuf> {
        self.traces.get(finding.trace)
    }
}

/// An oracle that reads a trace while it is written. What it finds is told once the play is over, as it may be known already.
struct Watch(Oracle);

impl Follow for Watch {
    fn follow(&mut self, line: u64, records: Vec<Record>) -> Vec<String> {
        for (record, line) in records.into_iter().zip(line..) {
            self.0.observe(record, line);
        }
        Vec::new()
    }
}
