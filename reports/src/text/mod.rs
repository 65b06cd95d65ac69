//! The report for a maintainer at a terminal: the verdict and what it rests on, each finding with what to do about it, and the
//! account of all rules.

mod baseline;
mod finding;
mod lacking;
mod not_exercised;
mod paint;
mod process;
mod table;
mod timings;
mod verdict;
mod wrap;

pub use lacking::lacking;
pub use paint::clean;
pub use wrap::wrapped;

use crate::run::Run;
use paint::Paint;

/// How the report is to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Columns. Command lines alone may be longer: they are there to be copied.
    pub width: usize,
    /// Whether to colour.
    pub colour: bool,
    /// Whether to list what else is only counted.
    pub verbose: bool,
    /// Whether to tell where the time went.
    pub timings: bool,
    /// Whether to tell what the profile lacks.
    pub profile: bool,
    /// What is put before the names of traces, as `out/`, so that they can be opened from where the reader is.
    pub traces_in: String,
}

impl Default for Look {
    fn default() -> Self {
        Self { width: 100, colour: false, verbose: false, timings: false, profile: false, traces_in: String::new() }
    }
}

/// The whole report, with a line end.
#[must_use]
pub fn render(run: &Run, look: &Look) -> String {
    let paint = Paint(look.colour);
    let mut blocks = vec![verdict::block(run, look, paint)];
    blocks.extend(finding::blocks(run, look, paint));
    blocks.extend(baseline::blocks(run, look, paint));
    blocks.extend(unsupported(run, look));
    blocks.extend(profile(run, look));
    blocks.extend(not_exercised::block(run, look));
    blocks.extend(table::block(run, look, paint));
    blocks.extend(timings::block(run, look, paint));
    blocks.join("\n")
}

fn profile(run: &Run, look: &Look) -> Option<String> {
    let name = run.target.profile.as_ref().filter(|_| look.profile)?;
    Some(lacking(name, &run.lacking, look.width))
}

fn unsupported(run: &Run, look: &Look) -> Option<String> {
    let names = &run.target.unsupported;
    if names.is_empty() {
        return None;
    }
    let text = format!("Not supported, which the protocol permits: {}", names.join(", "));
    Some(wrapped(&clean(&text), look.width, "", "  "))
}
