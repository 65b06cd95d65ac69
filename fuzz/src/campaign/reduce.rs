//! Makes what was found small, and says how reliably it shows.

use std::sync::Arc;
use std::time::{Duration, Instant};

use harness::oracle::{Finding, Kind};
use harness::plan::Plan;

use super::TRIES;
use super::found::{Bucket, Found};
use super::stage::{Shown, Stage, StageError};
use crate::shrink::shrink;

/// How often the smallest plan is played in the end, to tell how reliably it shows.
const LAST_TRIES: u32 = 3;
/// Plays of one shrinking at most.
const PLAYS: u32 = 150;
/// Time of one shrinking at most.
const TIME: Duration = Duration::from_secs(180);

/// What a shrinking may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// How many plays.
    pub plays: u32,
    /// Until when.
    pub until: Instant,
}

impl Budget {
    /// So much time from now on, and not more than is usual.
    #[must_use]
    pub fn of(time: Duration) -> Self {
        Self { plays: PLAYS, until: Instant::now() + time.min(TIME) }
    }

    /// The usual one.
    #[must_use]
    pub fn usual() -> Self {
        Self::of(TIME)
    }
}

/// What became of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is as small as it gets within the budget, and its reliability is known.
    Reduced,
    /// Its plan alone did not show it again.
    Gone,
    /// Its plan alone shows another finding that is known already: which of its requests a kernel that is stuck leaves unanswered, and what is
    /// blamed for it, may be a matter of moments.
    Known,
    /// Somebody ended it before that was clear.
    Untried,
}

/// Replaces the plan of `found` by the smallest one that shows the same on a fresh kernel, and counts how often that does. Of a lockup or a
/// crash the bucket may change, to that which the smaller plan shows, as long as that is nobody else's. `watch` hears of each play and each
/// smaller plan.
///
/// # Errors
///
/// If nothing can be played any more.
pub fn reduce(stage: &Stage, found: &mut Found, budget: &Budget, watch: &mut dyn Watch) -> Result<Fate, StageError> {
    let mut prober = Prober { stage, watch };
    match prober.see_again(found)? {
        Fate::Reduced => {}
        other => return Ok(other),
    }
    let (mut left, mut trouble) = (budget.plays, None);
    let samples = |name: &str| stage.spec.messages.get(name).map(|message| message.sample.clone());
    let first = Arc::clone(&found.plan);
    shrink(&first, &samples, &mut |candidate| {
        if left == 0 || Instant::now() >= budget.until || stage.is_cancelled() || trouble.is_some() {
            return None;
        }
        left -= 1;
        let candidate = Arc::new(candidate.clone());
        match prober.probe(&candidate, &found.bucket) {
            Ok(Some((finding, shown))) => {
                take_over(found, &candidate, finding, &shown);
                prober.watch.smaller(found);
                Some(true)
            }
            Ok(None) => (!stage.is_cancelled()).then_some(false),
            Err(error) => {
                trouble = Some(error);
                None
            }
        }
    });
    if let Some(error) = trouble {
        return Err(error);
    }
    let (mut tries, mut shown) = (1, 1);
    while tries <= LAST_TRIES && !stage.is_cancelled() {
        tries += 1;
        let plan = Arc::clone(&found.plan);
        if let Some((finding, play)) = prober.probe(&plan, &found.bucket)? {
            shown += 1;
            take_over(found, &plan, finding, &play);
        }
    }
    // The play that made it the smallest counts too.
    found.reliability = Some((shown, tries));
    Ok(Fate::Reduced)
}

/// Who looks on.
pub trait Watch {
    /// A plan was played.
    fn played(&mut self, shown: &Shown);
    /// A smaller plan shows it.
    fn smaller(&mut self, found: &Found);
    /// Whether a bucket is that of another finding.
    fn is_known(&self, bucket: &Bucket) -> bool;
}

/// Plays one plan at a time.
struct Prober<'a, 'b> {
    stage: &'a Stage,
    watch: &'b mut dyn Watch,
}

impl Prober<'_, '_> {
    /// What a plan shows on a fresh kernel.
    fn play(&mut self, plan: &Arc<Plan>) -> Result<Shown, StageError> {
        let shown = self.stage.probe(plan)?;
        self.watch.played(&shown);
        Ok(shown)
    }

    /// What a plan shows of a bucket, or else of one that is akin to it and not known as another's.
    fn probe(&mut self, plan: &Arc<Plan>, bucket: &Bucket) -> Result<Option<(Finding, Shown)>, StageError> {
        let shown = self.play(plan)?;
        let is_free = |seen: &Bucket| seen.is_akin(bucket) && !self.watch.is_known(seen);
        let finding = pick(&shown, bucket, |finding| is_free(&Bucket::of(finding)));
        Ok(finding.map(|finding| (finding, shown)))
    }

    /// Plays the plan of a finding until it shows it, or what is of its kind.
    fn see_again(&mut self, found: &mut Found) -> Result<Fate, StageError> {
        let plan = Arc::clone(&found.plan);
        for _ in 0..TRIES {
            if self.stage.is_cancelled() {
                return Ok(Fate::Untried);
            }
            let (bucket, lockup) = (found.bucket.clone(), found.finding.lockup.clone());
            let is_of_its_kind =
                |finding: &Finding| bucket.kind != Kind::Deviation && finding.kind == bucket.kind && finding.lockup == lockup;
            let shown = self.play(&plan)?;
            let Some(finding) = pick(&shown, &bucket, is_of_its_kind) else { continue };
            let seen = Bucket::of(&finding);
            if seen != bucket && self.watch.is_known(&seen) {
                return Ok(Fate::Known);
            }
            take_over(found, &plan, finding, &shown);
            return Ok(Fate::Reduced);
        }
        found.reliability = Some((0, TRIES));
        Ok(Fate::Gone)
    }
}

/// The finding of a bucket, or else the first that will do.
fn pick(shown: &Shown, bucket: &Bucket, will_do: impl Fn(&Finding) -> bool) -> Option<Finding> {
    let findings = &shown.judgement.findings;
    let same = findings.iter().find(|finding| Bucket::of(finding) == *bucket);
    same.or_else(|| findings.iter().find(|finding| will_do(finding))).cloned()
}

fn take_over(found: &mut Found, plan: &Arc<Plan>, finding: Finding, shown: &Shown) {
    let Some(trace) = shown.trace_of(&finding).cloned() else { return };
    found.bucket = Bucket::of(&finding);
    found.replace(Arc::clone(plan), finding, trace, Arc::clone(&shown.dir));
}
