//! Sending and receiving: each message is recorded as it passes, and entered into or struck from the ledger.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

use super::ledger::Owed;
use super::transport::Arrival;
use super::{Session, SessionError, wakers};
use crate::plan::{Await, Object, Outgoing, Owed as OwedByType, Source, Wait};
use crate::trace::{Bytes, Event, Expectation, Facts, Received, Sent};
use crate::wire::{Body, Channel, Decoded, Frame, Json, Limits, PartName, View, decode_some, json};

/// Requests that a kernel answers which announces the feature.
const FEATURES: [(&str, &str); 4] = [
    ("debug_request", "debugger"),
    ("create_subshell_request", "kernel subshells"),
    ("list_subshell_request", "kernel subshells"),
    ("delete_subshell_request", "kernel subshells"),
];

/// Messages that are taken in before the sockets are looked at again: what waits there costs more than here, and is seen late.
const STRETCH: usize = 64;
/// Messages after which that is done no more, as deadlines have to be looked at too; and how many may wait here.
const AT_ONCE: usize = 1024;

impl Session {
    /// Sends a message for `client`, and enters what it is owed into the ledger. Returns its message id.
    pub(super) fn send(&mut self, client: &str, step: Option<&str>, facts: &Facts, outgoing: &Outgoing) -> Result<String, SessionError> {
        let sender = self.clients.get(client).ok_or_else(|| SessionError::NoClient(client.to_owned()))?;
        let date = jiff::Timestamp::now().to_string();
        let hears_all = sender.hears_all;
        let answer = self.as_answer(client, outgoing);
        let composed = sender.compose(answer.as_ref().unwrap_or(outgoing), &self.keys, &date, &mut self.rng);
        self.deliver(client, outgoing.channel, composed.frames, step, facts)?;
        let behind_code = self.ledger.runs_code();
        let mut owed = owed(client, step, outgoing, composed.id.clone());
        if !hears_all {
            owed.wants.remove(&Expectation::Idle);
        }
        let optional = owed.optional && !self.must_answer(outgoing);
        self.ledger.enter(Owed { behind_code, optional, ..owed });
        Ok(composed.id)
    }

    /// An input reply as most front ends send it: with the request that it answers as its parent.
    fn as_answer(&self, client: &str, outgoing: &Outgoing) -> Option<Outgoing> {
        let is_plain = outgoing.msg_type == "input_reply" && outgoing.parent.is_empty() && !outgoing.without_parent;
        if !is_plain {
            return None;
        }
        let parent = self.ledger.pending_input_of(client)?.clone();
        Some(Outgoing { parent, ..outgoing.clone() })
    }

    /// Whether what not every kernel answers is to be answered by this one, by the version of the protocol that it claims.
    fn must_answer(&self, outgoing: &Outgoing) -> bool {
        let on_control = outgoing.channel == Channel::Control && outgoing.msg_type == "kernel_info_request";
        let feature = FEATURES.iter().find(|(msg_type, _)| *msg_type == outgoing.msg_type).map(|(_, feature)| *feature);
        let announced = feature.is_some_and(|feature| self.about.features.iter().any(|known| known == feature));
        outgoing.awaits != Await::Nothing && !outgoing.owed.odd && ((on_control && self.about.claims_at_least((5, 5))) || announced)
    }

    /// Asks `kernel_info_request` on `channel`; what every kernel can answer tells whether it has passed what came before.
    pub(super) fn ask(&mut self, client: &str, channel: Channel, step: &str) -> Result<String, SessionError> {
        let owed = OwedByType::reply_and_bracket(channel != Channel::Shell);
        let question = Outgoing { awaits: Await::Later, ..Outgoing::honest(channel, "kernel_info_request", Object::new(), owed) };
        self.send(client, Some(step), &Facts::new(), &question)
    }

    /// Sends heartbeat bytes. Returns the name under which their echo is awaited.
    pub(super) fn beat(&mut self, client: &str, bytes: &[u8], step: Option<&str>, facts: &Facts) -> Result<String, SessionError> {
        self.nameless += 1;
        let id = format!("hb:{}", self.nameless);
        self.deliver(client, Channel::Heartbeat, vec![bytes.to_vec()], step, facts)?;
        self.ledger.enter(Owed {
            wants: BTreeSet::from([Expectation::Echo]),
            optional: false,
            beat: bytes.to_vec(),
            ..bare(client, step, Channel::Heartbeat, "heartbeat", id.clone())
        });
        Ok(id)
    }

