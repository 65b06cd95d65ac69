//! Strings: runs are copied whole, and only what stands between them is looked at.

use compact_str::CompactString;

use super::ProblemKind;
use super::scan::{Scanner, Stop};

/// Bytes that end a run inside a string: the quote, the backslash, and control characters.
const ENDS_RUN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = true;
        byte += 1;
    }
    table[b'"' as usize] = true;
    table[b'\\' as usize] = true;
    table
};

/// Bytes for a few unescaped characters.
const ESCAPE_ROOM: usize = 16;

impl Scanner<'_> {
    /// Reads a string from its opening quote to its closing one.
    pub(super) fn string(&mut self) -> Result<CompactString, Stop> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let run = &self.bytes[self.at..];
            let length = run.iter().position(|&byte| ENDS_RUN[usize::from(byte)]).unwrap_or(run.len());
            // Nearly all strings are one run, and most of them short: these need no memory of their own.
            if let (Some(utf8), true, Some(b'"')) = (self.utf8, text.is_empty(), run.get(length)) {
                let whole = &utf8[self.at..self.at + length];
                self.at += length + 1;
                return Ok(whole.into());
            }
            // A long line tends to end in one escape, for which all of it is not to be moved.
            text.reserve(length + usize::from(run.get(length) == Some(&b'\\')) * ESCAPE_ROOM);
            self.copy_run(&mut text, length);
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Ok(text.into());
                }
                b'\\' => self.escape(&mut text)?,
                control => {
                    self.note(ProblemKind::ControlCharacter, self.at);
                    text.push(char::from(control));
                    self.at += 1;
                }
            }
        }
    }

    fn copy_run(&mut self, text: &mut String, length: usize) {
        let (start, end) = (self.at, self.at + length);
        self.at = end;
        if let Some(utf8) = self.utf8 {
            text.push_str(&utf8[start..end]);
            return;
        }
        let bytes = self.bytes;
        let mut offset = start;
        for chunk in bytes[start..end].utf8_chunks() {
            text.push_str(chunk.valid());
            offset += chunk.valid().len();
            if !chunk.invalid().is_empty() {
                self.note(ProblemKind::InvalidUtf8, offset);
                text.push(char::REPLACEMENT_CHARACTER);
                offset += chunk.invalid().len();
            }
        }
    }

    fn escape(&mut self, text: &mut String) -> Result<(), Stop> {
        let backslash = self.at;
        self.at += 1;
        let character = match self.peek()? {
            byte @ (b'"' | b'\\' | b'/') => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(text, backslash),
            _ => {
                // The letter itself is left to the next run: it may be the first byte of several.
                self.note(ProblemKind::NotJson, backslash);
                return Ok(());
            }
        };
        self.at += 1;
        text.push(character);
        Ok(())
    }

    fn unicode_escape(&mut self, text: &mut String, backslash: usize) -> Result<(), Stop> {
        self.at += 1;
        let digits = &self.bytes[self.at..self.bytes.len().min(self.at + 4)];
        let Some(unit) = hex_value(digits) else {
            self.note(ProblemKind::NotJson, backslash);
            text.push('u');
            return Ok(());
        };
        if digits.len() < 4 {
            return Err(self.stop(ProblemKind::Truncated));
        }
        self.at += 4;
        let character = match unit {
            0xd800..=0xdbff => self.low_surrogate().and_then(|low| {
                self.at += 6;
                char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00))
            }),
            _ => char::from_u32(unit),
        };
        if character.is_none() {
            self.note(ProblemKind::LoneSurrogate, backslash);
        }
        text.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
        Ok(())
    }

    /// The second half of a surrogate pair, if it is escaped right here.
    fn low_surrogate(&self) -> Option<u32> {
        let digits = self.bytes.get(self.at..self.at + 6)?.strip_prefix(b"\\u")?;
        hex_value(digits).filter(|low| (0xdc00..=0xdfff).contains(low))
    }
}

fn hex_value(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, &digit| Some(value * 16 + char::from(digit).to_digit(16)?))
}
