//! What stdout and stderr are: a terminal, how wide, and whether to colour.

use std::io::IsTerminal;

use crate::args::Color;

/// Columns where there is no terminal, or it does not say.
const WIDTH: usize = 100;
/// Fewer columns than these are no longer readable; lines are then left to the terminal.
const NARROWEST: usize = 40;

/// Columns of stdout.
pub(crate) fn width() -> usize {
    let stdout = std::io::stdout();
    let size = rustix::termios::tcgetwinsize(&stdout).ok().filter(|size| size.ws_col > 0);
    size.map_or(WIDTH, |size| usize::from(size.ws_col)).max(NARROWEST)
}

/// Whether to colour stdout. `NO_COLOR` is heard where nothing was said on the command line.
pub(crate) fn colour(color: Color) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
            std::io::stdout().is_terminal() && !unwanted && !dumb
        }
    }
}
