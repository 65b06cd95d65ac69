//! Writes a trace while the run goes on.
//!
//! Recording must cost the session nearly nothing, so [`Recorder::record`] only takes the time and keeps the event; lines
//! are made and written in [`Recorder::flush`], which the session calls when it has sent something and is about to wait: the
//! kernel's work and ours then overlap, and what is lost if we are killed is what the last moment brought.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{Event, Record, TRACE_VERSION, TraceStarted};
use crate::wire::Body;

/// Bytes that are gathered before the system is bothered; a round trip's records take a few thousand.
const BUFFER: usize = 64 << 10;
/// Records that a listener is sent at once, at least, while a scenario goes on: enough that it is not woken at every round trip,
/// and few beside what a scenario can bring.
const BATCH: usize = 64;
/// Bytes of the trace at which it is sent fewer: what is large is read while the answer to it is waited for, and not held meanwhile.
const LARGE: usize = 64 << 10;
/// Bytes of frames of which the line is short.
const SHORT: usize = 16 << 10;

/// Why a trace could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the trace {path}: {source}")]
pub struct RecorderError {
    path: PathBuf,
    source: io::Error,
}

/// An append-only trace file; shared by the session and the tasks that watch its kernel.
pub struct Recorder {
    path: PathBuf,
    began: Instant,
    inner: Mutex<Inner>,
}

struct Inner {
    file: Option<Lines>,
    /// Recorded and not yet written.
    pending: Vec<Record>,
    /// Written, and neither taken by [`Recorder::take`] nor sent to the listener yet.
    kept: Vec<Record>,
    /// How many bytes of the trace those are.
    kept_bytes: usize,
    keep: bool,
    listener: Option<Sender<Batch>>,
    lines: u64,
    /// Where all goes from when this trace became part of another on.
    joined: Option<Arc<Recorder>>,
}

/// The file of a trace. What a full disk did not take is tried again from where it stopped, so that no line is there twice.
struct Lines {
    file: BufWriter<File>,
    /// How many of the pending records were made lines.
    made: usize,
    /// How many bytes of the next one's line the file has taken already.
    taken: usize,
    /// Where a short line is made, as the file takes one long piece sooner than many short ones.
    short: Vec<u8>,
}

/// Takes a line from where an earlier attempt at it stopped. It is made anew, as one of many megabytes is not kept.
struct Rest<'a> {
    file: &'a mut BufWriter<File>,
    taken: &'a mut usize,
    skip: usize,
}

/// Records in a row, and the number of the line that the first one stands on.
pub type Batch = (u64, Vec<Record>);

/// A recorder sends its records to a listener as long as this lives; when it is dropped, the last ones.
pub struct Sending(Arc<Recorder>);

impl Recorder {
    /// Starts a trace at `path`, which must not exist, readable for the user alone.
    pub fn create(path: &Path, seed: u64) -> Result<Self, RecorderError> {
        use std::os::unix::fs::OpenOptionsExt;
        let file = File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(|source| RecorderError { path: path.to_owned(), source })?;
        Ok(Self::begin(path.to_owned(), Some(file), seed))
    }

    /// A trace that is kept in memory only, until it is taken.
    pub fn in_memory(seed: u64) -> Self {
        Self::begin(PathBuf::new(), None, seed)
    }

    fn begin(path: PathBuf, file: Option<File>, seed: u64) -> Self {
        let file = file.map(|file| Lines { file: BufWriter::with_capacity(BUFFER, file), made: 0, taken: 0, short: Vec::new() });
        let inner =
            Inner { file, pending: Vec::new(), kept: Vec::new(), kept_bytes: 0, keep: true, listener: None, lines: 0, joined: None };
        let recorder = Self { path, began: Instant::now(), inner: Mutex::new(inner) };
        let now = jiff::Timestamp::now();
        recorder.record(Event::TraceStarted(TraceStarted {
            version: TRACE_VERSION,
            tool: concat!("kernelcheck ", env!("CARGO_PKG_VERSION")).to_owned(),
            started: now.to_string(),
            unix_nanos: i64::try_from(now.as_nanosecond()).unwrap_or(i64::MAX),
            seed,
        }));
        recorder
    }

    /// Where the trace stands; empty for one in memory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The instant at which `t` is 0.
    pub fn began(&self) -> Instant {
        self.began
    }

    /// Notes that `event` happens now.
    pub fn record(&self, event: Event) {
        self.record_at(Instant::now(), event);
    }

