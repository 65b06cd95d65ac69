//! Texts of many megabytes, compared piece by piece with what was wanted and never put together.

use std::cell::RefCell;

use foldhash::HashMap;

use crate::wire::Text;

/// Bytes of the stretch that a repeated text is compared by.
const STRETCH: usize = 4096;

/// A text that is wanted: some text, many times over, and an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LongText {
    /// The text, so often that it is worth a comparison.
    stretch: String,
    stretches: usize,
    /// What is left of the repetitions, and the end.
    rest: String,
}

/// How a text in pieces is like the one that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Likeness {
    /// They are the same.
    Same,
    /// It is only the begin of it.
    Begin,
    /// It begins with it, and goes on.
    More,
    /// They part.
    Other,
}

/// The comparisons that were made for one episode: many megabytes are gone through once for all rules.
#[derive(Debug, Default)]
pub(super) struct Comparisons(RefCell<HashMap<Compared, Likeness>>);

/// What was compared with the text that its plan wants.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Compared {
    /// The message that made the request.
    pub(super) sent: usize,
    /// The name of the stream.
    pub(super) stream: &'static str,
    /// The messages whose texts were put together.
    pub(super) pieces: Vec<usize>,
}

impl Comparisons {
    /// What was found when this was compared before, or `compare` finds now.
    pub(super) fn of(&self, compared: Compared, compare: impl FnOnce() -> Likeness) -> Likeness {
        *self.0.borrow_mut().entry(compared).or_insert_with(compare)
    }
}

impl From<String> for LongText {
    fn from(text: String) -> Self {
        Self { stretch: String::new(), stretches: 0, rest: text }
    }
}

impl LongText {
    /// `text` so many times, and then `then`.
    pub(super) fn repeated(text: &str, times: usize, then: &str) -> Self {
        let at_once = (STRETCH / text.len().max(1)).max(1);
        Self { stretch: text.repeat(at_once), stretches: times / at_once, rest: text.repeat(times % at_once) + then }
    }

    /// Compares it with a text in pieces.
    pub(super) fn compare(&self, found: impl Iterator<Item = impl AsRef<str>>) -> Likeness {
        let mut wanted = self.pieces();
        let mut left: &[u8] = b"";
        for piece in found {
            let mut piece = piece.as_ref().as_bytes();
            while !piece.is_empty() {
                if left.is_empty() {
                    let Some(next) = wanted.next() else { return Likeness::More };
                    left = next.as_bytes();
                    continue;
                }
                let both = piece.len().min(left.len());
                if piece[..both] != left[..both] {
                    return Likeness::Other;
                }
                (piece, left) = (&piece[both..], &left[both..]);
            }
        }
        if left.is_empty() && wanted.all(str::is_empty) { Likeness::Same } else { Likeness::Begin }
    }

    /// Whether there is nothing of it.
    pub(super) fn is_empty(&self) -> bool {
        self.pieces().all(str::is_empty)
    }

    /// Whether it has more bytes than that.
    pub(super) fn is_longer_than(&self, bytes: usize) -> bool {
        self.stretch.len().saturating_mul(self.stretches).saturating_add(self.rest.len()) > bytes
    }

    /// How many characters it has.
    pub(super) fn characters(&self) -> usize {
        self.stretch.chars().count() * self.stretches + self.rest.chars().count()
    }

    /// All of it.
    pub(super) fn to_text(&self) -> String {
        self.pieces().collect()
    }

    fn pieces(&self) -> impl Iterator<Item = &str> {
        std::iter::repeat_n(self.stretch.as_str(), self.stretches).chain([self.rest.as_str()])
    }
}

