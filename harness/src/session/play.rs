//! Plays a plan: does each step, and waits where it says so. It knows steps and deadlines, no rules.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::join::Subscription;
use super::kernel::{InterruptMode, signal_named};
use super::quoted::Missing;
use super::settle::{Settlement, Suspicion};
use super::{Session, SessionError, flow};
use crate::plan::{Action, Await, Object, Outgoing, Owed, Plan, Step, Wait};
use crate::trace::{Bytes, Disconnected, Event, Noted, ScenarioEnded, ScenarioOutcome, Stranger, Why, own_steps};
use crate::wire::Channel;

/// What one play of a plan came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Played {
    /// Whether all steps were played.
    pub completed: bool,
    /// Answers that were missed, each with its ladder in the trace.
    pub suspicions: Vec<Suspicion>,
    /// Whether the process ended though no step had asked for it.
    pub died: bool,
    /// Whether the kernel can be used for the next plan.
    pub reusable: bool,
    /// Whether the run is to end.
    pub cancelled: bool,
}

/// Why the steps after this one are not played.
pub(super) type Stop = Option<Settlement>;

/// Messages that are sent in a row before what has come is taken in, so that a flood of answers does not pile up before us.
const UNREAD: u32 = 16;

impl Session {
    /// Plays `plan` from its first step to its last, or until the kernel no longer follows. That it is played stands in the trace already.
    pub fn play(&mut self, plan: &Plan) -> Result<Played, SessionError> {
        // A plan can be megabytes; writing it must not look like time that the kernel took.
        self.recorder.flush()?;
        let first = !self.played;
        self.begin(plan);
        let stop = self.play_steps(plan)?;
        if first || self.has_exited() {
            self.look_at_file();
        }
        let expected_exit = self.asked_to_exit;
        let died = self.has_exited() && !expected_exit;
        let reason = stop.map(|settlement| reason(settlement, expected_exit));
        if stop == Some(Settlement::Flooded) {
            self.tell_of_flood();
        }
        let completed = stop.is_none() || (stop == Some(Settlement::Exited) && expected_exit);
        self.close_guests();
        self.strangers.clear();
        self.recorder.record(Event::ScenarioEnded(ScenarioEnded {
            name: plan.scenario.clone(),
            outcome: if completed { ScenarioOutcome::Completed } else { ScenarioOutcome::Abandoned },
            reason: if completed { None } else { reason },
        }));
        self.recorder.flush()?;
        Ok(Played {
            completed,
            suspicions: self.suspicions.clone(),
            died,
            reusable: stop.is_none() && self.suspicions.is_empty() && !self.has_exited(),
            cancelled: stop == Some(Settlement::Cancelled),
        })
    }

    fn tell_of_flood(&self) {
        let text = format!(
            "the kernel sent more than {} messages or {} MiB in one scenario, more than is taken in; it was given up there",
            flow::MESSAGES,
            flow::BYTES >> 20
        );
        self.recorder.record(Event::Error(Noted { what: "flooded".to_owned(), text }));
    }

    fn begin(&mut self, plan: &Plan) {
        self.ledger.begin();
        self.quoted.begin(plan);
        self.watched.begin(plan);
        self.flow.reset();
        self.suspicions.clear();
        self.interrupted_at = None;
        self.played = true;
        self.asked_to_exit = false;
        self.last_news = Instant::now();
    }

    fn play_steps(&mut self, plan: &Plan) -> Result<Stop, SessionError> {
        for client in &plan.clients {
            if !self.clients.contains_key(client)
                && let Some(stop) = self.join(client, Subscription::EVERYTHING, None)?
            {
                return Ok(Some(stop));
            }
        }
        if plan.start.as_ref().is_some_and(|start| start.then_exit) {
            return self.await_end();
        }
        for step in &plan.steps {
            if let Some(stop) = self.perform(step)? {
                return Ok(Some(stop));
            }
        }
        // An answer now could be what lets a process end that should have ended before.
        let leaving = self.ledger.open().filter(|owed| owed.then_exit).map(|owed| owed.id.clone()).collect::<Vec<_>>();
        if !leaving.is_empty()
            && let Some(stop) = stop(self.settle(&leaving)?)
        {
            return Ok(Some(stop));
        }
        self.answer_all_input()?;
        if let Some(stop) = stop(self.settle(&[])?) {
            return Ok(Some(stop));
        }
        // A kernel that does not follow any more is noticed here, by the client that was there, and not by the next scenario.
        let probe = self.ask("a", Channel::Shell, own_steps::PROBE)?;
        self.settle(&[probe]).map(stop)
    }

    /// Waits for the end of a kernel that answered though it could not start as it was told to.
    fn await_end(&mut self) -> Result<Stop, SessionError> {
        self.asked_to_exit = true;
        self.linger(Instant::now() + self.deadlines.reply())?;
        self.interrupted().map(|ended| ended.and_then(stop))
    }

