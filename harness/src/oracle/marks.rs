//! What the messages of an episode say of each other: who may have been aborted, who was interleaved, what is a copy.

use foldhash::HashMap;

use super::episode::Episode;
use super::request::Request;
use crate::trace::{OPTIONAL_PART, Why};
use crate::wire::{Channel, Json};

/// Marks what may have been aborted: executions that were sent before the failure of an earlier one was known, and what was answered with an error
/// that says nothing, as some kernels do in place of `aborted`.
pub(super) fn mark_aborted(episode: &mut Episode) {
    let mut failed_until = 0;
    for number in 0..episode.requests.len() {
        let request = &episode.requests[number];
        let asked = &episode.messages[request.sent];
        let status = episode.status_of(request).to_owned();
        let says_nothing = |reply: usize| ["ename", "evalue", "traceback"].iter().all(|name| episode.messages[reply].field(name).is_none());
        let bare = failed_until > 0 && status == "error" && request.reply().is_some_and(says_nothing);
        if asked.msg_type() != "execute_request" {
            episode.requests[number].maybe_aborted = bare || ["aborted", "abort"].contains(&status.as_str());
            continue;
        }
        let behind = request.sent < failed_until;
        let keeps_others = asked.field("stop_on_error") == Some(&Json::Bool(false));
        if let (Some(reply), "error", false) = (request.reply(), status.as_str(), keeps_others) {
            failed_until = failed_until.max(reply);
        }
        let planned = asked.facts.get("aborted").is_some_and(|aborted| *aborted == true);
        episode.requests[number].maybe_aborted = behind || planned || bare || ["aborted", "abort"].contains(&status.as_str());
    }
}

/// Marks executions during which another one was run: in a subshell, or on another channel.
pub(super) fn mark_interleaved(episode: &mut Episode) {
    let inputs = |episode: &Episode, number: usize| {
        episode.requests[number].iopub.iter().copied().find(|&message| episode.messages[message].msg_type() == "execute_input")
    };
    let executions: Vec<usize> =
        (0..episode.requests.len()).filter(|&number| episode.type_of(&episode.requests[number]) == "execute_request").collect();
    let mut begins: Vec<usize> = executions.iter().filter_map(|&number| inputs(episode, number)).collect();
    begins.sort_unstable();
    for &number in &executions {
        let request = &episode.requests[number];
        let begin = request.busy.or(inputs(episode, number)).unwrap_or(request.sent);
        let end = request.ended().unwrap_or(usize::MAX);
        let own = usize::from(inputs(episode, number).is_some_and(|input| input > begin && input < end));
        // What can't be read may leave an end that lies before its begin.
        let between = begins.partition_point(|&input| input < end).saturating_sub(begins.partition_point(|&input| input <= begin));
        episode.requests[number].interleaved = between > own;
    }
    mark_beside(episode, &executions);
}

/// Marks what names no request and comes after a message to the kernel that gave it no id to name: what came of that has no parent.
pub(super) fn mark_headless(episode: &mut Episode) {
    let mut headless = None;
    for message in 0..episode.messages.len() {
        let seen = &mut episode.messages[message];
        if seen.from_kernel() {
            let has_no_cause = seen.msg_type() == "iopub_welcome" || seen.is_state("starting");
            seen.headless = headless.filter(|_| seen.parent_id().is_none() && !has_no_cause);
        } else if seen.msg_id().is_none() {
            headless = Some(message);
        }
    }
}

/// Marks executions that were under way on two channels, or in two subshells, at the same time: each may have been run while the other
/// was.
fn mark_beside(episode: &mut Episode, executions: &[usize]) {
    let place = |number: usize| {
        let asked = episode.asked(&episode.requests[number]);
        let subshell = asked.header().and_then(|header| header.get("subshell_id")).filter(|id| **id != Json::Null);
        (asked.channel, subshell)
    };
    let span = |number: usize| {
        let request = &episode.requests[number];
        (request.busy.unwrap_or(request.sent), request.ended().unwrap_or(usize::MAX))
    };
    let places: Vec<_> = executions.iter().map(|&number| (number, place(number), span(number))).collect();
    if places.windows(2).all(|pair| pair[0].1 == pair[1].1) {
        return;
    }
    let overlap = |(begin, end): (usize, usize), (other_begin, other_end): (usize, usize)| begin < other_end && other_begin < end;
    let is_beside = |place, during| places.iter().any(|(_, other, other_span)| *other != place && overlap(during, *other_span));
    let beside: Vec<usize> = places.iter().filter(|(_, place, span)| is_beside(*place, *span)).map(|(number, ..)| *number).collect();
    for number in beside {
        episode.requests[number].interleaved = true;
    }
}

/// The copy at the asker stands for all; where there is no asker, the first.
pub(super) fn mark_copies(episode: &mut Episode) {
    let mut first: HashMap<String, usize> = HashMap::default();
    for index in 0..episode.messages.len() {
        let seen = &episode.messages[index];
        if !seen.from_kernel() || seen.channel != Channel::Iopub {
            continue;
        }
        let Some(id) = seen.msg_id() else { continue };
        let Some(&known) = first.get(id) else {
            first.insert(id.to_owned(), index);
            continue;
        };
        if episode.messages[known].client == seen.client {
            continue;
        }
        let asker = seen.request.map(|number| &episode.messages[episode.requests[number].sent].client);
        if asker == Some(&seen.client) {
            first.insert(id.to_owned(), index);
            episode.messages[known].copy = true;
        } else {
            episode.messages[index].copy = true;
        }
    }
}

/// Marks requests whose waiting was ended by the answer to a later one, where the kernel answers out of order and the wait was short:
/// it may have been about to answer them.
pub(super) fn mark_hurried(episode: &mut Episode) {
    let hurried = |request: &Request| is_short(episode, request) && is_overtaking(episode, request);
    let found: Vec<usize> = (0..episode.requests.len()).filter(|&number| hurried(&episode.requests[number])).collect();
    for number in found {
        episode.requests[number].hurried = true;
    }
}

/// Whether less than its deadline was waited: the whole one, if the kernel had begun it.
fn is_short(episode: &Episode, request: &Request) -> bool {
    let Some((line, settled)) = request.settled.as_ref().filter(|(_, settled)| settled.why == Why::Fenced) else { return false };
    let deadline = episode.kernel.calibrated.as_ref().map_or(u64::MAX, |calibrated| calibrated.reply_deadline);
    let came = |message: Option<usize>| message.is_some_and(|message| episode.messages[message].line < *line);
    let is_in_hand = came(request.busy) && !came(request.idle) && !came(request.reply());
    let due = if is_in_hand { deadline } else { deadline / u64::from(OPTIONAL_PART) };
    !settled.missing.is_empty() && settled.waited < due
}

/// Whether a request of the same client and channel, as this one, was answered after one that was sent behind it.
fn is_overtaking(episode: &Episode, request: &Request) -> bool {
    let asked = episode.asked(request);
    let beside = |other: &&Request| {
        let sent = episode.asked(other);
        other.honest && !other.shared_id && sent.client == asked.client && sent.channel == asked.channel
    };
    let mut latest = 0;
    episode.requests.iter().filter(beside).filter_map(Request::reply).any(|reply| {
        let overtaken = reply < latest;
        latest = latest.max(reply);
        overtaken
    })
}
