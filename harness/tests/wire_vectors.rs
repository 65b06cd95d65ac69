//! What other implementations put on the wire, read by ours. See `fixtures/vectors/README.md`.

use std::fs;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use harness::wire::{Channel, Decoded, Frame, Json, Limits, MalformationKind, PartName, Signer, decode, json};
use serde::Deserialize;

/// One file: what one peer sent in one recording.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recording {
    #[serde(skip)]
    file: String,
    #[serde(rename = "peer")]
    _peer: String,
    signature_scheme: String,
    key: String,
    messages: Vec<Vector>,
}

/// One message, and what its recorder read in it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    channel: Channel,
    msg_type: String,
    msg_id: String,
    parent_id: Option<String>,
    prefix: usize,
    buffers: usize,
    /// Parts that the peer, wrongly, sent as something else than an object.
    #[serde(default)]
    not_objects: Vec<String>,
    frames: Vec<Written>,
}

/// A frame as text if it is UTF-8, else in base64.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Bytes { base64: String },
}

impl Written {
    fn frame(&self) -> Frame {
        match self {
            Self::Text(text) => text.clone().into_bytes(),
            Self::Bytes { base64 } => STANDARD.decode(base64).expect("a recorder writes base64"),
        }
    }
}

impl Recording {
    fn signer(&self) -> Signer {
        let scheme = self.signature_scheme.parse().expect("recordings use known schemes");
        Signer::new(scheme, self.key.as_bytes())
    }
}

fn recordings() -> Vec<Recording> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/vectors");
    let entries = fs::read_dir(folder).expect("the vectors are there");
    let paths = entries.map(|entry| entry.expect("the folder can be listed").path());
    let mut files: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect();
    files.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a vector can be read");
        let recording: Recording = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Recording { file: path.display().to_string(), ..recording }
    };
    files.into_iter().map(read).collect()
}

/// Calls `check` with each message: where it is, its vector, its frames, and its signer.
fn each_message(check: impl Fn(&str, &Vector, &[Frame], &Signer)) {
    for recording in recordings() {
        let signer = recording.signer();
        for (index, vector) in recording.messages.iter().enumerate() {
            let frames: Vec<Frame> = vector.frames.iter().map(Written::frame).collect();
            let place = format!("{}: messages[{index}] ({})", recording.file, vector.name);
            check(&place, vector, &frames, &signer);
        }
    }
}

#[test]
fn every_peer_and_scheme_is_there() {
    let recordings = recordings();
    let mut schemes: Vec<&str> = recordings.iter().map(|one| one.signature_scheme.as_str()).collect();
    schemes.sort_unstable();
    schemes.dedup();
    assert_eq!(schemes, ["hmac-md5", "hmac-sha1", "hmac-sha256", "hmac-sha512"]);
    assert!(recordings.iter().any(|one| one.key.is_empty()));
    let of_kernels = recordings.iter().filter(|one| one.messages.iter().any(|one| one.channel == Channel::Iopub));
    assert!(of_kernels.count() >= 4);
    assert!(recordings.iter().all(|one| one.messages.len() > 10));
}

#[test]
fn messages_are_read_as_their_recorder_read_them() {
    each_message(|place, vector, frames, _| {
        let decoded = decode(frames, &Limits::default());
        assert_eq!(decoded.msg_type(), Some(vector.msg_type.as_str()), "{place}");
        assert_eq!(decoded.msg_id(), Some(vector.msg_id.as_str()), "{place}");
        assert_eq!(decoded.parent_id(), vector.parent_id.as_deref(), "{place}");
        assert_eq!(decoded.prefix.len(), vector.prefix, "{place}");
        assert_eq!(decoded.buffers.len(), vector.buffers, "{place}");
        assert_eq!(not_objects(&decoded), vector.not_objects, "{place}");
    });
}

/// Names of the parts that are no objects; there must be no other malformation.
fn not_objects(decoded: &Decoded<'_>) -> Vec<String> {
    let name = |part: Option<PartName>| part.map_or("", PartName::name).to_owned();
    let malformations = decoded.malformations.iter();
    malformations
        .map(|wrong| match wrong.kind {
            MalformationKind::NotAnObject { .. } => name(wrong.part),
            _ => wrong.to_string(),
        })
        .collect()
}

#[test]
fn signatures_are_those_that_the_peer_made() {
    each_message(|place, _, frames, signer| {
        let decoded = decode(frames, &Limits::default());
        assert!(decoded.verify(signer), "{place}");
        assert_eq!(decoded.signature.map(<[u8]>::is_empty), Some(!signer.is_enabled()), "{place}");
    });
}

#[test]
fn encoding_gives_the_frames_of_the_peer_again() {
    each_message(|place, _, frames, signer| {
        let message = decode(frames, &Limits::default()).to_message();
        assert_eq!(message.map(|message| message.encode(signer)).as_deref(), Some(frames), "{place}");
    });
}

#[test]
fn values_are_those_of_another_parser() {
    each_message(|place, _, frames, _| {
        for part in decode(frames, &Limits::default()).parts {
            let (Some(bytes), Some(value)) = (part.bytes, part.value) else { panic!("{place}: a part is missing") };
            let other: serde_json::Value = serde_json::from_slice(&bytes).expect("the recorder could read it");
            assert_eq!(value.to_serde(), other, "{place}");
            let again: Option<Json> = json::parse(value.to_string().as_bytes(), &Limits::default()).value;
            assert_eq!(again, Some(value), "{place}");
        }
    });
}
