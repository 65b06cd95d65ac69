//! What the kernel owes: each request that was sent, what is to come of it, and what has come.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use crate::plan::Object;
use crate::trace::{Expectation, own_steps};
use crate::wire::Channel;

/// A request that has not been settled.
#[derive(Debug, Clone)]
pub(super) struct Owed {
    pub(super) id: String,
    pub(super) client: String,
    pub(super) channel: Channel,
    pub(super) msg_type: String,
    /// Name of the plan's step.
    pub(super) step: Option<String>,
    /// What is to come.
    pub(super) wants: BTreeSet<Expectation>,
    /// What has come, wanted or not.
    pub(super) seen: BTreeSet<Expectation>,
    /// Whether a kernel may leave it unanswered.
    pub(super) optional: bool,
    /// Whether nothing is owed, and only the kernel's passing it is waited for.
    pub(super) unowed: bool,
    /// Whether it is wrong on purpose, so that no answer is no sign of a lockup.
    pub(super) odd: bool,
    /// Whether code was running when it was sent, so that a shutdown may have to wait for it.
    pub(super) behind_code: bool,
    pub(super) sent: Instant,
    /// Whether the kernel has said busy of it.
    pub(super) begun: bool,
    /// When the first part of an answer came.
    pub(super) half_done: Option<Instant>,
    /// The question after it whose answer tells that nothing more will come.
    pub(super) fence: Option<String>,
    /// When that question was answered, once it is settled itself.
    pub(super) passed_at: Option<Instant>,
    /// Answers for input requests that are still to be given.
    pub(super) answers: VecDeque<String>,
    /// Whether an input request beyond those answers gets an empty one, so that the kernel is not left waiting.
    pub(super) heal_input: bool,
    /// Header of the input request that waits for an answer.
    pub(super) pending_input: Option<Object>,
    /// Whether the process may end because of it.
    pub(super) then_exit: bool,
    /// Whether it goes to a subshell, which is not bound by the order of the channel.
    pub(super) beside: bool,
    /// Whether a later request of the same client and channel was answered before this one.
    pub(super) overtaken: bool,
    /// The bytes of a heartbeat.
    pub(super) beat: Vec<u8>,
}

impl Owed {
    /// Whether it only asks whether the kernel has passed what was sent before.
    pub(super) fn is_fence(&self) -> bool {
        self.step.as_deref() == Some(own_steps::FENCE)
    }

    /// Whether the process has promised to end.
    pub(super) fn is_leaving(&self) -> bool {
        self.wants.contains(&Expectation::Exit) && self.seen.contains(&Expectation::Reply)
    }

    /// Whether the kernel has begun it and not said that it is done with it.
    pub(super) fn is_in_hand(&self) -> bool {
        self.begun && !self.unowed && !self.seen.contains(&Expectation::Idle)
    }

    /// When its reply came, or else its idle; unknown without a reply.
    pub(super) fn replied(&self) -> Option<Instant> {
        self.half_done.filter(|_| self.seen.contains(&Expectation::Reply))
    }

    /// What is wanted and has not come.
    pub(super) fn missing(&self) -> Vec<Expectation> {
        self.wants.difference(&self.seen).copied().collect()
    }

    /// Whether all that is wanted has come; of a request that is owed nothing this is never said.
    pub(super) fn answered(&self) -> bool {
        !self.unowed && self.wants.is_subset(&self.seen)
    }

    pub(super) fn note(&mut self, what: Expectation, at: Instant) {
        self.seen.insert(what);
        if matches!(what, Expectation::Reply | Expectation::Idle) {
            self.half_done.get_or_insert(at);
        }
    }

    pub(super) fn waited(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.sent)
    }
}

/// All requests that are not settled, by message id, and the messages that each step of the scenario sent.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    open: BTreeMap<String, Owed>,
    /// In the order of sending.
    order: VecDeque<String>,
    /// How many of them may make the process end: so few, and asked after so often, that they are counted.
    last_ones: usize,
    /// Message ids of each named step of the scenario.
    steps: BTreeMap<String, Vec<String>>,
}

