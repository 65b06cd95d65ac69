//! One worker of a run: a kernel at a time, a trace, and who follows it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{Done, Part, Progress, Queue, RunError, RunOptions, ScenarioTimings, Timings, tell};
use crate::plan::Plan;
use crate::session::kernel::{InterruptMode, Lives, StartError, Target};
use crate::session::transport::Wire;
use crate::session::{About, Played, Session, SessionError, Starting, Suspicion};
use crate::spec::{Profile, Scenario, Spec};
use crate::trace::{End, Event, Expectation, Noted, Recorder, ScenarioEnded, ScenarioOutcome, ScenarioStarted, Sending, WireKind};

/// How often a kernel is tried to be started that has started before.
const STARTS: u32 = 3;
/// How often a scenario with a suspicion is played at most.
const ATTEMPTS: u32 = 3;
/// How often a suspicion has to show.
const CONFIRMED: u32 = 2;
/// What its deadlines are multiplied with then.
const GENEROUS: f64 = 2.0;

pub(super) struct Worker<'a> {
    number: usize,
    options: &'a RunOptions,
    spec: Arc<Spec>,
    queue: Queue,
    pub(super) recorder: Arc<Recorder>,
    /// Keeps the follower's thread fed.
    sending: Sending,
    pub(super) tell: Sender<Progress>,
    pub(super) kernel: Option<Session>,
    spare: Option<Spare>,
    lives: Lives,
    started: u64,
    about: Option<About>,
    profile: Option<Arc<Profile>>,
    /// How long the kernel takes to start, where that was seen.
    pub(super) usual_startup: Option<Duration>,
    /// Whether a kernel died of its first plan: then later ones get a moment after their first answer, as front ends grant it.
    tender: bool,
    /// Suspicions that are no news any more.
    confirmed: BTreeSet<Suspicion>,
    skipped: Vec<(String, String)>,
    played: usize,
    pub(super) timings: Timings,
    by_scenario: Vec<ScenarioTimings>,
}

/// A kernel that is started ahead; its trace joins ours when it is taken into use.
struct Spare {
    recorder: Arc<Recorder>,
    starting: JoinHandle<Result<Session, SessionError>>,
}

impl<'a> Worker<'a> {
    pub(super) fn new(
        number: usize,
        options: &'a RunOptions,
        spec: Arc<Spec>,
        queue: Queue,
        recorder: Arc<Recorder>,
        sending: Sending,
        tell: Sender<Progress>,
    ) -> Self {
        Self {
            number,
            options,
            spec,
            queue,
            recorder,
            sending,
            tell,
            kernel: None,
            spare: None,
            lives: Lives::default(),
            started: 0,
            about: None,
            profile: None,
            usual_startup: None,
            tender: false,
            confirmed: BTreeSet::new(),
            skipped: Vec::new(),
            played: 0,
            timings: Timings::default(),
            by_scenario: Vec::new(),
        }
    }

    /// Takes scenarios until none is left, or something ends the run.
    pub(super) fn work(mut self) -> Done {
        let began = Instant::now();
        let mut trouble = self.play_all().err().filter(|error| !matches!(error, RunError::Session(SessionError::Cancelled)));
        let why = match (&trouble, self.options.cancel.is_set()) {
            (_, true) => "cancelled",
            (Some(_), false) => "error",
            (None, false) => "completed",
        };
        if let Some(error) = &trouble {
            self.recorder.record(Event::Error(Noted { what: "run_ended".to_owned(), text: error.to_string() }));
        }
        if let Err(error) = self.retire() {
            trouble.get_or_insert(error);
        }
        drop(self.spare.take().map(|spare| spare.starting.join()));
        self.recorder.record(Event::End(End { why: why.to_owned() }));
        if let Err(error) = self.recorder.hand_over() {
            trouble.get_or_insert(error.into());
        }
        drop(self.sending);
        self.timings.harness = began.elapsed().saturating_sub(self.timings.waiting());
        Done {
            trace: self.recorder.path().to_owned(),
            about: self.about,
            profile: self.profile.map(|profile| profile.name.clone()),
            skipped: self.skipped,
            played: self.played,
            timings: self.timings,
            by_scenario: self.by_scenario,
            trouble,
        }
    }

    fn play_all(&mut self) -> Result<(), RunError> {
        while let Some(part) = self.queue.next() {
            if self.options.cancel.is_set() {
                return Ok(());
            }
            let (began, before) = (Instant::now(), self.timings);
            let scenario = match part {
                Part::Scenario(index) => {
                    let scenario = self.spec.scenarios[index].clone();
                    self.play_scenario(&scenario)?;
                    scenario.id()
                }
                Part::Plan(plan) => {
                    self.play_plan(&plan)?;
                    plan.scenario.clone()
                }
            };
            self.by_scenario.push(ScenarioTimings { scenario, timings: self.timings.since(&before, began.elapsed()) });
        }
        Ok(())
    }

