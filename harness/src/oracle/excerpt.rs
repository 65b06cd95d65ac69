//! Excerpts: the lines of a trace that a reader of a finding wants to see.

use super::episode::Episode;
use super::request::Request;
use super::seen::{Direction, Seen};
use crate::trace::Event;
use crate::trace::notation::{Names, Shown, event_line, message_line};

/// The longest excerpt.
const LINES: usize = 12;

/// What a finding is about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum About<'a> {
    /// A message, by its index.
    Message(usize),
    /// Several messages, the first being where it shows.
    Messages(&'a [usize]),
    /// A request and all that came of it, or did not.
    Request(&'a Request),
    /// A line of the trace that is no message.
    Line(u64),
}

/// The trace lines of a finding, the first being where it shows, and the excerpt.
pub(super) fn excerpt(episode: &Episode, about: About<'_>) -> (Vec<u64>, Vec<String>) {
    let line_of = |message: &usize| episode.messages[*message].line;
    let (lines, mut group) = match about {
        About::Message(message) => (vec![line_of(&message)], around(episode, message)),
        About::Messages(messages) => {
            let group = messages.iter().flat_map(|&message| around(episode, message)).collect();
            (messages.iter().take(LINES).map(line_of).collect(), group)
        }
        About::Request(request) => (vec![line_of(&request.sent)], of_request(episode, request)),
        About::Line(line) => (vec![line], vec![(line, Entry::Other(line))]),
    };
    group.sort_unstable();
    group.dedup();
    let shown = choose(&group, &lines);
    let mut names = Names::default();
    let lines_shown = shown.into_iter().filter_map(|entry| match entry {
        None => Some("…".to_owned()),
        Some(Entry::Message(message)) => Some(show(&episode.messages[message], &mut names)),
        Some(Entry::Other(line)) => other(episode, line, &mut names),
    });
    let excerpt = lines_shown.collect();
    (lines, excerpt)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Entry {
    Message(usize),
    Other(u64),
}

/// A message with the request it belongs to.
fn around(episode: &Episode, message: usize) -> Vec<(u64, Entry)> {
    let mut group = episode.request_of(message).map(|request| of_request(episode, request)).unwrap_or_default();
    group.push((episode.messages[message].line, Entry::Message(message)));
    group
}

fn of_request(episode: &Episode, request: &Request) -> Vec<(u64, Entry)> {
    let messages = [&request.replies, &request.iopub, &request.inputs, &request.misrouted];
    let messages = std::iter::once(request.sent).chain(messages.into_iter().flatten().copied());
    let events = [request.settled.as_ref().map(|(line, _)| *line), request.ladder.as_deref().map(|(line, _)| *line)];
    let mut group: Vec<(u64, Entry)> = messages.map(|message| (episode.messages[message].line, Entry::Message(message))).collect();
    group.extend(events.into_iter().flatten().map(|line| (line, Entry::Other(line))));
    group
}

/// Cuts a group to the longest excerpt: its begin, and what stands around the places of the finding.
fn choose(group: &[(u64, Entry)], places: &[u64]) -> Vec<Option<Entry>> {
    if group.len() <= LINES {
        return group.iter().map(|(_, entry)| Some(*entry)).collect();
    }
    let mut keep: Vec<usize> = vec![0];
    let wanted = places.iter().filter_map(|line| group.iter().position(|(known, _)| known == line));
    for at in wanted {
        for near in [at, at.saturating_sub(1), at + 1, at.saturating_sub(2)] {
            if keep.len() < LINES - 3 && near < group.len() && !keep.contains(&near) {
                keep.push(near);
            }
        }
    }
    for next in (1..group.len()).rev().take(1).chain(1..group.len()) {
        if keep.len() < LINES - 3 && !keep.contains(&next) {
            keep.push(next);
        }
    }
    keep.sort_unstable();
    let mut shown = Vec::new();
    let mut gaps = 0;
    for (position, &at) in keep.iter().enumerate() {
        if position > 0 && at > keep[position - 1] + 1 && gaps < 3 {
            shown.push(None);
            gaps += 1;
        }
        shown.push(Some(group[at].1));
    }
    shown
}

fn show(seen: &Seen, names: &mut Names) -> String {
    let [header, parent, metadata, content] = &seen.parts;
    let shown = Shown {
        to_kernel: seen.direction == Direction::ToKernel,
        client: &seen.client,
        channel: seen.channel,
        parts: [header.as_deref(), parent.as_deref(), metadata.as_deref(), content.as_deref()],
        buffers: seen.buffers.len(),
        malformations: seen.malformations.len(),
        sign: seen.facts.get("sign").and_then(|sign| sign.as_str()),
    };
    message_line(&shown, names)
}

fn other(episode: &Episode, line: u64, names: &mut Names) -> Option<String> {
    if let Some(beat) = episode.beats.iter().find(|beat| beat.line == line) {
        return Some(crate::trace::notation::beat_line(beat.direction == Direction::ToKernel, &beat.client, &beat.frames));
    }
    let event: &Event = &episode.events.iter().find(|happened| happened.line == line)?.event;
    event_line(event, names)
}
