//! A message line of the notation into frames.

use std::collections::BTreeMap;

use super::KEY;
use super::token::Token;
use crate::trace::{Bytes, Facts};
use crate::wire::{Body, Json, Member, Message, Signer};

/// The longest text that a line may ask for by repetition, in bytes.
const LONGEST: usize = 1 << 24;

/// The deepest nesting that a line may ask for.
const DEEPEST: usize = 1000;

/// What a message line says.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) frames: Vec<Body>,
    pub(super) id: String,
    pub(super) header: Members,
    pub(super) mac: Option<String>,
    pub(super) misread: BTreeMap<String, String>,
    pub(super) step: Option<String>,
    pub(super) facts: Facts,
    /// Whether it is signed well and laid out as messages are.
    pub(super) is_whole: bool,
}

/// The members of an object in the making.
pub(super) type Members = Vec<Member>;

/// The parts of a message, as far as the tokens gave them.
#[derive(Default)]
struct Draft {
    header: Members,
    parent: Members,
    metadata: Members,
    content: Members,
    raw: BTreeMap<String, Vec<u8>>,
    prefix: Vec<Bytes>,
    buffers: Vec<Bytes>,
    frames: Option<Vec<Bytes>>,
    signature: Option<String>,
    step: Option<String>,
    facts: Facts,
}

/// Makes a message. `header` holds the defaults, `known` the headers of earlier messages by id.
pub(super) fn message(
    header: Members,
    prefix: Vec<Bytes>,
    tokens: &[Token],
    known: &BTreeMap<String, Json>,
    signer: &Signer,
) -> Result<Line, String> {
    let mut draft = Draft { header, prefix, ..Draft::default() };
    for token in tokens {
        match token {
            Token::Pair(key, value) => draft.set(key, value, known)?,
            Token::Without(key) => draft.remove(key),
            Token::Word(word) => return Err(format!("`{word}` is neither key=value nor -key")),
        }
    }
    Ok(draft.finish(signer))
}

impl Draft {
    fn set(&mut self, key: &str, value: &Json, known: &BTreeMap<String, Json>) -> Result<(), String> {
        match key {
            "id" => put(&mut self.header, "msg_id", text_of(value).map_or_else(|| value.clone(), |text| Json::String(text.into()))),
            "session" | "date" | "username" | "version" => put(&mut self.header, key, value.clone()),
            "parent" => self.parent = parent(value, known),
            "header" | "parent_header" | "content" => *self.part(key) = object(key, value)?,
            "prefix" => self.prefix = frames(key, value)?,
            "buffers" => self.buffers = frames(key, value)?,
            "frames" => self.frames = Some(frames(key, value)?),
            "signature" => self.signature = text_of(value),
            "step" => self.step = text_of(value),
            _ => match key.split_once('.') {
                Some(("fact", name)) => drop(self.facts.insert(name.to_owned(), value.to_serde())),
                Some(("raw", part)) => drop(self.raw.insert(part.to_owned(), bytes(key, value)?.0)),
                Some((part @ ("header" | "parent_header" | "metadata" | "content"), rest)) => put_path(self.part(part), rest, value),
                _ => put_path(&mut self.content, key, value),
            },
        }
        Ok(())
    }

    fn remove(&mut self, key: &str) {
        match key.split_once('.') {
            Some((part @ ("header" | "parent_header" | "metadata" | "content"), name)) => take(self.part(part), name),
            _ => take(&mut self.content, key),
        }
    }

    fn part(&mut self, name: &str) -> &mut Members {
        match name {
            "header" => &mut self.header,
            "parent_header" => &mut self.parent,
            "metadata" => &mut self.metadata,
            _ => &mut self.content,
        }
    }

    fn finish(mut self, signer: &Signer) -> Line {
        let header = std::mem::take(&mut self.header);
        let spell = |members: &Members| Json::Object(members.clone()).to_string().into_bytes();
        let raw = |name: &str, members: &Members| self.raw.get(name).cloned().unwrap_or_else(|| spell(members));
        let message = Message {
            prefix: self.prefix.iter().map(|frame| frame.0.clone()).collect(),
            header: raw("header", &header),
            parent: raw("parent", &self.parent),
            metadata: raw("metadata", &self.metadata),
            content: raw("content", &self.content),
            buffers: self.buffers.iter().map(|frame| frame.0.clone()).collect(),
        };
        let mac = signer.sign(&message.signed_parts());
        let mut misread = BTreeMap::new();
        let signature = match self.signature.as_deref() {
            None | Some("good") => mac.clone(),
            Some("bad") => flipped(&mac),
            Some("empty") => String::new(),
            Some("upper") => mac.to_uppercase(),
            Some("with-buffers") => {
                let buffers = message.buffers.iter().map(Vec::as_slice);
                let signature = signer.sign(&message.signed_parts().into_iter().chain(buffers).collect::<Vec<_>>());
                misread.insert("with_buffers".to_owned(), signature.clone());
                signature
            }
            Some("key-first") => {
                let signature = signer.sign(&std::iter::once(KEY).chain(message.signed_parts()).collect::<Vec<_>>());
                misread.insert("key_first".to_owned(), signature.clone());
                signature
            }
            Some(text) => text.to_owned(),
        };
        let is_whole = signature == mac && self.frames.is_none();
        let at = message.prefix.len() + 1;
        let mut frames: Vec<Body> = message.encode(signer).into_iter().map(Body::from).collect();
        frames[at] = signature.into_bytes().into();
        let mac = if let Some(given) = self.frames {
            frames = given.into_iter().map(Body::from).collect();
            crate::wire::decode(&frames, &crate::wire::Limits::default()).signed_parts().map(|parts| signer.sign(&parts))
        } else {
            Some(mac)
        };
        if let Some(way) = self.signature.filter(|_| !is_whole) {
            let way = if way == "bad" { "flipped".to_owned() } else { way };
            self.facts.entry("sign".to_owned()).or_insert(way.into());
        }
        let id = header.iter().find(|(name, _)| name == "msg_id").and_then(|(_, id)| id.as_str()).unwrap_or("").to_owned();
        Line { frames, id, header, mac, misread, step: self.step, facts: self.facts, is_whole }
    }
}