    fn perform(&mut self, step: &Step) -> Result<Stop, SessionError> {
        match &step.action {
            Action::Send(outgoing) => self.perform_send(step, outgoing),
            Action::Heartbeat(bytes) => {
                let id = self.beat(&step.client, &bytes.0, step.name.as_deref(), &step.facts)?;
                self.settle(&[id]).map(stop)
            }
            Action::Frames { channel, frames } => {
                let id = self.send_raw(&step.client, *channel, frames, step.name.as_deref(), &step.facts)?;
                self.settle(&[id]).map(stop)
            }
            Action::Tcp { channel, bytes, peers, stay } => {
                let wanted = Stranger {
                    channel: *channel,
                    bytes: bytes.clone(),
                    peers: *peers,
                    stay: *stay,
                    step: step.name.clone(),
                    facts: step.facts.clone(),
                };
                self.send_as_strangers(&wanted)
            }
            Action::Pause(seconds) => self.pause(*seconds),
            Action::Settle(names) => {
                let ids: Vec<String> = names.iter().flat_map(|name| self.ledger.ids_of(name).to_vec()).collect();
                if !names.is_empty() && ids.is_empty() { Ok(None) } else { self.settle(&ids).map(stop) }
            }
            Action::Wait(wait) => self.wait_for(wait),
            Action::Connect { topics, identity_of, identity, deaf, welcomed, cut_off } => {
                if let Some(Bytes(identity)) = identity {
                    self.identities.insert(step.client.clone(), identity.clone());
                }
                let own = identity.as_ref().map(|_| step.client.as_str());
                let subscription = Subscription { topics, deaf: *deaf, welcomed: *welcomed, cut_off: *cut_off };
                self.join(&step.client, subscription, own.or(identity_of.as_deref()))
            }
            Action::Disconnect => {
                self.leave(&step.client);
                Ok(None)
            }
            Action::Interrupt => self.interrupt(step),
            Action::Signal(signal) => {
                self.signal(signal, "scenario")?;
                Ok(None)
            }
            Action::Restart => self.restart(step),
        }
    }

    fn perform_send(&mut self, step: &Step, outgoing: &Outgoing) -> Result<Stop, SessionError> {
        if let Some(stop) = self.await_quoted(step)? {
            return Ok(Some(stop));
        }
        let outgoing = match self.quoted.fill(outgoing) {
            Ok(filled) => filled,
            Err(missing) => {
                self.tell_of_missing(step, &missing);
                return Ok(None);
            }
        };
        let facts = self.quoted.fill_facts(&step.facts);
        let awaits = outgoing.awaits;
        if outgoing.then_exit {
            self.expect_exit();
        }
        let mut ids = Vec::new();
        for sent in 1..=outgoing.repeat {
            ids.push(self.send(&step.client, step.name.as_deref(), &facts, &outgoing)?);
            if sent % UNREAD == 0 {
                self.receive(Instant::now())?;
            }
        }
        // One that was filled in may be megabytes, which nobody needs while its answer is waited for.
        drop((outgoing, facts));
        if awaits == Await::Later {
            return Ok(None);
        }
        self.settle(&ids).map(stop)
    }

    /// Waits for the answers that this step quotes, where they are still out.
    fn await_quoted(&mut self, step: &Step) -> Result<Stop, SessionError> {
        let steps = self.quoted.replies_for(step);
        let ids: Vec<String> = steps.iter().flat_map(|name| self.ledger.ids_of(name).iter().cloned()).collect();
        if ids.is_empty() { Ok(None) } else { self.settle(&ids).map(stop) }
    }

    fn tell_of_missing(&self, step: &Step, missing: &Missing) {
        let name = step.name.as_deref().unwrap_or("without a name");
        let text = format!("step {name} was not sent: the kernel never sent what {} stands for", missing.0);
        self.recorder.record(Event::Noted(Noted { what: "not_sent".to_owned(), text }));
    }

    /// Waits for a message, with some patience while the kernel works; in vain once the step that is its parent was answered in full
    /// without it.
    fn wait_for(&mut self, wait: &Wait) -> Result<Stop, SessionError> {
        let ids = self.ledger.ids_of(&wait.of).to_vec();
        let began = Instant::now();
        let at_most = began + self.deadlines.patience(false);
        let mut until = began + self.deadlines.reply();
        self.attend();
        loop {
            let in_vain =
                ids.is_empty() || (!wait.any_parent && ids.iter().filter_map(|id| self.ledger.get(id)).all(|owed| owed.answered()));
            if self.watched.has_come(wait) || in_vain {
                return Ok(None);
            }
            let now = Instant::now();
            if now >= until {
                if now >= at_most || !self.kernel_works() {
                    return Ok(None);
                }
                until = now + self.deadlines.reply();
            }
            let until = self.look_ahead(until, now);
            self.receive(until)?;
            if let Some(settlement) = self.interrupted()? {
                return Ok(stop(settlement));
            }
        }
    }