    /// Sends frames as they are. Returns the name under which the kernel's passing them is awaited.
    pub(super) fn send_raw(
        &mut self,
        client: &str,
        channel: Channel,
        frames: &[Bytes],
        step: Option<&str>,
        facts: &Facts,
    ) -> Result<String, SessionError> {
        self.nameless += 1;
        let id = format!("raw:{}", self.nameless);
        self.deliver(client, channel, frames.iter().map(|frame| frame.0.clone()).collect(), step, facts)?;
        self.ledger.enter(Owed { unowed: true, optional: true, ..bare(client, step, channel, "frames", id.clone()) });
        Ok(id)
    }

    fn deliver(
        &mut self,
        client: &str,
        channel: Channel,
        frames: Vec<Frame>,
        step: Option<&str>,
        facts: &Facts,
    ) -> Result<(), SessionError> {
        self.transport.send(client, channel, &frames)?;
        if channel == Channel::Stdin {
            // Until now the kernel waited for us.
            self.last_news = Instant::now();
        }
        self.flow.count(0);
        self.recorder.record(Event::Sent(Sent {
            client: client.to_owned(),
            channel,
            frames: frames.into_iter().map(Body::from).collect(),
            step: step.map(str::to_owned),
            facts: facts.clone(),
        }));
        Ok(())
    }

    /// Waits for arrivals until `until` at most, and takes them in. Recording is caught up with first, while the kernel works.
    pub(super) fn receive(&mut self, until: Instant) -> Result<(), SessionError> {
        self.recorder.flush()?;
        let mut arrivals = std::mem::take(&mut self.arrivals);
        let wakers = wakers(&self.cancel, self.process.as_ref());
        let began = Instant::now();
        self.behind = self.transport.wait(until, &wakers, &mut arrivals)?;
        self.note_violations();
        let waited = if self.asked_to_exit { &mut self.waited.exits } else { &mut self.waited.answers };
        *waited += began.elapsed();
        let mut waiting = VecDeque::from_iter(arrivals.drain(..));
        let mut taken = 0;
        while let Some(arrival) = waiting.pop_front() {
            self.take_in(arrival)?;
            taken += 1;
            if taken % STRETCH != 0 {
                continue;
            }
            self.recorder.flush()?;
            if taken < AT_ONCE && waiting.len() < AT_ONCE {
                self.behind = self.transport.wait(Instant::now(), &[], &mut arrivals)?;
                self.note_violations();
                waiting.extend(arrivals.drain(..));
            }
        }
        self.arrivals = arrivals;
        Ok(())
    }

    pub(super) fn note_violations(&mut self) {
        for violation in self.transport.violations() {
            self.recorder.record(Event::Violation(violation));
        }
    }

    fn take_in(&mut self, arrival: Arrival) -> Result<(), SessionError> {
        let Arrival { client, channel, frames, at, cut_from } = arrival;
        self.flow.count(cut_from.unwrap_or_else(|| size(&frames)));
        let mut received = Received { client, channel, frames, mac: None, misread_macs: BTreeMap::new(), cut_from };
        if channel == Channel::Heartbeat {
            self.strike_echo(&received, at);
        } else {
            let frames = std::mem::take(&mut received.frames);
            let decoded = decode_some(&frames, &Limits::default(), &[PartName::Header, PartName::Parent]);
            if cut_from.is_none() {
                self.note_signature(&decoded, &mut received);
            }
            if decoded.msg_type() == Some("iopub_welcome") {
                self.habits.note_welcome(&received.client);
            }
            self.strike(&received.client, channel, &decoded, at)?;
            received.frames = frames;
        }
        self.recorder.record_at(at, Event::Received(received));
        Ok(())
    }

