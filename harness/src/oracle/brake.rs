//! The brake of a kernel: it takes SIGINT, or it answers an `interrupt_request`.
//!
//! In signal mode a kernel may leave the request unanswered. One that the signal kills owes the answer: whichever way its kernelspec
//! would name, it has none.

use std::collections::BTreeMap;

use super::blame::Charge;
use super::confirm::Confirmations;
use super::crash::is_deadly_interrupt;
use super::episode::Episode;
use super::excerpt::About;
use super::missed::finding;
use super::request::Request;
use crate::trace::{Expectation, Why};
use crate::wire::Channel;

const INTERRUPT_REQUEST: &str = "interrupt_request";
/// What no kernel is seen to support, so that the charge is dropped unless [`hold_to_one`] finds that it counts.
const IN_PLACE_OF_A_SIGNAL: &str = "interrupt_request in place of a signal";

/// The first interrupt request that a kernel in signal mode left unanswered, to be kept until it is known what the signal does to it.
pub(super) fn unanswered(episode: &Episode) -> Option<Charge> {
    let by_signal = episode.kernel.started.as_ref().is_some_and(|kernel| kernel.event.interrupt_mode == "signal");
    let request = episode.requests.iter().filter(|_| by_signal).find(|request| is_unanswered(episode, request))?;
    let title = "the interrupt_request on control got no reply, and SIGINT ends the process: nothing interrupts it";
    let finding = finding(episode, About::Request(request), "no brake".to_owned(), title.to_owned(), None);
    let rules = vec!["INT-03".to_owned()];
    Some(Charge { if_supported: Some(IN_PLACE_OF_A_SIGNAL.to_owned()), mild: true, ..Charge::usual(rules, finding) })
}

fn is_unanswered(episode: &Episode, request: &Request) -> bool {
    let asked = episode.asked(request);
    let is_plain = asked.msg_type() == INTERRUPT_REQUEST && asked.channel == Channel::Control && request.honest && !request.odd;
    let was_waited_for = matches!(request.why(), Some(Why::Fenced | Why::Deadline)) && request.waited_in_vain(Expectation::Reply);
    is_plain && was_waited_for && request.replies.is_empty()
}

/// Makes the charge count where the signal was seen to kill the kernel, and no interrupt request was ever answered.
pub(super) fn hold_to_one(charges: &mut [Charge], support: &mut BTreeMap<String, bool>, confirmations: &Confirmations) {
    let holds = |charge: &Charge| confirmations.holds(charge.finding.kind, &charge.finding.place, charge.rules.first());
    let is_killed = charges.iter().any(|charge| is_deadly_interrupt(charge) && holds(charge));
    if !is_killed || support.get(INTERRUPT_REQUEST) == Some(&true) {
        return;
    }
    for charge in charges.iter_mut().filter(|charge| charge.if_supported.as_deref() == Some(IN_PLACE_OF_A_SIGNAL)) {
        // It is no longer something that the kernel may lack.
        support.remove(INTERRUPT_REQUEST);
        charge.if_supported = None;
    }
}
