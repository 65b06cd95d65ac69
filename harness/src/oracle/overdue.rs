//! What a kernel had not given when the session gave it up, though it went on with others: one that is slow, and works at several requests at
//! a time, may give it in a later scenario.

use super::Oracle;
use super::episode::Episode;
use super::seen::Seen;
use crate::trace::Expectation;
use crate::wire::Channel;

impl Oracle {
    /// Drops the charges of which an episode shows that it only took longer.
    pub(super) fn drop_overdue(&mut self, episode: &Episode) {
        let came = |(id, what): &(String, Expectation)| {
            episode.from_kernel().any(|(_, seen)| seen.request.is_none() && seen.parent_id() == Some(id) && is_what(seen, *what))
        };
        for charge in std::mem::take(&mut self.overdue) {
            if charge.overdue.as_ref().is_some_and(came) { self.doubt(&charge) } else { self.overdue.push(charge) }
        }
    }

    /// Files the charges of a kernel that is gone: what it never gave will not come.
    pub(super) fn file_overdue(&mut self) {
        for charge in std::mem::take(&mut self.overdue) {
            self.file(charge);
        }
    }
}

/// Whether a message is what was expected of its request.
fn is_what(seen: &Seen, what: Expectation) -> bool {
    match what {
        Expectation::Reply => matches!(seen.channel, Channel::Shell | Channel::Control),
        Expectation::Idle => seen.msg_type() == "status" && seen.text("execution_state") == Some("idle"),
        Expectation::Input => seen.msg_type() == "input_request",
        _ => false,
    }
}
