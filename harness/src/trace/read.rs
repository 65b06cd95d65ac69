//! Reads a trace back, a line at a time: a trace file may come from anyone and be cut anywhere.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use super::long_line::{self, Line};
use super::{Event, Record, Spools, TRACE_VERSION};

/// The longest line that is read, in bytes: a message of 64 MiB with every byte escaped, and then some.
const LINE_LIMIT: u64 = 1 << 29;

/// Why a trace could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file itself.
    #[error("cannot read the trace {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file does not begin as a trace does.
    #[error("{path}: not a trace: its first line is not {{\"t\":0,\"trace\":{{…}}}}")]
    NotATrace {
        /// The file.
        path: PathBuf,
    },
    /// A version that this build does not know.
    #[error("{path}: trace version {found} is newer than {TRACE_VERSION}, the newest that this build reads; use a newer kernelcheck")]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// Lines that are not events; all of them, up to a limit.
    #[error("{}", list(.path, .lines))]
    Lines {
        /// The file.
        path: PathBuf,
        /// Line number (from 1) and what is wrong with it.
        lines: Vec<(u64, String)>,
    },
}

fn list(path: &Path, lines: &[(u64, String)]) -> String {
    lines.iter().map(|(line, what)| format!("{}:{line}: {what}", path.display())).collect::<Vec<_>>().join("\n")
}

/// What is wrong with a line. It is the file's line that counts, and not the parser's, to which each is the first.
fn mistake(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.replace(&format!(" at line {} column {}", error.line(), error.column()), &format!(", at byte {}", error.column()))
}

/// Reads records one at a time. A last line without its end, as a killed run leaves, is passed over and told by [`Reader::cut_short`].
pub struct Reader<R> {
    input: R,
    line: u64,
    buffer: Vec<u8>,
    spools: Spools,
    cut_short: bool,
    failed: bool,
}

impl<R: BufRead> Reader<R> {
    /// Reads from `input`. What is too long to be held goes to `spools`.
    pub fn new(input: R, spools: Spools) -> Self {
        Self { input, line: 0, buffer: Vec::new(), spools, cut_short: false, failed: false }
    }

