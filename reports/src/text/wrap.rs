//! Text in a width: sentences are broken between words, lines of a trace are cut.

/// Breaks a text between words so that each line has at most `width` characters; a longer word stands alone on its line.
/// Line ends of the text stay. Ends with a line end.
#[must_use]
pub fn wrapped(text: &str, width: usize, first: &str, others: &str) -> String {
    let mut lines = String::new();
    for paragraph in text.lines() {
        let mut line = if lines.is_empty() { first } else { others }.to_owned();
        let mut empty = true;
        for word in paragraph.split_whitespace() {
            if !empty && count(&line) + 1 + count(word) > width {
                lines.push_str(&line);
                lines.push('\n');
                others.clone_into(&mut line);
                empty = true;
            }
            if !empty {
                line.push(' ');
            }
            line.push_str(word);
            empty = false;
        }
        lines.push_str(line.trim_end());
        lines.push('\n');
    }
    lines
}

/// Cuts a line at a width, and says so with `…`.
pub(super) fn cut(line: &str, width: usize) -> String {
    if count(line) <= width {
        return line.to_owned();
    }
    let kept: String = line.chars().take(width.saturating_sub(1)).collect();
    format!("{kept}…")
}

fn count(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::{cut, wrapped};

    #[test]
    fn sentences_break_between_words() {
        assert_eq!(wrapped("one two three four", 11, "- ", "  "), "- one two\n  three\n  four\n");
        assert_eq!(wrapped("one\n\nextraordinarily two", 8, "", ""), "one\n\nextraordinarily\ntwo\n");
    }

    #[test]
    fn lines_are_cut_at_characters() {
        assert_eq!(cut("äöüß", 4), "äöüß");
        assert_eq!(cut("äöüßx", 4), "äöü…");
    }
}
