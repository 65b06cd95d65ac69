//! Waiting: until what is owed has come, until it is certain that it will not, or until a deadline with all its patience is over.
//!
//! Certainty is cheaper than a deadline. A channel's requests are handled in order, so when a later question on the same
//! channel (the *fence*) is answered in full, whatever an earlier request still lacks will not come any more. Of a kernel that
//! was seen to answer out of order it proves little, and what is missing gets more time.

use std::time::{Duration, Instant};

use super::ledger::Owed;
use super::{Session, SessionError};
use crate::trace::{Event, Expectation, Settled, Why, own_steps};
use crate::wire::Channel;

/// Open requests that are looked at in one round: the first ones, as answers come in order. Of a flood the rest has to wait, so that
/// looking through it takes no time in which nothing is taken in.
const ATTENDED: usize = 64;

/// How the waiting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settlement {
    /// Nothing is left to wait for.
    Done,
    /// A deadline was missed: the kernel is suspect.
    Stuck,
    /// The kernel process ended.
    Exited,
    /// The run is to end.
    Cancelled,
    /// The kernel sends more than is taken in for one scenario.
    Flooded,
}

/// An answer that was missed, by what it says of the kernel.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Suspicion {
    /// The channel of the request.
    pub channel: Channel,
    /// Its type.
    pub msg_type: String,
    /// What did not come.
    pub missing: Vec<Expectation>,
    /// Whether it is certain that it will not, rather than a matter of time.
    pub certain: bool,
    /// Whether the kernel had been interrupted since.
    pub interrupted: bool,
}

/// What is to be done about an open request now.
enum Next {
    Settle(Why),
    /// Another request, without whose answer nothing can be told of this one, missed its deadline.
    Miss(String),
    Fence,
    Wait(Instant),
}

/// When a request gets nothing more, as the question after it is answered.
enum Passed {
    /// From then on that is certain.
    At(Instant),
    /// It may be in the hands of another thread or task, which should be done with it by then if the kernel is not at work.
    InHand(Instant),
}

impl Session {
    /// Waits until none of `ids` is open; of all requests, if `ids` is empty.
    pub(super) fn settle(&mut self, ids: &[String]) -> Result<Settlement, SessionError> {
        self.attend();
        loop {
            let open: Vec<String> = self.open_among(ids).take(ATTENDED).cloned().collect();
            if open.is_empty() {
                return Ok(Settlement::Done);
            }
            let mut until = Instant::now() + self.deadlines.reply();
            for id in open {
                match self.next_for(&id)? {
                    Next::Wait(instant) => until = until.min(instant),
                    Next::Fence => {
                        self.fence(&id)?;
                        until = Instant::now();
                    }
                    Next::Miss(fence) => {
                        if let Some(settlement) = self.conclude(&fence, Why::Deadline)? {
                            return Ok(settlement);
                        }
                        until = Instant::now();
                    }
                    Next::Settle(why) => {
                        if let Some(settlement) = self.conclude(&id, why)? {
                            return Ok(settlement);
                        }
                        until = Instant::now();
                    }
                }
            }
            if !self.is_any_open(ids) {
                return Ok(Settlement::Done);
            }
            self.receive(until)?;
            if let Some(settlement) = self.interrupted()? {
                return Ok(settlement);
            }
        }
    }

    /// Open requests, an accepted shutdown first: where the process does not end, what else it fails to do has that cause.
    fn open_among(&self, ids: &[String]) -> impl Iterator<Item = &String> {
        let others = self.ledger.open().filter(|owed| !owed.is_leaving());
        let wanted = |owed: &&Owed| ids.is_empty() || ids.contains(&owed.id);
        self.ledger.leaving().chain(others).filter(wanted).map(|owed| &owed.id)
    }

    fn all_open(&self) -> Vec<String> {
        self.open_among(&[]).cloned().collect()
    }

    fn is_any_open(&self, ids: &[String]) -> bool {
        if ids.is_empty() { self.ledger.open().next().is_some() } else { ids.iter().any(|id| self.ledger.get(id).is_some()) }
    }

    /// Whether the kernel was interrupted after this was sent.
    fn interrupted_since(&self, owed: &Owed) -> bool {
        self.interrupted_at.is_some_and(|at| at > owed.sent)
    }

