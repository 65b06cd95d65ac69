//! The text of a string: held, or as it lies in a spool where it is long.

use std::borrow::Cow;
use std::fmt;
use std::ops::{Deref, Range};
use std::sync::{Arc, OnceLock};

use compact_str::CompactString;

use super::inside::{End, Inside, Note};
use crate::wire::Spool;

/// The text of a string, unescaped.
///
/// A long one is to be gone through by [pieces](Text::pieces), of which few are in memory at a time. It derefs to all of it as well, so
/// that nobody who knows nothing of long texts can take it for another; then it is held from there on.
#[derive(Clone)]
pub struct Text(Kept);

#[derive(Clone)]
enum Kept {
    Held(CompactString),
    Long(Arc<Long>),
}

/// The text of a string that lies in a spool.
pub(super) struct Long {
    spool: Spool,
    /// Where it stands, behind the opening quote; with the closing one.
    range: Range<usize>,
    /// Bytes of the text.
    len: usize,
    /// Characters of the text.
    characters: usize,
    held: OnceLock<String>,
}

impl Long {
    /// Goes through the string that stands there, and tells what is wrong in it.
    pub(super) fn read(spool: &Spool, range: Range<usize>, note: Note<'_>) -> Self {
        let (mut len, mut characters) = (0, 0);
        for piece in Pieces::of(spool, range.clone(), note) {
            len += piece.len();
            characters += piece.chars().count();
        }
        Self { spool: spool.clone(), range, len, characters, held: OnceLock::new() }
    }
}

/// Goes through a string in a spool, a window at a time.
struct Pieces<'a, N> {
    spool: &'a Spool,
    left: Range<usize>,
    note: N,
}

impl<'a, N: FnMut(super::ProblemKind, usize)> Pieces<'a, N> {
    fn of(spool: &'a Spool, range: Range<usize>, note: N) -> Self {
        Self { spool, left: range, note }
    }
}

impl<N: FnMut(super::ProblemKind, usize)> Iterator for Pieces<'_, N> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        if self.left.is_empty() {
            return None;
        }
        let start = self.left.start;
        let bytes = self.spool.read(start, self.spool.window().min(self.left.len()));
        let mut inside = Inside { bytes: &bytes, utf8: None, at: 0, is_last: bytes.len() == self.left.len() };
        let mut text = String::new();
        let end = inside.read(&mut text, &mut |kind, offset| (self.note)(kind, start + offset));
        self.left.start = if matches!(end, End::More) { start + inside.at } else { self.left.end };
        Some(text)
    }
}

impl Text {
    /// All of it, in pieces of which each is held only as long as it is looked at; one that is not long in one piece.
    pub fn pieces(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let held = self.held();
        let long = if let (Kept::Long(long), None) = (&self.0, held) { Some(long) } else { None };
        let long = long.into_iter().flat_map(|long| Pieces::of(&long.spool, long.range.clone(), |_, _| {}));
        held.into_iter().map(Cow::Borrowed).chain(long.map(Cow::Owned))
    }

    /// All of it, if it is held.
    #[must_use]
    pub fn held(&self) -> Option<&str> {
        match &self.0 {
            Kept::Held(text) => Some(text),
            Kept::Long(long) => long.held.get().map(String::as_str),
        }
    }

    /// How many bytes it has.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Kept::Held(text) => text.len(),
            Kept::Long(long) => long.len,
        }
    }

    /// Whether there is nothing of it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many characters it has.
    #[must_use]
    pub fn characters(&self) -> usize {
        match &self.0 {
            Kept::Held(text) => text.chars().count(),
            Kept::Long(long) => long.characters,
        }
    }

    /// Its begin: so many characters, and an ellipsis if there are more.
    #[must_use]
    pub fn shortened(&self, characters: usize) -> String {
        let mut short: String = self.pieces().scan(characters, take_characters).collect();
        if short.len() < self.len() {
            short.push('…');
        }
        short
    }
}

/// As much of a piece as may be taken of so many characters; nothing when they are used up.
fn take_characters(left: &mut usize, piece: Cow<'_, str>) -> Option<String> {
    if *left == 0 {
        return None;
    }
    let taken: String = piece.chars().take(*left).collect();
    *left -= taken.chars().count();
    Some(taken)
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        match &self.0 {
            Kept::Held(text) => text,
            Kept::Long(long) => long.held.get_or_init(|| self.pieces().collect()),
        }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Kept::Held(left), Kept::Held(right)) => left == right,
            _ => self.len() == other.len() && same_pieces(self.pieces(), other.pieces()),
        }
    }
}

impl Eq for Text {}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.len() == other.len() && same_pieces(self.pieces(), std::iter::once(Cow::Borrowed(other)))
    }
}

/// Whether two texts of one length are the same, wherever their pieces end.
fn same_pieces<'a>(mut left: impl Iterator<Item = Cow<'a, str>>, mut right: impl Iterator<Item = Cow<'a, str>>) -> bool {
    let (mut ours, mut theirs) = (Cow::Borrowed(""), Cow::Borrowed(""));
    let (mut at, mut other) = (0, 0);
    loop {
        if at == ours.len() {
            let Some(next) = left.next() else { return true };
            (ours, at) = (next, 0);
        }
        if other == theirs.len() {
            let Some(next) = right.next() else { return true };
            (theirs, other) = (next, 0);
        }
        let both = (ours.len() - at).min(theirs.len() - other);
        if ours.as_bytes()[at..at + both] != theirs.as_bytes()[other..other + both] {
            return false;
        }
        (at, other) = (at + both, other + both);
    }
}

impl From<Arc<Long>> for Text {
    fn from(long: Arc<Long>) -> Self {
        Self(Kept::Long(long))
    }
}

impl From<CompactString> for Text {
    fn from(text: CompactString) -> Self {
        Self(Kept::Held(text))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Kept::Held(text.into()))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Kept::Held(text.into()))
    }
}

/// For keys, which are held.
impl From<Text> for CompactString {
    fn from(text: Text) -> Self {
        match text.0 {
            Kept::Held(text) => text,
            Kept::Long(_) => text.pieces().collect(),
        }
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}