    /// Notes that `event` happened at `at`.
    pub fn record_at(&self, at: Instant, event: Event) {
        let mut inner = self.lock();
        if let Some(other) = &inner.joined {
            return Arc::clone(other).record_at(at, event);
        }
        inner.pending.push(Record { t: nanoseconds(at.saturating_duration_since(self.began)), event });
    }

    /// Takes over all that `other` has recorded in memory, and from now on whatever is recorded there. Its times become times
    /// of this trace; where it began before this one they are 0.
    pub fn join(self: &Arc<Self>, other: &Recorder) {
        let mut theirs = other.lock();
        let mut records = std::mem::take(&mut theirs.kept);
        records.append(&mut theirs.pending);
        theirs.joined = Some(Arc::clone(self));
        let mut ours = self.lock();
        for Record { t, event } in records {
            let at = other.began + Duration::from_nanos(t);
            if !matches!(event, Event::TraceStarted(_)) {
                ours.pending.push(Record { t: nanoseconds(at.saturating_duration_since(self.began)), event });
            }
        }
    }

    /// Whether records are kept for [`Recorder::take`] after they are written; they are at first.
    pub fn keep(&self, keep: bool) {
        self.lock().keep = keep;
    }

    /// Sends what is recorded to `listener`, in batches, once it is written.
    pub fn send_to(self: &Arc<Self>, listener: Sender<Batch>) -> Sending {
        self.lock().listener = Some(listener);
        Sending(Arc::clone(self))
    }

    /// Writes what was recorded since the last time.
    pub fn flush(&self) -> Result<(), RecorderError> {
        self.write(BATCH)
    }

    /// Writes, and sends the listener all that it has not had.
    pub fn hand_over(&self) -> Result<(), RecorderError> {
        self.write(1)
    }

    fn write(&self, batch: usize) -> Result<(), RecorderError> {
        let mut inner = self.lock();
        inner.flush().map_err(|source| RecorderError { path: self.path.clone(), source })?;
        inner.send_kept(batch);
        Ok(())
    }

    /// Writes, and hands over all records since the last time, with the number of the line that the first one stands on.
    pub fn take(&self) -> Result<(u64, Vec<Record>), RecorderError> {
        let mut inner = self.lock();
        inner.flush().map_err(|source| RecorderError { path: self.path.clone(), source })?;
        Ok(inner.take_kept())
    }

    /// A panic elsewhere must not cost the record, so a poisoned lock is taken all the same: each change to `Inner` is complete in itself.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl Inner {
    fn flush(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        if let Some(file) = &mut self.file {
            self.kept_bytes += file.write(&self.pending)?;
        }
        self.lines += self.pending.len() as u64;
        if self.keep {
            self.kept.append(&mut self.pending);
        } else {
            self.pending.clear();
        }
        self.pending.shrink_to(BATCH);
        Ok(())
    }

    fn take_kept(&mut self) -> Batch {
        let records = std::mem::take(&mut self.kept);
        self.kept_bytes = 0;
        (self.lines - records.len() as u64 + 1, records)
    }

    /// Sends the listener what it has not had, if that is as much. This never waits: what comes on the sockets meanwhile must not be seen late.
    fn send_kept(&mut self, least: usize) {
        if self.kept.is_empty() || (self.kept.len() < least && self.kept_bytes < LARGE) {
            return;
        }
        if let Some(listener) = self.listener.clone() {
            // One that is gone has panicked, which whoever joins its thread will hear of.
            let _ = listener.send(self.take_kept());
        }
    }
}

impl Lines {
    /// Writes all of `records`, which begin with those that it was given when it last failed. Returns how many bytes this took.
    fn write(&mut self, records: &[Record]) -> io::Result<usize> {
        let mut bytes = 0;
        for record in &records[self.made..] {
            let mut line = Rest { file: &mut self.file, skip: self.taken, taken: &mut self.taken };
            if is_short(&record.event) {
                self.short.clear();
                serde_json::to_writer(&mut self.short, record)?;
                line.write_all(&self.short)?;
            } else {
                serde_json::to_writer(&mut line, record)?;
            }
            line.write_all(b"\n")?;
            bytes += self.taken;
            (self.made, self.taken) = (self.made + 1, 0);
        }
        self.file.flush()?;
        self.made = 0;
        Ok(bytes)
    }
}

/// Whether it is a message of a few frames' bytes, as most are.
fn is_short(event: &Event) -> bool {
    let frames = match event {
        Event::Sent(sent) => &sent.frames,
        Event::Received(received) => &received.frames,
        _ => return false,
    };
    frames.iter().map(Body::len).sum::<usize>() <= SHORT
}

