//! The inside of strings: runs are copied whole, and only what stands between them is looked at.
//!
//! What is read here may be one window of a longer string, that ends anywhere: see [`Inside::read`].

use memchr::memchr2;

use super::ProblemKind;

/// Most runs are shorter than this.
const NEAR: usize = 64;
/// How many bytes of a long run are looked at at once: few, as there may be an end in each block.
const BLOCK: usize = 256;

/// How many bytes there are before the next that ends a run inside a string: the quote, the backslash, or a control character.
pub(super) fn run_length(bytes: &[u8]) -> usize {
    let (near, far) = bytes.split_at(bytes.len().min(NEAR));
    let length = length_by_words(near);
    if length < near.len() {
        return length;
    }
    let has_end = |block: &[u8]| memchr2(b'"', b'\\', block).is_some() || has_control(block);
    let plain = far.chunks(BLOCK).take_while(|block| !has_end(block)).map(<[u8]>::len).sum::<usize>();
    let (_, rest) = far.split_at(plain);
    length + plain + length_by_words(&rest[..rest.len().min(BLOCK)])
}

fn length_by_words(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks();
    for (index, word) in words.iter().enumerate() {
        let ends = ends_of_run(*word);
        if ends != 0 {
            return index * word.len() + ends.trailing_zeros() as usize / 8;
        }
    }
    let is_end = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
    bytes.len() - rest.len() + rest.iter().position(is_end).unwrap_or(rest.len())
}

/// In each byte of the number, the lowest first, the same bit ...
const ONES: u64 = u64::MAX / 0xff;
/// ... and its highest.
const TOPS: u64 = ONES * 0x80;

/// The first of eight bytes that ends a run has its top bit set in this number, and none below it. They are looked at all at once, as one
/// number of which the first byte is the lowest.
fn ends_of_run(bytes: [u8; 8]) -> u64 {
    let word = u64::from_le_bytes(bytes);
    // A byte below the one that is taken from it gets its top bit set. What it borrows for that may set others above it as well, but
    // the lowest is right.
    let equal = |byte: u8| (word ^ (ONES * u64::from(byte))).wrapping_sub(ONES);
    (controls(word) | equal(b'"') | equal(b'\\')) & !word & TOPS
}

/// A number whose top bits tell of control characters in the same way, apart from those that are set in `word` too.
fn controls(word: u64) -> u64 {
    word.wrapping_sub(ONES * 0x20)
}

fn has_control(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks();
    let control = |word: &[u8; 8]| {
        let word = u64::from_le_bytes(*word);
        controls(word) & !word & TOPS
    };
    words.iter().fold(0, |found, word| found | control(word)) != 0 || rest.iter().any(|byte| *byte < 0x20)
}

/// Bytes for a few unescaped characters.
const ESCAPE_ROOM: usize = 16;
/// The longest escape, that of a surrogate pair, in bytes.
pub(super) const LONGEST_ESCAPE: usize = 12;

/// Where the reading left off.
pub(super) enum End {
    /// Behind the closing quote.
    Closed,
    /// At the end of the text, which should not be there.
    Truncated,
    /// Before something of which the rest is in the next window.
    More,
}

/// What is told of a problem: its kind, and where it is.
pub(super) type Note<'n> = &'n mut dyn FnMut(ProblemKind, usize);

/// A reading of the inside of a string.
pub(super) struct Inside<'a> {
    pub(super) bytes: &'a [u8],
    /// The same bytes if all of them are UTF-8, so that runs are copied without a second look.
    pub(super) utf8: Option<&'a str>,
    /// Where the reading is; not before the opening quote's next byte.
    pub(super) at: usize,
    /// Whether the text ends where the bytes do.
    pub(super) is_last: bool,
}

