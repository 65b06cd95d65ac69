//! What this kernel was seen to do, so that what it was never seen to do is not waited for again and again.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::ledger::Owed;
use crate::trace::Expectation;
use crate::wire::Channel;

/// Message types that the kernel was seen to answer, by channel.
#[derive(Debug, Default)]
pub(super) struct Habits {
    answered: BTreeSet<(Channel, String, Expectation)>,
    overtaking: Overtaking,
    /// Clients that were welcomed on iopub since they came.
    welcomed: BTreeSet<String>,
    /// Whether it welcomes those who come later, as far as is known.
    welcomes: bool,
}

/// Channels on which the kernel answers out of order: what one of its processes was seen to do, all of them may.
#[derive(Debug, Clone, Default)]
pub struct Overtaking(Arc<Mutex<BTreeSet<Channel>>>);

impl Overtaking {
    fn channels(&self) -> MutexGuard<'_, BTreeSet<Channel>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Habits {
    /// Of a process of which nothing is known but what others of its run were seen to do.
    pub(super) fn of_run(overtaking: &Overtaking) -> Self {
        Self { overtaking: overtaking.clone(), ..Self::default() }
    }

    /// Whether all that `owed` still lacks was seen to come for another request of its type.
    pub(super) fn answers(&self, owed: &Owed) -> bool {
        owed.missing().iter().all(|&what| self.answered.contains(&(owed.channel, owed.msg_type.clone(), what)))
    }

    /// Whether the kernel was seen to answer questions about itself on this channel.
    pub(super) fn serves(&self, channel: Channel) -> bool {
        self.answered.contains(&(channel, "kernel_info_request".to_owned(), Expectation::Reply))
    }

    /// Whether the kernel was seen to answer a request before one that the same client had sent earlier.
    pub(super) fn overtakes(&self, channel: Channel) -> bool {
        self.overtaking.channels().contains(&channel)
    }

    /// Notes that the reply to an earlier request came after that to a later one.
    pub(super) fn note_overtaking(&mut self, channel: Channel) {
        self.overtaking.channels().insert(channel);
    }

    /// Whether it was seen to welcome, and was not waited for in vain since.
    pub(super) fn welcomes(&self) -> bool {
        self.welcomes
    }

    /// Whether a client was welcomed since it came.
    pub(super) fn is_welcomed(&self, client: &str) -> bool {
        self.welcomed.contains(client)
    }

    /// Notes that a client comes, and was not welcomed yet.
    pub(super) fn note_newcomer(&mut self, client: &str) {
        self.welcomed.remove(client);
    }

    /// Notes that a client was welcomed.
    pub(super) fn note_welcome(&mut self, client: &str) {
        self.welcomes = true;
        self.welcomed.insert(client.to_owned());
    }

    /// Notes that no welcome came to one who waited for it.
    pub(super) fn note_no_welcome(&mut self) {
        self.welcomes = false;
    }

    pub(super) fn learn(&mut self, owed: &Owed) {
        for &what in &owed.seen {
            self.answered.insert((owed.channel, owed.msg_type.clone(), what));
        }
    }
}
