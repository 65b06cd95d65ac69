//! Gathers records into an episode, and groups its messages by the request that caused them.

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::{HashMap, HashSet};

use super::astray::mark_astray;
use super::episode::{Beat, Client, Episode, Happened};
use super::kernel::Kernel;
use super::long_text::Comparisons;
use super::marks::{mark_aborted, mark_copies, mark_headless, mark_hurried, mark_interleaved};
use super::reading::Reader;
use super::request::Request;
use super::seen::{Direction, Seen};
use super::selector::Known;
use super::types::Types;
use super::words::digest;
use crate::trace::{Bytes, Connected, Event, Facts, Record};
use crate::wire::{Body, Channel};

/// A client that subscribed this long ago to a kernel that has answered since sees all of iopub, even if nothing came.
const SUBSCRIBED_NANOS: u64 = 2_000_000_000;

/// The records of the episode that is going on, and what must be known of the clients from the episodes before.
#[derive(Debug, Default)]
pub(crate) struct Gathering {
    reader: Reader,
    clients: BTreeMap<String, Subscriber>,
    messages: Vec<Seen>,
    /// Digests of the ids of all messages that were sent.
    sent_ids: HashSet<u64>,
    purposes: BTreeMap<String, Facts>,
    beats: Vec<Beat>,
    events: Vec<Happened>,
    lines: Option<(u64, u64)>,
}

/// What a client can see of iopub.
#[derive(Debug)]
struct Subscriber {
    identity: Bytes,
    subscribed: bool,
    since: u64,
    heard: bool,
    answered: bool,
}

impl Subscriber {
    fn sees_all(&self, t: u64) -> bool {
        self.subscribed && (self.heard || (self.answered && t.saturating_sub(self.since) >= SUBSCRIBED_NANOS))
    }
}

impl Gathering {
    /// Takes in a record.
    pub(crate) fn push(&mut self, record: Record, line: u64) {
        self.lines = Some((self.lines.map_or(line, |(first, _)| first), line));
        match record.event {
            Event::Sent(sent) if sent.channel == Channel::Heartbeat => {
                self.beat(record.t, line, Direction::ToKernel, &sent.client, sent.frames);
            }
            Event::Received(received) if received.channel == Channel::Heartbeat => {
                self.beat(record.t, line, Direction::ToClient, &received.client, received.frames);
            }
            Event::Sent(mut sent) => {
                let visible = self.clients.get(&sent.client).is_none_or(|client| client.sees_all(record.t));
                if let Some(purpose) = sent.step.as_ref().and_then(|step| self.purposes.get(step)) {
                    for (name, value) in purpose {
                        sent.facts.entry(name.clone()).or_insert_with(|| value.clone());
                    }
                }
                let mut seen = self.reader.sent(record.t, line, sent);
                seen.visible = visible;
                self.sent_ids.extend(seen.msg_id().map(|id| digest(id.as_bytes())));
                self.hold(seen);
            }
            Event::Received(received) => {
                if let Some(client) = self.clients.get_mut(&received.client) {
                    client.heard |= received.channel == Channel::Iopub;
                    client.answered |= received.channel != Channel::Iopub;
                }
                let mut seen = self.reader.received(record.t, line, received);
                seen.parent_known = seen.parent_id().is_some_and(|id| self.sent_ids.contains(&digest(id.as_bytes())));
                self.hold(seen);
            }
            mut event => {
                if let Event::ScenarioStarted(started) = &mut event {
                    self.purposes = purposes(&started.plan);
                    // What else stands in the steps, which may be megabytes, stands in the messages again.
                    started.plan.as_object_mut().map(|plan| plan.remove("steps"));
                }
                self.subscribe(record.t, &event);
                self.events.push(Happened { t: record.t, line, event });
            }
        }
    }

    /// Keeps a message. In a flood there are thousands, and twice the room would be too much.
    fn hold(&mut self, seen: Seen) {
        if self.messages.len() == self.messages.capacity() {
            self.messages.reserve_exact(self.messages.len() / 4 + 16);
        }
        self.messages.push(seen);
    }

