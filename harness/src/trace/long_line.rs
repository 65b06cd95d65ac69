//! Lines of a trace that are too long to be held: of one that holds a large frame, the frame becomes a spool again.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};

use super::{Event, Record, Spools};
use crate::wire::json::{Limits, parse};
use crate::wire::spool::Filling;
use crate::wire::{Body, Json, Spool, Spooler, Text, View};

/// Bytes that are read of a line at once. Most lines that hold a large message of ours are no longer; a spool costs them time for nothing.
const CHUNK: u64 = 1 << 20;

/// A line, up to its end or the end of the file.
pub(super) enum Line {
    /// It is in the buffer.
    Held,
    /// It is here.
    Spooled(Spool),
    /// It does not end, or not soon enough.
    Endless,
    /// There is none.
    Nothing,
}

/// Reads a line of at most `limit` bytes into `buffer`, which is empty, or into a spool where it is long.
pub(super) fn read(input: &mut impl BufRead, buffer: &mut Vec<u8>, limit: u64, spools: &Spools) -> io::Result<Line> {
    let mut len = input.take(CHUNK.min(limit)).read_until(b'\n', buffer)? as u64;
    if len == 0 {
        return Ok(Line::Nothing);
    }
    let store = if !ends(buffer) && len == CHUNK { spools.store() } else { None };
    if let Some(mut filling) = store.map(Filling::new) {
        while filling.add(buffer).is_ok() {
            if ends(buffer) {
                return Ok(Line::Spooled(filling.into()));
            }
            buffer.clear();
            match input.take(CHUNK.min(limit - len)).read_until(b'\n', buffer)? {
                0 => return Ok(Line::Endless),
                more => len += more as u64,
            }
        }
        // Where there is no room it is held after all.
        let mut held = filling.take_back();
        held.append(buffer);
        *buffer = held;
    }
    if !ends(buffer) {
        input.take(limit - len).read_until(b'\n', buffer)?;
    }
    Ok(if ends(buffer) { Line::Held } else { Line::Endless })
}

fn ends(buffer: &[u8]) -> bool {
    buffer.last() == Some(&b'\n')
}

/// The record of a line that is held.
pub(super) fn held_record(line: &[u8]) -> serde_json::Result<Record> {
    serde_json::from_slice(line)
}

/// The record of a line, if nothing is wrong with it; what is, the usual reader tells.
pub(super) fn record(line: &Spool, spools: &Spools) -> Option<Record> {
    let limits = Limits { max_bytes: usize::MAX, max_nodes: usize::MAX, ..Limits::default() };
    let parsed = parse(View::Spooled(line), &limits);
    let mut value = parsed.value.filter(|_| parsed.problems.is_empty())?;
    let long = take_long_frames(&mut value);
    let mut record = held_record(value.to_string().as_bytes()).ok()?;
    if let Event::Sent(super::Sent { frames, .. }) | Event::Received(super::Received { frames, .. }) = &mut record.event {
        for (index, text) in long {
            *frames.get_mut(index)? = body(&text, spools);
        }
    }
    Some(record)
}

/// Leaves nothing in place of the frames that lie in the spool, and gives them with their places.
fn take_long_frames(line: &mut Json) -> Vec<(usize, Text)> {
    let frames = member(line, &["sent", "received"]).and_then(|event| member(event, &["frames"]));
    let Some(Json::Array(frames)) = frames else { return Vec::new() };
    let take = |(index, frame): (usize, &mut Json)| match frame {
        Json::String(text) if text.held().is_none() => Some((index, std::mem::replace(text, "".into()))),
        _ => None,
    };
    frames.iter_mut().enumerate().filter_map(take).collect()
}

fn member<'a>(value: &'a mut Json, names: &[&str]) -> Option<&'a mut Json> {
    let Json::Object(members) = value else { return None };
    members.iter_mut().find(|(name, _)| names.contains(&name.as_str())).map(|(_, value)| value)
}

/// A frame of that text.
fn body(text: &Text, spools: &Spools) -> Body {
    spools.put(text.pieces().map(Cow::into_owned)).unwrap_or_else(|| Body::Held(text.as_bytes().to_vec()))
}
