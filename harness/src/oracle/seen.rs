//! A message of the trace, decoded once.

use std::sync::Arc;

use crate::trace::{Bytes, Facts};
use crate::wire::{Body, Channel, DateError, DateParts, Json, Malformation, MalformationKind, PartName, ProblemKind, Text};

/// Who a message goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// From a client to the kernel.
    ToKernel,
    /// From the kernel to a client.
    ToClient,
}

/// A message that crossed a socket, as far as it could be read.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Nanoseconds since the trace began.
    pub t: u64,
    /// Line of the trace, from 1.
    pub line: u64,
    /// Who it went to.
    pub direction: Direction,
    /// The client whose socket it crossed.
    pub client: Arc<str>,
    /// The channel.
    pub channel: Channel,
    /// The message type; empty if there is none.
    pub msg_type: Arc<str>,
    /// Frames before the delimiter; all frames if there is none.
    pub prefix: Arc<[Body]>,
    /// The signature as sent.
    pub signature: Option<Bytes>,
    /// The four parts by [`PartName`], whatever JSON they are; `None` where nothing could be read.
    pub parts: [Option<Arc<Json>>; 4],
    /// Frames after the content.
    pub buffers: Vec<Body>,
    /// What the date of its header says, if there is one; received messages only.
    pub date: Option<Result<DateParts, DateError>>,
    /// What was wrong with it.
    pub malformations: Vec<Malformation>,
    /// Whether the signature is what it ought to be; received messages only.
    pub signed: Option<Signed>,
    /// Its size, where the trace holds only its beginning.
    pub cut_from: Option<u64>,
    /// Name of the step that sent it.
    pub step: Option<Arc<str>>,
    /// Whether its client saw all of iopub when it sent it.
    pub visible: bool,
    /// What the plan knows about it.
    pub facts: Arc<Facts>,
    /// The same as JSON: what paths lead into.
    pub known: Arc<Json>,
    /// Whether it is a further copy, at another client, of an iopub message that is in the episode already.
    pub copy: bool,
    /// Whether it is, by all signs, the idle of an earlier request than the one that its parent names.
    pub astray: bool,
    /// Where no request can be told from its parent: the last message before it that has no readable header, as an index into
    /// [`super::Episode::messages`]. It may come of that.
    pub headless: Option<usize>,
    /// Whether a message with its parent's id was sent earlier in the trace, in whatever scenario.
    pub parent_known: bool,
    /// The request it belongs to, as an index into [`super::Episode::requests`]: by its parent, or itself.
    pub request: Option<usize>,
}

/// How a signature stands to what it ought to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signed {
    /// It is that.
    Right,
    /// It is not.
    Wrong(Box<Wrong>),
}

/// See [`Signed::Wrong`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// What it ought to be.
    pub mac: String,
    /// The name of the known misreading that gives the signature that it has.
    pub misread: Option<String>,
}

impl Seen {
    /// Whether a header could be read at all.
    #[must_use]
    pub fn has_header(&self) -> bool {
        self.parts[PartName::Header as usize].as_ref().is_some_and(|header| header.is_object())
    }

    /// Whether it can't be told which bytes are which part.
    #[must_use]
    pub fn hides_parts(&self) -> bool {
        self.malformations.iter().any(|malformation| malformation.kind.hides_parts())
    }

    /// Whether our own limit cut this part off, so that what it lacks is not known.
    #[must_use]
    pub fn is_cut(&self, name: PartName) -> bool {
        self.cut_from.is_some() && self.malformations.iter().any(|malformation| malformation.part == Some(name))
    }

    /// One of the four parts, if it could be read.
    #[must_use]
    pub fn part(&self, name: PartName) -> Option<&Json> {
        self.parts[name as usize].as_deref()
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> Option<&Json> {
        self.part(PartName::Header)
    }

    /// The parent header.
    #[must_use]
    pub fn parent(&self) -> Option<&Json> {
        self.part(PartName::Parent)
    }

    /// The content.
    #[must_use]
    pub fn content(&self) -> Option<&Json> {
        self.part(PartName::Content)
    }

    /// A field of the content.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Json> {
        self.content()?.get(name)
    }

    /// A field of the content that is a string.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.field(name)?.as_str()
    }

    /// The same, of which there may be more than is to be held.
    #[must_use]
    pub fn long_text(&self, name: &str) -> Option<&Text> {
        self.field(name)?.as_text()
    }

    /// The message type; empty if there is none.
    #[must_use]
    pub fn msg_type(&self) -> &str {
        &self.msg_type
    }

    /// Its type, or what else it can be called.
    #[must_use]
    pub fn name(&self) -> &str {
        match (self.msg_type(), self.part(PartName::Header)) {
            ("", Some(header)) if header.get("msg_type").is_some() => "a message whose type is no name",
            ("", Some(header)) if header.is_object() => "a message without a type",
            ("", _) => "a message without a readable header",
            (name, _) => name,
        }
    }

    /// The message id.
    #[must_use]
    pub fn msg_id(&self) -> Option<&str> {
        self.header_text("msg_id")
    }

    /// The message id of the parent.
    #[must_use]
    pub fn parent_id(&self) -> Option<&str> {
        self.parent()?.get("msg_id")?.as_str()
    }

    /// A field of the header that is a string.
    #[must_use]
    pub fn header_text(&self, name: &str) -> Option<&str> {
        self.header()?.get(name)?.as_str()
    }

    /// Whether the kernel sent it.
    #[must_use]
    pub fn from_kernel(&self) -> bool {
        self.direction == Direction::ToClient
    }

    /// Whether this is `status` with the given state.
    #[must_use]
    pub fn is_state(&self, state: &str) -> bool {
        self.msg_type() == "status" && self.text("execution_state") == Some(state)
    }

    /// Whether its code does nothing: there is none in it, or the plan says so.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.text("code").is_some_and(|code| code.trim().is_empty()) || self.facts.get("blank").is_some_and(|blank| *blank == true)
    }

    /// Whether it went out as an honest client sends it. One that was forged, cut or spoiled on purpose is owed nothing.
    #[must_use]
    pub fn is_honest(&self) -> bool {
        let is = |name: &str, values: &[&str]| self.facts.get(name).is_none_or(|value| values.iter().any(|known| value == known));
        // Half a surrogate pair stands in JSON as well as anything.
        let allowed = |malformation: &Malformation| malformation.kind == MalformationKind::Json(ProblemKind::LoneSurrogate);
        let whole = self.malformations.iter().all(allowed) && !self.facts.contains_key("fault");
        // A nonsensical signature is only for kernels without a key, where any is as good.
        whole && is("sign", &["good", "nonsense"]) && is("await", &["settled", "later"])
    }
}
