//! A run: all scenarios, on as many kernels at a time as wanted.
//!
//! Each worker has a kernel, a trace and a follower of its own, and takes the next scenario from a common queue. It uses its
//! kernel again while that follows; a spare one is started ahead, so that a fresh one costs no waiting. A scenario in which an
//! answer was missed, or the kernel died, is played again on fresh kernels: what shows once only is not called a lockup.

mod following;
mod own_start;
mod timings;
mod worker;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use super::kernel::{InterruptMode, Launcher, Reach, StartError, Target};
use super::transport::Wire;
use super::{About, Cancel, Overtaking, SessionError};
use crate::plan::Plan;
use crate::spec::{Profile, Spec};
use crate::trace::{Recorder, RecorderError, ScenarioOutcome};
pub use following::Follow;
use following::{Followed, Following};
pub use timings::{ScenarioTimings, Timings};
use worker::Worker;

/// Which profile fills in the code.
#[derive(Debug, Clone, PartialEq)]
pub enum ProfileChoice {
    /// The one for the kernel's language, by its first answer.
    Auto,
    /// This one.
    Given(Arc<Profile>),
    /// None: only what needs no code is played.
    None,
}

impl ProfileChoice {
    /// The profile for a kernel, if there is one.
    #[must_use]
    pub fn for_kernel(&self, spec: &Spec, about: &About) -> Option<Arc<Profile>> {
        match self {
            Self::Auto => spec.profile_for(&about.language, &about.implementation).cloned().map(Arc::new),
            Self::Given(profile) => Some(Arc::clone(profile)),
            Self::None => None,
        }
    }
}

/// One part of a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// A scenario, as an index into the spec's; the profile makes a plan of it.
    Scenario(usize),
    /// A plan, whole.
    Plan(Arc<Plan>),
}

impl Part {
    fn is_fresh(&self, spec: &Spec) -> bool {
        match self {
            Self::Scenario(index) => spec.scenarios[*index].fresh,
            Self::Plan(plan) => plan.fresh,
        }
    }

    /// Whether the start of its kernel, or how it is spoken to, is its own too, so that none can be started ahead.
    fn has_own_start(&self, spec: &Spec) -> bool {
        match self {
            Self::Scenario(index) => spec.scenarios[*index].start.is_some() || spec.scenarios[*index].wire.is_some(),
            Self::Plan(plan) => plan.start.is_some() || plan.wire.is_some(),
        }
    }
}

/// What a run needs to know.
#[derive(Clone)]
pub struct RunOptions {
    /// What is started or joined.
    pub target: Target,
    /// Whose code is run.
    pub profile: ProfileChoice,
    /// What to play.
    pub parts: Vec<Part>,
    /// Seed of all random choices.
    pub seed: u64,
    /// The directory that the traces go to; it exists and holds none.
    pub out: PathBuf,
    /// Whether each scenario gets a kernel of its own.
    pub fresh: bool,
    /// Whether what shows a lockup or a crash is played again at once, on a fresh kernel: only what shows again is called one.
    pub confirm: bool,
    /// How kernels are reached.
    pub reach: Reach,
    /// Whose ZeroMQ is spoken.
    pub wire: Wire,
    /// Whether it is spoken throughout, also where a scenario wants another.
    pub wire_throughout: bool,
    /// How cells are interrupted.
    pub interrupt_mode: InterruptMode,
    /// Multiplies every deadline.
    pub deadline_scale: f64,
    /// Ends the run early.
    pub cancel: Cancel,
    /// Starts kernels.
    pub launcher: Launcher,
}

/// What happens while a run goes on.
#[derive(Debug, Clone)]
pub enum Progress {
    /// The first kernel of a worker answered.
    Ready(About),
    /// A scenario begins.
    Started {
        /// Its name.
        scenario: String,
        /// 1, or more when a suspicion is confirmed.
        attempt: u32,
    },
    /// A scenario is over.
    Ended {
        /// Its name.
        scenario: String,
        /// How it ended.
        outcome: ScenarioOutcome,
        /// Why, where it did not complete.
        reason: Option<String>,
    },
    /// What a follower has to tell; two workers may tell the same.
    Told(String),
}

/// What a run came to.
#[derive(Debug)]
pub struct Ran<F> {
    /// The traces, one a worker, each with its follower.
    pub traces: Vec<(PathBuf, F)>,
    /// What the kernel says about itself, if it ever answered.
    pub about: Option<About>,
    /// Name of the profile that was used.
    pub profile: Option<String>,
    /// Scenarios that were not played, and why.
    pub skipped: Vec<(String, String)>,
    /// How many were played.
    pub played: usize,
    /// From the first start to the last judgement.
    pub wall: Duration,
    /// Where the time went, summed over the workers.
    pub timings: Timings,
    /// The same by scenario, in the order in which they ended.
    pub by_scenario: Vec<ScenarioTimings>,
    /// Whether it was cancelled.
    pub cancelled: bool,
    /// The world's trouble, or ours, that ended it early.
    pub trouble: Option<RunError>,
}

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// There is no kernel.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A session can't go on.
    #[error(transparent)]
    Session(SessionError),
    /// A trace can't be written.
    #[error(transparent)]
    Recorder(#[from] RecorderError),
}

