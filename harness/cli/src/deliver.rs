//! Delivers a run in the wanted formats: the first on stdout, each as a file of the directory.

use reports::text::Look;
use reports::{Run, json, junit, text};

use crate::args::{Common, Format, Reporting};
use crate::out_dir::{JUNIT, OutDir, RESULTS, TEXT};
use crate::{output, terminal};

/// What of a run is told only where it is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Told {
    /// Where the time went.
    pub(crate) timings: bool,
    /// What the profile lacks.
    pub(crate) profile: bool,
}

/// Writes the files, then stdout, and gives the exit code.
pub(crate) fn deliver(run: &Run, reporting: &Reporting, common: &Common, told: Told, out: Option<&OutDir>) -> anyhow::Result<u8> {
    let Told { timings, profile } = told;
    let formats = reporting.formats();
    if let Some(out) = out {
        // What is there to be read by programs is there whatever else was asked for.
        out.write(RESULTS, &json::render(run))?;
        for format in formats.iter().filter(|format| **format != Format::Json) {
            out.write(
                file_name(*format),
                &rendered(*format, run, reporting, &Look { verbose: common.verbose, timings, profile, ..Look::default() })?,
            )?;
        }
    }
    let traces_in = out.map_or_else(String::new, |out| format!("{}/", out.path().display()));
    let colour = terminal::colour(common.color.unwrap_or_default());
    let look = Look { width: terminal::width(), colour, verbose: common.verbose, timings, profile, traces_in };
    if let Some(first) = formats.first() {
        output::print(&rendered(*first, run, reporting, &look)?)?;
    }
    Ok(run.exit_code)
}

fn file_name(format: Format) -> &'static str {
    match format {
        Format::Text => TEXT,
        Format::Json => RESULTS,
        Format::Junit => JUNIT,
    }
}

fn rendered(format: Format, run: &Run, reporting: &Reporting, look: &Look) -> anyhow::Result<String> {
    Ok(match format {
        Format::Text => text::render(run, look),
        Format::Json => json::render(run),
        Format::Junit => junit::render(run, reporting.strict)?,
    })
}
