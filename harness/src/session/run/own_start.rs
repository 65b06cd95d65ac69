//! Kernels that a scenario starts in a way of its own: one that does not come up is what the scenario is about, and no trouble of the run.

use std::sync::Arc;
use std::time::Instant;

use super::RunError;
use super::worker::Worker;
use crate::plan::{Plan, Start};
use crate::session::kernel::StartError;
use crate::session::{OwnStart, Played, SessionError};
use crate::trace::ScenarioOutcome;

impl Worker<'_> {
    /// Starts the kernel of a plan in the plan's own way; where it does not answer, the plan is over, and that is what it came to.
    pub(super) fn start_for(&mut self, plan: &Plan, start: &Start, (attempt, scale): (u32, f64)) -> Result<Option<Played>, RunError> {
        // How long a start takes as usual is known by one that is as usual: a plan that is played again comes without.
        if self.usual_startup.is_none() {
            self.need_kernel(self.wire(None), 1.0)?;
        }
        self.retire()?;
        self.announce(plan, attempt);
        let began = Instant::now();
        let mut starting = self.starter(Arc::clone(&self.recorder), self.wire(plan.wire));
        starting.deadline_scale *= scale;
        starting.own = Some(OwnStart { start: start.clone(), usual: self.usual_startup });
        let started = starting.start();
        self.timings.starting += began.elapsed();
        match started {
            Ok(session) => {
                self.take_into_use(session, 1.0);
                Ok(None)
            }
            Err(SessionError::Start(error)) => {
                let ended = start.then_exit && matches!(*error, StartError::Exited { .. });
                self.end_without_kernel(plan, &error, ended)?;
                // What came otherwise than expected is looked at once more.
                Ok(Some(Played { completed: ended, suspicions: Vec::new(), died: !ended, reusable: false, cancelled: false }))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn end_without_kernel(&mut self, plan: &Plan, error: &StartError, as_expected: bool) -> Result<(), RunError> {
        self.note_failed_start(error);
        let (outcome, reason) = if as_expected {
            (ScenarioOutcome::Completed, None)
        } else {
            (ScenarioOutcome::Abandoned, Some("the kernel did not come up".to_owned()))
        };
        self.end_unplayed(plan.scenario.clone(), outcome, reason)
    }
}
