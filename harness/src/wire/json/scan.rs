//! The scanner: one pass over the bytes with a stack of its own, so that nesting can't exhaust the thread's.

use super::abridge::{Abridged, LeftOut};
use super::stack::Stack;
use super::{Json, Limits, MAX_OF_KIND, Parsed, Problem, ProblemKind};

/// Why the reading ended before the value did.
pub(super) struct Stop {
    pub(super) kind: ProblemKind,
    pub(super) offset: usize,
}

/// What stands at the start of a value.
enum Start {
    Whole(Json),
    Opened,
}

/// The state of one reading.
pub(super) struct Scanner<'a> {
    pub(super) bytes: &'a [u8],
    /// The same bytes if all of them are UTF-8, so that runs are copied without a second look.
    pub(super) utf8: Option<&'a str>,
    pub(super) at: usize,
    /// Strings that are not among the bytes.
    pub(super) long: &'a [LeftOut],
    limits: Limits,
    nodes: usize,
    pub(super) stack: Stack,
    problems: Vec<Problem>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(bytes: &'a [u8], long: &'a [LeftOut], limits: Limits) -> Self {
        let utf8 = std::str::from_utf8(bytes).ok();
        Self { bytes, utf8, at: 0, long, limits, nodes: 0, stack: Stack::default(), problems: Vec::new() }
    }

    pub(super) fn scan(mut self) -> Parsed {
        if self.bytes.starts_with("\u{feff}".as_bytes()) {
            self.note(ProblemKind::ByteOrderMark, 0);
            self.at = 3;
        }
        let value = match self.document() {
            Ok(value) => Some(value),
            Err(stop) => {
                self.push_problem(stop.kind, self.original(stop.offset), self.stack.path());
                self.unwind()
            }
        };
        // Duplicate keys are found when an object closes, after what is wrong inside it.
        self.problems.sort_by_key(|problem| problem.offset);
        Parsed { value, problems: self.problems }
    }

    fn document(&mut self) -> Result<Json, Stop> {
        self.skip_whitespace();
        if self.at == self.bytes.len() {
            return Err(self.stop(ProblemKind::Empty));
        }
        let mut start = self.start_value()?;
        loop {
            start = match start {
                Start::Opened => self.first_item()?,
                Start::Whole(value) if self.stack.depth() == 0 => {
                    self.skip_whitespace();
                    if self.at < self.bytes.len() {
                        self.note(ProblemKind::TrailingBytes, self.at);
                    }
                    return Ok(value);
                }
                Start::Whole(value) => {
                    self.stack.attach(value);
                    self.next_item()?
                }
            };
        }
    }

    fn start_value(&mut self) -> Result<Start, Stop> {
        self.nodes += 1;
        if self.nodes > self.limits.max_nodes {
            return Err(self.stop(ProblemKind::TooLarge));
        }
        let value = match self.peek()? {
            b'"' => Json::String(self.string()?),
            b'{' | b'[' if self.stack.depth() >= self.limits.max_depth => self.skip_deep()?,
            b'{' => {
                self.at += 1;
                self.stack.open_object();
                return Ok(Start::Opened);
            }
            b'[' => {
                self.at += 1;
                self.stack.open_array();
                return Ok(Start::Opened);
            }
            b't' => self.word(b"true", Json::Bool(true))?,
            b'f' => self.word(b"false", Json::Bool(false))?,
            b'n' => self.word(b"null", Json::Null)?,
            b'N' => self.nan_token("NaN")?,
            b'I' => self.nan_token("Infinity")?,
            b'-' if self.bytes.get(self.at + 1) == Some(&b'I') => self.nan_token("-Infinity")?,
            b'-' | b'+' | b'.' | b'0'..=b'9' => self.number()?,
            _ => return Err(self.stop(ProblemKind::NotJson)),
        };
        Ok(Start::Whole(value))
    }

    /// Just after an opening bracket: its first value, or its end.
    fn first_item(&mut self) -> Result<Start, Stop> {
        self.skip_whitespace();
        if self.peek()? == self.closing() {
            return Ok(self.close());
        }
        self.item()
    }

    /// Just after a value in a container: the next one, or the container's end.
    fn next_item(&mut self) -> Result<Start, Stop> {
        self.skip_whitespace();
        match self.peek()? {
            b',' => {
                self.at += 1;
                self.skip_whitespace();
                self.item()
            }
            byte if byte == self.closing() => Ok(self.close()),
            _ => Err(self.stop(ProblemKind::NotJson)),
        }
    }

    fn item(&mut self) -> Result<Start, Stop> {
        if self.stack.in_object() {
            self.key()?;
        }
        self.start_value()
    }

    fn key(&mut self) -> Result<(), Stop> {
        let offset = self.at;
        if self.peek()? != b'"' {
            return Err(self.stop(ProblemKind::NotJson));
        }
        let text = self.string()?;
        self.stack.set_key(text.into(), offset);
        self.skip_whitespace();
        if self.peek()? != b':' {
            return Err(self.stop(ProblemKind::NotJson));
        }
        self.at += 1;
        self.skip_whitespace();
        Ok(())
    }

    fn closing(&self) -> u8 {
        if self.stack.in_object() { b'}' } else { b']' }
    }

    fn close(&mut self) -> Start {
        self.at += 1;
        self.pop().map_or(Start::Opened, Start::Whole)
    }

    /// Closes the innermost container and notes the keys it had twice.
    fn pop(&mut self) -> Option<Json> {
        let (value, duplicates) = self.stack.close()?;
        for duplicate in duplicates {
            if self.has_room(ProblemKind::DuplicateKey) {
                self.push_problem(ProblemKind::DuplicateKey, self.original(duplicate.offset), duplicate.path);
            }
        }
        Some(value)
    }

    /// Closes all that is still open.
    fn unwind(&mut self) -> Option<Json> {
        let mut value = self.pop()?;
        while self.stack.depth() > 0 {
            self.stack.attach(value);
            value = self.pop()?;
        }
        Some(value)
    }

    fn word(&mut self, word: &[u8], value: Json) -> Result<Json, Stop> {
        let rest = &self.bytes[self.at..];
        if rest.starts_with(word) {
            self.at += word.len();
            return Ok(value);
        }
        let kind = if word.starts_with(rest) { ProblemKind::Truncated } else { ProblemKind::NotJson };
        Err(self.stop(kind))
    }

    fn nan_token(&mut self, token: &str) -> Result<Json, Stop> {
        let offset = self.at;
        let value = self.word(token.as_bytes(), Json::Number(token.into()))?;
        self.note(ProblemKind::NanToken, offset);
        Ok(value)
    }

    /// Passes over a container that is too deep to build, watching only its brackets and strings.
    fn skip_deep(&mut self) -> Result<Json, Stop> {
        self.note(ProblemKind::TooDeep, self.at);
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => self.skip_string()?,
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Ok(Json::Null);
            }
        }
    }

    /// Leaves off at the closing quote.
    fn skip_string(&mut self) -> Result<(), Stop> {
        self.at += 1;
        while self.peek()? != b'"' {
            self.at += if self.peek()? == b'\\' { 2 } else { 1 };
        }
        Ok(())
    }

    fn skip_whitespace(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    pub(super) fn peek(&self) -> Result<u8, Stop> {
        let end = Stop { kind: ProblemKind::Truncated, offset: self.bytes.len() };
        self.bytes.get(self.at).copied().ok_or(end)
    }

    pub(super) fn stop(&self, kind: ProblemKind) -> Stop {
        let offset = if kind == ProblemKind::Truncated { self.bytes.len() } else { self.at };
        Stop { kind, offset }
    }

    /// Records a problem that the reading survives.
    pub(super) fn note(&mut self, kind: ProblemKind, offset: usize) {
        self.note_at(kind, self.original(offset));
    }

    /// The same, by its place in the whole text.
    pub(super) fn note_at(&mut self, kind: ProblemKind, offset: usize) {
        if self.has_room(kind) {
            self.push_problem(kind, offset, self.stack.path());
        }
    }

    /// The place in the whole text.
    fn original(&self, offset: usize) -> usize {
        Abridged::original(self.long, offset)
    }

    fn has_room(&self, kind: ProblemKind) -> bool {
        let same = self.problems.iter().filter(|problem| problem.kind == kind);
        same.count() < MAX_OF_KIND
    }

    fn push_problem(&mut self, kind: ProblemKind, offset: usize, path: String) {
        self.problems.push(Problem { kind, offset, path });
    }
}
