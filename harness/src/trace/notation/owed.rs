//! What the requests of a notation trace are still owed: a settlement that no line gives is made up where the trace ends.

use crate::trace::{Expectation, Settled, Why};
use crate::wire::Channel;

/// The requests and heartbeats without a settlement.
#[derive(Debug, Default)]
pub(super) struct Owed {
    requests: Vec<Pending>,
    beats: Vec<String>,
    exited: bool,
}

#[derive(Debug)]
struct Pending {
    client: String,
    id: String,
    missing: Vec<Expectation>,
}

impl Owed {
    /// A message went out.
    pub(super) fn sent(&mut self, client: &str, id: &str, msg_type: &str) {
        let missing = match msg_type {
            _ if msg_type.ends_with("_request") => vec![Expectation::Reply, Expectation::Idle],
            _ if msg_type.starts_with("comm_") => vec![Expectation::Idle],
            _ => return,
        };
        self.requests.push(Pending { client: client.to_owned(), id: id.to_owned(), missing });
    }

    /// A message came in.
    pub(super) fn received(&mut self, client: &str, channel: Channel, parent: &str, is_idle: bool) {
        let came = match channel {
            Channel::Iopub if is_idle => Expectation::Idle,
            Channel::Shell | Channel::Control => Expectation::Reply,
            _ => return,
        };
        for pending in self.requests.iter_mut().filter(|pending| pending.id == parent && pending.client == client) {
            pending.missing.retain(|missing| *missing != came);
        }
    }

    /// Heartbeat bytes went out, or came in.
    pub(super) fn beat(&mut self, client: &str, is_out: bool) {
        if is_out {
            self.beats.push(client.to_owned());
        } else if let Some(at) = self.beats.iter().position(|waiting| waiting == client) {
            self.beats.remove(at);
        }
    }

    /// A line settles this one.
    pub(super) fn settled(&mut self, id: &str) {
        self.requests.retain(|pending| pending.id != id);
    }

    /// The process ended.
    pub(super) fn exited(&mut self) {
        self.exited = true;
    }

    /// All settlements that are still to be made.
    pub(super) fn flush(&mut self) -> Vec<Settled> {
        let exited = std::mem::take(&mut self.exited);
        let request = |pending: Pending| {
            let why = match pending.missing.as_slice() {
                [] => Why::Answered,
                _ if exited => Why::Exited,
                _ => Why::Fenced,
            };
            Settled { client: pending.client, id: pending.id, missing: pending.missing, why, waited: 0 }
        };
        let why = if exited { Why::Exited } else { Why::Deadline };
        let beat = |client| Settled { client, id: String::new(), missing: vec![Expectation::Echo], why, waited: 0 };
        let requests: Vec<Settled> = self.requests.drain(..).map(request).collect();
        requests.into_iter().chain(self.beats.drain(..).map(beat)).collect()
    }
}
