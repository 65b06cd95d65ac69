//! From frames to [`Seen`], with what messages have in common held once.

use std::sync::Arc;

use foldhash::HashMap;

use super::seen::{Direction, Seen, Signed, Wrong};
use super::words::digest;
use crate::trace::{Bytes, Facts, Received, Sent};
use crate::wire::{Body, Channel, DELIMITER, Json, Limits, Malformation, Part, PartName, View, decode, parse_date};

/// Reads messages. Keeps the parts read last: all messages of a request carry one parent header, every status is one of a few,
/// and a question asked a thousand times has one answer; each is read, and held in memory, once.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// The one that was met last stands last.
    parts: Vec<(Vec<u8>, Arc<Json>)>,
    /// The headers of the episode's messages to the kernel, by a digest of their id: what answers them repeats theirs.
    headers: HashMap<u64, Arc<Json>>,
    prefixes: Vec<Arc<[Body]>>,
    names: Vec<Arc<str>>,
    types: Vec<Arc<str>>,
    purpose: Purpose,
    nothing: Purpose,
}

/// What is known of a message to the kernel, in both forms; shared by those of one step, of which there may be thousands.
#[derive(Debug, Clone)]
struct Purpose {
    facts: Arc<Facts>,
    known: Arc<Json>,
}

impl Default for Purpose {
    fn default() -> Self {
        Self::of(Facts::new())
    }
}

impl Purpose {
    fn of(facts: Facts) -> Self {
        let known = facts.iter().map(|(name, value)| (name.as_str().into(), Json::from(value.clone()))).collect();
        Self { facts: Arc::new(facts), known: Arc::new(Json::Object(known)) }
    }
}

/// Parts that say nothing new. Of headers each is another.
const REPEATED: [PartName; 3] = [PartName::Parent, PartName::Metadata, PartName::Content];
/// How many parts are kept.
const KEPT_PARTS: usize = 12;
/// The longest that are, in bytes.
const KEPT_LENGTH: usize = 8 << 10;

impl Reader {
    /// Reads a message to the kernel.
    pub(super) fn sent(&mut self, t: u64, line: u64, sent: Sent) -> Seen {
        let behind = header_behind_second_delimiter(&sent.frames);
        let mut seen = self.read(sent.frames);
        if behind.is_some() {
            seen.parts[PartName::Parent as usize] = behind;
        }
        (seen.t, seen.line) = (t, line);
        seen.direction = Direction::ToKernel;
        seen.client = self.name(&sent.client);
        seen.channel = sent.channel;
        seen.step = sent.step.map(|step| self.name(&step));
        if *self.purpose.facts != sent.facts {
            self.purpose = Purpose::of(sent.facts);
        }
        (seen.facts, seen.known) = (Arc::clone(&self.purpose.facts), Arc::clone(&self.purpose.known));
        if let (Some(id), Some(header)) = (seen.msg_id(), &seen.parts[PartName::Header as usize]) {
            self.headers.insert(digest(id.as_bytes()), Arc::clone(header));
        }
        seen
    }

    /// Reads a message from the kernel.
    pub(super) fn received(&mut self, t: u64, line: u64, received: Received) -> Seen {
        let mut seen = self.read(received.frames);
        (seen.t, seen.line) = (t, line);
        seen.client = self.name(&received.client);
        seen.channel = received.channel;
        seen.cut_from = received.cut_from;
        seen.date = seen.header_text("date").map(parse_date);
        if let (Some(mac), Some(signature)) = (received.mac, &seen.signature) {
            let same = |mac: &str| mac.as_bytes() == signature.0;
            let misread = || received.misread_macs.into_iter().find(|(_, mac)| same(mac)).map(|(name, _)| name);
            seen.signed = Some(if same(&mac) { Signed::Right } else { Signed::Wrong(Box::new(Wrong { misread: misread(), mac })) });
        }
        seen
    }

