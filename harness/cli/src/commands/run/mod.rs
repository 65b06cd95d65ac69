//! `kernelcheck run`: plays the scenarios against a kernel and judges what it does.

mod args;
pub(crate) mod profile;
mod replay;
pub(crate) mod signals;
mod target;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use harness::session::Cancel;
use harness::session::kernel::{Launcher, Reach};
use harness::session::run::{self as session, Part, ProfileChoice, Ran, RunOptions, Timings};
use harness::session::transport::Wire;
use harness::spec::Spec;
use harness::spec::lacking::{Lacking, lacking};
use harness::spec::select::Selection;
use harness::wire::TransportKind;
use reports::run::{Environment, Run, Tool};
use reports::timings::RunTimings;
use reports::{Ingredients, Observed, assemble};
use tokio::runtime::{Builder, Runtime};

pub(crate) use args::{RunArgs, positive};
pub(crate) use replay::{of_trace, replay as replay_line};

use crate::args::Common;
use crate::baseline::Knowledge;
use crate::commands::guard;
use crate::config::{Config, Transport};
use crate::deliver::{Told, deliver};
use crate::judge::{Judge, load_spec};
use crate::out_dir::OutDir;
use crate::progress::Teller;
use crate::reproducers;
use crate::usage::Usage;
pub(crate) use target::Chosen;

/// Plays, judges, and delivers the reports.
pub(crate) fn run(mut args: Box<RunArgs>, common: &Common) -> anyhow::Result<u8> {
    args.fill(&Config::of_working_directory()?)?;
    let spec = load_spec(common.specs.as_deref())?.without_prose();
    let selection = Selection::new(&args.selecting.select, &args.selecting.skip, &spec).map_err(|error| Usage::error(error.to_string()))?;
    let scenarios = scenarios(&spec, &selection)?;
    let chosen = Chosen::of(&args)?;
    let seed = args.seed.map_or_else(|| u64::from(fastrand::u32(..)), u64::from);
    let judges = judges(&args, &chosen, scenarios.len(), &spec, &selection)?;
    let spec = Arc::new(spec.without_checks());
    let profile = profile::choose(args.profile.as_deref(), &spec)?;
    let knowledge = Knowledge::of(&args.knowing, &args.selecting, &spec)?;
    // The last thing that may be wrong with the command line: from here on, an earlier run's results are gone.
    let out = OutDir::for_run(args.out())?;
    let parts = scenarios.into_iter().map(Part::Scenario).collect();
    let playing =
        Playing { args: &args, common, spec: &spec, selection: &selection, chosen: &chosen, profile, parts, judges, seed, out: &out };
    let Ended { mut run, observed, .. } = playing.play()?;
    knowledge.apply(&mut run, &observed, &spec, args.reporting.strict)?;
    let told = Told { timings: args.timings, profile: args.profile.is_some() };
    deliver(&run, &args.reporting, common, told, Some(&out))
}

/// What is to be played, with all that was chosen for it.
pub(crate) struct Playing<'a> {
    pub(crate) args: &'a RunArgs,
    pub(crate) common: &'a Common,
    pub(crate) spec: &'a Arc<Spec>,
    pub(crate) selection: &'a Selection,
    pub(crate) chosen: &'a Chosen,
    pub(crate) profile: ProfileChoice,
    pub(crate) parts: Vec<Part>,
    /// One for each kernel that is played with at a time.
    pub(crate) judges: Vec<Judge>,
    pub(crate) seed: u64,
    pub(crate) out: &'a OutDir,
}

/// What came of it.
pub(crate) struct Ended {
    pub(crate) run: Run,
    pub(crate) observed: Observed,
    /// The traces, by the names that reports call them.
    pub(crate) traces: Vec<(String, PathBuf)>,
}

impl Playing<'_> {
    /// Plays and judges; the reproducers of what was found are written.
    pub(crate) fn play(self) -> anyhow::Result<Ended> {
        let Self { args, common, spec, selection, chosen, profile, parts, judges, seed, out } = self;
        let given = match &profile {
            ProfileChoice::Given(profile) => Some(Arc::clone(profile)),
            ProfileChoice::Auto | ProfileChoice::None => None,
        };
        let runtime = runtime()?;
        let cancel = Cancel::new().context("cannot make a descriptor")?;
        signals::cancel_on_signal(&runtime, cancel.clone())?;
        let options = RunOptions { profile, parts, ..options(args, chosen, out, seed, cancel, launcher(&runtime)?) };
        let mut teller = Teller::new(options.parts.len(), common.quiet);
        let ran = session::run(&options, spec, judges, &mut |progress| teller.tell(&progress));
        teller.finish();
        let ran = ran.context("the run failed")?;
        if common.verbose {
            signals::say(&timings(&ran.timings));
        }
        let traces = ran.traces.iter().filter_map(|(path, _)| Some((path.file_name()?.to_string_lossy().into_owned(), path.clone())));
        let traces: Vec<(String, PathBuf)> = traces.collect();
        let used = given.as_deref().or_else(|| spec.profile(ran.profile.as_deref()?));
        let lacking = used.map(|profile| lacking(profile, spec, selection)).unwrap_or_default();
        let (mut run, observed) = outcome(ran, lacking, args, chosen, common, spec, seed)?;
        runtime.shutdown_background();
        reproducers::write(&mut run, &traces, &chosen.kernel(), out)?;
        Ok(Ended { run, observed, traces })
    }
}

