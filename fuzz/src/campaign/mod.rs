//! A campaign: plans are played in batches until time or number is over, and what they show is kept once a bucket.
//!
//! A batch is a run as any other: its kernels are used again while they follow, a lockup costs one of them, and what shows a lockup or a
//! crash is played again on a fresh one. Of a bucket that is new a lockup or a crash is made smaller at once, on fresh kernels
//! ([`reduce()`]), and a deviation when the search is over; one that is known does not count. What does not show by its plan alone is no finding: who reads the report could not see it either.
//!
//! What the plays showed that no plan did before (states, shapes of answers) would guide [`Campaign::next_batch`], which is the one place
//! that says what is played next.

mod account;
mod found;
mod reduce;
mod stage;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use harness::oracle::{Finding, Kind};
use harness::plan::Plan;
use harness::session::About;
use harness::session::run::Progress;
use harness::trace::ScenarioOutcome;

pub use account::Account;
pub use found::{Bucket, Found};
pub use reduce::{Budget, Fate, Watch, reduce};
pub use stage::{Manner, Shown, Stage, StageError};

use crate::generate::Generator;

/// The most plans of a batch: its traces are on the disk until it is judged.
const BATCH: u64 = 64;
/// How long a batch is to take about, so that what it finds is told soon and the end is not far overshot.
const BATCH_TIME: Duration = Duration::from_secs(10);
/// How long a plan takes before that is known.
const FIRST_GUESS: Duration = Duration::from_millis(500);

/// What is left for making things smaller at least, also where the time is over: what was found last is worth as much as what was found first.
const LEAST: Duration = Duration::from_secs(60);
/// Which part of a campaign's time comes to it for making deviations smaller.
const LATE_PART: u32 = 4;
/// How often a plan is played before it is said not to show what it showed.
const TRIES: u32 = 3;

/// When a campaign ends: whichever comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// After this time.
    pub time: Option<Duration>,
    /// After this many plans.
    pub runs: Option<u64>,
}

/// How far a campaign is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Status {
    /// Plans played.
    pub plans: u64,
    /// Messages sent and received.
    pub messages: u64,
    /// Kernels started.
    pub kernels: u64,
    /// Buckets found.
    pub found: usize,
    /// Buckets that did not show again.
    pub lost: usize,
    /// Time so far.
    pub elapsed: Duration,
}

