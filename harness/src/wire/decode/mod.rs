//! Frames into parts: what could be read of a message, and what was wrong with it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::body::View;
use super::json::{self, Json, Limits, ProblemKind};
use super::message::{DELIMITER, Message};
use super::sign::Signer;

/// A message as received, borrowing its frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// Frames before the first delimiter; all frames if there is none.
    pub prefix: Vec<View<'a>>,
    /// The signature as sent.
    pub signature: Option<&'a [u8]>,
    /// Header, parent header, metadata and content, in this order.
    pub parts: [Part<'a>; 4],
    /// Frames after the content.
    pub buffers: Vec<View<'a>>,
    /// What was wrong, in the order of the frames; empty for a well-formed message.
    pub malformations: Vec<Malformation>,
}

/// One of the four JSON parts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Part<'a> {
    /// The frame, if there was one.
    pub bytes: Option<View<'a>>,
    /// What could be read of it, even if that is no object.
    pub value: Option<Json>,
}

/// The four JSON parts of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartName {
    /// `header`
    Header,
    /// `parent_header`
    #[serde(rename = "parent_header")]
    Parent,
    /// `metadata`
    Metadata,
    /// `content`
    Content,
}

/// One departure from the layout of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformation {
    /// What is wrong.
    pub kind: MalformationKind,
    /// The part it is in, if it is in one.
    pub part: Option<PartName>,
    /// A sentence for people, with the place.
    pub detail: String,
}

/// The kinds of [`Malformation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MalformationKind {
    /// No frame is the delimiter.
    NoDelimiter,
    /// The delimiter stands where the signature or a part should. (A buffer may hold these bytes.)
    SeveralDelimiters,
    /// Fewer than five frames follow the delimiter.
    MissingParts {
        /// How many do.
        found: usize,
    },
    /// A part is JSON, but no object.
    NotAnObject {
        /// What it is, as [`Json::kind`] names it.
        found: &'static str,
    },
    /// A part is not standard JSON.
    Json(ProblemKind),
    /// A part holds the begin of another message as it is framed on a connection: the peer wrote one message into another.
    Spliced,
}

/// How ZMTP frames the delimiter: more frames follow, nine bytes, and these.
const FRAMED_DELIMITER: &[u8] = b"\x01\x09<IDS|MSG>";

/// Reads a multipart message, the frames of one receive call.
#[must_use]
pub fn decode<'a, F>(frames: &'a [F], limits: &Limits) -> Decoded<'a>
where
    &'a F: Into<View<'a>>,
{
    decode_some(frames, limits, &PartName::ALL)
}

/// As [`decode()`], but of the parts only those that are `wanted` are read: the others have their bytes, no value and no
/// malformation. For who needs to know what a message is, and nothing of megabytes in it.
#[must_use]
pub fn decode_some<'a, F>(frames: &'a [F], limits: &Limits, wanted: &[PartName]) -> Decoded<'a>
where
    &'a F: Into<View<'a>>,
{
    decode_views(frames.iter().map(Into::into).collect(), limits, wanted)
}

fn decode_views<'a>(frames: Vec<View<'a>>, limits: &Limits, wanted: &[PartName]) -> Decoded<'a> {
    let Some(delimiter) = frames.iter().position(|frame| *frame == *DELIMITER) else {
        return without_delimiter(frames);
    };
    let after = &frames[delimiter + 1..];
    let (fixed, buffers) = after.split_at(after.len().min(5));
    let mut malformations = Vec::new();
    if let Some(second) = fixed.iter().position(|frame| *frame == *DELIMITER) {
        let second = delimiter + 1 + second;
        let detail = format!("frames[{second}] is a second delimiter");
        malformations.push(Malformation { kind: MalformationKind::SeveralDelimiters, part: None, detail });
    }
    if fixed.len() < 5 {
        let kind = MalformationKind::MissingParts { found: fixed.len() };
        let detail = format!("{} of 5 frames after the delimiter", fixed.len());
        malformations.push(Malformation { kind, part: None, detail });
    }
    let parts = PartName::ALL.map(|name| match fixed.get(1 + name as usize) {
        Some(&bytes) if wanted.contains(&name) => decode_part(name, bytes, limits, &mut malformations),
        Some(&bytes) => Part { bytes: Some(bytes), value: None },
        None => Part::default(),
    });
    if !malformations.is_empty() {
        malformations.extend(find_splice(&parts));
    }
    let (prefix, buffers) = (frames[..delimiter].to_vec(), buffers.to_vec());
    Decoded { prefix, signature: fixed.first().map(|frame| frame.whole()), parts, buffers, malformations }
}