    fn beat(&mut self, t: u64, line: u64, direction: Direction, client: &str, frames: Vec<Body>) {
        let client = Arc::from(client);
        self.beats.push(Beat { t, line, direction, client, frames });
    }

    fn subscribe(&mut self, t: u64, event: &Event) {
        match event {
            Event::Connected(Connected { client, channels, topics, identity, deaf, .. }) => {
                let subscribed = !deaf && channels.contains(&Channel::Iopub) && topics.iter().any(|topic| topic.0.is_empty());
                let identity = identity.clone();
                self.clients.insert(client.clone(), Subscriber { identity, subscribed, since: t, heard: false, answered: false });
            }
            Event::KernelStarted(_) => {
                for client in self.clients.values_mut() {
                    (client.since, client.heard, client.answered) = (t, false, false);
                }
            }
            _ => {}
        }
    }

    /// Whether anything was gathered.
    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_none()
    }

    /// Ends the episode where a new process is started. What clients opened and sent since the last one ended is for the new one, and stays.
    pub(crate) fn close_life(&mut self, scenario: &str, attempt: u32, kernel: Arc<Kernel>, types: &Types) -> Episode {
        // A scenario that begins with a start of its own begins after the end of the kernel before.
        let is_end = |happened: &&Happened| matches!(happened.event, Event::Exited(_) | Event::ScenarioStarted(_));
        let ended = self.events.iter().rev().find(is_end).map_or(u64::MAX, |happened| happened.line);
        let is_opened = |happened: &Happened| happened.line > ended && matches!(happened.event, Event::Connected(_));
        let is_sent = |seen: &Seen| seen.line > ended && !seen.from_kernel();
        let (opened, events): (Vec<_>, Vec<_>) = std::mem::take(&mut self.events).into_iter().partition(is_opened);
        let (sent, messages): (Vec<_>, Vec<_>) = std::mem::take(&mut self.messages).into_iter().partition(is_sent);
        (self.events, self.messages) = (events, messages);
        let episode = self.close(scenario, attempt, kernel, types);
        (self.events, self.messages) = (opened, sent);
        episode
    }

    /// Ends the episode. What was gathered is gone from here.
    pub(crate) fn close(&mut self, scenario: &str, attempt: u32, kernel: Arc<Kernel>, types: &Types) -> Episode {
        self.reader.end_episode();
        let mut episode = Episode {
            scenario: scenario.to_owned(),
            attempt,
            cut: false,
            kernel,
            messages: std::mem::take(&mut self.messages),
            requests: Vec::new(),
            beats: std::mem::take(&mut self.beats),
            events: std::mem::take(&mut self.events),
            clients: self
                .clients
                .iter()
                .map(|(name, client)| (name.clone(), Client { identity: client.identity.clone(), subscribed: client.subscribed }))
                .collect(),
            damage: Vec::new(),
            by_type: HashMap::default(),
            known: Known::default(),
            comparisons: Comparisons::default(),
            received: Vec::new(),
            sent: Vec::new(),
            line_range: self.lines.take().unwrap_or_default(),
        };
        index(&mut episode);
        episode.damage = episode.find_damage();
        let ids = add_requests(&mut episode, types);
        for index in 0..episode.messages.len() {
            attach(&mut episode, &ids, index);
        }
        mark_aborted(&mut episode);
        mark_interleaved(&mut episode);
        mark_copies(&mut episode);
        mark_headless(&mut episode);
        add_events(&mut episode, &ids);
        mark_astray(&mut episode);
        mark_hurried(&mut episode);
        episode
    }
}

