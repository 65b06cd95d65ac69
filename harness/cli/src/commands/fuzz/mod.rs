//! `kernelcheck fuzz`: random traffic, judged as scripted traffic is, and the smallest plans of what it shows.

mod args;
mod report;
mod teller;

use std::sync::Arc;

use ::fuzz::campaign::{Ended, Stage, campaign, greet};
use ::fuzz::generate::Generator;
use anyhow::Context;
use harness::session::Cancel;
use harness::spec::Spec;
use harness::spec::select::Selection;
use tokio::runtime::Runtime;

pub(crate) use args::FuzzArgs;
pub(crate) use report::{Account, Report};
pub(crate) use teller::{Teller, told_of_lost};

use crate::args::Common;
use crate::commands::run::{Chosen, RunArgs, launcher, options, profile, runtime, signals};
use crate::config::Config;
use crate::deliver::{Told, deliver};
use crate::judge::load_spec;
use crate::out_dir::OutDir;
use crate::usage::Usage;

/// Searches, and delivers the reports.
pub(crate) fn fuzz(args: FuzzArgs, common: &Common) -> anyhow::Result<u8> {
    let limits = args.limits();
    let mut args = args.into_run();
    args.fill(&Config::of_working_directory()?)?;
    let spec = Arc::new(load_spec(common.specs.as_deref())?.without_prose());
    let selection = Selection::new(&args.selecting.select, &args.selecting.skip, &spec).map_err(|error| Usage::error(error.to_string()))?;
    let chosen = Chosen::of(&args)?;
    if chosen.is_joined() {
        return Err(Usage::error("fuzz starts kernels, many of them: --existing, or `existing` of kernelcheck.toml, is for `run`"));
    }
    let seed = args.seed.map_or_else(|| u64::from(fastrand::u32(..)), u64::from);
    let choice = profile::choose(args.profile.as_deref(), &spec)?;
    let out = OutDir::for_run(args.out())?;
    let runtime = runtime()?;
    let stage = stage(&args, &chosen, &spec, selection, &out, (seed, &runtime))?;
    let (about, first) = greet(&stage).context("the kernel can't be played with")?;
    let mut account = Account::new(first.traces);
    if let Some(about) = &about {
        let profile = choice.for_kernel(&spec, about);
        let generator = Generator::new(&spec, profile.as_deref(), &about.features, seed);
        let mut teller = Teller::new(common.quiet, about, limits);
        let ended = campaign(&stage, &generator, limits, &mut |news| teller.tell(&news));
        teller.finish();
        let Ended { found, lost, account: seen, status, trouble } = ended.context("the campaign failed")?;
        told_of_lost(&lost);
        account.profile = profile.map(|profile| profile.name.clone());
        (account.found, account.seen, account.elapsed, account.trouble) = (found, seen, status.elapsed, trouble);
    }
    account.cancelled = stage.is_cancelled();
    let report = Report { args: &args, common, chosen: &chosen, spec: &spec, selection: &stage.selection, seed, out: &out };
    let run = report.make(account)?;
    runtime.shutdown_background();
    deliver(&run, &args.reporting, common, Told::default(), Some(&out))
}

/// Where plans are played. The first signal ends it.
pub(crate) fn stage(
    args: &RunArgs,
    chosen: &Chosen,
    spec: &Arc<Spec>,
    selection: Selection,
    out: &OutDir,
    (seed, runtime): (u64, &Runtime),
) -> anyhow::Result<Stage> {
    let cancel = Cancel::new().context("cannot make a descriptor")?;
    signals::cancel_on_signal(runtime, cancel.clone())?;
    let options = options(args, chosen, out, seed, cancel, launcher(runtime)?);
    Ok(Stage { spec: Arc::clone(spec), selection, options, jobs: usize::from(args.jobs.unwrap_or(1)) })
}
