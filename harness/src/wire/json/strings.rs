//! Strings as the scanner meets them.

use super::inside::{End, Inside, Note, run_length};
use super::scan::{Scanner, Stop};
use super::{ProblemKind, Text};

impl Scanner<'_> {
    /// Reads a string from its opening quote to its closing one.
    pub(super) fn string(&mut self) -> Result<Text, Stop> {
        if let Some(text) = self.left_out() {
            return text;
        }
        self.at += 1;
        let run = &self.bytes[self.at..];
        let length = run_length(run);
        // Nearly all strings are one run, and most of them short: these need no memory of their own.
        if let (Some(utf8), Some(b'"')) = (self.utf8, run.get(length)) {
            let whole = &utf8[self.at..self.at + length];
            self.at += length + 1;
            return Ok(whole.into());
        }
        let mut inside = Inside { bytes: self.bytes, utf8: self.utf8, at: self.at, is_last: true };
        let mut text = String::new();
        let note: Note<'_> = &mut |kind, offset| self.note(kind, offset);
        inside.copy_run(&mut text, length, note);
        let end = inside.read(&mut text, note);
        self.at = inside.at;
        match end {
            End::Closed => Ok(text.into()),
            End::Truncated | End::More => Err(self.stop(ProblemKind::Truncated)),
        }
    }

    /// A string that stands here and was left out because it is long.
    fn left_out(&mut self) -> Option<Result<Text, Stop>> {
        let long = self.long;
        let long = &long[long.binary_search_by_key(&self.at, |long| long.at).ok()?];
        for (kind, offset) in &long.problems {
            self.note_at(*kind, *offset);
        }
        self.at += if long.is_closed { 2 } else { 1 };
        Some(if long.is_closed { Ok(long.text.clone()) } else { Err(self.stop(ProblemKind::Truncated)) })
    }
}
