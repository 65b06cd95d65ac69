//! What a kernel may lack: the types that it need not know, and whether it was seen to know them.

use super::blame::Bench;
use super::episode::Episode;
use super::obligations::is_wrong;
use super::request::Request;
use super::types::Types;
use crate::trace::Expectation;
use crate::wire::Channel;

/// Whether it is `kernel_info_request` on control, which kernels know from protocol 5.5 on.
pub(super) fn is_control_info(episode: &Episode, request: &Request) -> bool {
    let asked = episode.asked(request);
    asked.channel == Channel::Control && asked.msg_type() == "kernel_info_request"
}

/// Whether every kernel must answer it.
pub(super) fn is_required(episode: &Episode, request: &Request, types: &Types) -> bool {
    let asked = episode.asked(request);
    let required = types.get(asked.msg_type()).is_some_and(|facts| facts.required);
    let is_interrupt = asked.msg_type() == "interrupt_request";
    required && (!is_control_info(episode, request) || episode.kernel.claims_at_least((5, 5))) || is_interrupt
}

/// The name under which it is kept whether a kernel knows a type: `kernel_info_request` on control is a matter of its own.
pub(super) fn support_key(episode: &Episode, request: &Request) -> String {
    let asked = episode.asked(request);
    if asked.channel == Channel::Shell || asked.msg_type() != "kernel_info_request" {
        return asked.msg_type().to_owned();
    }
    format!("{} on {}", asked.msg_type(), asked.channel)
}

/// Whether the kernel knows the type, and a rule is about just this request: then its silence is told by that rule, and not as a busy without an idle.
pub(super) fn is_claimed(episode: &Episode, request: &Request, what: Expectation, bench: &impl Bench) -> bool {
    let is_known = bench.has_answered(&support_key(episode, request)) && !is_wrong(episode, request);
    is_known && !bench.owners(episode, request, what).is_empty()
}
