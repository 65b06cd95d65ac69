//! Bytes that read as text in a trace wherever they are text: a JSON string if they are UTF-8, else `{"base64": "…"}`.

use std::fmt::{self, Display, Formatter};

use base64::Engine;
use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::wire::{Body, Spool, View};

/// One frame, or a piece of output, byte for byte.
#[derive(Clone, PartialEq, Eq, Default, Hash)]
pub struct Bytes(pub Vec<u8>);

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(&self.0))
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::Held(bytes.0)
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write(View::Held(&self.0), serializer)
    }
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write(self.into(), serializer)
    }
}

/// What is spooled is written by windows, and never held.
fn write<S: Serializer>(bytes: View<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    match bytes {
        View::Held(held) => match std::str::from_utf8(held) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => write_base64(&STANDARD.encode(held), serializer),
        },
        View::Spooled(spool) if is_text(spool) => serializer.collect_str(&AsText(spool)),
        View::Spooled(spool) => write_base64(&AsBase64(spool), serializer),
    }
}

fn write_base64<S: Serializer>(text: &impl Serialize, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry("base64", text)?;
    map.end()
}

/// A spool of text.
struct AsText<'a>(&'a Spool);

/// A spool, in base64.
struct AsBase64<'a>(&'a Spool);

impl Display for AsText<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        pieces_of_text(self.0).try_for_each(|piece| f.write_str(&piece.ok_or(fmt::Error)?))
    }
}

impl Display for AsBase64<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // Three bytes at a time are written alike wherever they stand.
        let window = self.0.window().next_multiple_of(3);
        let mut pieces = (0..self.0.len()).step_by(window).map(|at| self.0.read(at, window));
        pieces.try_for_each(|piece| Base64Display::new(&piece, &STANDARD).fmt(f))
    }
}

impl Serialize for AsBase64<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Whether a spool is UTF-8.
fn is_text(spool: &Spool) -> bool {
    pieces_of_text(spool).all(|piece| piece.is_some())
}

/// A spool as text, a window at a time; `None` where it is none.
fn pieces_of_text(spool: &Spool) -> impl Iterator<Item = Option<String>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let mut window = spool.read(at, spool.window());
        if window.is_empty() {
            return None;
        }
        // A character that goes on in the next window is left to it.
        if let Err(error) = std::str::from_utf8(&window)
            && error.error_len().is_none()
            && at + window.len() < spool.len()
        {
            window.truncate(error.valid_up_to());
        }
        at += window.len();
        Some(String::from_utf8(window).ok())
    })
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Bytes::deserialize(deserializer).map(Self::from)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BytesVisitor)
    }
}

struct BytesVisitor;

impl<'de> Visitor<'de> for BytesVisitor {
    type Value = Bytes;

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("a string, or {\"base64\": \"…\"}")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Bytes, E> {
        Ok(Bytes(text.as_bytes().to_vec()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Bytes, E> {
        Ok(Bytes(text.into_bytes()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Bytes, A::Error> {
        let Some((key, text)) = map.next_entry::<String, String>()? else {
            return Err(A::Error::custom("empty map where bytes were expected"));
        };
        if key != "base64" {
            return Err(A::Error::unknown_field(&key, &["base64"]));
        }
        STANDARD.decode(text).map(Bytes).map_err(A::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Bytes;
    use crate::wire::{Body, Spool};

    #[test]
    fn text_stays_text_and_the_rest_is_base64() {
        let frames = vec![Bytes(b"<IDS|MSG>".to_vec()), Bytes(vec![0xff, 0x00])];
        let line = serde_json::to_string(&frames).expect("bytes serialize");
        assert_eq!(line, r#"["<IDS|MSG>",{"base64":"/wA="}]"#);
        assert_eq!(serde_json::from_str::<Vec<Bytes>>(&line).expect("and come back"), frames);
    }

    proptest! {
        #[test]
        fn what_is_spooled_is_written_as_what_is_held(
            bits in prop::collection::vec(prop_oneof![8 => "[a-zé€😀\n\"]{0,9}".prop_map(String::into_bytes), 1 => Just(vec![0xe2])], 0..40),
            window in 4..30_usize,
        ) {
            let bytes = bits.concat();
            let spooled = Body::Spooled(Spool::of_bytes(bytes.clone(), window));
            let line = serde_json::to_string(&spooled).expect("bytes serialize");
            prop_assert_eq!(&line, &serde_json::to_string(&Bytes(bytes)).expect("bytes serialize"));
            prop_assert_eq!(serde_json::from_str::<Body>(&line).expect("and come back"), spooled);
        }
    }
}