    fn next_for(&mut self, id: &str) -> Result<Next, SessionError> {
        let now = Instant::now();
        let Some(owed) = self.ledger.get(id) else { return Ok(Next::Wait(now)) };
        if owed.answered() {
            return Ok(Next::Settle(Why::Answered));
        }
        // What it lacks may be among what was not taken in yet.
        if self.behind {
            return Ok(Next::Wait(now));
        }
        match &owed.fence {
            Some(fence) => match self.passed(owed, fence, now) {
                Some(Passed::At(at)) => return Ok(if at <= now { Next::Settle(Why::Fenced) } else { Next::Wait(at) }),
                Some(Passed::InHand(until)) if now < until => return Ok(Next::Wait(self.look_ahead(until, now))),
                Some(Passed::InHand(_)) => return Ok(self.more_patience(id, now).map_or(Next::Settle(Why::Fenced), Next::Wait)),
                None => {}
            },
            None if owed.is_fence() || owed.then_exit || owed.wants.contains(&Expectation::Echo) => {}
            None if owed.unowed || self.may_be_lacking(owed) => return Ok(Next::Fence),
            None => {
                // A message without a reply is half done as soon as it is sent. One that is wrong may be left without one, and a
                // question after it tells sooner than a deadline.
                let replyless = (owed.odd || !owed.wants.contains(&Expectation::Reply)).then_some(owed.sent);
                if let Some(half_done) = owed.half_done.or(replyless) {
                    let at = half_done + self.deadlines.half();
                    return Ok(if at <= now { Next::Fence } else { Next::Wait(at) });
                }
            }
        }
        if !owed.is_leaving()
            && let Some(leaving) = self.ledger.leaving().next().map(|other| other.id.clone())
        {
            // A process that has promised to end owes nothing else; whether it ends is what is waited for.
            let deadline = self.deadline_of(&leaving);
            return Ok(if now < deadline { Next::Wait(deadline) } else { Next::Miss(leaving) });
        }
        let deadline = self.deadline_of(id);
        if now < deadline {
            return Ok(Next::Wait(self.look_ahead(deadline, now)));
        }
        if let Some(later) = self.more_patience(id, now) {
            return Ok(Next::Wait(later));
        }
        Ok(self.unanswered_fence(id).map_or(Next::Settle(Why::Deadline), Next::Miss))
    }

    /// The question after a request, where that must be answered and is not: then it is what was missed.
    fn unanswered_fence(&self, id: &str) -> Option<String> {
        let fence = self.ledger.get(self.ledger.get(id)?.fence.as_ref()?)?;
        let is_due = !fence.optional || self.habits.serves(fence.channel);
        (is_due && !fence.seen.contains(&Expectation::Reply)).then(|| fence.id.clone())
    }

    /// When `owed` gets nothing more, by the answer to `fence`; unknown while that answer is out.
    fn passed(&self, owed: &Owed, fence: &str, now: Instant) -> Option<Passed> {
        let (replied, answered) = match (self.ledger.get(fence), owed.passed_at) {
            (Some(fence), _) => (fence.replied()?, fence.answered()),
            (None, Some(at)) => (at, true),
            // Settled before, by its own deadline.
            (None, None) => return Some(Passed::At(now)),
        };
        let overtakes = self.habits.overtakes(owed.channel);
        let is_in_hand = owed.is_in_hand() && (!owed.odd || overtakes);
        let is_owed = is_in_hand || (!owed.unowed && !owed.odd && !self.may_be_lacking(owed));
        let is_handled = owed.seen.contains(&Expectation::Idle) || owed.seen.contains(&Expectation::Reply);
        // It may stand behind a request that the question has overtaken.
        let is_behind = !is_handled && self.ledger.is_out_of_order(owed.channel);
        if is_behind || (is_owed && (!is_handled || overtakes)) {
            // Nothing says that the kernel is done with it: it may be in the hands of another thread or task, and takes its time.
            return Some(Passed::InHand(replied.max(self.deadline_of(&owed.id))));
        }
        // What the kernel says that it is done with is not refused much later.
        let is_done_with = owed.seen.contains(&Expectation::Idle);
        let may_be_refused_late = owed.odd && !owed.unowed && owed.wants.contains(&Expectation::Reply) && !is_done_with;
        if overtakes || may_be_refused_late {
            let since = replied.max(self.last_news).min(replied + self.deadlines.reply());
            return Some(Passed::At(since + self.deadlines.optional()));
        }
        // What floods in may hold up the rest, which is on another channel; but no longer than an answer may take.
        let grace = (replied.max(self.last_news) + self.deadlines.half()).min(replied + self.deadlines.reply());
        let in_full = answered && (owed.unowed || owed.seen.contains(&Expectation::Idle));
        Some(Passed::At(if in_full { now } else { grace }))
    }