    fn play_scenario(&mut self, scenario: &Scenario) -> Result<(), RunError> {
        if self.about.is_none() {
            self.need_kernel(self.wire(scenario.wire), 1.0)?;
        }
        let plan = match self.plan(scenario) {
            Ok(plan) => plan,
            Err(reason) => return self.skip(scenario, reason),
        };
        self.play_plan(&plan)
    }

    /// Plays a plan, and again on fresh kernels as long as what it shows needs that.
    fn play_plan(&mut self, plan: &Plan) -> Result<(), RunError> {
        if plan.fresh || self.options.fresh {
            self.retire_used()?;
        }
        let (mut died, mut stuck) = (0, 0);
        let attempts = if self.options.confirm { ATTEMPTS } else { 1 };
        for attempt in 1..=attempts {
            let played = self.play_once(plan, attempt)?;
            let news = played.suspicions.iter().any(|suspicion| !self.confirmed.contains(suspicion));
            if !played.reusable || plan.fresh || self.options.fresh {
                self.retire()?;
            }
            died += u32::from(played.died);
            stuck += u32::from(news && !played.died);
            // What never showed needs no confirmation, what showed twice has it, and a running kernel can't be had afresh. That it was stuck
            // once and died once confirms neither.
            if died.max(stuck) == CONFIRMED {
                let lasting =
                    |suspicion: &Suspicion| suspicion.certain || suspicion.interrupted || suspicion.missing == [Expectation::Exit];
                self.confirmed.extend(played.suspicions.into_iter().filter(lasting));
                return Ok(());
            }
            if died + stuck == 0 || played.cancelled || self.is_joined() {
                return Ok(());
            }
            self.retire()?;
        }
        Ok(())
    }

    /// What can be played of a scenario, or why nothing can.
    fn plan(&self, scenario: &Scenario) -> Result<Plan, String> {
        if scenario.fresh && self.is_joined() {
            return Err("it needs a kernel of its own, and this one was running before".to_owned());
        }
        let early = scenario.start.as_ref().is_some_and(|start| start.interrupt_after.is_some());
        if early && self.options.interrupt_mode == InterruptMode::Message {
            return Err("the kernel is interrupted by messages, which wait until it is up".to_owned());
        }
        let features = self.about.as_ref().map_or(&[][..], |about| &about.features);
        if let Some(feature) = scenario.feature.as_ref().filter(|feature| !features.contains(feature)) {
            return Err(format!("the kernel does not announce `{feature}`"));
        }
        match Plan::from_scenario(scenario, self.profile.as_deref(), &self.spec) {
            // The trace is to tell how it was played, for those who play it again.
            Ok(plan) => Ok(Plan { wire: plan.wire.filter(|&wire| self.wire(Some(wire)) == wire), ..plan }),
            Err(lacking) if self.profile.is_some() => Err(lacking.to_string()),
            Err(_) => Err("there is no profile for the kernel's language".to_owned()),
        }
    }

    fn skip(&mut self, scenario: &Scenario, reason: String) -> Result<(), RunError> {
        self.skipped.push((scenario.id(), reason.clone()));
        self.end_unplayed(scenario.id(), ScenarioOutcome::Skipped, Some(reason))
    }

    /// Records that a scenario is over of which the session has played nothing, and tells it.
    pub(super) fn end_unplayed(&mut self, name: String, outcome: ScenarioOutcome, reason: Option<String>) -> Result<(), RunError> {
        self.recorder.record(Event::ScenarioEnded(ScenarioEnded { name: name.clone(), outcome, reason: reason.clone() }));
        self.recorder.hand_over()?;
        tell(&self.tell, Progress::Ended { scenario: name, outcome, reason });
        Ok(())
    }

    /// Records that a plan is played from here on.
    pub(super) fn announce(&self, plan: &Plan, attempt: u32) {
        let plan_json = serde_json::to_value(plan).unwrap_or_else(|error| panic!("a plan is plain data and serializes: {error}"));
        self.recorder.record(Event::ScenarioStarted(ScenarioStarted { name: plan.scenario.clone(), attempt, plan: plan_json }));
    }

    fn play_once(&mut self, plan: &Plan, attempt: u32) -> Result<Played, RunError> {
        let scale = if attempt == 1 { 1.0 } else { GENEROUS };
        if let Some(start) = &plan.start {
            tell(&self.tell, Progress::Started { scenario: plan.scenario.clone(), attempt });
            if let Some(played) = self.start_for(plan, start, (attempt, scale))? {
                return Ok(played);
            }
        } else {
            self.need_kernel(self.wire(plan.wire), scale)?;
            self.prepare_spare();
            tell(&self.tell, Progress::Started { scenario: plan.scenario.clone(), attempt });
            self.announce(plan, attempt);
        }
        let Some(session) = &mut self.kernel else { panic!("need_kernel gives a kernel or an error") };
        let (waited, first) = (session.waited(), !session.has_played());
        let mut played = session.play(plan)?;
        played.died |= played.completed && plan.start.as_ref().is_some_and(|start| start.then_exit);
        self.timings.waited.add(&session.waited().since(&waited));
        self.timings.messages += session.messages();
        self.tender |= played.died && first;
        self.played += usize::from(attempt == 1);
        let outcome = if played.completed { ScenarioOutcome::Completed } else { ScenarioOutcome::Abandoned };
        self.recorder.hand_over()?;
        tell(&self.tell, Progress::Ended { scenario: plan.scenario.clone(), outcome, reason: None });
        Ok(played)
    }

