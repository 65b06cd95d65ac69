//! The first question to a kernel, asked until it is answered in full.

use std::time::{Duration, Instant};

use super::kernel::Greeted;
use super::ledger::Owed;
use super::{Session, SessionError};
use crate::trace::{Expectation, Why, own_steps};
use crate::wire::Channel;

/// How long a kernel that starts is left alone with one question, as jupyter_client leaves it.
const ASK_AGAIN: Duration = Duration::from_secs(1);

impl Session {
    /// Asks until an answer comes by shell and a status by iopub, as every manager does: a subscription may still be on its
    /// way when the first question is answered, and its statuses are then lost to it; and a question may be lost to a kernel whose
    /// sockets are still being opened.
    pub(super) fn greet(&mut self, client: &str, until: Instant) -> Result<Greeted, SessionError> {
        let mut asked = Vec::new();
        loop {
            asked.push(self.ask(client, Channel::Shell, own_steps::READY)?);
            let heard = self.hear_back(&asked, until)?;
            let done = asked.iter().any(|id| self.ledger.get(id).is_some_and(Owed::answered));
            if heard.is_none() && !done && self.is_all_silent(&asked) {
                continue;
            }
            for id in asked.drain(..) {
                self.conclude_greeting(&id, done, heard)?;
            }
            match heard {
                Some(greeted) => return Ok(greeted),
                None if done => return Ok(Greeted::Ready),
                None => {}
            }
        }
    }

    /// Waits for the replies to those greetings that were overtaken by a later one, and gives up those that were lost.
    pub(super) fn settle_greetings(&mut self) -> Result<(), SessionError> {
        let open = |session: &Self| {
            let greetings = session.ledger.open().filter(|owed| owed.step.as_deref() == Some(own_steps::READY));
            greetings.map(|owed| (owed.id.clone(), owed.answered(), owed.seen.contains(&Expectation::Reply))).collect::<Vec<_>>()
        };
        let until = Instant::now() + self.deadlines.reply();
        while Instant::now() < until && self.may_hear_more() && open(self).iter().any(|(_, answered, _)| !answered) {
            self.receive(until)?;
        }
        for (id, answered, replied) in open(self) {
            let why = match (answered, replied) {
                (true, _) => Why::Answered,
                // Its statuses may have come before the subscription lived.
                (false, true) => Why::Abandoned,
                (false, false) => Why::Fenced,
            };
            self.strike_out(&id, why);
        }
        Ok(())
    }

    fn is_all_silent(&self, asked: &[String]) -> bool {
        asked.iter().filter_map(|id| self.ledger.get(id)).all(|owed| !owed.seen.contains(&Expectation::Reply))
    }

    /// Waits for the answer to one of the greetings: for as long as the kernel may take to start, but not long for its other half, and
    /// for a while only before it is asked again.
    fn hear_back(&mut self, asked: &[String], until: Instant) -> Result<Option<Greeted>, SessionError> {
        let again = Instant::now() + ASK_AGAIN;
        loop {
            let open: Vec<&Owed> = asked.iter().filter_map(|id| self.ledger.get(id)).collect();
            if open.is_empty() || open.iter().any(|owed| owed.answered()) {
                return Ok(None);
            }
            let replied = open.iter().filter(|owed| owed.seen.contains(&Expectation::Reply)).filter_map(|owed| owed.half_done).min();
            let next = replied.map_or(again, |at| at + self.deadlines.half());
            let now = Instant::now();
            if next <= now && now < until && !self.behind {
                return Ok(None);
            }
            if now >= until || self.cancel.is_set() || self.flow.is_flood() {
                return Ok(Some(Greeted::NoAnswer));
            }
            if self.has_exited() {
                return Ok(Some(Greeted::Exited));
            }
            self.receive(next.min(until))?;
        }
    }

    /// The greeting whose statuses were lost to a late subscription is given up, and nothing can be held against it. One that got no reply
    /// at all, while a later one did, is told by what is settled next.
    fn conclude_greeting(&mut self, id: &str, done: bool, heard: Option<Greeted>) -> Result<(), SessionError> {
        let Some(owed) = self.ledger.get(id) else { return Ok(()) };
        let why = match heard {
            _ if owed.answered() => Why::Answered,
            Some(Greeted::Exited) => Why::Exited,
            Some(Greeted::NoAnswer) if !self.cancel.is_set() => Why::Deadline,
            None if done && !owed.seen.contains(&Expectation::Reply) => return Ok(()),
            _ => Why::Abandoned,
        };
        self.strike_out(id, why);
        self.recorder.flush()?;
        Ok(())
    }

    pub(super) fn hear_reply(&mut self, id: &str, until: Instant) -> Result<(), SessionError> {
        while Instant::now() < until
            && !self.cancel.is_set()
            && !self.has_exited()
            && self.ledger.get(id).is_some_and(|owed| !owed.seen.contains(&Expectation::Reply))
        {
            self.receive(until)?;
        }
        Ok(())
    }
}
