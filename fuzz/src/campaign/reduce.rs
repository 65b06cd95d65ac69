//! Makes what was found small, and says how reliably it shows.

use std::sync::Arc;
use std::time::{Duration, Instant};

use harness::oracle::Finding;
use harness::plan::Plan;

use super::found::{Bucket, Found};
use super::stage::{Manner, Shown, Stage, StageError};
use crate::shrink::shrink;

/// How often a plan is played before it is said not to show what it showed.
const FIRST_TRIES: u32 = 3;
/// How often the smallest plan is played in the end, to tell how reliably it shows.
const LAST_TRIES: u32 = 3;
/// Plays of one shrinking at most.
const PLAYS: u32 = 150;
/// Time of one shrinking at most.
const TIME: Duration = Duration::from_secs(120);
/// And at least, also where the campaign's is over: what was found last is worth as much as what was found first.
const LEAST_TIME: Duration = Duration::from_secs(20);

/// What a shrinking may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// How many plays.
    pub plays: u32,
    /// Until when.
    pub until: Instant,
}

impl Budget {
    /// The usual one, of a campaign that has so much time left.
    #[must_use]
    pub fn within(left: Option<Duration>) -> Self {
        let time = left.map_or(TIME, |left| left.clamp(LEAST_TIME, TIME));
        Self { plays: PLAYS, until: Instant::now() + time }
    }
}

/// Replaces the plan of `found` by the smallest one that shows the same on a fresh kernel, and counts how often that does. `played` hears of
/// each play, `smaller` of each plan that is smaller and shows it.
///
/// # Errors
///
/// If nothing can be played any more.
pub fn reduce(
    stage: &Stage,
    found: &mut Found,
    budget: &Budget,
    played: &mut dyn FnMut(&Shown),
    smaller: &mut dyn FnMut(&Found),
) -> Result<(), StageError> {
    let mut prober = Prober { stage, bucket: found.bucket.clone(), played };
    let shown = prober.count(&Arc::clone(&found.plan), FIRST_TRIES, true, found)?;
    if shown == 0 {
        found.reliability = (!stage.is_cancelled()).then_some((0, FIRST_TRIES));
        return Ok(());
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
        match prober.probe(&candidate) {
            Ok(Some((finding, shown))) => {
                take_over(found, &candidate, finding, &shown);
                smaller(found);
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
    let shown = prober.count(&Arc::clone(&found.plan), LAST_TRIES, false, found)?;
    // It was seen to show, else it would not be the smallest; what was not tried to the end tells no more.
    found.reliability = Some(if stage.is_cancelled() { (1, 1) } else { (shown + 1, LAST_TRIES + 1) });
    Ok(())
}

/// Plays one plan at a time, and looks for one bucket.
struct Prober<'a, 'b> {
    stage: &'a Stage,
    bucket: Bucket,
    played: &'b mut dyn FnMut(&Shown),
}

impl Prober<'_, '_> {
    /// What a plan shows on a fresh kernel, if it is what is looked for.
    fn probe(&mut self, plan: &Arc<Plan>) -> Result<Option<(Finding, Shown)>, StageError> {
        let mut shown = self.stage.play(std::slice::from_ref(plan), Manner::Probing, &mut |_| {})?;
        (self.played)(&shown);
        if let Some(trouble) = shown.trouble.take() {
            return Err(trouble.into());
        }
        let finding = shown.judgement.findings.iter().find(|finding| Bucket::of(finding) == self.bucket).cloned();
        Ok(finding.map(|finding| (finding, shown)))
    }

    /// In how many plays it shows; in one, where that is enough.
    fn count(&mut self, plan: &Arc<Plan>, tries: u32, once: bool, found: &mut Found) -> Result<u32, StageError> {
        let mut count = 0;
        for _ in 0..tries {
            if self.stage.is_cancelled() || (once && count > 0) {
                break;
            }
            if let Some((finding, shown)) = self.probe(plan)? {
                count += 1;
                take_over(found, plan, finding, &shown);
            }
        }
        Ok(count)
    }
}

fn take_over(found: &mut Found, plan: &Arc<Plan>, finding: Finding, shown: &Shown) {
    let Some(trace) = shown.trace_of(&finding).cloned() else { return };
    found.replace(Arc::clone(plan), finding, trace, Arc::clone(&shown.dir));
}
