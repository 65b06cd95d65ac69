//! Numbers: kept as spelled, and held against the grammar.

use compact_str::CompactString;

use super::scan::{Scanner, Stop};
use super::{Json, ProblemKind};

impl Scanner<'_> {
    /// Reads a run of number characters, whether or not the grammar allows their order.
    pub(super) fn number(&mut self) -> Result<Json, Stop> {
        let start = self.at;
        let rest = &self.bytes[start..];
        let in_number = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let length = rest.iter().position(|byte| !in_number(byte)).unwrap_or(rest.len());
        let spelling = CompactString::from_utf8_lossy(&rest[..length]);
        let ends_well = spelling.ends_with(|last: char| last.is_ascii_digit());
        // Where the text breaks off in a container, more digits may have been meant.
        if length == rest.len() && !(ends_well && self.stack.depth() == 0) {
            return Err(self.stop(ProblemKind::Truncated));
        }
        self.at += length;
        if !is_number(spelling.as_bytes()) {
            self.note(ProblemKind::NotJson, start);
        }
        Ok(Json::Number(spelling))
    }
}

/// Whether this is a number by the grammar of RFC 8259, section 6.
fn is_number(spelling: &[u8]) -> bool {
    let unsigned = spelling.strip_prefix(b"-").unwrap_or(spelling);
    let (whole, rest) = split_digits(unsigned);
    if whole.is_empty() || (whole.len() > 1 && whole[0] == b'0') {
        return false;
    }
    let rest = match rest.strip_prefix(b".") {
        Some(rest) => match split_digits(rest) {
            ([], _) => return false,
            (_, rest) => rest,
        },
        None => rest,
    };
    let [b'e' | b'E', exponent @ ..] = rest else {
        return rest.is_empty();
    };
    let exponent = exponent.strip_prefix(b"+").or(exponent.strip_prefix(b"-")).unwrap_or(exponent);
    let (digits, rest) = split_digits(exponent);
    !digits.is_empty() && rest.is_empty()
}

fn split_digits(bytes: &[u8]) -> (&[u8], &[u8]) {
    bytes.split_at(bytes.iter().take_while(|byte| byte.is_ascii_digit()).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_that_of_the_standard() {
        for spelling in ["0", "-0", "10", "1.5", "-1.50", "1e5", "1E+05", "0.1e-9", "1e999"] {
            assert!(is_number(spelling.as_bytes()), "{spelling}");
        }
        for spelling in ["", "-", "+1", "01", "-01", ".5", "1.", "1.e5", "1e", "1e+", "1-2", "1.2.3", "1e5.0"] {
            assert!(!is_number(spelling.as_bytes()), "{spelling}");
        }
    }
}
