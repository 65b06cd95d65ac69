//! How progress reaches people, on stderr: one moving line on a terminal, plain lines elsewhere, nothing with `--quiet`.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use reports::text::clean;

/// How often the moving line is drawn anew where nothing happens.
const TICK: Duration = Duration::from_millis(200);

/// Where it goes.
pub(crate) enum Way {
    Silent,
    Lines,
    Bar(ProgressBar),
}

impl Way {
    /// The moving line is drawn by an indicatif template, and counts up to `total`, where that is known.
    pub(crate) fn new(quiet: bool, total: Option<usize>, template: &str) -> Self {
        match (quiet, std::io::stderr().is_terminal()) {
            (true, _) => Self::Silent,
            (false, false) => Self::Lines,
            (false, true) => Self::Bar(bar(total, template)),
        }
    }

    /// Writes a line that stays.
    pub(crate) fn line(&self, text: &str) {
        match self {
            Self::Silent => {}
            Self::Bar(bar) => bar.println(clean(text)),
            // Progress that nobody can read any more is not missed.
            Self::Lines => drop(writeln!(std::io::stderr(), "{}", clean(text))),
        }
    }

    /// Ends the moving line.
    pub(crate) fn finish(self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

fn bar(total: Option<usize>, template: &str) -> ProgressBar {
    let bar = total.map_or_else(ProgressBar::new_spinner, |total| ProgressBar::new(total as u64));
    bar.set_style(ProgressStyle::with_template(template).expect("the template is right"));
    bar.set_message("starting the kernel");
    bar.enable_steady_tick(TICK);
    bar
}