    fn deadline_of(&self, id: &str) -> Instant {
        let Some(owed) = self.ledger.get(id) else { return Instant::now() };
        let fence = owed.fence.as_ref().and_then(|fence| self.ledger.get(fence)).map(|fence| fence.sent);
        // A kernel that is about to end may well do nothing else any more.
        let leaving = self.ledger.leaving().map(|other| other.sent).max();
        let since = [Some(self.last_news), fence, leaving, self.interrupted_at].into_iter().flatten().fold(owed.sent, Instant::max);
        match (self.extended.get(id), self.need_not_come(owed)) {
            (Some(&later), _) => later,
            // While code runs it may well be that which holds an answer up, on control too.
            (None, true) if !self.ledger.runs_code() => since + self.deadlines.optional(),
            (None, false) if leaving.is_some() => since + self.deadlines.exit(),
            (None, _) => since + self.deadlines.reply(),
        }
    }

    /// Looks at the process half a deadline before `deadline`, so that by then it is known whether it works. Returns when to go on.
    pub(super) fn look_ahead(&mut self, deadline: Instant, now: Instant) -> Instant {
        let half_time = deadline.checked_sub(self.deadlines.reply() / 2).unwrap_or(deadline);
        if now < half_time {
            return half_time;
        }
        self.look_once();
        deadline
    }

    /// Whether a kernel may lack what this asks for, and this one was not seen to have it.
    fn may_be_lacking(&self, owed: &Owed) -> bool {
        owed.optional && !self.habits.answers(owed)
    }

    /// Whether the kernel may leave this unanswered, and no question behind it is to be answered either.
    fn need_not_come(&self, owed: &Owed) -> bool {
        self.may_be_lacking(owed) && !owed.is_in_hand() && !owed.then_exit && self.unanswered_fence(&owed.id).is_none()
    }

    /// A later deadline, if the kernel was seen to work since the last look, and has not used up all patience.
    fn more_patience(&mut self, id: &str, now: Instant) -> Option<Instant> {
        let owed = self.ledger.get(id)?;
        let patience = self.deadlines.patience(self.ledger.runs_code());
        // What is left of a shutdown is no work.
        let leaves = owed.missing() == [Expectation::Exit];
        let interrupted = self.interrupted_since(owed);
        // An echo needs no work, whatever else is being worked at.
        let echo = owed.wants.contains(&Expectation::Echo);
        if leaves || interrupted || echo || self.need_not_come(owed) || owed.waited(now) >= patience {
            return None;
        }
        if !self.kernel_works() {
            return None;
        }
        let later = now + self.deadlines.reply();
        self.extended.insert(id.to_owned(), later);
        Some(later)
    }

    fn fence(&mut self, id: &str) -> Result<(), SessionError> {
        let Some(owed) = self.ledger.get(id) else { return Ok(()) };
        let (client, channel, sent) = (owed.client.clone(), owed.channel, owed.sent);
        // Only these two channels take requests.
        let asked = if channel == Channel::Control { Channel::Control } else { Channel::Shell };
        let newer =
            self.ledger.open().find(|other| other.is_fence() && other.client == client && other.channel == asked && other.sent > sent);
        let fence = match newer {
            Some(other) => other.id.clone(),
            None => self.ask(&client, asked, own_steps::FENCE)?,
        };
        if let Some(owed) = self.ledger.get_mut(id) {
            owed.fence = Some(fence);
        }
        Ok(())
    }

