//! `kernelcheck replay`: plays a reproducer again, and says whether its finding is still there.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use harness::oracle::Kind;
use harness::session::run::{Part, ProfileChoice};
use harness::spec::select::Selection;
use harness::trace::for_each_record;
use reports::Run;
use reports::reproducer::{Answers, Collector, Kernel, Outcome, Reproducer, VERSION, compare, differing_steps};
use reports::run::Finding;
use reports::text::clean;

use crate::args::Common;
use crate::commands::run::{Chosen, Ended, Playing, RunArgs, positive};
use crate::config::{InterruptMode, Transport, Wire};
use crate::input::read_at_most;
use crate::judge::{Judge, load_spec};
use crate::out_dir::{OutDir, write_whole};
use crate::output;
use crate::usage::{NO_VERDICT, Usage};

/// Where the trace goes if nothing else is said.
const OUT: &str = "kernelcheck-replay";
/// The largest file that is read, in bytes.
const LARGEST: u64 = 256 << 20;

/// Play a reproducer again: reproduced, different or gone
///
/// The kernel is the kernelspec that the file names, or another that is given here. A command is run only if it is given here:
/// a file may be anybody's. Ends with 0 if the finding is gone, 1 if it (or something like it) is there, and 3 if that is a lockup or crash.
///
/// With --export nothing is played: a script is written that does it by itself, for somebody who has no kernelcheck. It needs Python and
/// pyzmq alone, starts the kernel of the file (or the one given here, or on its own command line), prints each message, and ends with 1 if the
/// deviation shows, 0 if it is gone, 2 if it could not be played, and 3 where people have to look.
#[derive(Debug, Args)]
#[command(
    override_usage = "kernelcheck replay [OPTIONS] FILE [KERNEL]\n       kernelcheck replay [OPTIONS] FILE -- COMMAND… {connection_file}\n       kernelcheck replay FILE --export python [--out SCRIPT] [KERNEL]"
)]
pub(crate) struct ReplayArgs {
    #[command(flatten)]
    again: AgainArgs,
    /// Write a script that plays it by itself, in this language: into the file of --out [default: stdout]
    #[arg(long, value_name = "LANGUAGE", conflicts_with_all = ["wire", "deadline_scale"])]
    export: Option<Language>,
}

/// A reproducer, and what it is played on.
#[derive(Debug, Args)]
pub(crate) struct AgainArgs {
    /// The reproducer, as a run wrote it into its directory
    pub(crate) file: PathBuf,
    /// Name of a kernelspec, or the path of its directory [default: the one that the file names]
    #[arg(group = "target")]
    kernel: Option<String>,
    /// A kernel's program and arguments; {connection_file} stands for the path of the connection file
    #[arg(last = true, value_name = "COMMAND", group = "target")]
    command: Vec<String>,
    /// For traces and reproducers of what it shows; those of an earlier time are replaced [default: kernelcheck-COMMAND]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Whose ZeroMQ is spoken [default: as when it was found]
    #[arg(long)]
    wire: Option<Wire>,
    /// Multiplies every deadline [default: 1]
    #[arg(long, value_name = "X", value_parser = positive)]
    deadline_scale: Option<f64>,
}

/// What scripts are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// Python, with pyzmq.
    Python,
}

/// Plays it and tells how it came out.
pub(crate) fn replay(args: ReplayArgs, common: &Common) -> anyhow::Result<u8> {
    let ReplayArgs { again: args, export: language } = args;
    let reproducer = read(&args.file)?;
    if let Some(Language::Python) = language {
        return export(args, &reproducer);
    }
    let spec = Arc::new(load_spec(common.specs.as_deref())?.without_prose());
    let selection = Selection::new(&[], &[], &spec).map_err(|error| Usage::error(error.to_string()))?;
    let run_args = as_run(args, &reproducer, OUT)?;
    let chosen = Chosen::of(&run_args)?;
    let out = OutDir::for_run(run_args.out())?;
    let playing = Playing {
        args: &run_args,
        common,
        spec: &spec,
        selection: &selection,
        chosen: &chosen,
        profile: ProfileChoice::None,
        parts: vec![Part::Plan(Arc::new(reproducer.plan.clone()))],
        judges: vec![Judge::new(&spec, &selection)?],
        seed: reproducer.seed,
        out: &out,
    };
    let Ended { run, traces, .. } = playing.play()?;
    if !run.troubles.is_empty() {
        let troubles: Vec<String> = run.troubles.iter().map(|trouble| clean(&trouble.text)).collect();
        output::print(&format!("no verdict: {}\n", troubles.join("; ")))?;
        return Ok(NO_VERDICT);
    }
    let (outcome, findings) = compare(&reproducer.finding, &run);
    let answers = match (outcome, traces.first()) {
        (Outcome::Gone | Outcome::Different, Some((_, path))) => Some(answers(&reproducer, path)?),
        _ => None,
    };
    output::print(&told(&reproducer, outcome, &findings, answers.as_ref(), &run, &out))?;
    Ok(exit_code(outcome, &findings))
}

