//! One cause that many rules could tell of is told once, by the plainest case; without that, each tells of its own.

use harness::oracle::{Judgement, Kind, Verdict, judge};
use harness::spec::Spec;
use harness::trace::notation;

fn judged(text: &str) -> Judgement {
    judge(&Spec::embedded(), notation::parse(text).expect("the text is a trace")).expect("the embedded spec compiles")
}

fn rules(text: &str) -> Vec<String> {
    judged(text).findings.iter().map(|finding| finding.rule.clone()).collect()
}

const IDLE_KERNEL_STAYS: &str = "\
! kernel
> control shutdown_request id=11 restart=false fact.while=idle
< control shutdown_reply parent=11 status=ok restart=false
! settled 11 missing=exit why=deadline
! ladder 11 kind=shutdown_stuck missing=exit
";

const STAYS_FOR_A_CHILD: &str = "\
! kernel
> shell execute_request id=21 code=spawn fact.child=true
< iopub status parent=21 execution_state=busy
< iopub execute_input parent=21 code=spawn execution_count=1
< shell execute_reply parent=21 status=ok execution_count=1 user_expressions={}
< iopub status parent=21 execution_state=idle
> control shutdown_request id=22 restart=false fact.while=idle
< control shutdown_reply parent=22 status=ok restart=false
! settled 22 missing=exit why=deadline
! ladder 22 kind=shutdown_stuck missing=exit
";

const STAYS_ON_SHELL: &str = "\
! kernel
> shell shutdown_request id=31 restart=false
< shell shutdown_reply parent=31 status=ok restart=false
! settled 31 missing=exit why=deadline
";

#[test]
fn a_kernel_that_never_ends_is_told_of_once() {
    assert_eq!(rules(STAYS_ON_SHELL), ["LIFE-09"]);
    assert_eq!(rules(&format!("{STAYS_ON_SHELL}{IDLE_KERNEL_STAYS}{STAYS_FOR_A_CHILD}")), ["LIFE-05"]);
}

#[test]
fn what_a_child_keeps_from_ending_says_nothing_of_other_shutdowns() {
    assert_eq!(rules(&format!("{STAYS_FOR_A_CHILD}{STAYS_ON_SHELL}")), ["LIFE-05", "LIFE-09"]);
}

const ENDS_LATE_WHILE_BUSY: &str = "\
! kernel
> shell execute_request id=41 code=loop
< iopub status parent=41 execution_state=busy
! signal SIGINT
> control shutdown_request id=42 restart=false fact.while=busy fact.after_interrupt=true
< control shutdown_reply parent=42 status=ok restart=false
+4s ! exit code=0 asked=true
";

const ENDS_LATE: &str = "\
! kernel
> control shutdown_request id=51 restart=false fact.while=idle
< control shutdown_reply parent=51 status=ok restart=false
+4s ! exit code=0 asked=true
";

#[test]
fn a_kernel_that_is_slow_to_end_is_told_of_once() {
    assert_eq!(rules(ENDS_LATE_WHILE_BUSY), ["LIFE-06"]);
    assert_eq!(rules(&format!("{ENDS_LATE_WHILE_BUSY}{ENDS_LATE}")), ["LIFE-05"]);
}

fn killed(code: i32, before: &str) -> String {
    format!("! kernel\n{before}! signal SIGINT\n! exit code={code}\n")
}

const BUSY: &str = "> shell execute_request id=61 code=loop\n< iopub status parent=61 execution_state=busy\n";
const ENDS_WITHOUT_A_REPLY: &str = "\
! kernel
! signal SIGINT
> control shutdown_request id=71 restart=false fact.while=idle fact.after_interrupt=true
! exit code=0 asked=true
";

#[test]
fn an_interrupt_that_kills_is_told_of_once() {
    let (busy, idle) = (killed(0, BUSY), killed(0, ""));
    assert_eq!(rules(&idle), ["INT-05"]);
    assert_eq!(rules(ENDS_WITHOUT_A_REPLY), ["INT-11"]);
    let judgement = judged(&format!("{idle}{busy}{ENDS_WITHOUT_A_REPLY}"));
    let told: Vec<&str> = judgement.findings.iter().map(|finding| finding.rule.as_str()).collect();
    assert_eq!(told, ["INT-01"]);
    let verdict = |rule: &str| judgement.rules.iter().find(|known| known.id == rule).map(|known| known.verdict);
    assert_eq!([verdict("INT-05"), verdict("INT-11")], [Some(Verdict::Inconclusive); 2]);
}