/// The options of a run that plays nothing yet, and without a profile.
pub(crate) fn options(args: &RunArgs, chosen: &Chosen, out: &OutDir, seed: u64, cancel: Cancel, launcher: Launcher) -> RunOptions {
    RunOptions {
        profile: ProfileChoice::None,
        parts: Vec::new(),
        seed,
        out: out.path().to_owned(),
        fresh: args.fresh,
        confirm: true,
        reach: reach(args, chosen),
        wire: Wire::new(args.wire.map(Into::into).unwrap_or_default(), out.path()),
        wire_throughout: args.wire.is_some(),
        interrupt_mode: chosen.interrupt_mode,
        target: chosen.target.clone(),
        deadline_scale: args.deadline_scale(),
        cancel,
        launcher,
    }
}

/// What drains the kernels' output and waits for their ends: little work, for which one thread is enough.
pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().context("cannot start the runtime")
}

/// The selected scenarios, as indices.
fn scenarios(spec: &Spec, selection: &Selection) -> anyhow::Result<Vec<usize>> {
    let selected = spec.scenarios.iter().enumerate().filter(|(_, scenario)| selection.has_scenario(scenario));
    let scenarios: Vec<usize> = selected.map(|(index, _)| index).collect();
    if scenarios.is_empty() {
        return Err(Usage::error("nothing to play: --select and --skip leave no scenario; `kernelcheck list scenarios` lists all"));
    }
    Ok(scenarios)
}

/// One judge a kernel that is played with at a time.
fn judges(args: &RunArgs, chosen: &Chosen, scenarios: usize, spec: &Spec, selection: &Selection) -> anyhow::Result<Vec<Judge>> {
    let jobs = usize::from(args.jobs.unwrap_or(1)).min(scenarios);
    if jobs > 1 && chosen.is_joined() {
        return Err(Usage::error("--jobs wants several kernels, and --existing is one: leave one of them out"));
    }
    (0..jobs).map(|_| Judge::new(spec, selection)).collect()
}

fn reach(args: &RunArgs, chosen: &Chosen) -> Reach {
    let transport = match args.transport {
        Some(Transport::Ipc) => TransportKind::Ipc,
        Some(Transport::Tcp) | None => TransportKind::Tcp,
    };
    Reach { transport, kernel_name: chosen.kernelspec.clone(), ..Reach::default() }
}

/// Starts kernels behind guards, which are this program too.
pub(crate) fn launcher(runtime: &Runtime) -> anyhow::Result<Launcher> {
    let guard = std::env::current_exe().context("cannot find kernelcheck's own file")?;
    Ok(Launcher { guard, guard_args: vec![guard::NAME.to_owned()], runtime: runtime.handle().clone() })
}

/// Where the time went.
fn timings(timings: &Timings) -> String {
    let Timings { starting, waited, harness, kernels, messages } = *timings;
    let seconds = |time: Duration| format!("{:.2} s", time.as_secs_f64());
    let (starting, kernel, harness) = (seconds(starting), seconds(waited.total()), seconds(harness));
    format!("{starting} waiting for {kernels} kernels to start, {kernel} for them to answer, {harness} else; {messages} messages")
}

/// Makes the run as reports see it.
fn outcome(
    ran: Ran<Judge>,
    lacking: Vec<Lacking>,
    args: &RunArgs,
    chosen: &Chosen,
    common: &Common,
    spec: &Spec,
    seed: u64,
) -> anyhow::Result<(Run, Observed)> {
    let named = |(path, judge): (PathBuf, Judge)| {
        let name = path.file_name().context("a trace has a name")?;
        Ok((name.to_string_lossy().into_owned(), judge))
    };
    let (judged, mut observed) = Judge::finish(ran.traces.into_iter().map(named))?;
    if let Some(trouble) = ran.trouble.filter(|_| observed.troubles.is_empty()) {
        observed.trouble("run_ended", &trouble.to_string());
    }
    observed.target.profile = ran.profile;
    chosen.name(&mut observed.target);
    let timings = Some(RunTimings::of(&ran.timings, &ran.by_scenario));
    let environment = Environment { timings, ..environment(&observed, ran.wall, seed) };
    let replay = replay::replay(args, common, seed);
    if ran.cancelled {
        signals::say(&format!("cancelled; what was found so far stands in {}", args.out().display()));
    }
    let (tool, strict) = (tool(common), args.reporting.strict);
    let run = assemble(Ingredients { tool, spec, judged, observed: &observed, environment, replay, lacking, strict });
    Ok((run, observed))
}

/// Where and when it was played.
pub(crate) fn environment(observed: &Observed, wall: Duration, seed: u64) -> Environment {
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    Environment {
        os: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        cpus: u32::try_from(cpus).unwrap_or(u32::MAX),
        started: observed.started.clone(),
        seconds: wall.as_secs_f64(),
        seed,
        timings: None,
    }
}

/// Who judges, and by which spec.
pub(crate) fn tool(common: &Common) -> Tool {
    let spec = common.specs.as_ref().map_or_else(|| "built-in".to_owned(), |dir| dir.display().to_string());
    Tool { name: env!("CARGO_PKG_NAME").to_owned(), version: env!("CARGO_PKG_VERSION").to_owned(), spec }
}