    fn note_signature(&self, decoded: &Decoded<'_>, received: &mut Received) {
        let Some(parts) = decoded.signed_parts() else { return };
        let mac = self.keys.own.sign(&parts);
        if decoded.signature != Some(mac.as_bytes()) {
            let with_buffers: Vec<View<'_>> = parts.iter().copied().chain(decoded.buffers.iter().copied()).collect();
            received.misread_macs.insert("with_buffers".to_owned(), self.keys.own.sign(&with_buffers));
            let key_first: Vec<View<'_>> = std::iter::once(View::from(&self.link.key)).chain(parts).collect();
            received.misread_macs.insert("key_first".to_owned(), self.keys.own.sign(&key_first));
        }
        received.mac = Some(mac);
    }

    /// Strikes what this message brings from what its parent is owed.
    fn strike(&mut self, client: &str, channel: Channel, decoded: &Decoded<'_>, at: Instant) -> Result<(), SessionError> {
        let Some(msg_type) = decoded.msg_type() else { return Ok(()) };
        self.watch(msg_type, decoded);
        let Some(parent) = decoded.parent_id() else { return Ok(()) };
        if self.ledger.get(parent).is_none_or(|owed| owed.client != client) {
            return Ok(());
        }
        self.last_news = at;
        if msg_type == "kernel_info_reply" {
            self.introduce(content(decoded).as_ref());
        }
        self.quote(parent, channel, msg_type, decoded);
        let Some(owed) = self.ledger.get_mut(parent) else { return Ok(()) };
        match (channel, msg_type) {
            (Channel::Iopub, "status") if says(decoded, "execution_state", "idle") => owed.note(Expectation::Idle, at),
            (Channel::Iopub, "status") => owed.begun = true,
            (Channel::Iopub, _) => {}
            (Channel::Stdin, "input_request") => {
                owed.note(Expectation::Input, at);
                let answer = owed.answers.pop_front().or_else(|| owed.heal_input.then(String::new));
                let request = decoded.header().map(Json::to_serde).and_then(|header| header.as_object().cloned()).unwrap_or_default();
                match answer {
                    Some(value) => self.answer_input(client, request, &value)?,
                    None => owed.pending_input = Some(request),
                }
            }
            (Channel::Stdin, _) => {}
            _ => {
                owed.note(Expectation::Reply, at);
                // Who refuses an odd shutdown promises no end.
                if owed.odd && says(decoded, "status", "error") {
                    owed.wants.remove(&Expectation::Exit);
                }
                if self.ledger.reply_came(parent) {
                    self.habits.note_overtaking(channel);
                }
            }
        }
        Ok(())
    }

    /// Notes that a message came for which a step waits.
    fn watch(&mut self, msg_type: &str, decoded: &Decoded<'_>) {
        let (ledger, parent) = (&self.ledger, decoded.parent_id());
        let fits = |wait: &Wait| {
            let ids = ledger.ids_of(&wait.of);
            if wait.any_parent { !ids.is_empty() } else { ids.iter().any(|id| parent == Some(id)) }
        };
        for step in self.watched.message_came(msg_type, fits, || content(decoded)) {
            if self.quoted.wants(Source::Message, &step) {
                self.quoted.keep(Source::Message, &step, as_object(decoded));
            }
        }
    }

    /// Keeps a message that a later step quotes.
    fn quote(&mut self, parent: &str, channel: Channel, msg_type: &str, decoded: &Decoded<'_>) {
        let source = match (channel, msg_type) {
            (Channel::Stdin, "input_request") => Source::InputRequest,
            (Channel::Shell | Channel::Control, _) => Source::Reply,
            _ => return,
        };
        let Some(step) = self.ledger.get(parent).and_then(|owed| owed.step.clone()) else { return };
        if self.quoted.wants(source, &step) {
            self.quoted.keep(source, &step, as_object(decoded));
        }
    }

    /// Answers the input request with the header `parent`.
    pub(super) fn answer_input(&mut self, client: &str, parent: Object, value: &str) -> Result<(), SessionError> {
        let mut content = Object::new();
        content.insert("value".to_owned(), value.into());
        content.insert("status".to_owned(), "ok".into());
        let sender = self.clients.get(client).ok_or_else(|| SessionError::NoClient(client.to_owned()))?;
        let reply = Outgoing::honest(Channel::Stdin, "input_reply", content, OwedByType::nothing());
        let composed = sender.compose(&Outgoing { parent, ..reply }, &self.keys, &jiff::Timestamp::now().to_string(), &mut self.rng);
        self.deliver(client, Channel::Stdin, composed.frames, Some("answer"), &Facts::new())
    }

