//! Colours, and texts that a kernel wrote made harmless for a terminal.

use anstyle::{AnsiColor, Style};
use harness::oracle::{Kind, Verdict};

/// Whether to colour.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint(pub(super) bool);

impl Paint {
    pub(super) fn strong(self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }

    pub(super) fn faint(self, text: &str) -> String {
        self.with(Style::new().dimmed(), text)
    }

    /// In the colour of an exit code.
    pub(super) fn outcome(self, exit_code: u8, text: &str) -> String {
        let colour = match exit_code {
            0 => AnsiColor::Green,
            4 => AnsiColor::Yellow,
            _ => AnsiColor::Red,
        };
        self.with(colour.on_default().bold(), text)
    }

    /// In the colour of a finding.
    pub(super) fn finding(self, kind: Kind, verdict: Verdict, text: &str) -> String {
        let colour = match (kind, verdict) {
            (Kind::Lockup | Kind::Crash, _) => AnsiColor::Magenta,
            (Kind::Deviation, Verdict::Warn) => AnsiColor::Yellow,
            (Kind::Deviation, _) => AnsiColor::Red,
        };
        self.with(colour.on_default().bold(), text)
    }

    fn with(self, style: Style, text: &str) -> String {
        if self.0 { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

/// A text without control characters, which could move a terminal's cursor or change its title; they are spelled out.
#[must_use]
pub fn clean(text: &str) -> String {
    let harmful = |character: char| character.is_control() && character != '\n';
    if !text.contains(harmful) {
        return text.to_owned();
    }
    text.chars().map(|one| if harmful(one) { one.escape_default().to_string() } else { one.to_string() }).collect()
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn control_characters_are_spelled_out() {
        assert_eq!(clean("a\u{1b}[2Jb\nc\td\u{9b}"), "a\\u{1b}[2Jb\nc\\td\\u{9b}");
        assert_eq!(clean("ünï…"), "ünï…");
    }
}