    fn interrupt(&mut self, step: &Step) -> Result<Stop, SessionError> {
        self.interrupted_at = Some(Instant::now());
        if self.interrupt_mode == InterruptMode::Message {
            let owed = Owed::reply_and_bracket(true);
            let request = Outgoing { awaits: Await::Later, ..Outgoing::honest(Channel::Control, "interrupt_request", Object::new(), owed) };
            self.send(&step.client, step.name.as_deref(), &step.facts, &request)?;
        } else {
            self.signal("SIGINT", "interrupt")?;
        }
        Ok(None)
    }

    fn restart(&mut self, step: &Step) -> Result<Stop, SessionError> {
        let mut content = Object::new();
        content.insert("restart".to_owned(), true.into());
        let owed = Owed { reply: true, bracket: false, optional: false, odd: false };
        let request = Outgoing { then_exit: true, ..Outgoing::honest(Channel::Control, "shutdown_request", content, owed) };
        match self.perform_send(step, &request)? {
            Some(Settlement::Exited) => {}
            other => return Ok(other),
        }
        let stop = self.start_again()?;
        self.asked_to_exit = false;
        Ok(stop)
    }

    /// Closes the clients that only this plan had.
    fn close_guests(&mut self) {
        let guests: Vec<String> = self.clients.keys().filter(|name| *name != "a").cloned().collect();
        for guest in guests {
            self.leave(&guest);
        }
        self.transport.hang_up();
    }

    pub(super) fn leave(&mut self, client: &str) {
        let Some(gone) = self.clients.remove(client) else { return };
        // Nobody is left to hear the answers; what others see of them stands in the trace.
        let open: Vec<String> = self.ledger.open().filter(|owed| owed.client == client).map(|owed| owed.id.clone()).collect();
        for id in open {
            self.strike_out(&id, Why::Abandoned);
        }
        if gone.cut_off {
            self.transport.cut_off(client);
        } else {
            self.transport.close(client);
        }
        self.recorder.record(Event::Disconnected(Disconnected { client: client.to_owned(), cut_off: gone.cut_off }));
    }

    /// Gives an empty answer to every input request that the plan left open, so that the kernel is not left waiting.
    fn answer_all_input(&mut self) -> Result<(), SessionError> {
        for (client, request) in self.ledger.take_pending_input() {
            self.answer_input(&client, request, "")?;
        }
        Ok(())
    }

    /// Says goodbye: no step asks for it, so whatever is open is given up.
    pub fn finish(&mut self) -> Result<(), SessionError> {
        self.abandon(Why::Abandoned)?;
        if let Some(process) = &self.process {
            process.kill();
        }
        self.note_violations();
        self.recorder.flush()?;
        Ok(())
    }

    fn expect_exit(&mut self) {
        self.asked_to_exit = true;
        if let Some(process) = &self.process {
            process.mark_asked();
        }
    }

    fn signal(&mut self, name: &str, purpose: &str) -> Result<(), SessionError> {
        let signal = signal_named(name).ok_or_else(|| SessionError::NoSignal(name.to_owned()))?;
        if signal == Signal::TERM || signal == Signal::KILL {
            self.expect_exit();
        }
        if let Some(process) = &self.process {
            process.signal_group(signal, purpose);
        }
        Ok(())
    }

    /// Takes in whatever comes for a while.
    pub(super) fn pause(&mut self, seconds: f64) -> Result<Stop, SessionError> {
        let before = self.waited;
        let stop = self.listen_until(Instant::now() + Duration::from_secs_f64(seconds));
        self.waited = self.waited.paused_since(&before);
        stop
    }

    fn listen_until(&mut self, until: Instant) -> Result<Stop, SessionError> {
        while Instant::now() < until {
            self.receive(until)?;
            if let Some(settlement) = self.interrupted()? {
                return Ok(stop(settlement));
            }
        }
        Ok(None)
    }
}

fn stop(settlement: Settlement) -> Stop {
    (settlement != Settlement::Done).then_some(settlement)
}

fn reason(settlement: Settlement, asked: bool) -> String {
    match settlement {
        Settlement::Done => "done",
        Settlement::Stuck => "an answer was missed",
        Settlement::Exited if asked => "the kernel ended, as it was asked to",
        Settlement::Exited => "the kernel process ended",
        Settlement::Cancelled => "the run was cancelled",
        Settlement::Flooded => "the kernel sent more than is taken in for one scenario",
    }
    .to_owned()
}
