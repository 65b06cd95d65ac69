//! Over which traces of a run its scenarios were spread does not matter.

use std::collections::BTreeSet;

use harness::oracle::{Finding, Judgement, Kind, Oracle, RuleVerdict, Verdict};
use harness::spec::{Named, Spec};
use harness::trace::notation;

/// What several rules would tell of, and what counts only by what the rest of a run shows; each a scenario with a kernel of its own.
const SCENARIOS: &[&str] = &[
    "\
> shell shutdown_request id=11 restart=false
< shell shutdown_reply parent=11 status=ok restart=false
! settled 11 missing=exit why=deadline
",
    "\
> control shutdown_request id=21 restart=false fact.while=idle
< control shutdown_reply parent=21 status=ok restart=false
! settled 21 missing=exit why=deadline
! ladder 21 kind=shutdown_stuck missing=exit
",
    "! signal SIGINT\n! exit code=0\n",
    "\
> shell execute_request id=31 code=loop
< iopub status parent=31 execution_state=busy
! signal SIGINT
! exit code=0
",
    "\
> shell kernel_info_request id=41 header.msg_type=[\"x\"] fact.odd=\"header type\" fact.await=nothing
< iopub status parent=41 execution_state=busy
> shell kernel_info_request id=42
< iopub status parent=42 execution_state=busy
< shell kernel_info_reply parent=42 status=ok
< iopub status parent=42 execution_state=idle
! settled 41 missing=idle why=fenced
! settled 42 why=answered
",
    "\
> shell kernel_info_request id=51 header.msg_type=5 fact.odd=\"header type\" fact.await=nothing
> shell kernel_info_request id=52
! settled 52 missing=reply,idle why=deadline
! ladder 52 kind=shell_stuck missing=reply,idle
",
    "\
> shell history_request id=61 output=false raw=true hist_access_type=tail n=3
! settled 61 missing=reply why=deadline
",
    "\
> shell history_request id=71 output=false raw=true hist_access_type=tail n=2
< iopub status parent=71 execution_state=busy
< shell history_reply parent=71 status=ok history=[]
< iopub status parent=71 execution_state=idle
! settled 71 why=answered
",
    "\
> shell execute_request id=81 code=bad fact.outcome=\"error\"
< shell execute_reply parent=81 status=error execution_count=1 ename=E evalue=v traceback=[]
> shell execute_request id=82 code=broken fact.outcome=\"ok\"
< shell execute_reply parent=82 status=error execution_count=2 ename=E evalue=v traceback=[]
",
    "\
> shell execute_request id=91 code=broken fact.outcome=\"ok\"
< shell execute_reply parent=91 status=error execution_count=1 ename=E evalue=v traceback=[]
",
];

fn scenario(number: usize) -> String {
    format!("! kernel\n! scenario group/number-{number}\n{}! scenario_end\n", SCENARIOS[number])
}

fn oracle(spec: &Spec, numbers: impl IntoIterator<Item = usize>) -> Oracle {
    let text: String = numbers.into_iter().map(scenario).collect();
    let mut oracle = Oracle::new(spec).expect("the embedded spec compiles");
    for (record, line) in notation::parse(&text).expect("the text is a trace").into_iter().zip(1..) {
        oracle.observe(record, line);
    }
    oracle
}

fn joined(one: Oracle, other: Oracle) -> Judgement {
    let mut all = one;
    all.join(other);
    all.finish()
}

/// All that does not say where something shows first, in lines that can be told apart.
fn told(judgement: &Judgement) -> BTreeSet<String> {
    let rule = |rule: &RuleVerdict| format!("{} {} {} {}", rule.id, rule.verdict, rule.exercised, rule.inconclusive);
    let finding = |one: &Finding| format!("{} {} {} {} {}", one.rule, one.verdict, one.kind.name(), one.count, one.place);
    let support = |(key, was_answered): (&String, &bool)| format!("{key} {was_answered}");
    let told = judgement.rules.iter().map(rule).chain(judgement.findings.iter().map(finding));
    told.chain(judgement.support.iter().map(support)).chain([format!("{} lives", judgement.lives)]).collect()
}

fn assert_same(one: &Judgement, other: &Judgement, what: &str) {
    let (one, other) = (told(one), told(other));
    let difference: Vec<&String> = one.symmetric_difference(&other).collect();
    assert!(difference.is_empty(), "{what}: {difference:#?}");
}

#[test]
fn a_run_is_judged_the_same_over_whichever_traces_it_was_spread() {
    let spec = Spec::embedded();
    let whole = oracle(&spec, 0..SCENARIOS.len()).finish();
    assert!(whole.findings.iter().any(|finding| finding.kind == Kind::Crash));
    let mut spreads: Vec<Vec<usize>> = (0..SCENARIOS.len()).map(|number| vec![number]).collect();
    spreads.push((0..SCENARIOS.len()).step_by(2).collect());
    spreads.push((0..SCENARIOS.len()).filter(|number| number % 4 < 2).collect());
    for spread in spreads {
        let rest = (0..SCENARIOS.len()).filter(|number| !spread.contains(number));
        let (one, other) = (|| oracle(&spec, spread.clone()), || oracle(&spec, rest.clone()));
        assert_same(&joined(one(), other()), &whole, &format!("{spread:?} and the rest"));
        assert_same(&joined(other(), one()), &whole, &format!("the rest and {spread:?}"));
    }
}

#[test]
fn what_is_told_of_elsewhere_is_told_of_where_its_trace_is_judged_alone() {
    let spec = Spec::embedded();
    let rules = |judgement: Judgement| judgement.findings.into_iter().map(|finding| (finding.rule, finding.trace)).collect::<Vec<_>>();
    assert_eq!(rules(oracle(&spec, [0]).finish()), [("LIFE-09".to_owned(), 0)]);
    assert_eq!(rules(joined(oracle(&spec, [0]), oracle(&spec, [1]))), [("LIFE-05".to_owned(), 1)]);
}

const PLAY: &str = "\
! scenario group/played attempt=1
! kernel
> shell execute_request id=1 code=x
! settled 1 missing=reply,idle why=deadline
! ladder 1 kind=shell_stuck missing=reply,idle
! scenario_end
! scenario group/played attempt=2
! kernel
! scenario_end
! scenario group/played attempt=3
! kernel
! scenario_end
";

#[test]
fn what_shows_once_in_each_of_two_traces_is_confirmed() {
    let spec = Spec::embedded();
    let play = |name: &str| {
        let mut oracle = Oracle::new(&spec).expect("the embedded spec compiles");
        let records = notation::parse(&PLAY.replace("group/played", name)).expect("the text is a trace");
        records.into_iter().zip(1..).for_each(|(record, line)| oracle.observe(record, line));
        oracle
    };
    let lockups = |judgement: &Judgement| judgement.count(Kind::Lockup);
    assert_eq!(lockups(&play("group/one").finish()), 0);
    let both = joined(play("group/one"), play("group/other"));
    assert_eq!((lockups(&both), both.rules_with(Verdict::Fail)), (1, 1));
}