    fn read(&mut self, mut frames: Vec<Body>) -> Seen {
        let mut views: Vec<View<'_>> = frames.iter().map(View::from).collect();
        let mut parts = self.known_parts(&mut views);
        let mut decoded = decode(&views, &Limits::default());
        let hides = |malformation: &Malformation| malformation.kind.hides_parts();
        if decoded.malformations.iter().any(hides) {
            decoded.malformations.retain(hides);
            decoded.parts = <[Part<'_>; 4]>::default();
            parts = [const { None }; 4];
        }
        let unsound: Vec<Option<PartName>> = decoded.malformations.iter().map(|malformation| malformation.part).collect();
        for (name, part) in PartName::ALL.into_iter().zip(decoded.parts) {
            let (None, Some(value)) = (&parts[name as usize], part.value) else { continue };
            let value = if name == PartName::Parent { self.parent(value) } else { Arc::new(value) };
            if let Some(bytes) = part.bytes.filter(|_| REPEATED.contains(&name) && !unsound.contains(&Some(name))) {
                self.keep(bytes, &value);
            }
            parts[name as usize] = Some(value);
        }
        let (malformations, signature) = (decoded.malformations, decoded.signature.map(|bytes| Bytes(bytes.to_vec())));
        let (before, behind) = (decoded.prefix.len(), decoded.buffers.len());
        // The frames of the parts are read, and no longer needed.
        let buffers = frames.split_off(frames.len() - behind);
        frames.truncate(before);
        let header = parts[PartName::Header as usize].as_deref();
        let msg_type = header.and_then(|header| header.get("msg_type")?.as_str()).unwrap_or_default();
        Seen {
            t: 0,
            line: 0,
            direction: Direction::ToClient,
            client: Arc::from(""),
            channel: Channel::Shell,
            msg_type: shared(&mut self.types, msg_type),
            prefix: self.prefix(frames),
            signature,
            parts,
            buffers,
            date: None,
            malformations,
            signed: None,
            cut_from: None,
            step: None,
            visible: true,
            facts: Arc::clone(&self.nothing.facts),
            known: Arc::clone(&self.nothing.known),
            copy: false,
            astray: false,
            headless: None,
            parent_known: false,
            request: None,
        }
    }

    /// Finds the parts that were read a moment ago, and puts an empty object in their place among the frames.
    fn known_parts(&mut self, frames: &mut [View<'_>]) -> [Option<Arc<Json>>; 4] {
        let mut found = [const { None }; 4];
        let Some(delimiter) = frames.iter().position(|frame| *frame == *DELIMITER) else { return found };
        for name in REPEATED {
            let Some(frame) = frames.get_mut(delimiter + 2 + name as usize) else { break };
            let Some(at) = self.parts.iter().rposition(|(known, _)| *frame == **known) else { continue };
            self.parts[at..].rotate_left(1);
            found[name as usize] = self.parts.last().map(|(_, part)| Arc::clone(part));
            *frame = View::Held(b"{}");
        }
        found
    }

    /// Forgets what only the messages of one episode have in common.
    pub(super) fn end_episode(&mut self) {
        self.headers = HashMap::default();
    }

    /// A parent header, held once with the header that it repeats.
    fn parent(&self, parent: Json) -> Arc<Json> {
        let id = parent.get("msg_id").and_then(Json::as_str);
        match id.and_then(|id| self.headers.get(&digest(id.as_bytes()))) {
            // The same fields in the same order.
            Some(header) if header.as_object() == parent.as_object() => Arc::clone(header),
            _ => Arc::new(parent),
        }
    }

    fn keep(&mut self, bytes: View<'_>, part: &Arc<Json>) {
        if bytes.len() > KEPT_LENGTH {
            return;
        }
        if self.parts.len() == KEPT_PARTS {
            self.parts.remove(0);
        }
        self.parts.push((bytes.to_vec(), Arc::clone(part)));
    }

    fn name(&mut self, name: &str) -> Arc<str> {
        shared(&mut self.names, name)
    }

    fn prefix(&mut self, frames: Vec<Body>) -> Arc<[Body]> {
        shared(&mut self.prefixes, &frames)
    }
}

/// The value that equals this one, if it is among those met last; from now on it is.
fn shared<T: ?Sized + PartialEq>(known: &mut Vec<Arc<T>>, value: &T) -> Arc<T>
where
    for<'a> Arc<T>: From<&'a T>,
{
    if let Some(same) = known.iter().find(|known| ***known == *value) {
        return Arc::clone(same);
    }
    if known.len() == KEPT_PARTS {
        known.remove(0);
    }
    known.push(Arc::from(value));
    Arc::clone(&known[known.len() - 1])
}

/// The header of a message that begins at a second delimiter. It stands where a message has its parent header.
fn header_behind_second_delimiter(frames: &[Body]) -> Option<Arc<Json>> {
    let is_delimiter = |frame: &Body| View::from(frame) == *DELIMITER;
    let (_, behind) = frames.split_at(frames.iter().position(is_delimiter)? + 1);
    let second = behind.iter().position(is_delimiter)?;
    decode(&behind[second..], &Limits::default()).header().cloned().map(Arc::new)
}
