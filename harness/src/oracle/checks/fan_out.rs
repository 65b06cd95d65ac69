//! `fan-out`: all subscribers of iopub see the same.
//!
//! - `want`: `all` (no message that one sees is missing at another), or `order` (what two see, they see in the same order)
//!
//! A message counts as missing at a client only between two others that it saw: then it was subscribed, and nothing is still under way.
//! Messages are told apart by their ids; those that share one tell nothing.

use std::collections::BTreeMap;

use foldhash::{HashSet, HashSetExt};

use super::Check;
use super::shape::name_of;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::seen::Seen;
use crate::spec::reader::Reader;
use crate::trace::Event;
use crate::wire::Channel;

struct FanOut {
    order: bool,
}

pub(super) fn compile(reader: &Reader<'_>, _: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let item = reader.required("want")?;
    match item.clone().str()? {
        "all" => Some(Box::new(FanOut { order: false })),
        "order" => Some(Box::new(FanOut { order: true })),
        other => {
            item.unknown("want", other, ["all", "order"]);
            None
        }
    }
}

/// What a client saw on iopub: message ids in order, with their indices.
type Transcript<'a> = Vec<(&'a str, usize)>;

impl Check for FanOut {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        // A welcome concerns one subscription, and a kernel need not send it to others.
        let counts = |seen: &Seen| seen.channel == Channel::Iopub && seen.msg_type() != "iopub_welcome";
        let sees_all = |client: &str| episode.is_subscribed(client) && !came_back(episode, client);
        let mut clients: BTreeMap<&str, Option<Transcript<'_>>> = BTreeMap::new();
        for (message, seen) in episode.from_kernel().filter(|(_, seen)| counts(seen)) {
            let transcript = clients.entry(&seen.client).or_insert_with(|| sees_all(&seen.client).then(Transcript::new));
            if let (Some(transcript), Some(id)) = (transcript, seen.msg_id()) {
                transcript.push((id, message));
            }
        }
        let mut transcripts: Vec<_> = clients.into_iter().filter_map(|(client, transcript)| Some((client, transcript?))).collect();
        if transcripts.len() < 2 {
            return;
        }
        let shared: HashSet<&str> = transcripts.iter().flat_map(|(_, transcript)| repeated(transcript)).collect();
        transcripts.iter_mut().for_each(|(_, transcript)| transcript.retain(|(id, _)| !shared.contains(id)));
        for &(left, ref seen_left) in &transcripts {
            for &(right, ref seen_right) in transcripts.iter().filter(|(right, _)| *right != left) {
                self.compare(episode, (left, seen_left), (right, seen_right), report);
            }
        }
    }
}

/// The ids that several messages have.
fn repeated<'a>(transcript: &Transcript<'a>) -> Vec<&'a str> {
    let mut met = HashSet::new();
    transcript.iter().map(|(id, _)| *id).filter(|id| !met.insert(*id)).collect()
}

/// Whether a client left and came back under the same name: it did not see what was between.
fn came_back(episode: &Episode, client: &str) -> bool {
    let left = |event: &Event| matches!(event, Event::Disconnected(gone) if gone.client == client);
    let came = |event: &Event| matches!(event, Event::Connected(connected) if connected.client == client);
    episode.events.iter().skip_while(|happened| !left(&happened.event)).any(|happened| came(&happened.event))
}

impl FanOut {
    /// Holds what `right` saw against what `left` saw.
    fn compare(
        &self,
        episode: &Episode,
        (left, seen_left): (&str, &Transcript<'_>),
        (right, seen_right): (&str, &Transcript<'_>),
        report: &mut Report<'_>,
    ) {
        let places: BTreeMap<&str, usize> = seen_right.iter().enumerate().map(|(place, (id, _))| (*id, place)).collect();
        let shared: Vec<usize> =
            seen_left.iter().enumerate().filter(|(_, (id, _))| places.contains_key(id)).map(|(place, _)| place).collect();
        let (Some(&first), Some(&last)) = (shared.first(), shared.last()) else { return };
        if first == last {
            return;
        }
        report.exercised();
        let mut latest = 0;
        for &(id, message) in &seen_left[first..=last] {
            let name = name_of(episode, message);
            match places.get(id) {
                None if !self.order => {
                    report.deviation(episode, About::Message(message), name, || {
                        format!("{name} reached client {left} and not client {right}, which was subscribed")
                    });
                }
                Some(&place) if self.order && place < latest => {
                    report.deviation(episode, About::Message(message), name, || {
                        format!("client {left} saw {name} later than client {right}, among the same messages")
                    });
                }
                Some(&place) => latest = latest.max(place),
                None => {}
            }
        }
    }
}