/// The text of a string, or the spelling of another scalar: `id=1` is the id `1`.
pub(super) fn text_of(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.to_string()),
        Json::Number(spelling) => Some(spelling.to_string()),
        Json::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

fn parent(value: &Json, known: &BTreeMap<String, Json>) -> Members {
    if let Json::Object(members) = value {
        return members.clone();
    }
    let id = text_of(value).unwrap_or_default();
    match known.get(&id) {
        Some(Json::Object(members)) => members.clone(),
        _ => vec![("msg_id".into(), Json::String(id.into()))],
    }
}

fn object(key: &str, value: &Json) -> Result<Members, String> {
    match value {
        Json::Object(members) => Ok(members.clone()),
        _ => Err(format!("`{key}` must be an object; raw.{key} gives other bytes")),
    }
}

/// Bytes as [`Bytes`] spells them: a string, or an object with base64.
pub(super) fn bytes(key: &str, value: &Json) -> Result<Bytes, String> {
    serde_json::from_value(value.to_serde()).map_err(|_| format!("`{key}` must be a string or {{\"base64\": \"…\"}}"))
}

/// Several frames.
pub(super) fn frames(key: &str, value: &Json) -> Result<Vec<Bytes>, String> {
    let items = value.as_array().ok_or_else(|| format!("`{key}` must be an array of frames"))?;
    items.iter().map(|item| bytes(key, item)).collect()
}

fn put(members: &mut Members, key: &str, value: Json) {
    match members.iter_mut().find(|(name, _)| name == key) {
        Some((_, known)) => *known = value,
        None => members.push((key.into(), value)),
    }
}

/// A text that is given as `{"repeat": "x", "times": 1000}`, up to some megabytes, or arrays in each other as `{"nested": 1000}`; any
/// other value as it is.
fn expand(value: &Json) -> Json {
    let Json::Object(members) = value else { return value.clone() };
    if let ([_], Some(Ok(levels))) = (&members[..], value.get("nested").and_then(Json::as_i64).map(usize::try_from)) {
        return (0..levels.min(DEEPEST)).fold(Json::Array(Vec::new()), |inner, _| Json::Array(vec![inner]));
    }
    let (text, times) = (value.get("repeat").and_then(Json::as_str), value.get("times").and_then(Json::as_i64));
    match (text, times.map(usize::try_from), members.len()) {
        (Some(text), Some(Ok(times)), 2) => Json::String(text.repeat(times.min(LONGEST / text.len().max(1))).into()),
        _ => value.clone(),
    }
}

/// Sets `key`, or `outer.key` inside the object `outer`; the split is at the first dot, and `a/b.c` keeps its dot.
fn put_path(members: &mut Members, path: &str, value: &Json) {
    let Some((outer, inner)) = path.split_once('.') else { return put(members, path, expand(value)) };
    let mut object = match members.iter().find(|(name, _)| name == outer) {
        Some((_, Json::Object(object))) => object.clone(),
        _ => Members::new(),
    };
    put(&mut object, inner, expand(value));
    put(members, outer, Json::Object(object));
}

fn take(members: &mut Members, path: &str) {
    match path.split_once('.') {
        Some((outer, inner)) => {
            if let Some((_, Json::Object(object))) = members.iter_mut().find(|(name, _)| name == outer) {
                take(object, inner);
            }
        }
        None => members.retain(|(name, _)| name != path),
    }
}

/// The signature with its first digit changed.
fn flipped(mac: &str) -> String {
    let first = if mac.starts_with('0') { '1' } else { '0' };
    std::iter::once(first).chain(mac.chars().skip(1)).collect()
}

/// A heartbeat line: its frames.
pub(super) fn beat(tokens: &[Token]) -> Result<Vec<Body>, String> {
    let frame = |token: &Token| match token {
        Token::Word(word) => Ok(word.clone().into_bytes().into()),
        Token::Pair(key, _) => Err(format!("a heartbeat has frames only, no `{key}`")),
        Token::Without(word) => Ok(format!("-{word}").into_bytes().into()),
    };
    tokens.iter().map(frame).collect()
}