    /// Whether the trace ended in the middle of a line.
    pub fn cut_short(&self) -> bool {
        self.cut_short
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    /// The line's number, and its record or what is wrong with it.
    type Item = (u64, Result<Record, String>);

    fn next(&mut self) -> Option<Self::Item> {
        // What can't be read now can't be read the next time either.
        if self.failed {
            return None;
        }
        self.buffer.clear();
        self.line += 1;
        match long_line::read(&mut self.input, &mut self.buffer, LINE_LIMIT, &self.spools) {
            Ok(Line::Held) => Some((self.line, long_line::held_record(&self.buffer).map_err(|error| mistake(&error)))),
            Ok(Line::Spooled(line)) => {
                let whole = || long_line::held_record(&line).map_err(|error| mistake(&error));
                Some((self.line, long_line::record(&line, &self.spools).map_or_else(whole, Ok)))
            }
            Ok(Line::Endless) => {
                self.cut_short = true;
                None
            }
            Ok(Line::Nothing) => None,
            Err(error) => {
                self.failed = true;
                Some((self.line, Err(error.to_string())))
            }
        }
    }
}

/// The mistakes that one [`ReadError::Lines`] lists at most.
const MISTAKES_LISTED: usize = 20;

/// Reads a whole trace. Every bad line is told at once; a last line that was cut is passed over.
///
/// # Errors
///
/// If the file can't be read, or is no trace, or has lines that are no events.
pub fn read_trace(path: &Path) -> Result<Vec<Record>, ReadError> {
    let mut records = Vec::new();
    for_each_record(path, |record, _| records.push(record))?;
    Ok(records)
}

/// Gives the records of a trace to `on`, each with the number of its line, and keeps none of them: a trace may be larger than
/// the memory. After a bad line the rest is only looked through for others.
///
/// # Errors
///
/// As [`read_trace`].
pub fn for_each_record(path: &Path, mut on: impl FnMut(Record, u64)) -> Result<(), ReadError> {
    let unreadable = |source| ReadError::File { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.is_dir() {
        return Err(unreadable(io::ErrorKind::IsADirectory.into()));
    }
    let (mut begun, mut mistakes) = (false, Vec::new());
    let spools = Spools::in_dir(path.parent().unwrap_or(path));
    for (line, record) in Reader::new(BufReader::new(file), spools) {
        match record {
            Ok(record) => {
                check_first(path, line, &record)?;
                begun = true;
                if mistakes.is_empty() {
                    on(record, line);
                }
            }
            Err(_) if line == 1 => return Err(ReadError::NotATrace { path: path.to_owned() }),
            Err(what) if mistakes.len() < MISTAKES_LISTED => mistakes.push((line, what)),
            Err(_) => {}
        }
    }
    match (begun, mistakes.is_empty()) {
        (false, _) => Err(ReadError::NotATrace { path: path.to_owned() }),
        (true, false) => Err(ReadError::Lines { path: path.to_owned(), lines: mistakes }),
        (true, true) => Ok(()),
    }
}

fn check_first(path: &Path, line: u64, record: &Record) -> Result<(), ReadError> {
    if line != 1 {
        return Ok(());
    }
    match &record.event {
        Event::TraceStarted(started) if started.version > TRACE_VERSION => {
            Err(ReadError::Version { path: path.to_owned(), found: started.version })
        }
        Event::TraceStarted(_) => Ok(()),
        _ => Err(ReadError::NotATrace { path: path.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Body;

    const FIRST: &str = r#"{"t":0,"trace":{"version":1,"tool":"x","started":"2026-01-01T00:00:00Z","unix_nanos":0,"seed":1}}"#;

    fn read(text: &str) -> Result<Vec<Record>, String> {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("t");
        std::fs::write(&path, text).expect("writable");
        read_trace(&path).map_err(|error| error.to_string().replace(&format!("{}", path.display()), "t"))
    }

    #[test]
    fn a_cut_last_line_is_passed_over() {
        let records = read(&format!("{FIRST}\n{{\"t\":5,\"end\":{{\"why\":\"completed\"}}}}\n{{\"t\":6,\"no")).expect("readable");
        assert_eq!(records.iter().map(|r| (r.t, r.event.kind())).collect::<Vec<_>>(), [(0, "trace"), (5, "end")]);
    }

    #[test]
    fn every_bad_line_is_told_at_once() {
        let error = read(&format!("{FIRST}\nx\n{{\"t\":5,\"end\":{{\"why\":\"completed\"}}}}\n{{\"t\":6}}\n")).expect_err("two bad lines");
        assert_eq!(error, "t:2: expected value, at byte 1\nt:4: no event on this line, at byte 7");
    }

    #[test]
    fn other_files_are_refused() {
        assert_eq!(read("hello\n").expect_err("no trace"), "t: not a trace: its first line is not {\"t\":0,\"trace\":{…}}");
        assert_eq!(read("").expect_err("empty"), "t: not a trace: its first line is not {\"t\":0,\"trace\":{…}}");
        let newer = read(&format!("{}\n", FIRST.replace("\"version\":1", "\"version\":99"))).map(|_| ());
        assert!(newer.is_err_and(|e| e.contains("newer than 1")));
    }

    #[test]
    fn a_long_line_is_read_like_any() {
        let text = format!("{{\"text\":\"{}é\\n\"}}", "x\\t".repeat(1_800_000));
        let frames = serde_json::json!(["<IDS|MSG>", "", text, {"base64": "/wA="}]);
        let line =
            |frames: &serde_json::Value| format!(r#"{{"t":5,"received":{{"client":"a","channel":"iopub","frames":{frames},"mac":"x"}}}}"#);
        let records = read(&format!("{FIRST}\n{}\n{{\"t\":6,\"end\":{{\"why\":\"completed\"}}}}\n", line(&frames))).expect("readable");
        let held: Record = serde_json::from_str(&line(&frames)).expect("a record");
        assert_eq!(records[1], held);
        let Event::Received(received) = &records[1].event else { panic!("{records:?}") };
        assert!(matches!(received.frames.as_slice(), [Body::Held(_), Body::Held(_), Body::Spooled(_), Body::Held(_)]));
        assert_eq!((records.len(), records[2].event.kind()), (3, "end"));
        let cut = &line(&frames)[..6_000_000];
        assert_eq!(read(&format!("{FIRST}\n{cut}")).map(|records| records.len()), Ok(1));
        let error = read(&format!("{FIRST}\n{}\n", line(&frames).replace("\"a\"", "1"))).expect_err("no client");
        assert_eq!(error, "t:2: invalid type: integer `1`, expected a string, at byte 29");
    }
}
