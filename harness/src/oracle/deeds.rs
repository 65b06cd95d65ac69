//! What the clients did last: what a kernel may have stumbled over.

use super::checks::Deed;
use super::episode::Episode;
use super::request::{Request, Role};
use super::seen::{Direction, Seen};
use crate::trace::{Event, Why, own_steps};

/// What the clients did before a request that may have harmed the kernel: the last deed that was not a request answered as it should be,
/// then the last deed of any kind.
pub(super) fn deeds_before(episode: &Episode, request: &Request) -> [Option<Deed>; 2] {
    deeds_until(episode, episode.asked(request).line)
}

/// The same before a line.
pub(super) fn deeds_until(episode: &Episode, line: u64) -> [Option<Deed>; 2] {
    [last_deed(episode, line, |message| !is_harmless(episode, message)), last_deed(episode, line, |_| true)]
}

/// Whether a message was answered as it should be.
fn is_harmless(episode: &Episode, message: usize) -> bool {
    episode.request_of(message).is_some_and(|request| request.honest && !request.replies.is_empty())
}

/// What may have made the channel of a request deaf, the last first: messages before it, since none on the channel was answered.
pub(super) fn deafening(episode: &Episode, request: &Request) -> Vec<usize> {
    let asked = episode.asked(request);
    let on_channel: Vec<usize> = episode.sent.iter().copied().filter(|&sent| episode.messages[sent].channel == asked.channel).collect();
    let unanswered = on_channel.iter().rev().copied().take_while(|&sent| !is_harmless(episode, sent));
    unanswered.filter(|&sent| sent < request.sent && !is_own(&episode.messages[sent])).collect()
}

/// A client's leaving before a line, where nothing that was asked after it was answered by then.
pub(super) fn unanswered_disconnect(episode: &Episode, line: u64) -> Option<Deed> {
    unanswered_since(episode, line, |deed| matches!(deed, Deed::Disconnect(_)))
}

/// The last that was odd before a line, a message or a stranger, where nothing that was asked after it was answered by then: what is asked
/// in order to see whether the kernel survived it is not what it died of.
pub(super) fn unsurvived_oddity(episode: &Episode, line: u64) -> Option<Deed> {
    unanswered_since(episode, line, |deed| match deed {
        Deed::Message(message) => !is_plain(&episode.messages[*message]),
        Deed::Stranger(_) => true,
        _ => false,
    })
}

/// The last of the deeds that count before a line, where nothing that was asked after it was answered by then.
fn unanswered_since(episode: &Episode, line: u64, counts: impl Fn(&Deed) -> bool) -> Option<Deed> {
    let (at, deed) = deeds_before_line(episode, line).filter(|(_, deed)| counts(deed)).max_by_key(|(at, _)| *at)?;
    let is_answered = |request: &Request| request.reply().is_some_and(|reply| episode.messages[reply].line < line);
    let answered = episode.requests.iter().any(|request| episode.asked(request).line > at && is_answered(request));
    (!answered).then_some(deed)
}

/// The plain request that a question of the session's own was asked after, where that has no answer either: then it is what the
/// kernel is stuck with.
pub(super) fn stuck_before<'a>(episode: &'a Episode, request: &Request) -> Option<&'a Request> {
    let asked = episode.asked(request);
    let own = asked.step.as_deref() == Some(own_steps::FENCE);
    let same = |other: &&Request| {
        let before = episode.asked(other);
        before.client == asked.client && before.channel == asked.channel && before.line < asked.line
    };
    let stuck = |other: &&Request| {
        let plain = other.honest && !episode.asked(other).facts.contains_key("odd");
        plain && other.role == Role::Request && other.replies.is_empty()
    };
    episode.requests.iter().rev().filter(|_| own).filter(same).find(stuck)
}