/// Writes the script that plays it by itself.
fn export(args: AgainArgs, reproducer: &Reproducer) -> anyhow::Result<u8> {
    let kernel = match (args.kernel, args.command) {
        (Some(name), _) => Kernel::Kernelspec(name),
        (None, command) if !command.is_empty() => Kernel::Command(command),
        _ => reproducer.kernel.clone(),
    };
    let script = reports::export::python(reproducer, &kernel)
        .map_err(|error| Usage::error(format!("{} can't be exported: {error}", args.file.display())))?;
    match args.out {
        Some(path) => write_whole(&path, &script)?,
        None => output::print(&script)?,
    }
    Ok(0)
}

/// A reproducer that this version can play.
pub(crate) fn read(path: &Path) -> anyhow::Result<Reproducer> {
    let refuse = |what: String| Usage::error(format!("{} can't be replayed: {what}", path.display()));
    let text = read_at_most(path, LARGEST).map_err(refuse)?;
    let reproducer: Reproducer =
        serde_json::from_str(&text).map_err(|error| refuse(format!("it is no reproducer that this version knows: {error}")))?;
    if reproducer.reproducer != VERSION {
        return Err(refuse(format!("its version is {}, and this program knows {VERSION}", reproducer.reproducer)));
    }
    reproducer.plan.check().map_err(refuse)?;
    Ok(reproducer)
}

/// The options of a run on the kernel that is meant; its results go to `usual_out` if nothing else is said.
pub(crate) fn as_run(args: AgainArgs, reproducer: &Reproducer, usual_out: &str) -> anyhow::Result<RunArgs> {
    let mut run = RunArgs {
        kernel: args.kernel,
        command: args.command,
        out: Some(args.out.unwrap_or_else(|| PathBuf::from(usual_out))),
        deadline_scale: args.deadline_scale,
        wire: args.wire.or((reproducer.wire == "zmtp").then_some(Wire::Zmtp)),
        transport: (reproducer.transport == "ipc").then_some(Transport::Ipc),
        ..RunArgs::default()
    };
    if run.kernel.is_some() || !run.command.is_empty() {
        return Ok(run);
    }
    match &reproducer.kernel {
        Kernel::Kernelspec(name) => run.kernel = Some(name.clone()),
        Kernel::Reference => {}
        Kernel::Command(argv) => {
            return Err(Usage::error(format!(
                "{} was found on a kernel that was started by `{}`: give that, or another, after `--`",
                args.file.display(),
                clean(&argv.join(" "))
            )));
        }
    }
    if reproducer.interrupt_mode == "message" {
        run.interrupt_mode = Some(InterruptMode::Message);
    }
    Ok(run)
}

/// What came for each step this time.
fn answers(reproducer: &Reproducer, path: &Path) -> anyhow::Result<Answers> {
    let mut collector = Collector::new([(reproducer.plan.scenario.clone(), vec![u64::MAX])]);
    for_each_record(path, |record, line| collector.observe(&record, line))?;
    Ok(collector.last().map(|found| found.answers).unwrap_or_default())
}

fn told(reproducer: &Reproducer, outcome: Outcome, findings: &[&Finding], answers: Option<&Answers>, run: &Run, out: &OutDir) -> String {
    let expected = &reproducer.finding;
    let mut text = format!("{}: {}: {}\n", outcome.name(), expected.rule, clean(&expected.title));
    for finding in findings {
        let again = if outcome == Outcome::Reproduced { "seen again" } else { "now" };
        let place = format!("{}/{}", out.path().display(), finding.trace);
        text.push_str(&format!("  {again}: {} {} ({place})\n", finding.rule, clean(&finding.title)));
    }
    for (step, before, now) in answers.map(|now| differing_steps(&reproducer.answers, now)).unwrap_or_default() {
        let list = |answers: &[String]| if answers.is_empty() { "nothing else".to_owned() } else { clean(&answers.join(", ")) };
        text.push_str(&format!("  step {}: it was {}; now it is {}\n", clean(&step), list(&before), list(&now)));
    }
    let then =
        format!("found on {}, replayed on {} {}", reproducer.implementation, run.target.implementation, run.target.implementation_version);
    text.push_str(&format!("  {}\n", clean(&then)));
    text
}

fn exit_code(outcome: Outcome, findings: &[&Finding]) -> u8 {
    match outcome {
        Outcome::Gone => 0,
        _ if findings.iter().any(|finding| finding.kind != Kind::Deviation) => 3,
        _ => 1,
    }
}
