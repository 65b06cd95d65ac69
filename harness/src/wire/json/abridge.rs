//! A spooled text without its long strings, which is small enough to be held and read as any text.
//!
//! Whatever else the text is, a quote outside of a string begins one, or the reading ends there. So the strings can be told before
//! anything is read, and where the scanner comes upon one that was left out, it takes it as it lies in the spool.

use std::sync::Arc;

use super::inside::run_length;
use super::text::Long;
use super::{MAX_OF_KIND, ProblemKind, Text};
use crate::wire::Spool;

/// A text without its long strings.
pub(super) struct Abridged {
    pub(super) bytes: Vec<u8>,
    /// Those that were left out, in their order.
    pub(super) long: Vec<LeftOut>,
}

/// A string that was left out. Its quotes were not.
pub(super) struct LeftOut {
    /// Where the opening quote stands in what is left.
    pub(super) at: usize,
    /// How many bytes were left out.
    pub(super) bytes: usize,
    pub(super) text: Text,
    /// What is wrong in it, by its offsets in the whole text.
    pub(super) problems: Vec<(ProblemKind, usize)>,
    pub(super) is_closed: bool,
}

/// Where in the text a byte is.
enum Place {
    Outside,
    Inside {
        /// Where the opening quote stands in what is left.
        at: usize,
        /// Where the string begins in the whole text, behind that quote.
        start: usize,
        /// Whether the next byte belongs to an escape, whatever it is.
        is_escaped: bool,
        /// Whether it is left out.
        is_long: bool,
    },
}

impl Abridged {
    /// Leaves out the strings of a spool that are longer than a window.
    pub(super) fn of(spool: &Spool) -> Self {
        let mut abridged = Self { bytes: Vec::new(), long: Vec::new() };
        let (mut place, mut offset) = (Place::Outside, 0);
        for window in spool.windows() {
            abridged.take(spool, &window, offset, &mut place);
            offset += window.len();
        }
        if let Place::Inside { at, start, is_long: true, .. } = place {
            abridged.leave_out(spool, at, start..offset, false);
        }
        abridged
    }

    fn take(&mut self, spool: &Spool, window: &[u8], offset: usize, place: &mut Place) {
        let mut rest = window;
        while !rest.is_empty() {
            let here = offset + window.len() - rest.len();
            let length = match place {
                Place::Inside { is_escaped: true, .. } => 1,
                _ => rest.len().min(run_length(rest) + 1),
            };
            let (piece, behind) = rest.split_at(length);
            rest = behind;
            match place {
                Place::Outside => {
                    self.bytes.extend_from_slice(piece);
                    if piece.ends_with(b"\"") {
                        *place = Place::Inside { at: self.bytes.len() - 1, start: here + length, is_escaped: false, is_long: false };
                    }
                }
                Place::Inside { at, start, is_escaped, is_long } => {
                    let is_closed = !*is_escaped && piece.ends_with(b"\"");
                    *is_escaped = !*is_escaped && piece.ends_with(b"\\");
                    let end = here + length;
                    *is_long |= end - *start > spool.window();
                    match (*is_long, is_closed) {
                        (false, _) => self.bytes.extend_from_slice(piece),
                        (true, true) => self.leave_out(spool, *at, *start..end, true),
                        (true, false) => self.bytes.truncate(*at + 1),
                    }
                    if is_closed {
                        *place = Place::Outside;
                    }
                }
            }
        }
    }

    /// Leaves out a string of the spool, which stands at these bytes, its closing quote among them.
    fn leave_out(&mut self, spool: &Spool, at: usize, range: std::ops::Range<usize>, is_closed: bool) {
        self.bytes.truncate(at + 1);
        let mut bytes = range.len();
        if is_closed {
            self.bytes.push(b'"');
            bytes -= 1;
        }
        let mut problems: Vec<(ProblemKind, usize)> = Vec::new();
        let long = Long::read(spool, range, &mut |kind, offset| {
            if problems.iter().filter(|(known, _)| *known == kind).count() < MAX_OF_KIND {
                problems.push((kind, offset));
            }
        });
        self.long.push(LeftOut { at, bytes, text: Text::from(Arc::new(long)), problems, is_closed });
    }

    /// Where in the whole text a byte of what is left stands.
    pub(super) fn original(long: &[LeftOut], offset: usize) -> usize {
        offset + long.iter().take_while(|long| long.at < offset).map(|long| long.bytes).sum::<usize>()
    }
}
