//! What a kernel process writes to its stdout and stderr: always read, so that it never waits for us, and kept within bounds.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::trace::{Bytes, Event, Output, Recorder};

/// What of a stream goes into the trace, in bytes; the rest is counted.
const KEPT: u64 = 1 << 20;
/// What an event costs beside its text, so that single bytes don't make a trace of a hundred times their size.
const EVENT: u64 = 64;
/// The last bytes of a stream that are at hand for error texts.
const TAIL: usize = 64 << 10;
/// Bytes that are read at once; each of a run's kernels has this twice.
const CHUNK: usize = 8 << 10;

/// What is known of one stream.
#[derive(Default)]
pub(super) struct Stream {
    bytes: AtomicU64,
    tail: Mutex<VecDeque<u8>>,
}

impl Stream {
    /// Bytes read so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The last bytes, at most [`TAIL`].
    pub(super) fn tail(&self) -> Vec<u8> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }

    fn add(&self, chunk: &[u8]) {
        self.bytes.fetch_add(chunk.len() as u64, Ordering::Relaxed);
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        let chunk = &chunk[chunk.len().saturating_sub(TAIL)..];
        let over = (tail.len() + chunk.len()).saturating_sub(TAIL);
        tail.drain(..over);
        tail.extend(chunk);
    }
}

/// Reads a stream to its end.
pub(super) async fn drain(mut from: impl AsyncRead + Unpin, name: &'static str, stream: Arc<Stream>, recorder: Arc<Recorder>) {
    let mut kept = Kept { name, recorder, left: KEPT, dropped: 0, partial: Vec::new() };
    let mut chunk = vec![0; CHUNK];
    // An error ends the stream as its end does: nothing more can be read.
    while let Ok(read @ 1..) = from.read(&mut chunk).await {
        stream.add(&chunk[..read]);
        kept.take(&chunk[..read]);
    }
    kept.finish();
}

/// Puts a stream into the trace as far as there is room.
struct Kept {
    name: &'static str,
    recorder: Arc<Recorder>,
    left: u64,
    dropped: u64,
    /// The first bytes of a character whose rest has not come: texts stay readable in the trace.
    partial: Vec<u8>,
}

impl Kept {
    fn take(&mut self, chunk: &[u8]) {
        let room = usize::try_from(self.left.saturating_sub(EVENT)).unwrap_or(usize::MAX);
        let (kept, over) = chunk.split_at(chunk.len().min(room));
        self.dropped += over.len() as u64;
        if kept.is_empty() {
            return;
        }
        let mut text = std::mem::take(&mut self.partial);
        text.extend_from_slice(kept);
        self.left = self.left.saturating_sub(kept.len() as u64 + EVENT);
        // After a cut no rest will come.
        if over.is_empty() {
            self.partial = text.split_off(text.len() - partial_suffix(&text));
        } else {
            self.left = 0;
        }
        self.record(text, 0);
    }

    fn finish(mut self) {
        let rest = std::mem::take(&mut self.partial);
        let dropped = self.dropped;
        self.record(rest, dropped);
    }

    fn record(&self, text: Vec<u8>, dropped: u64) {
        if text.is_empty() && dropped == 0 {
            return;
        }
        let output = Output { stream: self.name.to_owned(), text: Bytes(text), dropped };
        self.recorder.record(Event::Output(output));
    }
}

/// How many of the last bytes begin a UTF-8 character that does not end.
fn partial_suffix(text: &[u8]) -> usize {
    let last = &text[text.len().saturating_sub(3)..];
    match std::str::from_utf8(last).map_err(|error| (error.valid_up_to(), error.error_len())) {
        Err((valid, None)) => last.len() - valid,
        // The three bytes may begin inside a character; what follows it is looked at alone.
        Err((valid, Some(wrong))) => {
            let rest = &last[valid + wrong..];
            if rest.is_empty() { 0 } else { partial_suffix(rest) }
        }
        Ok(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(recorder: &Recorder) -> Vec<Output> {
        let (_, records) = recorder.take().expect("in memory");
        let outputs = records.into_iter().filter_map(|record| match record.event {
            Event::Output(output) => Some(output),
            _ => None,
        });
        outputs.collect()
    }

    fn drained(pieces: &[&[u8]]) -> (Arc<Stream>, Vec<Output>) {
        let stream = Arc::new(Stream::default());
        let recorder = Arc::new(Recorder::in_memory(1));
        let mut kept = Kept { name: "stdout", recorder: Arc::clone(&recorder), left: KEPT, dropped: 0, partial: Vec::new() };
        for piece in pieces {
            stream.add(piece);
            kept.take(piece);
        }
        kept.finish();
        (stream, events(&recorder))
    }

    fn output(text: &[u8], dropped: u64) -> Output {
        Output { stream: "stdout".into(), text: Bytes(text.to_vec()), dropped }
    }

    #[test]
    fn characters_stay_whole() {
        let (_, events) = drained(&["a€".as_bytes(), b"\xe2\x82", b"\xac!", b"\xf0\x9f\x98", b"\x80", b"\xe2"]);
        let expected = ["a€".as_bytes(), "€!".as_bytes(), "😀".as_bytes(), b"\xe2"].map(|text| output(text, 0));
        assert_eq!(events, expected);
    }

    #[test]
    fn bytes_that_are_no_text_are_not_held_back() {
        let (_, events) = drained(&[b"\xff\xfe\xfd", b"\x80\x80\x80"]);
        assert_eq!(events, [output(b"\xff\xfe\xfd", 0), output(b"\x80\x80\x80", 0)]);
    }

    #[test]
    fn a_flood_is_counted_and_only_its_beginning_and_end_are_kept() {
        let piece = [b'x'; CHUNK];
        let mut pieces = vec![&piece[..]; 200];
        pieces.push(b"the end");
        let (stream, events) = drained(&pieces);
        let total = (200 * CHUNK + 7) as u64;
        let kept: u64 = events.iter().map(|event| event.text.0.len() as u64).sum();
        assert_eq!(stream.bytes(), total);
        assert_eq!(events.last().expect("the count").dropped, total - kept);
        assert!(kept <= KEPT && kept > KEPT - 2 * CHUNK as u64, "{kept}");
        let tail = stream.tail();
        assert_eq!((tail.len(), &tail[TAIL - 8..]), (TAIL, &b"xthe end"[..]));
    }

    #[test]
    fn single_bytes_make_no_endless_trace() {
        let (_, events) = drained(&vec![&b"."[..]; 100_000]);
        assert!(events.len() <= (KEPT / EVENT) as usize + 1, "{}", events.len());
    }
}
