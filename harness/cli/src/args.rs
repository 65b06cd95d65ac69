//! The command line as clap reads it. Options that `kernelcheck.toml` may give are optional here; [`crate::config`] fills them.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use serde::Deserialize;

use crate::commands::explain::ExplainArgs;
use crate::commands::fixture_kernel::FixtureKernelArgs;
use crate::commands::fuzz::FuzzArgs;
use crate::commands::judge::JudgeArgs;
use crate::commands::kernels::KernelsArgs;
use crate::commands::list::ListArgs;
use crate::commands::replay::ReplayArgs;
use crate::commands::run::RunArgs;
use crate::commands::schema::SchemaArgs;
use crate::commands::selftest::SelftestArgs;
use crate::commands::shrink::ShrinkArgs;

const AFTER_HELP: &str = "\
Exit codes:
  0  the kernel conforms
  1  it deviates from the protocol (with --strict also: there are warnings), or an entry
     of the baseline no longer shows
  2  the command line, or a file that it names, is wrong; nothing was run
  3  the kernel locked up or crashed
  4  no verdict: the kernel could not be started, nothing was exercised, the run was
     cancelled, or kernelcheck itself failed
The worst wins: 4, 3, 1, 0.

Every option can stand in kernelcheck.toml in the working directory; `kernelcheck schema config` describes it.";

/// Tells whether a Jupyter kernel keeps the messaging protocol.
#[derive(Debug, Parser)]
#[command(name = "kernelcheck", version, after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) common: Common,
}

impl Cli {
    /// Reads the arguments; ends the process on `--help`, `--version` and mistakes.
    ///
    /// `jupyter kernelcheck` runs `jupyter-kernelcheck`, which is a second name of this program.
    pub(crate) fn of(arguments: Vec<OsString>) -> Self {
        let called = std::path::Path::new(arguments.first().map_or("".as_ref(), OsString::as_os_str)).file_stem();
        let mut command = Self::command();
        if called.is_some_and(|name| name == "jupyter-kernelcheck") {
            command = command.bin_name("jupyter kernelcheck");
        }
        let matches = command.get_matches_from(arguments);
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(Box<RunArgs>),
    Fuzz(Box<FuzzArgs>),
    Judge(JudgeArgs),
    Replay(ReplayArgs),
    Shrink(ShrinkArgs),
    List(ListArgs),
    Explain(ExplainArgs),
    Kernels(KernelsArgs),
    Schema(SchemaArgs),
    Selftest(SelftestArgs),
    #[command(hide = true)]
    FixtureKernel(FixtureKernelArgs),
}

/// Options of all commands.
#[derive(Debug, Args, Default)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Common {
    /// Say more: list what is otherwise only counted
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// Say nothing while it goes on
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Colour the output [default: auto]
    #[arg(long, global = true, value_name = "WHEN")]
    pub(crate) color: Option<Color>,
    /// A directory of messages, rules, scenarios and profiles in place of the built-in ones
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) specs: Option<PathBuf>,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Which rules and scenarios it is about.
#[derive(Debug, Args, Default)]
pub(crate) struct Selecting {
    /// Only rules and scenarios whose id, name or group matches; `*` and `?` stand for any text and any character
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    pub(crate) select: Vec<String>,
    /// All but these
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    pub(crate) skip: Vec<String>,
}

/// What is known of the kernel already.
#[derive(Debug, Args, Default)]
pub(crate) struct Knowing {
    /// Known deviations, each with its reason: they don't fail, and an entry that no longer shows does. At most 3 entries may have
    /// wildcards, which cover at most 5 findings each and no lockup or crash; `kernelcheck explain baseline` tells the rest
    #[arg(long, value_name = "FILE", conflicts_with = "write_baseline")]
    pub(crate) baseline: Option<PathBuf>,
    /// Write what shows now into FILE, for --baseline; reasons that stand there already stay
    #[arg(long, value_name = "FILE")]
    pub(crate) write_baseline: Option<PathBuf>,
}

/// How the outcome is told.
#[derive(Debug, Args, Default)]
pub(crate) struct Reporting {
    /// The first goes to stdout, each into DIR [default: text]
    #[arg(long, value_name = "FORMAT", value_delimiter = ',')]
    pub(crate) format: Vec<Format>,
    /// Warnings fail
    #[arg(long)]
    pub(crate) strict: bool,
}

impl Reporting {
    /// The formats, each once; text if none was asked for.
    pub(crate) fn formats(&self) -> Vec<Format> {
        let mut formats = Vec::new();
        for format in &self.format {
            if !formats.contains(format) {
                formats.push(*format);
            }
        }
        if formats.is_empty() { vec![Format::Text] } else { formats }
    }
}

/// A format of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// For people (report.txt)
    Text,
    /// For programs (results.json); always written into DIR
    Json,
    /// For continuous integration (junit.xml)
    Junit,
}
