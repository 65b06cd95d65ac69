//! The requests of a run once more, by the bare client: what the scenarios cost beside what the kernel needs for them anyway.

use std::time::Duration;

use harness::session::Session;
use harness::trace::{Event, Record, Why, own_steps};
use harness::wire::{Channel, DELIMITER};

use crate::bare::Bare;
use crate::timed;

/// What a scenario sent and waited for, in its order, where a bare client can do the same.
struct Play<'a> {
    records: &'a [Record],
    took: Duration,
}

/// Plays all plain scenarios of a trace again, and gives how many there were, what the session needed for them, and what the bare
/// client needs. Plain are those in which one client asks on shell, and gets every answer.
pub(crate) fn compare(records: &[Record], session: &Session) -> (usize, Duration, Duration) {
    let mut bare = Bare::connect(session.link());
    let plays = plays(records);
    let ours = plays.iter().map(|play| play.took).sum();
    let theirs = timed(|| {
        for play in &plays {
            again(play.records, &mut bare);
        }
    });
    (plays.len(), ours, theirs)
}

fn plays(records: &[Record]) -> Vec<Play<'_>> {
    let begins = records.iter().enumerate().filter(|(_, record)| matches!(record.event, Event::ScenarioStarted(_)));
    let play = |(begin, first): (usize, &Record)| {
        let length = records[begin..].iter().position(|record| matches!(record.event, Event::ScenarioEnded(_)))?;
        let records = &records[begin..=begin + length];
        let took = Duration::from_nanos(records.last()?.t - first.t);
        records.iter().all(is_plain).then_some(Play { records, took })
    };
    begins.filter_map(play).collect()
}

fn is_plain(record: &Record) -> bool {
    match &record.event {
        Event::Sent(sent) => {
            let odd = ["odd", "asks", "interrupted"].iter().any(|fact| sent.facts.contains_key(*fact));
            let whole = sent.frames.len() >= 6 && *sent.frames[0] == *DELIMITER;
            sent.client == "a" && sent.channel == Channel::Shell && whole && !odd
        }
        Event::Settled(settled) => settled.why == Why::Answered && settled.missing.is_empty(),
        Event::ScenarioStarted(_) | Event::ScenarioEnded(_) | Event::Received(_) | Event::Output(_) => true,
        _ => false,
    }
}

/// Sends what was sent, and waits where the session waited. The session's own questions are no part of it.
fn again(records: &[Record], bare: &mut Bare) {
    let mut asked = Vec::new();
    for record in records {
        match &record.event {
            Event::Sent(sent) if !matches!(sent.step.as_deref(), Some(own_steps::FENCE | own_steps::PROBE)) => {
                asked.push(bare.send_again(&sent.frames))
            }
            Event::Settled(settled) if asked.contains(&settled.id) => bare.settle(&settled.id, is_replied(records, &settled.id)),
            _ => {}
        }
    }
}

/// Whether a reply came: a notice gets none.
fn is_replied(records: &[Record], id: &str) -> bool {
    records.iter().any(|record| match &record.event {
        Event::Received(received) if received.channel == Channel::Shell => {
            received.frames.iter().any(|frame| std::str::from_utf8(frame).is_ok_and(|text| text.contains(id)))
        }
        _ => false,
    })
}