impl Write for Rest<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.skip > 0 {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            return Ok(skipped);
        }
        let written = self.file.write(bytes)?;
        *self.taken += written;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        let mut inner = self.0.lock();
        inner.send_kept(1);
        inner.listener = None;
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // Nobody is left to hear of a failure here; whoever needs to know calls `flush`.
        let _ = self.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Noted, read_trace};

    fn note(text: &str) -> Event {
        Event::Noted(Noted { what: "test".into(), text: text.into() })
    }

    #[test]
    fn what_is_flushed_can_be_read_though_the_recorder_lives() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("trace.jsonl");
        let recorder = Recorder::create(&path, 7).expect("a new file");
        recorder.record(note("one"));
        recorder.flush().expect("a writable file");
        recorder.record(note("two"));
        let events: Vec<Event> = read_trace(&path).expect("readable").into_iter().map(|r| r.event).skip(1).collect();
        assert_eq!(events, [note("one")]);
    }

    #[test]
    fn take_tells_the_line_of_its_first_record() {
        let recorder = Recorder::in_memory(7);
        assert_eq!(recorder.take().expect("memory").0, 1);
        recorder.record(note("one"));
        recorder.record(note("two"));
        let (line, records) = recorder.take().expect("memory");
        assert_eq!((line, records.len()), (2, 2));
        assert_eq!(recorder.take().expect("memory"), (4, Vec::new()));
    }

    #[test]
    fn a_listener_gets_batches_and_the_rest_when_asked_or_at_the_end() {
        let recorder = Arc::new(Recorder::in_memory(7));
        let (listener, heard) = std::sync::mpsc::channel();
        let sending = recorder.send_to(listener);
        let sizes =
            |heard: &std::sync::mpsc::Receiver<Batch>| heard.try_iter().map(|(line, records)| (line, records.len())).collect::<Vec<_>>();
        recorder.flush().expect("memory");
        assert_eq!(sizes(&heard), []);
        recorder.hand_over().expect("memory");
        assert_eq!(sizes(&heard), [(1, 1)]);
        (0..BATCH).for_each(|_| recorder.record(note("many")));
        recorder.flush().expect("memory");
        assert_eq!(sizes(&heard), [(2, BATCH)]);
        recorder.record(note("last"));
        recorder.flush().expect("memory");
        drop(sending);
        assert_eq!(sizes(&heard), [(2 + BATCH as u64, 1)]);
        assert!(heard.recv().is_err());
    }

    #[test]
    fn what_a_full_disk_took_in_part_is_written_once() {
        let (disk, mut reader) = std::os::unix::net::UnixStream::pair().expect("a pair");
        disk.set_nonblocking(true).expect("an option");
        let disk = File::from(std::os::fd::OwnedFd::from(disk));
        let recorder = Recorder::begin(PathBuf::new(), Some(disk), 7);
        let mut noted = 0;
        while recorder.flush().is_ok() {
            (0..100).for_each(|_| recorder.record(note(&"x".repeat(1000))));
            noted += 100;
        }
        let collected = std::thread::spawn(move || {
            let mut text = String::new();
            io::Read::read_to_string(&mut reader, &mut text).map(|_| text)
        });
        while recorder.flush().is_err() {
            std::thread::yield_now();
        }
        let (first, kept) = recorder.take().expect("all is written");
        drop(recorder);
        let text = collected.join().expect("it reads").expect("text");
        assert!(text.lines().all(|line| serde_json::from_str::<Record>(line).is_ok()), "every line is whole");
        assert_eq!((first, kept.len(), text.lines().count()), (1, noted + 1, noted + 1));
    }

    #[test]
    fn a_joined_trace_goes_on_in_the_other() {
        let main = Arc::new(Recorder::in_memory(7));
        let spare = Recorder::in_memory(7);
        spare.record(note("before"));
        main.join(&spare);
        spare.record(note("after"));
        let events: Vec<Event> = main.take().expect("memory").1.into_iter().map(|r| r.event).skip(1).collect();
        assert_eq!(events, [note("before"), note("after")]);
    }

    #[test]
    fn an_old_trace_is_never_overwritten() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("trace.jsonl");
        std::fs::write(&path, "old").expect("writable");
        assert!(Recorder::create(&path, 7).is_err());
        assert_eq!(std::fs::read(&path).expect("readable"), b"old");
    }
}