/// What a plan does on purpose, by step: how it signs, spells and awaits a message, where that is not as usual.
fn purposes(plan: &serde_json::Value) -> BTreeMap<String, Facts> {
    let steps = plan.get("steps").and_then(|steps| steps.as_array()).map(Vec::as_slice).unwrap_or_default();
    let purpose = |step: &serde_json::Value| {
        let send = step.get("action")?.get("send")?;
        let pick = |name: &str, field: &str, usual: &str| Some((name.to_owned(), send.get(field).filter(|value| *value != usual)?.clone()));
        let facts = [pick("sign", "sign", "good"), pick("format", "format", "compact"), pick("await", "awaits", "settled")];
        let facts = facts.into_iter().flatten().collect();
        Some((step.get("name")?.as_str()?.to_owned(), facts))
    };
    steps.iter().filter_map(purpose).collect()
}

fn index(episode: &mut Episode) {
    for (index, seen) in episode.messages.iter().enumerate() {
        if let Some(known) = episode.by_type.get_mut(seen.msg_type()) {
            known.push(index);
        } else {
            episode.by_type.insert(seen.msg_type().to_owned(), vec![index]);
        }
        if seen.from_kernel() { episode.received.push(index) } else { episode.sent.push(index) }
    }
}

/// Makes the requests; gives the first of each message id.
fn add_requests(episode: &mut Episode, types: &Types) -> HashMap<String, usize> {
    let mut ids: HashMap<String, usize> = HashMap::default();
    for &sent in &episode.sent {
        let number = episode.requests.len();
        let seen = &mut episode.messages[sent];
        seen.request = Some(number);
        let id = seen.msg_id().unwrap_or("").to_owned();
        let first = if id.is_empty() { None } else { ids.get(&id).copied() };
        if let Some(first) = first {
            episode.requests[first].shared_id = true;
        } else if !id.is_empty() {
            ids.insert(id.clone(), number);
        }
        episode.requests.push(Request {
            sent,
            role: types.role(seen.msg_type()),
            honest: seen.is_honest() && !id.is_empty(),
            odd: is_odd(seen),
            maybe_aborted: false,
            interleaved: false,
            hurried: false,
            shared_id: first.is_some(),
            visible: seen.visible,
            id,
            replies: Vec::new(),
            iopub: Vec::new(),
            inputs: Vec::new(),
            misrouted: Vec::new(),
            elsewhere: Vec::new(),
            busy: None,
            idle: None,
            astray: None,
            settled: None,
            ladder: None,
        });
    }
    ids
}

/// What may be odd about a request that is owed its reply all the same; other oddities leave it to rules of their own.
const ANSWERED_ODDITIES: &[&str] = &["field type", "missing field", "cursor", "level", "unknown access", "code"];

fn is_odd(seen: &Seen) -> bool {
    seen.facts.get("odd").is_some_and(|odd| !ANSWERED_ODDITIES.iter().any(|known| odd == known))
}

fn attach(episode: &mut Episode, ids: &HashMap<String, usize>, index: usize) {
    let seen = &episode.messages[index];
    if !seen.from_kernel() {
        return;
    }
    let Some(&number) = seen.parent_id().and_then(|id| ids.get(id)) else { return };
    let request = &mut episode.requests[number];
    let own = episode.messages[request.sent].client == seen.client;
    match (seen.channel, own) {
        (Channel::Iopub, true) => {
            request.iopub.push(index);
            if seen.is_state("busy") {
                request.busy.get_or_insert(index);
            } else if seen.is_state("idle") {
                request.idle.get_or_insert(index);
            }
        }
        (Channel::Iopub, false) => request.elsewhere.push(index),
        (Channel::Stdin, true) => request.inputs.push(index),
        (_, true) => request.replies.push(index),
        (_, false) => request.misrouted.push(index),
    }
    episode.messages[index].request = Some(number);
}

fn add_events(episode: &mut Episode, ids: &HashMap<String, usize>) {
    for happened in &episode.events {
        match &happened.event {
            Event::Settled(settled) => {
                if let Some(&number) = ids.get(&settled.id) {
                    episode.requests[number].settled = Some((happened.line, settled.clone()));
                }
            }
            Event::Ladder(ladder) => {
                if let Some(&number) = ids.get(&ladder.id) {
                    episode.requests[number].ladder = Some(Box::new((happened.line, ladder.clone())));
                }
            }
            _ => {}
        }
    }
}
