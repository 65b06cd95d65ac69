//! Writes a reproducer for each finding whose play stands in a trace.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use harness::plan::Plan;
use harness::trace::for_each_record;
use reports::Run;
use reports::reproducer::{Collected, Collector, Expected, Kernel, Reproducer, VERSION};
use reports::run::Finding;

use crate::out_dir::{OutDir, reproducer_name};

/// Writes them into `out`, and names them in the findings. The traces are read once more for it, as plans are not kept in memory.
pub(crate) fn write(run: &mut Run, traces: &[(String, PathBuf)], kernel: &Kernel, out: &OutDir) -> anyhow::Result<()> {
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    for (name, path) in traces {
        let in_trace: Vec<(usize, u64)> =
            run.findings.iter().enumerate().filter_map(|(index, one)| Some((index, line_in(one, name)?))).collect();
        for (index, collected) in in_trace.iter().map(|(index, _)| *index).zip(collect(run, &in_trace, path)?) {
            let Some(collected) = collected else { continue };
            let rule = run.findings[index].rule.clone();
            let number = numbers.entry(rule.clone()).or_default();
            *number += 1;
            let file = reproducer_name(&rule, *number);
            let reproducer = reproducer(run, &run.findings[index], collected, kernel);
            let text = serde_json::to_string_pretty(&reproducer).context("a reproducer is plain data")?;
            out.write(&file, &(text + "\n"))?;
            run.findings[index].reproducer = Some(file);
        }
    }
    Ok(())
}

/// The line of a finding, if it shows in this trace.
fn line_in(finding: &Finding, trace: &str) -> Option<u64> {
    let (name, line) = finding.trace.rsplit_once(':')?;
    (name == trace).then(|| line.parse().ok())?
}

/// What each of the findings needs of the trace, in their order. What shows outside of scenarios needs no more than a start.
fn collect(run: &Run, in_trace: &[(usize, u64)], path: &Path) -> anyhow::Result<Vec<Option<Collected>>> {
    let scenario = |index: usize| run.findings[index].scenario.clone();
    // Of several lines the first is where it shows.
    let lines = |index: usize, line: u64| std::iter::once(line).chain(run.findings[index].evidence.lines.iter().copied()).collect();
    let mut collector = Collector::new(in_trace.iter().map(|&(index, line)| (scenario(index).unwrap_or_default(), lines(index, line))));
    if in_trace.iter().any(|&(index, _)| scenario(index).is_some()) {
        for_each_record(path, |record, line| collector.observe(&record, line)).context("cannot read the trace again")?;
    }
    let found = collector.finish().into_iter().zip(in_trace);
    Ok(found.map(|(found, &(index, _))| found.or_else(|| scenario(index).is_none().then(bare_start))).collect())
}

fn bare_start() -> Collected {
    let plan = Plan { fresh: true, ..Plan::of("start".to_owned(), vec!["a".to_owned()], Vec::new()) };
    Collected { plan, answers: Default::default(), steps: Vec::new() }
}

fn reproducer(run: &Run, finding: &Finding, collected: Collected, kernel: &Kernel) -> Reproducer {
    let target = &run.target;
    Reproducer {
        reproducer: VERSION,
        kernelcheck: run.tool.version.clone(),
        kernel: kernel.clone(),
        implementation: format!("{} {}", target.implementation, target.implementation_version).trim().to_owned(),
        profile: target.profile.clone(),
        transport: target.transport.clone(),
        wire: target.wire.clone(),
        interrupt_mode: target.interrupt_mode.clone(),
        seed: run.environment.seed,
        finding: Expected::of(finding),
        steps: collected.steps,
        excerpt: finding.evidence.excerpt.clone(),
        plan: collected.plan,
        answers: collected.answers,
    }
}
