//! Every rule file against itself: its passing traces break it in no way and exercise it, its failing traces break it.
//!
//! With `KERNELCHECK_SPECS=DIR` in the environment the rules are those of a directory, as they stand there: nothing needs to be built
//! again while one is written.

use harness::oracle::{Judgement, Oracle};
use harness::spec::{Rule, RuleTrace, Spec, TraceVerdict};
use harness::trace::notation;
use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let spec: &'static Spec = Box::leak(Box::new(spec()));
    let mut trials =
        vec![Trial::test("the whole spec compiles", || Oracle::new(spec).map(drop).map_err(|errors| errors.to_string().into()))];
    trials.extend(
        spec.rules
            .iter()
            .filter(|rule| !rule.checks.is_empty())
            .map(|rule| Trial::test(format!("{} {}", rule.id, rule.name), move || test(spec, rule))),
    );
    libtest_mimic::run(&arguments, trials).exit();
}

fn spec() -> Spec {
    match std::env::var_os("KERNELCHECK_SPECS") {
        Some(dir) => Spec::load(dir.as_ref()).unwrap_or_else(|mistakes| panic!("{mistakes}")),
        None => Spec::embedded(),
    }
}

fn test(spec: &Spec, rule: &Rule) -> Result<(), Failed> {
    let mistakes: Vec<String> = rule
        .traces
        .iter()
        .filter_map(|trace| judge(spec, rule, trace).err().map(|mistake| format!("{}:{}: {mistake}", rule.file, trace.line)))
        .collect();
    if mistakes.is_empty() { Ok(()) } else { Err(mistakes.join("\n").into()) }
}

fn judge(spec: &Spec, rule: &Rule, trace: &RuleTrace) -> Result<(), String> {
    let records = notation::parse(&trace.text).map_err(|error| error.to_string())?;
    let mut oracle = Oracle::with_rules(spec, [rule]).map_err(|errors| errors.to_string())?;
    for (record, line) in records.into_iter().zip(1..) {
        oracle.observe(record, line);
    }
    let judgement = oracle.finish();
    match trace.expect {
        TraceVerdict::Pass => passes(&judgement),
        TraceVerdict::Fail => fails(&judgement, rule, trace),
    }
}

fn passes(judgement: &Judgement) -> Result<(), String> {
    let rule = &judgement.rules[0];
    if rule.deviations > 0 {
        return Err(format!("this trace must pass, and gives: {}", titles(judgement)));
    }
    if rule.exercised == 0 {
        return Err(format!("this trace must pass, and does not exercise the rule ({} inconclusive)", rule.inconclusive));
    }
    Ok(())
}

fn fails(judgement: &Judgement, rule: &Rule, trace: &RuleTrace) -> Result<(), String> {
    let own = || judgement.findings.iter().chain(&judgement.remarks).filter(|finding| finding.rule == rule.id);
    if own().next().is_none() {
        return Err(format!("this trace must fail, and gives {:?}", judgement.rules[0]));
    }
    match &trace.title_contains {
        Some(wanted) if !own().any(|finding| finding.title.contains(wanted)) => {
            Err(format!("no title contains {wanted:?}: {}", titles(judgement)))
        }
        _ => Ok(()),
    }
}

fn titles(judgement: &Judgement) -> String {
    let titles: Vec<String> =
        judgement.findings.iter().chain(&judgement.remarks).map(|finding| format!("[{}] {}", finding.rule, finding.title)).collect();
    titles.join("; ")
}
