//! `kernelcheck judge`: judges recorded traces again, without a kernel.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use harness::spec::Spec;
use harness::spec::select::Selection;
use harness::trace::{ReadError, for_each_record};
use reports::run::Environment;
use reports::{Ingredients, assemble};

use crate::args::{Common, Knowing, Reporting, Selecting};
use crate::baseline::Knowledge;
use crate::commands::run::{of_trace, tool};
use crate::config::Config;
use crate::deliver::{Told, deliver};
use crate::judge::{Judge, load_spec};
use crate::out_dir::OutDir;
use crate::usage::Usage;

/// Judge recorded traces again, offline
#[derive(Debug, Args)]
pub(crate) struct JudgeArgs {
    /// The traces of one run
    #[arg(required = true, value_name = "TRACE")]
    traces: Vec<PathBuf>,
    /// Also write the reports into DIR, which may be that of the traces
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    selecting: Selecting,
    #[command(flatten)]
    reporting: Reporting,
    #[command(flatten)]
    knowing: Knowing,
}

/// Judges the traces as those of one run.
pub(crate) fn judge(mut args: JudgeArgs, common: &Common) -> anyhow::Result<u8> {
    let config = Config::of_working_directory()?;
    args.selecting.fill(&config);
    args.reporting.fill(&config);
    args.knowing.fill(&config);
    let spec = load_spec(common.specs.as_deref())?;
    let selection = Selection::new(&args.selecting.select, &args.selecting.skip, &spec).map_err(|error| Usage::error(error.to_string()))?;
    let knowledge = Knowledge::of(&args.knowing, &args.selecting, &spec)?;
    let out = args.out.as_deref().map(OutDir::for_reports).transpose()?;
    let read = |path: &PathBuf| Ok((name_in(path, out.as_ref())?, judge_file(path, &spec, &selection)?));
    let (judged, observed) = Judge::finish(args.traces.iter().map(read))?;
    let environment = Environment {
        os: String::new(),
        cpus: 0,
        started: observed.started.clone(),
        seconds: observed.lasted.as_secs_f64(),
        seed: observed.seed.unwrap_or_default(),
        timings: None,
    };
    let target = &observed.target;
    let replay = of_trace(target.kernelspec.as_deref(), &target.command, environment.seed);
    let strict = args.reporting.strict;
    let lacking = Vec::new();
    let ingredients = Ingredients { tool: tool(common), spec: &spec, judged, observed: &observed, environment, replay, lacking, strict };
    let mut run = assemble(ingredients);
    knowledge.apply(&mut run, &observed, &spec, strict)?;
    deliver(&run, &args.reporting, common, Told::default(), out.as_ref())
}

fn judge_file(path: &Path, spec: &Spec, selection: &Selection) -> anyhow::Result<Judge> {
    let mut judge = Judge::new(spec, selection)?;
    for_each_record(path, |record, line| judge.observe(record, line)).map_err(|error: ReadError| Usage::error(error.to_string()))?;
    Ok(judge)
}

/// What reports call a trace: as it was given; where they are written to a directory, as seen from there.
fn name_in(path: &Path, out: Option<&OutDir>) -> anyhow::Result<String> {
    let Some(out) = out else { return Ok(path.display().to_string()) };
    let unreadable = || format!("cannot find {}", path.display());
    let path = std::fs::canonicalize(path).with_context(unreadable)?;
    let dir = std::fs::canonicalize(out.path())?;
    Ok(path.strip_prefix(&dir).unwrap_or(&path).display().to_string())
}
