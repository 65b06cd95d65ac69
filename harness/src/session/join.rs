//! Clients that come in the middle of a scenario.

use std::time::Instant;

use super::kernel::Greeted;
use super::settle::Settlement;
use super::{Session, SessionError};
use crate::trace::{Bytes, Why, own_steps};
use crate::wire::Channel;

/// What a client hears on iopub, and how it goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subscription<'a> {
    pub(super) topics: &'a [Bytes],
    /// Whether it never reads what comes.
    pub(super) deaf: bool,
    /// Whether it goes on as soon as it is welcomed, where this kernel welcomes, and asks nothing before.
    pub(super) welcomed: bool,
    /// Whether it is cut off when it leaves, as by a network that is lost: the kernel is not told.
    pub(super) cut_off: bool,
}

impl Subscription<'_> {
    /// One empty topic.
    pub(super) const EVERYTHING: Self = Self { topics: &[Bytes(Vec::new())], deaf: false, welcomed: false, cut_off: false };
}

impl Session {
    /// Opens a client in the middle of a scenario and waits until its subscription lives.
    pub(super) fn join(
        &mut self,
        client: &str,
        subscription: Subscription<'_>,
        identity_of: Option<&str>,
    ) -> Result<Option<Settlement>, SessionError> {
        let is_clash = identity_of.is_some_and(|other| self.clients.contains_key(other));
        self.open_client(client, subscription, identity_of, false)?;
        if is_clash {
            // Of two live peers under one identity either may win, so that none is sure to be greeted.
            return Ok(None);
        }
        if subscription.welcomed && self.hear_welcome(client)? {
            return Ok(None);
        }
        let patience = if identity_of.is_some() { self.deadlines.reply() * 2 } else { self.deadlines.patience(true) };
        let until = Instant::now() + patience;
        if self.clients.get(client).is_some_and(|client| !client.hears_all) {
            // It may not hear the statuses that tell; its first reply has to do.
            let id = self.ask(client, Channel::Shell, own_steps::READY)?;
            self.hear_reply(&id, until)?;
            self.strike_out(&id, Why::Abandoned);
            return Ok(None);
        }
        let greeted = self.greet(client, until)?;
        if greeted == Greeted::Ready {
            self.await_links(client)?;
        }
        Ok(self.settlement(greeted))
    }

    /// Waits for the welcome of a client, where this kernel was seen to welcome; whether it came.
    fn hear_welcome(&mut self, client: &str) -> Result<bool, SessionError> {
        if !self.habits.welcomes() {
            return Ok(false);
        }
        let until = Instant::now() + self.deadlines.half();
        while Instant::now() < until && !self.cancel.is_set() && !self.has_exited() && !self.habits.is_welcomed(client) {
            self.receive(until)?;
        }
        let came = self.habits.is_welcomed(client);
        if !came {
            self.habits.note_no_welcome();
        }
        Ok(came)
    }
}