/// How many honest requests were still to be answered when this one was sent.
pub(super) fn unanswered_before(episode: &Episode, request: &Request) -> usize {
    let line = episode.asked(request).line;
    let is_open = |other: &&Request| {
        let asked = episode.asked(other);
        let answered = other.reply().is_some_and(|reply| episode.messages[reply].line < line);
        // What the kernel has passed without a reply gets none, and our own questions keep nobody from anything.
        let passed = other.settled.as_ref().is_some_and(|(at, settled)| *at < line && settled.why == Why::Fenced);
        other.role == Role::Request && other.honest && asked.line < line && !answered && !passed && !is_own(asked)
    };
    episode.requests.iter().filter(is_open).count()
}

/// The message before a request that may have harmed the kernel.
pub(super) fn suspect(episode: &Episode, request: &Request) -> Option<usize> {
    match deeds_before(episode, request)[0] {
        Some(Deed::Message(message)) => Some(message),
        _ => None,
    }
}

/// The last deed before a line; of messages only those that may count.
pub(super) fn last_deed(episode: &Episode, line: u64, counts: impl Fn(usize) -> bool) -> Option<Deed> {
    let may_count = |deed: &Deed| !matches!(deed, Deed::Message(message) if !counts(*message));
    deeds_before_line(episode, line).filter(|(_, deed)| may_count(deed)).max_by_key(|(at, _)| *at).map(|(_, deed)| deed)
}

/// All deeds before a line, each with its own. The session's own questions are none.
fn deeds_before_line(episode: &Episode, line: u64) -> impl Iterator<Item = (u64, Deed)> {
    let messages = episode
        .sent
        .iter()
        .filter(|&&message| !is_own(&episode.messages[message]))
        .map(|&message| (episode.messages[message].line, Deed::Message(message)));
    let beats = episode.beats.iter().filter(|beat| beat.direction == Direction::ToKernel).map(|beat| (beat.line, Deed::Heartbeat));
    let events = episode.events.iter().enumerate().filter_map(|(index, happened)| {
        let deed = match &happened.event {
            Event::Signalled(signal) if signal.purpose == "interrupt" => Deed::Interrupt,
            Event::Disconnected(_) => Deed::Disconnect(index),
            Event::Stranger(_) => Deed::Stranger(index),
            Event::Connected(connected) if !connected.early && !is_of_the_plan(episode, &connected.client) => Deed::Connect(index),
            _ => return None,
        };
        Some((happened.line, deed))
    });
    messages.chain(beats).chain(events).filter(move |(at, _)| *at < line)
}

/// Whether nothing was done to the kernel before a line but to ask it what any client may ask.
pub(super) fn is_untroubled_before(episode: &Episode, line: u64) -> bool {
    let is_trouble = |event: &Event| match event {
        Event::Signalled(_) | Event::Disconnected(_) | Event::Stranger(_) => true,
        Event::Connected(connected) => !connected.early && !is_of_the_plan(episode, &connected.client),
        _ => false,
    };
    let mut sent = episode.sent.iter().map(|&sent| &episode.messages[sent]).filter(|seen| seen.line < line);
    sent.all(is_plain) && !episode.events.iter().any(|happened| happened.line < line && is_trouble(&happened.event))
}

/// Whether nothing about a message is wrong on purpose.
fn is_plain(seen: &Seen) -> bool {
    let well_signed = seen.facts.get("sign").is_none_or(|sign| sign == "good");
    seen.malformations.is_empty() && well_signed && !seen.facts.contains_key("odd")
}

/// Whether a step is the session's own.
fn is_own(seen: &Seen) -> bool {
    seen.step.as_deref().is_some_and(|step| own_steps::ALL.contains(&step))
}

/// Whether the plan has this client from its begin, so that its connection is nothing that a step did.
fn is_of_the_plan(episode: &Episode, client: &str) -> bool {
    episode.events.iter().any(|happened| match &happened.event {
        Event::ScenarioStarted(started) => started
            .plan
            .get("clients")
            .and_then(|clients| clients.as_array())
            .is_some_and(|clients| clients.iter().any(|name| name == client)),
        _ => false,
    })
}