/// Whether a text holds these lines, whole.
pub(super) fn has_lines(text: &Text, lines: &str) -> bool {
    let begun = format!("\n{lines}");
    let goes_on_well = |rest: &str| rest.starts_with(['\r', '\n']);
    if let Some(held) = text.held() {
        let ends_well = |rest: &str| rest.is_empty() || goes_on_well(rest);
        return held.strip_prefix(lines).is_some_and(ends_well) || has_before(held, &begun, ends_well);
    }
    // An end of a line before it and one behind it stand for its own begin and end.
    let mut rest = "\n".to_owned();
    text.pieces().chain(std::iter::once("\n".into())).any(|piece| {
        rest.push_str(&piece);
        let found = has_before(&rest, &begun, goes_on_well);
        rest.drain(..rest.floor_char_boundary(rest.len().saturating_sub(begun.len())));
        found
    })
}

/// Whether a line's begin stands in a text somewhere, and what follows it is as wanted.
fn has_before(text: &str, begun: &str, is_wanted: impl Fn(&str) -> bool) -> bool {
    let mut from = 0;
    while let Some(at) = text[from..].find(begun).map(|at| from + at) {
        if is_wanted(&text[at + begun.len()..]) {
            return true;
        }
        // It may stand again in itself; it begins with one byte.
        from = at + 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Json, Limits, Spool, View, json};

    fn like(wanted: &LongText, found: &[&str]) -> Likeness {
        wanted.compare(found.iter().copied())
    }

    #[test]
    fn pieces_need_not_fall_together() {
        let wanted = LongText::repeated("ab", 5000, "\n");
        let text = "ab".repeat(5000) + "\n";
        assert_eq!((wanted.to_text(), wanted.characters()), (text.clone(), text.len()));
        for cut in [0, 1, 4095, 4096, 4097, text.len()] {
            let (head, tail) = text.split_at(cut);
            assert_eq!(like(&wanted, &[head, "", tail]), Likeness::Same, "cut at {cut}");
        }
    }

    #[test]
    fn what_is_missing_differs_from_what_is_wrong() {
        let wanted = LongText::repeated("x", 9000, "end");
        assert_eq!(like(&wanted, &[]), Likeness::Begin);
        assert_eq!(like(&wanted, &[&"x".repeat(9000), "en"]), Likeness::Begin);
        assert_eq!(like(&wanted, &[&"x".repeat(9000), "end", "x"]), Likeness::More);
        assert_eq!(like(&wanted, &[&"x".repeat(8999), "end"]), Likeness::Other);
    }

    #[test]
    fn nothing_is_wanted_and_nothing_came() {
        assert_eq!(like(&LongText::from(String::new()), &["", ""]), Likeness::Same);
        assert_eq!(like(&LongText::repeated("", 7, ""), &[]), Likeness::Same);
        assert_eq!(like(&LongText::from(String::new()), &["x"]), Likeness::More);
    }

    /// The same text held, and in a spool.
    fn texts(text: &str) -> [Text; 2] {
        let json = Json::String(text.into()).to_string();
        let spooled = json::parse(View::Spooled(&Spool::of_bytes(json.into_bytes(), 16)), &Limits::default()).value;
        [Some(Json::String(text.into())), spooled].map(|value| value.and_then(|value| value.as_text().cloned()).expect("a string"))
    }

    #[test]
    fn lines_are_whole_wherever_a_piece_ends() {
        for before in 1..40 {
            let (head, tail) = ("é".repeat(before), "x".repeat(30));
            for text in texts(&format!("{head}\none\ntwo\r\n{tail}\nlast")) {
                for lines in ["one", "one\ntwo", "two", "last", &head, &tail] {
                    assert!(has_lines(&text, lines), "{lines:?} after {before}");
                }
                for lines in ["on", "ne", "wo\r", "one\ntw", "astl", "las", "x"] {
                    assert!(!has_lines(&text, lines), "{lines:?} after {before}");
                }
            }
        }
    }

    #[test]
    fn a_spooled_text_is_compared_like_any() {
        let wanted = LongText::repeated("ab", 5000, "\n");
        for (text, likeness) in
            [("ab".repeat(5000) + "\n", Likeness::Same), ("ab".repeat(5000), Likeness::Begin), ("ab\n".repeat(99), Likeness::Other)]
        {
            texts(&text).iter().for_each(|text| assert_eq!(wanted.compare(text.pieces()), likeness));
        }
    }
}
