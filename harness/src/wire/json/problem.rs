//! What can be wrong with a JSON text.

use std::fmt;

/// One departure from standard JSON, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub kind: ProblemKind,
    /// Byte offset into the text.
    pub offset: usize,
    /// The value it is in, as in `data.rows[2]`; empty for the whole text. Cut, with an ellipsis, when very long.
    pub path: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.kind, self.offset)?;
        if self.path.is_empty() { Ok(()) } else { write!(f, ", in {}", self.path) }
    }
}

/// The kinds of [`Problem`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemKind {
    /// A byte, an escape or a number that the grammar has no place for.
    NotJson,
    /// Something stands after the value.
    TrailingBytes,
    /// A string holds bytes that are not UTF-8; read as U+FFFD.
    InvalidUtf8,
    /// The text starts with a byte order mark.
    ByteOrderMark,
    /// An object has the same key twice; all are kept, and the last one counts.
    DuplicateKey,
    /// `NaN`, `Infinity` or `-Infinity`; read as a number of that spelling.
    NanToken,
    /// Half of a surrogate pair is escaped alone; read as U+FFFD.
    LoneSurrogate,
    /// A string holds a control character that should have been escaped; read as itself.
    ControlCharacter,
    /// Nested deeper than the limit; the subtree is read as `null`.
    TooDeep,
    /// Longer than the limit (nothing is read) or with more values (the rest is not read). Our bound, not the protocol's.
    TooLarge,
    /// The text ends inside a value.
    Truncated,
    /// There is nothing but whitespace.
    Empty,
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotJson => "not JSON",
            Self::TrailingBytes => "bytes after the value",
            Self::InvalidUtf8 => "invalid UTF-8",
            Self::ByteOrderMark => "byte order mark",
            Self::DuplicateKey => "duplicate key",
            Self::NanToken => "NaN or Infinity",
            Self::LoneSurrogate => "lone surrogate",
            Self::ControlCharacter => "unescaped control character",
            Self::TooDeep => "nested too deep",
            Self::TooLarge => "too large",
            Self::Truncated => "truncated",
            Self::Empty => "empty",
        })
    }
}