#[test]
fn a_process_that_ends_in_another_way_is_another_matter() {
    assert_eq!(rules(&format!("{}{}", killed(0, BUSY), killed(3, ""))), ["INT-01", "INT-05"]);
}

const BUSY_FOR_EVER: &str = "\
! kernel
> shell kernel_info_request id=81 header.msg_type=[\"x\"] fact.odd=\"header type\" fact.await=nothing
< iopub status parent=81 execution_state=busy
> shell kernel_info_request id=82
< iopub status parent=82 execution_state=busy
< shell kernel_info_reply parent=82 status=ok
< iopub status parent=82 execution_state=idle
! settled 81 missing=idle why=fenced
! settled 82 why=answered
";

const STUCK_BY_A_TYPE: &str = "\
! kernel
> shell kernel_info_request id=91 header.msg_type=5 fact.odd=\"header type\" fact.await=nothing
> shell kernel_info_request id=92
! settled 92 missing=reply,idle why=deadline
! ladder 92 kind=shell_stuck missing=reply,idle
";

#[test]
fn what_leaves_the_kernel_stuck_is_not_told_to_be_left_half_done_as_well() {
    let told = |text: &str| judged(text).findings.iter().map(|finding| (finding.rule.clone(), finding.kind)).collect::<Vec<_>>();
    assert!(told(BUSY_FOR_EVER).contains(&("ROB-06".to_owned(), Kind::Deviation)));
    let both = told(&format!("{BUSY_FOR_EVER}{STUCK_BY_A_TYPE}"));
    assert_eq!(both.into_iter().filter(|(rule, _)| rule == "ROB-06").collect::<Vec<_>>(), [("ROB-06".to_owned(), Kind::Lockup)]);
}

fn never_idle(id: u32, fact: &str) -> String {
    format!(
        "! kernel
> shell execute_request id={id} code=flood {fact}
< iopub status parent={id} execution_state=busy
< iopub execute_input parent={id} code=flood execution_count=1
< shell execute_reply parent={id} status=ok execution_count=1 user_expressions={{}}
! settled {id} missing=idle why=fenced
! ladder {id} kind=never_idle missing=idle
"
    )
}

#[test]
fn an_idle_that_never_comes_is_not_told_of_again_beside_something() {
    let (plain, beside) = (never_idle(101, ""), never_idle(102, "fact.beside=\"deaf client\""));
    assert_eq!(rules(&beside), ["XPUB-11"]);
    assert_eq!(rules(&format!("{beside}{plain}")), ["STAT-02"]);
}

const DEAF_BY_ITSELF: &str = "\
! kernel
> control kernel_info_request id=91
! settled 91 missing=reply,idle why=deadline
! ladder 91 kind=control_stuck missing=reply,idle
";

const DEAF_AFTER_A_FORGERY: &str = "\
! kernel
> control kernel_info_request id=92 fact.sign=flipped
> control kernel_info_request id=93
! settled 93 missing=reply,idle why=deadline
! ladder 93 kind=control_stuck missing=reply,idle
";

#[test]
fn a_control_channel_that_is_deaf_by_itself_is_told_of_once() {
    assert_eq!(rules(DEAF_AFTER_A_FORGERY), ["AUTH-08"]);
    assert_eq!(rules(&format!("{DEAF_AFTER_A_FORGERY}{DEAF_BY_ITSELF}")), ["CTRL-02"]);
}

const QUEUED_BEHIND_AN_INTERRUPT: &str = "\
! kernel
> shell execute_request id=94 code=loop
< iopub status parent=94 execution_state=busy
> shell execute_request id=95 code=hello
! signal SIGINT
< shell execute_reply parent=94 status=error execution_count=1 ename=E evalue=\"\" traceback=[]
< iopub error parent=94 ename=E evalue=\"\" traceback=[]
< iopub status parent=94 execution_state=idle
! settled 94 why=answered
! settled 95 missing=reply,idle why=deadline
! ladder 95 kind=no_reply missing=reply,idle
";

#[test]
fn what_waits_behind_an_interrupted_cell_was_not_interrupted() {
    assert!(rules(QUEUED_BEHIND_AN_INTERRUPT).contains(&"EXEC-01".to_owned()));
    assert!(!rules(QUEUED_BEHIND_AN_INTERRUPT).contains(&"INT-01".to_owned()));
}
