//! `kernelcheck shrink`: makes the plan of a reproducer as small as it gets.

use std::sync::Arc;
use std::time::Instant;

use ::fuzz::campaign::{Bucket, Budget, Found, Shown, Watch, look_for, reduce};
use anyhow::Context;
use clap::Args;
use harness::spec::select::Selection;
use reports::text::clean;

use crate::args::{Common, Reporting};
use crate::commands::fuzz::{Account, Report, stage};
use crate::commands::replay::{AgainArgs, as_run, read};
use crate::commands::run::{Chosen, runtime, signals};
use crate::deliver::{Told, deliver};
use crate::judge::load_spec;
use crate::out_dir::OutDir;
use crate::output;
use crate::usage::{NO_VERDICT, Usage};

/// Where the results go if nothing else is said.
const OUT: &str = "kernelcheck-shrink";

/// Make a reproducer smaller: as few steps, clients and fields as still show the finding
///
/// The kernel is chosen as by `kernelcheck replay`. The results are those of a run, with the smaller reproducer among them. Ends with 0 if
/// the finding is gone, else as a run does.
#[derive(Debug, Args)]
#[command(
    override_usage = "kernelcheck shrink [OPTIONS] FILE [KERNEL]\n       kernelcheck shrink [OPTIONS] FILE -- COMMAND… {connection_file}"
)]
pub(crate) struct ShrinkArgs {
    #[command(flatten)]
    again: AgainArgs,
    #[command(flatten)]
    reporting: Reporting,
}

/// Shrinks, and delivers the reports.
pub(crate) fn shrink(args: ShrinkArgs, common: &Common) -> anyhow::Result<u8> {
    let reproducer = read(&args.again.file)?;
    let spec = Arc::new(load_spec(common.specs.as_deref())?.without_prose());
    let selection = Selection::new(&[], &[], &spec).map_err(|error| Usage::error(error.to_string()))?;
    let mut run_args = as_run(args.again, &reproducer, OUT)?;
    run_args.reporting = args.reporting;
    let chosen = Chosen::of(&run_args)?;
    let out = OutDir::for_run(run_args.out())?;
    let runtime = runtime()?;
    let stage = stage(&run_args, &chosen, &spec, selection, &out, (reproducer.seed, &runtime))?;
    let expected = &reproducer.finding;
    let bucket = Bucket::new(&expected.rule, expected.kind, &expected.place);
    let found = look_for(&stage, &Arc::new(reproducer.plan.clone()), bucket).context("the kernel can't be played with")?;
    let Some(mut found) = found else {
        let outcome = if stage.is_cancelled() { "no verdict" } else { "gone" };
        output::print(&format!("{outcome}: {}: {}\n", expected.rule, clean(&expected.title)))?;
        return Ok(if stage.is_cancelled() { NO_VERDICT } else { 0 });
    };
    let began = Instant::now();
    reduce(&stage, &mut found, &Budget::usual(), &mut Looking { quiet: common.quiet })?;
    let mut account = Account::new(Vec::new());
    account.profile.clone_from(&reproducer.profile);
    (account.elapsed, account.found) = (began.elapsed(), vec![found]);
    account.cancelled = stage.is_cancelled();
    let report =
        Report { args: &run_args, common, chosen: &chosen, spec: &spec, selection: &stage.selection, seed: reproducer.seed, out: &out };
    let run = report.make(account)?;
    runtime.shutdown_background();
    deliver(&run, &run_args.reporting, common, Told::default(), Some(&out))
}

/// Tells how far it is.
struct Looking {
    quiet: bool,
}

impl Watch for Looking {
    fn played(&mut self, _: &Shown) {}

    fn smaller(&mut self, found: &Found) {
        if !self.quiet {
            signals::say(&format!("{} steps show it", found.plan.steps.len()));
        }
    }

    fn is_known(&self, _: &Bucket) -> bool {
        false
    }
}
