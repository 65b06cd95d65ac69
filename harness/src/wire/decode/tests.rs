//! What the decoder makes of right and wrong messages.

use proptest::prelude::*;

use super::*;
use crate::wire::sign::Scheme;

/// Decodes frames given as text; each malformation as (kind, part, detail).
fn malformations(frames: &[&str]) -> Vec<(MalformationKind, Option<PartName>, String)> {
    let found = decode(frames, &Limits::default()).malformations;
    found.into_iter().map(|wrong| (wrong.kind, wrong.part, wrong.detail)).collect()
}

#[test]
fn a_well_formed_message_is_read_whole() {
    let frames: [&[u8]; 9] = [
        b"relay",
        b"id",
        b"<IDS|MSG>",
        b"",
        b"{\"msg_type\":\"status\",\"msg_id\":\"2\"}",
        b"{\"msg_id\":\"1\"}",
        b"{}",
        b"{\"execution_state\":\"busy\"}",
        b"<IDS|MSG>",
    ];
    let decoded = decode(&frames, &Limits::default());
    let object = |key: &str, value: &str| Json::Object(vec![(key.into(), Json::String(value.into()))]);
    assert_eq!(decoded.prefix, [&b"relay"[..], b"id"].map(View::Held));
    assert_eq!(decoded.signature, Some(&b""[..]));
    assert_eq!(decoded.buffers, [View::Held(b"<IDS|MSG>")]);
    assert_eq!((decoded.msg_type(), decoded.msg_id(), decoded.parent_id()), (Some("status"), Some("2"), Some("1")));
    assert_eq!(decoded.metadata(), Some(&Json::Object(vec![])));
    assert_eq!(decoded.content(), Some(&object("execution_state", "busy")));
    assert_eq!(decoded.malformations, []);
    assert!(decoded.verify(&Signer::disabled()));
    assert!(!decoded.verify(&Signer::new(Scheme::HmacSha256, b"key")));
}

#[test]
fn frames_that_are_too_few_or_have_no_delimiter_are_told() {
    let none = decode(&["a", "{}"], &Limits::default());
    assert_eq!((none.prefix.len(), none.signature, none.signed_parts()), (2, None, None));
    let expected = (MalformationKind::NoDelimiter, None, "none of 2 frames is the delimiter".to_owned());
    assert_eq!(malformations(&["a", "{}"]), [expected]);
    let short = ["id", "<IDS|MSG>", "sig", "{}", "{}"];
    let expected = (MalformationKind::MissingParts { found: 3 }, None, "3 of 5 frames after the delimiter".to_owned());
    assert_eq!(malformations(&short), [expected]);
    let decoded = decode(&short, &Limits::default());
    assert_eq!((decoded.parent(), decoded.metadata()), (Some(&Json::Object(vec![])), None));
    assert!(!decoded.verify(&Signer::disabled()));
    assert_eq!(decoded.to_message(), None);
}

#[test]
fn a_second_delimiter_is_told_but_not_in_a_buffer() {
    let frames = ["<IDS|MSG>", "<IDS|MSG>", "sig", "{}", "{}", "{}", "{}"];
    let expected = [
        (MalformationKind::SeveralDelimiters, None, "frames[1] is a second delimiter".to_owned()),
        (MalformationKind::Json(ProblemKind::NotJson), Some(PartName::Header), "header: not JSON at byte 0".to_owned()),
    ];
    assert_eq!(malformations(&frames), expected);
    assert_eq!(malformations(&["<IDS|MSG>", "", "{}", "{}", "{}", "{}", "<IDS|MSG>"]), []);
}

#[test]
fn parts_that_are_no_objects_or_no_json_are_told_by_name() {
    let frames = ["<IDS|MSG>", "", "{\"a\":NaN}", "null", "[]", ""];
    let json = |kind, part, detail: &str| (MalformationKind::Json(kind), Some(part), detail.to_owned());
    let not_object = |found, part, detail: &str| (MalformationKind::NotAnObject { found }, Some(part), detail.to_owned());
    let expected = [
        json(ProblemKind::NanToken, PartName::Header, "header: NaN or Infinity at byte 5, in a"),
        not_object("null", PartName::Parent, "parent_header: wanted an object, found null"),
        not_object("array", PartName::Metadata, "metadata: wanted an object, found array"),
        json(ProblemKind::Empty, PartName::Content, "content: empty at byte 0"),
    ];
    assert_eq!(malformations(&frames), expected);
}

/// What a message is likely made of, and what it should not be.
const PIECES: [&[u8]; 6] = [DELIMITER, b"{}", b"{\"a\":1}", b"null", b"{\"a\"", b""];

fn any_frame() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![prop::collection::vec(any::<u8>(), 0..20), prop::sample::select(&PIECES[..]).prop_map(<[u8]>::to_vec),]
}

proptest! {
    #[test]
    fn any_frames_can_be_decoded(frames in prop::collection::vec(any_frame(), 0..12)) {
        let decoded = decode(&frames, &Limits::default());
        let parts = decoded.parts.iter().filter(|part| part.bytes.is_some()).count();
        let delimiter = usize::from(frames.iter().any(|frame| frame == DELIMITER));
        let signature = usize::from(decoded.signature.is_some());
        prop_assert_eq!(decoded.prefix.len() + delimiter + signature + parts + decoded.buffers.len(), frames.len());
        prop_assert_eq!(decoded.to_message().is_some(), parts == 4);
    }

    #[test]
    fn a_message_comes_back_as_it_was_sent(
        mut prefix in prop::collection::vec(any_frame(), 0..3),
        parts in prop::array::uniform4(any_frame()),
        buffers in prop::collection::vec(any_frame(), 0..3),
        key in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        prefix.retain(|frame| frame != DELIMITER);
        let [header, parent, metadata, content] = parts;
        let message = Message { prefix, header, parent, metadata, content, buffers };
        let signer = Signer::new(Scheme::HmacSha256, &key);
        let frames = message.clone().encode(&signer);
        let decoded = decode(&frames, &Limits::default());
        prop_assert!(decoded.verify(&signer));
        prop_assert_eq!(decoded.to_message(), Some(message));
    }
}