/// What happens while a campaign goes on.
pub enum News<'a> {
    /// A plan begins.
    Playing(&'a str),
    /// How far it is.
    Status(&'a Status),
    /// A bucket is new.
    New(&'a Found),
    /// It is tried whether fewer steps show it, of which there are so many now.
    Reducing(&'a Found),
    /// It is as small as it gets, or has not shown again.
    Reduced(&'a Found, Fate),
}

/// What a campaign came to.
pub struct Ended {
    /// What was found and shows again, or could not be tried any more.
    pub found: Vec<Found>,
    /// What did not show again.
    pub lost: Vec<Found>,
    /// What was seen of each rule.
    pub account: Account,
    /// In the end.
    pub status: Status,
    /// What ended it early, if anything did.
    pub trouble: Option<String>,
}

/// Searches until the limits are reached, the stage is cancelled, or no kernel can be had any more.
///
/// # Errors
///
/// If nothing can be played at all.
pub fn campaign(stage: &Stage, generator: &Generator, limits: Limits, on: &mut dyn FnMut(News<'_>)) -> Result<Ended, StageError> {
    let mut campaign = Campaign {
        stage,
        generator,
        limits,
        began: Instant::now(),
        next: 0,
        buckets: BTreeSet::new(),
        waiting: Vec::new(),
        ended: Ended { found: Vec::new(), lost: Vec::new(), account: Account::default(), status: Status::default(), trouble: None },
    };
    while campaign.ended.trouble.is_none() && !stage.is_cancelled() {
        let plans = campaign.next_batch();
        if plans.is_empty() {
            break;
        }
        let (mild, grave) = campaign.search(&plans, on)?.into_iter().partition(|found| found.bucket.kind == Kind::Deviation);
        campaign.reduce(grave, campaign.left().map(|left| left.max(LEAST)), on)?;
        campaign.waiting.extend::<Vec<Found>>(mild);
    }
    let waiting = std::mem::take(&mut campaign.waiting);
    campaign.reduce(waiting, limits.time.map(|time| (time / LATE_PART).max(LEAST)), on)?;
    campaign.ended.status.elapsed = campaign.began.elapsed();
    Ok(campaign.ended)
}

/// A first play without a step, to get to know the kernel.
#[must_use]
pub fn greeting() -> Plan {
    Plan::of(format!("{}/greeting", crate::generate::GROUP), vec!["a".to_owned()], Vec::new())
}

struct Campaign<'a> {
    stage: &'a Stage,
    generator: &'a Generator,
    limits: Limits,
    began: Instant,
    /// The number of the next plan.
    next: u64,
    buckets: BTreeSet<Bucket>,
    /// What is made smaller when the search is over.
    waiting: Vec<Found>,
    ended: Ended,
}

impl Campaign<'_> {
    /// What is played next; nothing once a limit is reached.
    fn next_batch(&mut self) -> Vec<Arc<Plan>> {
        let of_runs = self.limits.runs.map_or(BATCH, |runs| runs.saturating_sub(self.next));
        let until = self.left().map_or(BATCH_TIME, |left| left.min(BATCH_TIME));
        let of_time = if until.is_zero() { 0 } else { (until.as_secs_f64() / self.pace().as_secs_f64()).ceil() as u64 };
        let count = of_runs.min(of_time).min(BATCH);
        let numbers = self.next..self.next + count;
        self.next = numbers.end;
        numbers.map(|number| Arc::new(self.generator.plan(number))).collect()
    }

    /// How long a plan takes, by those so far.
    fn pace(&self) -> Duration {
        let (elapsed, plans) = (self.began.elapsed(), u32::try_from(self.ended.status.plans).unwrap_or(u32::MAX));
        if plans == 0 { FIRST_GUESS } else { (elapsed / plans).max(Duration::from_millis(1)) }
    }

    /// The time that is left, where it is limited.
    fn left(&self) -> Option<Duration> {
        self.limits.time.map(|time| time.saturating_sub(self.began.elapsed()))
    }

    /// Plays a batch, and gives what is new.
    fn search(&mut self, plans: &[Arc<Plan>], on: &mut dyn FnMut(News<'_>)) -> Result<Vec<Found>, StageError> {
        let (began, mut status) = (self.began, self.ended.status);
        let shown = self.stage.play(plans, Manner::Searching, &mut |progress| match progress {
            Progress::Started { scenario, .. } => on(News::Playing(&scenario)),
            Progress::Ended { outcome: ScenarioOutcome::Completed | ScenarioOutcome::Abandoned, .. } => {
                status.plans += 1;
                status.elapsed = began.elapsed();
                on(News::Status(&status));
            }
            _ => {}
        })?;
        self.ended.account.add(&shown.judgement);
        self.ended.status.plans += shown.played as u64;
        self.count(&shown);
        if let Some(trouble) = &shown.trouble {
            self.ended.trouble = Some(trouble.to_string());
        }
        let mut fresh: Vec<Found> = Vec::new();
        for finding in &shown.judgement.findings {
            let bucket = Bucket::of(finding);
            let plan = plans.iter().find(|plan| plan.scenario == finding.scenario);
            let (Some(plan), Some(trace)) = (plan, shown.trace_of(finding)) else { continue };
            if self.buckets.insert(bucket.clone()) {
                fresh.push(found(bucket, finding, plan, trace.clone(), &shown));
            }
        }
        fresh.iter().for_each(|found| on(News::New(found)));
        Ok(fresh)
    }

    /// Makes what is new smaller, all in so much time about, and sets aside what does not show again.
    fn reduce(&mut self, fresh: Vec<Found>, time: Option<Duration>, on: &mut dyn FnMut(News<'_>)) -> Result<(), StageError> {
        let (began, count) = (Instant::now(), fresh.len());
        for (mut found, left) in fresh.into_iter().zip((1..=count).rev()) {
            let share = |time: Duration| time.saturating_sub(began.elapsed()) / u32::try_from(left).unwrap_or(u32::MAX);
            let budget = time.map_or_else(Budget::usual, |time| Budget::of(share(time)));
            let mut looking = Looking { status: &mut self.ended.status, buckets: &self.buckets, on };
            let fate = reduce(self.stage, &mut found, &budget, &mut looking)?;
            self.buckets.insert(found.bucket.clone());
            on(News::Reduced(&found, fate));
            match fate {
                Fate::Reduced | Fate::Untried => self.ended.found.push(found),
                Fate::Gone => self.ended.lost.push(found),
                Fate::Known => {}
            }
            self.ended.status.found = self.ended.found.len();
            self.ended.status.lost = self.ended.lost.len();
        }
        Ok(())
    }

    fn count(&mut self, shown: &Shown) {
        let status = &mut self.ended.status;
        status.messages += shown.timings.messages;
        status.kernels += u64::from(shown.timings.kernels);
        status.elapsed = self.began.elapsed();
    }
}

/// Looks on while something is made smaller.
struct Looking<'a, 'b> {
    status: &'a mut Status,
    buckets: &'a BTreeSet<Bucket>,
    on: &'a mut (dyn FnMut(News<'_>) + 'b),
}

impl Watch for Looking<'_, '_> {
    fn played(&mut self, shown: &Shown) {
        self.status.messages += shown.timings.messages;
        self.status.kernels += u64::from(shown.timings.kernels);
    }

    fn smaller(&mut self, found: &Found) {
        (self.on)(News::Reducing(found));
    }

    fn is_known(&self, bucket: &Bucket) -> bool {
        self.buckets.contains(bucket)
    }
}

fn found(bucket: Bucket, finding: &Finding, plan: &Arc<Plan>, trace: std::path::PathBuf, shown: &Shown) -> Found {
    Found {
        bucket,
        finding: finding.clone(),
        plan: Arc::clone(plan),
        steps_at_first: plan.steps.len(),
        trace,
        reliability: None,
        dir: Arc::clone(&shown.dir),
    }
}

/// Plays a plan on a fresh kernel until it shows a bucket, a few times at most.
///
/// # Errors
///
/// If nothing can be played at all, or no kernel can be had.
pub fn look_for(stage: &Stage, plan: &Arc<Plan>, bucket: Bucket) -> Result<Option<Found>, StageError> {
    for _ in 0..TRIES {
        let shown = stage.probe(plan)?;
        let finding = shown.judgement.findings.iter().find(|finding| Bucket::of(finding) == bucket);
        if let Some((finding, trace)) = finding.and_then(|finding| Some((finding, shown.trace_of(finding)?.clone()))) {
            return Ok(Some(found(bucket, finding, plan, trace, &shown)));
        }
    }
    Ok(None)
}

/// Gets to know the kernel: what it says about itself, and the trace of that.
///
/// # Errors
///
/// If nothing can be played at all.
pub fn greet(stage: &Stage) -> Result<(Option<About>, Shown), StageError> {
    let one = Stage { spec: Arc::clone(&stage.spec), selection: stage.selection.clone(), options: stage.options.clone(), jobs: 1 };
    let shown = one.play(&[Arc::new(greeting())], Manner::Searching, &mut |_| {})?;
    Ok((shown.about.clone(), shown))
}