fn without_delimiter(frames: Vec<View<'_>>) -> Decoded<'_> {
    let detail = format!("none of {} frames is the delimiter", frames.len());
    let malformation = Malformation { kind: MalformationKind::NoDelimiter, part: None, detail };
    Decoded { prefix: frames, signature: None, parts: <[Part<'_>; 4]>::default(), buffers: Vec::new(), malformations: vec![malformation] }
}

/// JSON can't hold these bytes, so that they tell of nothing else.
fn find_splice(parts: &[Part<'_>]) -> Option<Malformation> {
    let is_spliced = |part: &Part<'_>| part.bytes.is_some_and(|bytes| bytes.contains(FRAMED_DELIMITER));
    let name = PartName::ALL.into_iter().zip(parts).find(|(_, part)| is_spliced(part))?.0;
    let detail = format!("{name} holds frames of another message, written between its own bytes");
    Some(Malformation { kind: MalformationKind::Spliced, part: Some(name), detail })
}

fn decode_part<'a>(name: PartName, bytes: View<'a>, limits: &Limits, found: &mut Vec<Malformation>) -> Part<'a> {
    let parsed = json::parse(bytes, limits);
    found.extend(parsed.problems.into_iter().map(|problem| Malformation {
        kind: MalformationKind::Json(problem.kind),
        part: Some(name),
        detail: format!("{name}: {problem}"),
    }));
    if let Some(value) = parsed.value.as_ref().filter(|value| !value.is_object()) {
        let kind = MalformationKind::NotAnObject { found: value.kind() };
        let detail = format!("{name}: wanted an object, found {}", value.kind());
        found.push(Malformation { kind, part: Some(name), detail });
    }
    Part { bytes: Some(bytes), value: parsed.value }
}

impl MalformationKind {
    /// Whether it can't be told which bytes are which part.
    #[must_use]
    pub fn hides_parts(self) -> bool {
        matches!(self, Self::SeveralDelimiters | Self::Spliced)
    }
}

impl<'a> Decoded<'a> {
    /// One of the four parts.
    #[must_use]
    pub fn part(&self, name: PartName) -> &Part<'a> {
        &self.parts[name as usize]
    }

    /// What could be read of the header.
    #[must_use]
    pub fn header(&self) -> Option<&Json> {
        self.part(PartName::Header).value.as_ref()
    }

    /// What could be read of the parent header.
    #[must_use]
    pub fn parent(&self) -> Option<&Json> {
        self.part(PartName::Parent).value.as_ref()
    }

    /// What could be read of the metadata.
    #[must_use]
    pub fn metadata(&self) -> Option<&Json> {
        self.part(PartName::Metadata).value.as_ref()
    }

    /// What could be read of the content.
    #[must_use]
    pub fn content(&self) -> Option<&Json> {
        self.part(PartName::Content).value.as_ref()
    }

    /// `header.msg_type`, if it is a string.
    #[must_use]
    pub fn msg_type(&self) -> Option<&str> {
        self.header()?.get("msg_type")?.as_str()
    }

    /// `header.msg_id`, if it is a string.
    #[must_use]
    pub fn msg_id(&self) -> Option<&str> {
        self.header()?.get("msg_id")?.as_str()
    }

    /// `parent_header.msg_id`, if it is a string.
    #[must_use]
    pub fn parent_id(&self) -> Option<&str> {
        self.parent()?.get("msg_id")?.as_str()
    }

    /// What the signature covers, if all four parts are there.
    #[must_use]
    pub fn signed_parts(&self) -> Option<[View<'a>; 4]> {
        let [header, parent, metadata, content] = &self.parts;
        Some([header.bytes?, parent.bytes?, metadata.bytes?, content.bytes?])
    }

    /// Whether a signature and all four parts are there, and it is theirs.
    #[must_use]
    pub fn verify(&self, signer: &Signer) -> bool {
        let (Some(signature), Some(parts)) = (self.signature, self.signed_parts()) else {
            return false;
        };
        signer.verify(signature, &parts)
    }

    /// The message as its own bytes, if all four parts are there.
    #[must_use]
    pub fn to_message(&self) -> Option<Message> {
        let owned = |frames: &[View<'_>]| frames.iter().map(|frame| frame.to_vec()).collect();
        let [header, parent, metadata, content] = self.signed_parts()?.map(|part| part.to_vec());
        Some(Message { prefix: owned(&self.prefix), header, parent, metadata, content, buffers: owned(&self.buffers) })
    }
}

impl PartName {
    /// The parts in the order of their frames.
    pub const ALL: [Self; 4] = [Self::Header, Self::Parent, Self::Metadata, Self::Content];

    /// The name that the protocol gives it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Parent => "parent_header",
            Self::Metadata => "metadata",
            Self::Content => "content",
        }
    }
}

impl fmt::Display for PartName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Malformation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

#[cfg(test)]
mod tests;
