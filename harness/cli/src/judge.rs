//! A trace under judgement: the oracle, and what the reports want to know beside it.

use anyhow::Context;
use harness::oracle::{Finding, Oracle, Verdict};
use harness::session::run::Follow;
use harness::spec::Spec;
use harness::spec::select::Selection;
use harness::trace::Record;
use reports::{JudgedTraces, Observed};

use crate::usage::Usage;

/// Judges one trace, while it is written or afterwards.
pub(crate) struct Judge {
    oracle: Oracle,
    observed: Observed,
}

impl Judge {
    /// For the selected rules.
    pub(crate) fn new(spec: &Spec, selection: &Selection) -> anyhow::Result<Self> {
        let rules = spec.rules.iter().filter(|rule| selection.has_rule(rule));
        let oracle = Oracle::with_rules(spec, rules).map_err(|mistakes| Usage::error(mistakes.to_string()))?;
        Ok(Self { oracle, observed: Observed::default() })
    }

    /// Takes in a record; `line` is its line of the trace, from 1.
    pub(crate) fn observe(&mut self, record: Record, line: u64) {
        self.observed.observe(&record);
        self.oracle.observe(record, line);
    }

    /// Ends the traces of a run, each with the name that reports are to call it.
    pub(crate) fn finish(judges: impl IntoIterator<Item = anyhow::Result<(String, Self)>>) -> anyhow::Result<(JudgedTraces, Observed)> {
        let mut files = Vec::new();
        let mut observed = Observed::default();
        let mut joined: Option<Oracle> = None;
        for judge in judges {
            let (file, mut judge) = judge?;
            judge.observed.end_trace(&file);
            observed.join(judge.observed);
            match &mut joined {
                Some(joined) => joined.join(judge.oracle),
                None => joined = Some(judge.oracle),
            }
            files.push(file);
        }
        let oracle = joined.context("a run has a trace")?;
        Ok((JudgedTraces { files, judgement: oracle.finish() }, observed))
    }
}

impl Follow for Judge {
    fn follow(&mut self, line: u64, records: Vec<Record>) -> Vec<String> {
        for (record, line) in records.into_iter().zip(line..) {
            self.observe(record, line);
        }
        let told = |finding: &&Finding| finding.verdict >= Verdict::Warn;
        self.oracle
            .news()
            .into_iter()
            .filter(told)
            .map(|finding| format!("{} {}: {}", finding.verdict, finding.rule, finding.title))
            .collect()
    }
}

/// The spec: the built-in one, or that of a directory.
pub(crate) fn load_spec(specs: Option<&std::path::Path>) -> anyhow::Result<Spec> {
    match specs {
        None => Ok(Spec::embedded()),
        Some(dir) => Spec::load(dir).map_err(|mistakes| Usage::error(mistakes.to_string())).context("the spec can't be used"),
    }
}