    /// Strikes a request from the ledger and records how it ended. Says how the waiting ends, if it does because of that.
    pub(super) fn conclude(&mut self, id: &str, why: Why) -> Result<Option<Settlement>, SessionError> {
        let Some(owed) = self.strike_out(id, why) else { return Ok(None) };
        let missing = owed.missing();
        let excused = missing.is_empty() || !matches!(why, Why::Fenced | Why::Deadline) || self.excuses(&owed, &missing, why);
        self.habits.learn(&owed);
        let is_exit = missing == [Expectation::Exit] && why == Why::Deadline;
        if excused && is_exit {
            self.abandon(Why::Abandoned)?;
            return Ok(Some(Settlement::Stuck));
        }
        if excused {
            return Ok(None);
        }
        let suspicion = Suspicion {
            channel: owed.channel,
            msg_type: owed.msg_type.clone(),
            missing: missing.clone(),
            certain: why == Why::Fenced,
            interrupted: self.interrupted_since(&owed),
        };
        // A kernel that goes on needs no second look for the same.
        if why == Why::Deadline || !self.suspicions.contains(&suspicion) {
            self.climb(&owed, &missing)?;
        }
        self.suspicions.push(suspicion);
        Ok((why == Why::Deadline).then_some(Settlement::Stuck))
    }

    /// Whether what is missing is no sign that the kernel is stuck.
    fn excuses(&self, owed: &Owed, missing: &[Expectation], why: Why) -> bool {
        if missing == [Expectation::Exit] && owed.channel == Channel::Control {
            return owed.behind_code;
        }
        // A heartbeat that user code holds up tells of itself, and the next step may well end that code.
        if missing == [Expectation::Echo] && self.ledger.runs_code() {
            return true;
        }
        // Whether control requests are bracketed at all is an open question of the protocol.
        let unbracketed = missing == [Expectation::Idle] && owed.channel == Channel::Control;
        owed.unowed || unbracketed || (owed.odd && why == Why::Fenced) || self.may_be_lacking(owed)
    }

    /// Strikes a request from the ledger and records how it ended, no more.
    pub(super) fn strike_out(&mut self, id: &str, why: Why) -> Option<Owed> {
        let owed = self.ledger.remove(id)?;
        self.extended.remove(id);
        self.note_given_up(&owed);
        let waited = u64::try_from(owed.waited(Instant::now()).as_nanos()).unwrap_or(u64::MAX);
        self.recorder.record(Event::Settled(Settled {
            client: owed.client.clone(),
            id: id.to_owned(),
            missing: owed.missing(),
            why,
            waited,
        }));
        Some(owed)
    }

    /// Remembers a heartbeat without an echo, so that a late one is not taken for that of another.
    pub(super) fn note_given_up(&mut self, owed: &Owed) {
        if owed.wants.contains(&Expectation::Echo) && !owed.answered() {
            self.given_up_beats.push((owed.client.clone(), owed.beat.clone()));
        }
    }

    /// Whether something other than an answer ends the waiting.
    pub(super) fn interrupted(&mut self) -> Result<Option<Settlement>, SessionError> {
        if self.cancel.is_set() {
            self.abandon(Why::Abandoned)?;
            return Ok(Some(Settlement::Cancelled));
        }
        if self.flow.is_flood() {
            self.abandon(Why::Abandoned)?;
            return Ok(Some(Settlement::Flooded));
        }
        if !self.has_exited() {
            return Ok(None);
        }
        self.take_last_words()?;
        for id in self.all_open() {
            if let Some(owed) = self.ledger.get_mut(&id) {
                owed.note(Expectation::Exit, Instant::now());
            }
            let answered = self.ledger.get(&id).is_some_and(Owed::answered);
            self.conclude(&id, if answered { Why::Answered } else { Why::Exited })?;
        }
        Ok(Some(Settlement::Exited))
    }

    /// Takes in what the kernel had sent before it ended and is still under way to us.
    fn take_last_words(&mut self) -> Result<(), SessionError> {
        let until = Instant::now() + self.deadlines.half().max(Duration::from_millis(100));
        while Instant::now() < until {
            let before = self.flow.messages();
            self.receive(until)?;
            if self.ledger.open().all(|owed| owed.missing().iter().all(|what| *what == Expectation::Exit)) || self.flow.is_flood() {
                break;
            }
            if self.flow.messages() == before {
                break;
            }
        }
        Ok(())
    }

    /// Gives up all open requests.
    pub(super) fn abandon(&mut self, why: Why) -> Result<(), SessionError> {
        for id in self.all_open() {
            self.conclude(&id, why)?;
        }
        Ok(())
    }
}