impl Inside<'_> {
    /// Unescapes up to the closing quote into `text`. What can't be read before the next window is at hand is left to it: a character or
    /// an escape of which only the begin is there. A window is longer than any of these.
    pub(super) fn read(&mut self, text: &mut String, note: Note<'_>) -> End {
        loop {
            let run = &self.bytes[self.at..];
            let length = run_length(run);
            let is_open = length == run.len() && !self.is_last;
            self.copy_run(text, length - if is_open { begun_character(run) } else { 0 }, note);
            match self.bytes.get(self.at) {
                _ if is_open => return End::More,
                None => return End::Truncated,
                Some(b'"') => {
                    self.at += 1;
                    return End::Closed;
                }
                Some(b'\\') if !self.is_last && self.bytes.len() - self.at < LONGEST_ESCAPE => return End::More,
                Some(b'\\') => {
                    if !self.escape(text, note) {
                        return End::Truncated;
                    }
                }
                Some(&control) => {
                    note(ProblemKind::ControlCharacter, self.at);
                    text.push(char::from(control));
                    self.at += 1;
                }
            }
        }
    }

    /// Takes over a run of that length.
    pub(super) fn copy_run(&mut self, text: &mut String, length: usize, note: Note<'_>) {
        let (start, end) = (self.at, self.at + length);
        self.at = end;
        // A long line tends to end in one escape, for which all of it is not to be moved.
        text.reserve(length + usize::from(self.bytes.get(end) == Some(&b'\\')) * ESCAPE_ROOM);
        let run = &self.bytes[start..end];
        if let Some(utf8) = self.utf8.map(|utf8| &utf8[start..end]).or_else(|| std::str::from_utf8(run).ok()) {
            text.push_str(utf8);
            return;
        }
        let mut offset = start;
        for chunk in run.utf8_chunks() {
            text.push_str(chunk.valid());
            offset += chunk.valid().len();
            if !chunk.invalid().is_empty() {
                note(ProblemKind::InvalidUtf8, offset);
                text.push(char::REPLACEMENT_CHARACTER);
                offset += chunk.invalid().len();
            }
        }
    }

    /// Reads an escape; whether it was there whole.
    fn escape(&mut self, text: &mut String, note: Note<'_>) -> bool {
        let backslash = self.at;
        self.at += 1;
        let character = match self.bytes.get(self.at) {
            None => return false,
            Some(&byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(text, backslash, note),
            Some(_) => {
                // The letter itself is left to the next run: it may be the first byte of several.
                note(ProblemKind::NotJson, backslash);
                return true;
            }
        };
        self.at += 1;
        text.push(character);
        true
    }

    fn unicode_escape(&mut self, text: &mut String, backslash: usize, note: Note<'_>) -> bool {
        self.at += 1;
        let digits = &self.bytes[self.at..self.bytes.len().min(self.at + 4)];
        let Some(unit) = hex_value(digits) else {
            note(ProblemKind::NotJson, backslash);
            text.push('u');
            return true;
        };
        if digits.len() < 4 {
            return false;
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
            note(ProblemKind::LoneSurrogate, backslash);
        }
        text.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
        true
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

/// How many bytes at the end of a run are the begin of a character, of which the rest may follow.
pub(crate) fn begun_character(run: &[u8]) -> usize {
    let is_begun = |tail: &[u8]| std::str::from_utf8(tail).is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none());
    (1..=3.min(run.len())).find(|&length| is_begun(&run[run.len() - length..])).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::run_length;

    proptest! {
        #[test]
        fn a_run_ends_at_the_first_byte_that_is_not_plain(
            run in prop::collection::vec(prop_oneof![b' '..=b'!', b'#'..=b'[', b']'..=u8::MAX], 0..700),
            end in prop_oneof![0..b' ', Just(b'"'), Just(b'\\')],
            behind in prop::collection::vec(any::<u8>(), 0..20),
        ) {
            prop_assert_eq!(run_length(&run), run.len());
            prop_assert_eq!(run_length(&[&run[..], &[end], &behind].concat()), run.len());
        }
    }
}
