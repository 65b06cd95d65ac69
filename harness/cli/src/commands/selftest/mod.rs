//! `kernelcheck selftest`: plays against kernels with seeded defects. Each defect must be noticed by the rule that it breaks and
//! by no unrelated one; the reference kernel, and its variants that are different and right, must give no finding.

mod matrix;
mod play;
mod subject;
mod tour;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use clap::Args;
use harness::session::Cancel;
use harness::spec::Spec;
use tokio::runtime::Runtime;

use crate::args::Common;
use crate::commands::run::{positive, signals};
use crate::judge::load_spec;
use crate::output::print;
use crate::usage::NO_VERDICT;
use matrix::Row;
use play::{Extent, Player};
use subject::Subject;

/// Play against kernels with seeded defects: which rules notice which, and which give false alarms
#[derive(Debug, Args)]
pub(crate) struct SelftestArgs {
    /// Only these: names of defects and variants, or `reference`; `+` between the names of variants that one kernel is to be at once
    names: Vec<String>,
    /// Play every scenario against each defect, not only a tour and what is for the rules that it breaks
    #[arg(long)]
    all: bool,
    /// Play only what is for the rule that each defect is made for, and more where that does not notice it
    #[arg(long, conflicts_with = "all")]
    quick: bool,
    /// Kernels at a time [default: twice the processors, since kernels are waited for]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Seed of all random choices
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u32,
    /// Multiplies every deadline; a locked-up kernel takes many of them
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = positive)]
    deadline_scale: f64,
    /// Keep the traces, in a directory for each
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Plays, prints the matrix, and gives 0 if all is as it must be, else 1.
pub(crate) fn selftest(args: &SelftestArgs, common: &Common) -> anyhow::Result<u8> {
    let spec = Arc::new(load_spec(common.specs.as_deref())?);
    let subjects = subject::chosen(&args.names)?;
    let runtime = Runtime::new().context("cannot start the runtime")?;
    let cancel = Cancel::new().context("cannot make a descriptor")?;
    signals::cancel_on_signal(&runtime, cancel.clone())?;
    let player = Player::new(&spec, &runtime, cancel.clone(), args)?;
    let rows = play_all(&player, &subjects, args.jobs(), &spec, common.quiet)?;
    runtime.shutdown_background();
    print(&matrix::text(&rows, common.verbose))?;
    if cancel.is_set() {
        signals::say("cancelled; not all was played");
        return Ok(NO_VERDICT);
    }
    Ok(u8::from(rows.iter().any(Row::is_wrong)))
}

/// Plays them on several threads, and gives the rows in the order of the subjects.
fn play_all(player: &Player, subjects: &[Subject], jobs: usize, spec: &Spec, quiet: bool) -> anyhow::Result<Vec<Row>> {
    let queue = Mutex::new(subjects.iter().enumerate());
    let work = || -> anyhow::Result<Vec<(usize, Row)>> {
        let mut rows = Vec::new();
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((index, subject)) = next.filter(|_| !player.cancel.is_set()) else { return Ok(rows) };
            let row = judged(player, subject, spec)?;
            if !quiet {
                signals::say(&format!("{}/{} {}", index + 1, subjects.len(), row.line()));
            }
            rows.push((index, row));
        }
    };
    let outcomes: Vec<anyhow::Result<Vec<(usize, Row)>>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..jobs.min(subjects.len())).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    let mut rows = Vec::new();
    for outcome in outcomes {
        rows.extend(outcome?);
    }
    rows.sort_by_key(|(index, _)| *index);
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

/// Plays against one kernel; once more, and longer, if it was missed in a short play.
fn judged(player: &Player, subject: &Subject, spec: &Spec) -> anyhow::Result<Row> {
    let row = |extent| anyhow::Ok(Row::new(subject.clone(), &player.play(subject, extent)?, spec));
    match player.extent {
        Extent::Rule => row(Extent::Rule).and_then(|short| if short.is_missed() { row(Extent::Tour) } else { Ok(short) }),
        extent => row(extent),
    }
}

impl SelftestArgs {
    fn extent(&self) -> Extent {
        match (self.all, self.quick) {
            (true, _) => Extent::All,
            (_, true) => Extent::Rule,
            (false, false) => Extent::Tour,
        }
    }

    fn jobs(&self) -> usize {
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        self.jobs.map_or_else(|| processors() * 2, usize::from)
    }
}