impl Ledger {
    /// Forgets the steps of the scenario before; open requests stay.
    pub(super) fn begin(&mut self) {
        self.steps.clear();
    }

    pub(super) fn enter(&mut self, owed: Owed) {
        if let Some(step) = &owed.step {
            self.steps.entry(step.clone()).or_default().push(owed.id.clone());
        }
        self.order.push_back(owed.id.clone());
        self.last_ones += usize::from(owed.then_exit);
        self.open.insert(owed.id.clone(), owed);
    }

    pub(super) fn get(&self, id: &str) -> Option<&Owed> {
        self.open.get(id)
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut Owed> {
        self.open.get_mut(id)
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<Owed> {
        let owed = self.open.remove(id)?;
        // In a flood it is among the first of thousands, as answers come in order.
        if let Some(at) = self.order.iter().position(|other| other == id) {
            self.order.remove(at);
        }
        self.last_ones -= usize::from(owed.then_exit);
        if owed.is_fence() {
            for other in self.open.values_mut().filter(|other| other.fence.as_deref() == Some(id)) {
                other.passed_at = owed.replied();
            }
        }
        Some(owed)
    }

    /// Clients and headers of the input requests that wait for an answer; they wait no longer.
    pub(super) fn take_pending_input(&mut self) -> Vec<(String, Object)> {
        let mut pending = Vec::new();
        for owed in self.open.values_mut() {
            owed.heal_input = true;
            pending.extend(owed.pending_input.take().map(|request| (owed.client.clone(), request)));
        }
        pending
    }

    /// Header of the input request that a client was sent last and has not answered.
    pub(super) fn pending_input_of(&self, client: &str) -> Option<&Object> {
        self.open
            .values()
            .filter(|owed| owed.client == client)
            .max_by_key(|owed| (owed.pending_input.is_some(), owed.sent))?
            .pending_input
            .as_ref()
    }

    /// Open requests in the order of sending.
    pub(super) fn open(&self) -> impl Iterator<Item = &Owed> {
        self.order.iter().filter_map(|id| self.open.get(id))
    }

    /// Those of them after which the process has promised to end.
    pub(super) fn leaving(&self) -> impl Iterator<Item = &Owed> {
        let open = (self.last_ones > 0).then(|| self.open());
        open.into_iter().flatten().filter(|owed| owed.is_leaving())
    }

    /// Notes that the reply to `id` came: whatever its client asked before on the same channel, and still waits for, was overtaken. Says
    /// whether the request itself was.
    pub(super) fn reply_came(&mut self, id: &str) -> bool {
        let Some(owed) = self.open.get(id).filter(|owed| !owed.beside) else { return false };
        let (client, channel, overtaken) = (owed.client.clone(), owed.channel, owed.overtaken);
        for other in self.order.iter().take_while(|other| *other != id) {
            if let Some(other) = self.open.get_mut(other)
                && other.client == client
                && other.channel == channel
                && !other.beside
                && !other.odd
                && !other.seen.contains(&Expectation::Reply)
            {
                other.overtaken = true;
            }
        }
        overtaken
    }

    /// Whether a request that must be answered still waits, and a later one on this channel was answered before it.
    pub(super) fn is_out_of_order(&self, channel: Channel) -> bool {
        self.open().any(|owed| owed.channel == channel && owed.overtaken && !owed.optional && !owed.unowed)
    }

    /// Whether code that a client sent may be running.
    pub(super) fn runs_code(&self) -> bool {
        self.open().any(|owed| owed.msg_type == "execute_request")
    }

    /// Message ids that the named step was sent with.
    pub(super) fn ids_of(&self, step: &str) -> &[String] {
        self.steps.get(step).map_or(&[], Vec::as_slice)
    }
}