    /// Strikes the heartbeat that this echoes. One that was given up may still be echoed, late, and then not the one after it.
    fn strike_echo(&mut self, received: &Received, at: Instant) {
        let is_echo_of = |beat: &[u8]| matches!(received.frames.as_slice(), [frame] if **frame == *beat);
        let waits = |owed: &&Owed| owed.client == received.client && owed.channel == Channel::Heartbeat && !owed.answered();
        let waiting = self.ledger.open().find(waits).map(|owed| (owed.id.clone(), is_echo_of(&owed.beat)));
        let late = self.given_up_beats.iter().position(|(client, beat)| *client == received.client && is_echo_of(beat));
        match (waiting, late) {
            (Some((_, false)) | None, Some(late)) => drop(self.given_up_beats.remove(late)),
            (Some((id, _)), _) => {
                if let Some(owed) = self.ledger.get_mut(&id) {
                    owed.note(Expectation::Echo, at);
                }
            }
            (None, None) => {}
        }
    }
}

fn size(frames: &[Body]) -> u64 {
    frames.iter().map(|frame| frame.len() as u64).sum()
}

/// A message as steps may quote it.
fn as_object(decoded: &Decoded<'_>) -> serde_json::Value {
    let header = decoded.header().map(Json::to_serde);
    serde_json::json!({ "header": header, "content": content(decoded).as_ref().map(Json::to_serde) })
}

/// The content, which is read of few messages only.
fn content(decoded: &Decoded<'_>) -> Option<Json> {
    json::parse(decoded.part(PartName::Content).bytes?, &Limits::default()).value
}

fn says(decoded: &Decoded<'_>, field: &str, text: &str) -> bool {
    content(decoded).is_some_and(|content| content.get(field).and_then(Json::as_str) == Some(text))
}

fn owed(client: &str, step: Option<&str>, outgoing: &Outgoing, id: String) -> Owed {
    let unowed = outgoing.awaits == Await::Nothing;
    let mut wants = BTreeSet::new();
    if outgoing.owed.reply {
        wants.insert(Expectation::Reply);
    }
    // A kernel that is about to end may be gone before its idle is.
    if outgoing.owed.bracket && !outgoing.then_exit {
        wants.insert(Expectation::Idle);
    }
    if outgoing.then_exit && outgoing.msg_type == "shutdown_request" {
        wants.insert(Expectation::Exit);
    }
    Owed {
        wants,
        optional: is_optional(outgoing) || unowed,
        unowed,
        odd: outgoing.owed.odd,
        answers: outgoing.answers.iter().cloned().collect(),
        heal_input: outgoing.awaits == Await::Settled,
        then_exit: outgoing.then_exit,
        beside: outgoing.header.get("subshell_id").is_some_and(|id| !id.is_null()),
        ..bare(client, step, outgoing.channel, &outgoing.msg_type, id)
    }
}

/// Whether a kernel may leave it unanswered. What the type says holds on shell: before version 5.5 kernels need not know the question about
/// themselves on control, while a shutdown there is for every kernel.
fn is_optional(outgoing: &Outgoing) -> bool {
    match (outgoing.channel, outgoing.msg_type.as_str()) {
        (Channel::Control, "kernel_info_request") => true,
        (Channel::Control, "shutdown_request") => outgoing.owed.odd,
        _ => outgoing.owed.optional,
    }
}

fn bare(client: &str, step: Option<&str>, channel: Channel, msg_type: &str, id: String) -> Owed {
    Owed {
        id,
        client: client.to_owned(),
        channel,
        msg_type: msg_type.to_owned(),
        step: step.map(str::to_owned),
        wants: BTreeSet::new(),
        seen: BTreeSet::new(),
        optional: true,
        unowed: false,
        odd: false,
        behind_code: false,
        sent: Instant::now(),
        half_done: None,
        fence: None,
        answers: VecDeque::new(),
        heal_input: false,
        pending_input: None,
        then_exit: false,
        beside: false,
        overtaken: false,
        begun: false,
        passed_at: None,
        beat: Vec::new(),
    }
}
