//! Crashes: ends of the process that nobody asked for.

use super::blame::{Bench, Charge};
use super::checks::Deed;
use super::deeds::{deeds_until, unanswered_disconnect, unsurvived_oddity};
use super::episode::Episode;
use super::excerpt::About;
use super::finding::Kind;
use super::missed::finding;
use super::obligations::{rules_for_crash, was_interrupted};
use super::repeats::Case;
use super::request::Request;
use crate::trace::{Event, Exited, Expectation, own_steps};

const SIGINT: i32 = 2;
/// How many bytes of output are shown.
const SHOWN: usize = 2000;
const BY_INTERRUPT: &str = "by an interrupt";

/// Each unasked end of the process, with its line.
pub(super) fn crashes(episode: &Episode, bench: &impl Bench) -> Vec<(u64, Charge)> {
    let crash = |line: u64, exited: &Exited| {
        let how = how(exited);
        let by_interrupt = is_by_interrupt(episode, line, exited);
        let pending = pending(episode, line);
        let doing = pending.map_or_else(|| "while idle".to_owned(), |request| format!("after {}", doing(episode, request)));
        let doing = if by_interrupt { BY_INTERRUPT.to_owned() } else { doing };
        let suspect = match deeds_until(episode, line)[0] {
            Some(Deed::Message(message)) if !by_interrupt => Some(message),
            _ => None,
        };
        let shown: Vec<usize> = pending.map(|request| request.sent).into_iter().chain(suspect).collect();
        let since = shown.iter().map(|&message| episode.messages[message].line).min().unwrap_or(0);
        let about = if shown.is_empty() { About::Line(line) } else { About::Messages(&shown) };
        let mut finding =
            finding(episode, about, format!("{how} {doing}"), format!("the kernel process ended unasked ({how}) {doing}"), None);
        finding.kind = Kind::Crash;
        finding.lines.push(line);
        finding.excerpt.push(format!("! exit {how}"));
        finding.evidence = serde_json::json!({ "code": exited.code, "signal": exited.signal, "stderr": last_words(episode, "stderr", since), "stdout": last_words(episode, "stdout", since) });
        // Where the interrupt itself was deadly, whatever else was done has no part in it.
        let interrupted = was_interrupted(episode, line);
        let has_part = |deed: &Deed| match deed {
            Deed::Interrupt => true,
            Deed::Disconnect(_) => !by_interrupt && !interrupted,
            _ => !by_interrupt,
        };
        let deeds = deeds(episode, line).filter(has_part);
        let mut rules: Vec<String> = deeds.flat_map(|deed| bench.survivals(episode, &deed)).collect();
        rules.extend(pending.into_iter().flat_map(|request| bench.owners(episode, request, Expectation::Reply)));
        rules.extend(rules_for_crash(episode, line).into_iter().map(str::to_owned));
        let case = (by_interrupt || interrupted).then(|| Case::of_interrupt(&how, &rules));
        Charge { case, ..Charge::usual(rules, finding) }
    };
    let unasked = episode.events.iter().filter_map(|happened| match &happened.event {
        Event::Exited(exited) if !exited.asked => Some((happened.line, crash(happened.line, exited))),
        _ => None,
    });
    unasked.collect()
}

/// How a process ended.
pub(super) fn how(exited: &Exited) -> String {
    match (exited.code, exited.signal) {
        (_, Some(signal)) => format!("killed by signal {signal}"),
        (Some(code), None) => format!("exit code {code}"),
        (None, None) => "for an unknown reason".to_owned(),
    }
}

/// Whether the process ended of the very signal that we interrupt kernels with.
pub(super) fn is_by_interrupt(episode: &Episode, line: u64, exited: &Exited) -> bool {
    let sent = |event: &Event| matches!(event, Event::Signalled(signal) if signal.purpose == "interrupt");
    let interrupted = episode.events.iter().any(|happened| happened.line < line && sent(&happened.event));
    exited.signal == Some(SIGINT) && interrupted
}

/// Whether a charge is that of a kernel that an interrupt killed.
pub(super) fn is_deadly_interrupt(charge: &Charge) -> bool {
    charge.finding.kind == Kind::Crash && charge.finding.place.ends_with(BY_INTERRUPT)
}

/// The request that the kernel was about when it ended: the first that waited for its reply then, or else the last that never
/// got one; a question of the session's own only if there is no other. What greets a client that has just come is none: whether it is
/// answered in time is a matter of chance.
fn pending(episode: &Episode, line: u64) -> Option<&Request> {
    let is_greeting = |request: &Request| !episode.scenario.is_empty() && episode.asked(request).step.as_deref() == Some(own_steps::READY);
    let unanswered = || {
        let open = |request: &&Request| request.replies.is_empty() && episode.asked(request).line < line;
        episode.requests.iter().filter(move |request| open(request) && !is_greeting(request))
    };
    let given_up = |request: &Request| request.settled.as_ref().is_some_and(|(settled, _)| *settled < line);
    let is_own = |request: &&Request| episode.asked(request).step.as_deref().is_some_and(|step| own_steps::ALL.contains(&step));
    let waiting = || unanswered().filter(|request| !given_up(request));
    waiting().find(|request| !is_own(request)).or_else(|| waiting().next()).or_else(|| unanswered().next_back())
}

/// What the kernel may have died of, the likeliest first. A reply to one that has left may kill it at any time after.
fn deeds(episode: &Episode, line: u64) -> impl Iterator<Item = Deed> {
    let unanswered = [unanswered_disconnect(episode, line), unsurvived_oddity(episode, line)];
    unanswered.into_iter().chain(deeds_until(episode, line).into_iter().rev()).flatten()
}

fn doing(episode: &Episode, request: &Request) -> String {
    let asked = episode.asked(request);
    match asked.facts.get("snippet").and_then(|name| name.as_str()) {
        Some(snippet) => format!("{} ({snippet})", asked.msg_type()),
        None => asked.name().to_owned(),
    }
}

/// What the process wrote to a stream after the line of what it may have died of; or else the end of all that it wrote. Some kernels log to stdout.
fn last_words(episode: &Episode, stream: &str, since: u64) -> String {
    let written = |from: u64| -> Vec<u8> {
        let chunks = episode.events.iter().filter_map(|happened| match &happened.event {
            Event::Output(output) if output.stream == stream && happened.line > from => Some(output.text.0.as_slice()),
            _ => None,
        });
        chunks.flatten().copied().collect()
    };
    let bytes = written(since);
    if bytes.len() > SHOWN {
        let half = SHOWN / 2;
        let (begin, end) = (String::from_utf8_lossy(&bytes[..half]), String::from_utf8_lossy(&bytes[bytes.len() - half..]));
        return format!("{begin}\n…\n{end}");
    }
    let bytes = if bytes.is_empty() { written(0) } else { bytes };
    String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(SHOWN)..]).into_owned()
}