impl From<SessionError> for RunError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Start(error) => Self::Start(*error),
            other => Self::Session(other),
        }
    }
}

/// What the workers share: parts that are still to be played, whether any of them ever had an answer of the kernel, and how it answers.
#[derive(Clone)]
struct Queue {
    left: Arc<Mutex<VecDeque<Part>>>,
    has_answered: Arc<AtomicBool>,
    overtaking: Overtaking,
}

impl Queue {
    /// Those that share a kernel come first, so that the kernels of the others are started meanwhile; last those whose start is their own.
    fn new(options: &RunOptions, spec: &Spec) -> Self {
        let mut order = options.parts.clone();
        order.sort_by_key(|part| (part.is_fresh(spec), part.has_own_start(spec)));
        Self { left: Arc::new(Mutex::new(order.into())), has_answered: Arc::default(), overtaking: Overtaking::default() }
    }

    fn next(&self) -> Option<Part> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// Whether a kernel that is started as usual may be wanted.
    fn wants_kernel(&self, spec: &Spec) -> bool {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|part| !part.has_own_start(spec))
    }
}

/// The name of a trace in the directory of the results, by its number from 1: of a run each worker writes one.
#[must_use]
pub fn trace_name(number: usize) -> String {
    if number == 1 { "trace.jsonl".to_owned() } else { format!("trace-{number}.jsonl") }
}

/// Plays the scenarios, on one kernel for each of `followers`. What goes wrong on the way ends the run early and is told
/// beside what was recorded so far.
///
/// # Errors
///
/// If nothing can be played at all, because no trace can be written.
pub fn run<F: Follow>(options: &RunOptions, spec: &Arc<Spec>, followers: Vec<F>, on: &mut dyn FnMut(Progress)) -> Result<Ran<F>, RunError> {
    let began = Instant::now();
    let queue = Queue::new(options, spec);
    let (tell, told) = mpsc::channel();
    let mut pairs = Vec::new();
    for (follower, number) in followers.into_iter().zip(1..) {
        let recorder = Arc::new(Recorder::create(&options.out.join(trace_name(number)), options.seed)?);
        let (following, sending) = Following::of(follower, &recorder, tell.clone());
        let worker = Worker::new(number, options, Arc::clone(spec), queue.clone(), recorder, sending, tell.clone());
        pairs.push((worker, following));
    }
    drop(tell);
    let done = std::thread::scope(|scope| {
        let spawned = pairs.into_iter().map(|(worker, following)| (scope.spawn(|| worker.work()), scope.spawn(|| following.follow())));
        let handles: Vec<_> = spawned.collect();
        for progress in told {
            on(progress);
        }
        handles.into_iter().map(|(worker, follower)| (joined(worker), joined(follower))).collect::<Vec<_>>()
    });
    Ok(gather(done, options, began))
}

fn joined<T>(handle: ScopedJoinHandle<'_, T>) -> T {
    handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// What one worker came to.
struct Done {
    trace: PathBuf,
    about: Option<About>,
    profile: Option<String>,
    skipped: Vec<(String, String)>,
    played: usize,
    timings: Timings,
    by_scenario: Vec<ScenarioTimings>,
    trouble: Option<RunError>,
}

fn gather<F>(done: Vec<(Done, Followed<F>)>, options: &RunOptions, began: Instant) -> Ran<F> {
    let mut ran = Ran {
        traces: Vec::new(),
        about: None,
        profile: None,
        skipped: Vec::new(),
        played: 0,
        wall: Duration::ZERO,
        timings: Timings::default(),
        by_scenario: Vec::new(),
        cancelled: options.cancel.is_set(),
        trouble: None,
    };
    for (worker, followed) in done {
        ran.traces.push((worker.trace, followed.follower));
        ran.timings.harness += followed.took;
        ran.about = ran.about.or(worker.about);
        ran.profile = ran.profile.or(worker.profile);
        ran.skipped.extend(worker.skipped);
        ran.played += worker.played;
        ran.timings.add(&worker.timings);
        ran.by_scenario.extend(worker.by_scenario);
        ran.trouble = ran.trouble.or(worker.trouble);
    }
    ran.skipped.sort();
    ran.wall = began.elapsed();
    ran
}

fn tell(to: &Sender<Progress>, progress: Progress) {
    // Who no longer listens has lost interest in the progress, not in the run.
    let _ = to.send(progress);
}