    fn is_joined(&self) -> bool {
        matches!(self.options.target, Target::Existing { .. })
    }

    /// Over which wire that is played which wants this one.
    pub(super) fn wire(&self, wanted: Option<WireKind>) -> WireKind {
        // A running kernel has one, and front ends that use it.
        let is_free = !self.options.wire_throughout && !self.is_joined();
        wanted.filter(|_| is_free).unwrap_or(self.options.wire.kind())
    }

    /// Sees to it that there is a kernel, over that wire.
    pub(super) fn need_kernel(&mut self, wire: WireKind, scale: f64) -> Result<(), RunError> {
        match &self.kernel {
            Some(kernel) if kernel.wire() == wire => return Ok(()),
            _ => self.retire()?,
        }
        let began = Instant::now();
        let spare = if wire == self.options.wire.kind() { self.take_spare()? } else { None };
        let session = match spare {
            Some(session) => session,
            None => self.start(wire)?,
        };
        self.take_into_use(session, scale);
        if self.tender
            && let Some(session) = &mut self.kernel
        {
            session.let_settle()?;
        }
        self.timings.starting += began.elapsed();
        Ok(())
    }

    /// Starts a kernel. Where one has answered before, this worker's or another's, a start that fails is its trouble and not the run's: it is noted, and tried again.
    fn start(&mut self, wire: WireKind) -> Result<Session, RunError> {
        let mut left = STARTS;
        loop {
            left -= 1;
            match self.starter(Arc::clone(&self.recorder), wire).start() {
                Err(SessionError::Start(error)) if self.queue.has_answered.load(Ordering::Relaxed) && left > 0 => {
                    self.note_failed_start(&error);
                }
                other => return Ok(other?),
            }
        }
    }

    pub(super) fn note_failed_start(&self, error: &StartError) {
        self.recorder.record(Event::Noted(Noted { what: "start_failed".to_owned(), text: error.to_string() }));
    }

    /// The kernel that was started ahead, if it started.
    fn take_spare(&mut self) -> Result<Option<Session>, RunError> {
        let Some(spare) = self.spare.take() else { return Ok(None) };
        let started = spare.starting.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        self.recorder.join(&spare.recorder);
        match started {
            Ok(session) => Ok(Some(session)),
            Err(SessionError::Start(error)) => {
                self.note_failed_start(&error);
                Ok(None)
            }
            Err(other) => Err(other.into()),
        }
    }

    pub(super) fn take_into_use(&mut self, mut session: Session, scale: f64) {
        self.queue.has_answered.store(true, Ordering::Relaxed);
        session.record_to(&self.recorder);
        session.be_patient(scale);
        self.usual_startup.get_or_insert(session.startup());
        if self.about.is_none() {
            let about = session.about().clone();
            self.profile = self.options.profile.for_kernel(&self.spec, &about);
            tell(&self.tell, Progress::Ready(about.clone()));
            self.about = Some(about);
        }
        self.kernel = Some(session);
    }

    /// Starts a kernel ahead, if one may be wanted.
    fn prepare_spare(&mut self) {
        if self.spare.is_some() || self.is_joined() || !self.queue.wants_kernel(&self.spec) {
            return;
        }
        let recorder = Arc::new(Recorder::in_memory(self.options.seed));
        let starter = self.starter(Arc::clone(&recorder), self.options.wire.kind());
        let starting = std::thread::spawn(move || starter.start());
        self.spare = Some(Spare { recorder, starting });
    }

    pub(super) fn starter(&mut self, recorder: Arc<Recorder>, wire: WireKind) -> Starting {
        let usual = &self.options.wire;
        self.timings.kernels += 1;
        self.started += 1;
        Starting {
            target: self.options.target.clone(),
            launcher: self.options.launcher.clone(),
            reach: self.options.reach.clone(),
            wire: if wire == usual.kind() { usual.clone() } else { Wire::new(wire, &self.options.out) },
            interrupt_mode: self.options.interrupt_mode,
            deadline_scale: self.options.deadline_scale,
            cancel: self.options.cancel.clone(),
            seed: self.options.seed ^ ((self.number as u64) << 32) ^ self.started,
            recorder,
            lives: self.lives.clone(),
            overtaking: self.queue.overtaking.clone(),
            own: None,
        }
    }

    /// Lets a kernel go that has played before; one that is as it started is good for a scenario that wants its own.
    fn retire_used(&mut self) -> Result<(), RunError> {
        if self.kernel.as_ref().is_some_and(Session::has_played) { self.retire() } else { Ok(()) }
    }

    pub(super) fn retire(&mut self) -> Result<(), RunError> {
        if let Some(mut session) = self.kernel.take() {
            let began = Instant::now();
            session.finish()?;
            self.timings.waited.exits += began.elapsed();
        }
        Ok(())
    }
}
