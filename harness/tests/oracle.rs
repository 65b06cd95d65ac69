//! The oracle as a whole: one cause gives one finding, what proves nothing convicts nobody, and a trace judged twice gives the same.

use harness::oracle::{Finding, Judgement, Kind, Oracle, Verdict, judge};
use harness::spec::Spec;
use harness::trace::{Record, notation};

fn judged(text: &str) -> Judgement {
    judge(&Spec::embedded(), records(text)).expect("the embedded spec compiles")
}

fn records(text: &str) -> Vec<Record> {
    notation::parse(text).expect("the text is a trace")
}

/// Rule, kind, title and count of each finding.
fn findings(judgement: &Judgement) -> Vec<(&str, Kind, &str, u64)> {
    judgement.findings.iter().map(|finding| (finding.rule.as_str(), finding.kind, finding.title.as_str(), finding.count)).collect()
}

fn verdict(judgement: &Judgement, rule: &str) -> Verdict {
    judgement.rules.iter().find(|known| known.id == rule).map(|known| known.verdict).expect("the spec has the rule")
}

const GOOD: &str = "\
> shell execute_request id=1 code=\"6 * 7\"
< iopub status parent=1 execution_state=busy
< iopub execute_input parent=1 code=\"6 * 7\" execution_count=1
< shell execute_reply parent=1 status=ok execution_count=1 user_expressions={}
< iopub status parent=1 execution_state=idle
";

#[test]
fn an_oracle_can_be_sent_to_another_thread() {
    fn is_send<T: Send>(_: &T) {}
    is_send(&Oracle::new(&Spec::embedded()).expect("the embedded spec compiles"));
}

#[test]
fn a_good_trace_gives_no_finding_and_a_pass_where_it_exercises_a_rule() {
    let judgement = judged(GOOD);
    assert_eq!(findings(&judgement), []);
    assert_eq!(verdict(&judgement, "EXEC-01"), Verdict::Pass);
    assert_eq!(verdict(&judgement, "CMP-01"), Verdict::NotExercised);
    assert_eq!(judgement.support.into_iter().collect::<Vec<_>>(), [("execute_request".to_owned(), true)]);
}

#[test]
fn judging_twice_gives_the_same_byte_for_byte() {
    let text = format!(
        "{GOOD}> shell execute_request id=2 code=a\n< iopub stream parent=2 name=out text=a\n< shell execute_reply parent=2 status=odd\n"
    );
    let once = serde_json::to_string(&judged(&text)).expect("a judgement serializes");
    assert_eq!(once, serde_json::to_string(&judged(&text)).expect("a judgement serializes"));
}

#[test]
fn a_kernel_that_lost_a_port_to_another_program_is_not_judged() {
    let lost = "\
> shell kernel_info_request id=8 step=ready
< shell kernel_info_request parent=9
! exit code=1
! settled 8 missing=reply,idle why=exited
";
    assert!(!findings(&judged(lost)).is_empty());
    assert_eq!(findings(&judged(&format!("! kernel\n{lost}! note bind_clash another program has port 9 (shell)\n! kernel\n{GOOD}"))), []);
}

#[test]
fn a_lockup_is_told_once_and_leaves_other_rules_undecided() {
    let judgement = judged(
        "> shell execute_request id=1 code=loop step=running
< iopub status parent=1 execution_state=busy
> shell kernel_info_request id=2
! settled 1 missing=reply,idle why=deadline
! probe shell silent
! ladder 1 kind=shell_stuck missing=reply,idle evidence={\"cpu\":0}
! settled 2 missing=reply,idle why=abandoned
",
    );
    let wanted = Finding {
        rule: "EXEC-01".to_owned(),
        verdict: Verdict::Fail,
        kind: Kind::Lockup,
        lockup: Some("shell_stuck".to_owned()),
        title: "the execute_request on shell never got its reply: shell stuck".to_owned(),
        scenario: String::new(),
        place: "execute_request running on shell: reply missing, shell_stuck".to_owned(),
        trace: 0,
        life: 1,
        lines: vec![3],
        excerpt: [
            "> shell execute_request id=1 code=loop",
            "< iopub status parent=1 execution_state=busy",
            "! settled 1 missing=reply,idle why=deadline",
            "! ladder 1 kind=shell_stuck missing=reply,idle",
        ]
        .map(str::to_owned)
        .to_vec(),
        count: 1,
        evidence: serde_json::json!({ "cpu": 0 }),
    };
    assert_eq!(judgement.findings, [wanted]);
    assert_eq!(verdict(&judgement, "STAT-03"), Verdict::Inconclusive);
    assert_eq!(verdict(&judgement, "HDR-14"), Verdict::Inconclusive);
}

#[test]
fn a_cut_trace_convicts_nobody() {
    let text = records("> shell execute_request id=1 code=a\n< iopub status parent=1 execution_state=busy\n");
    let cut: Vec<Record> = text.into_iter().take(4).collect();
    let judgement = judge(&Spec::embedded(), cut).expect("the embedded spec compiles");
    assert_eq!(findings(&judgement), []);
    assert_eq!(verdict(&judgement, "EXEC-01"), Verdict::Inconclusive);
}

#[test]
fn what_is_missing_when_the_process_ended_as_asked_tells_nothing() {
    let judgement = judged("> shell execute_request id=1 code=a\n< iopub status parent=1 execution_state=busy\n! exit code=0 asked=true\n");
    assert_eq!(findings(&judgement), []);
    assert_eq!(verdict(&judgement, "EXEC-01"), Verdict::NotExercised);
}

#[test]
fn a_crash_is_named_by_what_was_going_on() {
    let judgement = judged(
        "> shell execute_request id=1 code=a\n< iopub status parent=1 execution_state=busy\n! stderr \"Aborted\\n\"\n! exit signal=6 asked=false\n",
    );
    let title = "the kernel process ended unasked (killed by signal 6) after execute_request";
    assert_eq!(findings(&judgement), [("EXEC-01", Kind::Crash, title, 1)]);
    assert_eq!(judgement.findings[0].evidence, serde_json::json!({ "code": null, "signal": 6, "stderr": "Aborted\n", "stdout": "" }));
}

#[test]
fn an_optional_type_that_is_never_answered_is_lacking_and_no_fault() {
    let unanswered = "> shell complete_request id=7 code=a cursor_pos=1\n! settled 7 missing=reply,idle why=deadline\n";
    let judgement = judged(unanswered);
    assert_eq!(findings(&judgement), []);
    assert_eq!(judgement.support.get("complete_request"), Some(&false));

    let later = "> shell complete_request id=8 code=a cursor_pos=1
< iopub status parent=8 execution_state=busy
< shell complete_reply parent=8 status=ok matches=[] cursor_start=0 cursor_end=1 metadata={}
< iopub status parent=8 execution_state=idle
";
    let judgement = judged(&format!("{unanswered}{later}"));
    assert_eq!(findings(&judgement), [("HDR-14", Kind::Deviation, "the complete_request on shell got no reply in time", 1)]);
    assert_eq!(judgement.support.get("complete_request"), Some(&true));
}

#[test]
fn a_busy_that_dangles_is_told_even_of_a_type_that_the_kernel_lacks() {
    let judgement = judged("> shell complete_request id=7 code=a cursor_pos=1\n< iopub status parent=7 execution_state=busy\n");
    let title = "the complete_request on shell got no idle status, though the kernel went on";
    assert_eq!(findings(&judgement), [("STAT-08", Kind::Deviation, title, 1)]);
}

#[test]
fn a_forged_message_is_owed_nothing() {
    let judgement =
        judged(&format!("> shell execute_request id=9 code=a signature=bad\n! settled 9 missing=reply,idle why=deadline\n{GOOD}"));
    assert_eq!(findings(&judgement), []);
}

#[test]
fn an_answer_that_came_late_by_itself_is_no_lockup() {
    let judgement = judged(
        "> shell execute_request id=1 code=a
< iopub status parent=1 execution_state=busy
! settled 1 missing=reply,idle why=deadline
! probe shell answered
! ladder 1 kind=no_reply missing=reply,idle
< iopub execute_input parent=1 code=a execution_count=1
< shell execute_reply parent=1 status=ok execution_count=1 user_expressions={}
< iopub status parent=1 execution_state=idle
",
    );
    assert_eq!(findings(&judgement), []);
}

#[test]
fn what_was_given_up_and_comes_in_a_later_scenario_was_not_missing() {
    let given_up = "\
! kernel
! scenario group/first
> shell complete_request id=1 code=a cursor_pos=1
< iopub status parent=1 execution_state=busy
> shell kernel_info_request id=2
< iopub status parent=2 execution_state=busy
< shell kernel_info_reply parent=2 status=ok
< iopub status parent=2 execution_state=idle
! settled 1 missing=reply,idle why=fenced
! settled 2 why=answered
! scenario_end
! scenario group/second
";
    let late = "\
< shell complete_reply parent=1 status=ok matches=[] cursor_start=1 cursor_end=1 metadata={}
< iopub status parent=1 execution_state=idle
";
    let idle_rule = |text: &str| verdict(&judged(text), "STAT-08");
    assert_eq!(idle_rule(&format!("{given_up}! scenario_end\n")), Verdict::Fail);
    assert_eq!(idle_rule(&format!("{given_up}{late}! scenario_end\n")), Verdict::Inconclusive);
    // Another process has nothing to do with it.
    assert_eq!(idle_rule(&format!("{given_up}! kernel\n{late}! scenario_end\n")), Verdict::Fail);
}

#[test]
fn an_answer_that_only_a_probe_brought_is_a_lockup() {
    let play = |attempt: u32, waited: u32, after: &str| {
        format!(
            "! scenario group/played attempt={attempt}
> shell execute_request id={attempt} code=a silent=false store_history=true user_expressions={{}} allow_stdin=false stop_on_error=true
< iopub status parent={attempt} execution_state=busy
+{waited}s ! settled {attempt} missing=reply,idle why=deadline
> shell kernel_info_request id=probe-{attempt} step=probe
{after} < shell execute_reply parent={attempt} status=error ename=K evalue=\"\" traceback=[] execution_count=1
< iopub status parent={attempt} execution_state=idle
! probe shell answered
! ladder {attempt} kind=no_reply missing=reply,idle
"
        )
    };
    let title = "the execute_request on shell got its reply only when the kernel was asked something else";
    let is_lockup = |text: &str| findings(&judged(text)).contains(&("EXEC-01", Kind::Lockup, title, 2));
    assert!(is_lockup(&[play(1, 5, "+100ms"), play(2, 10, "+100ms")].concat()));
    assert!(!is_lockup(&[play(1, 5, "+100ms"), play(2, 10, "+3s")].concat()));
    assert!(findings(&judged(&play(1, 5, "+100ms"))).iter().all(|(_, kind, ..)| *kind == Kind::Deviation));
}

#[test]
fn an_answer_that_only_a_new_connection_brought_is_a_lockup() {
    let judgement = judged(
        "> shell execute_request id=1 code=a
! settled 1 missing=reply,idle why=deadline
! probe shell silent
! probe shell answered fresh=true
! ladder 1 kind=shell_stuck missing=reply,idle
< iopub status parent=1 execution_state=busy
< shell execute_reply parent=1 status=ok execution_count=1 user_expressions={}
< iopub status parent=1 execution_state=idle
",
    );
    assert_eq!(findings(&judgement)[0], ("EXEC-01", Kind::Lockup, "the execute_request on shell never got its reply: shell stuck", 1));
}

#[test]
fn an_idle_that_came_with_a_later_parent_is_no_lockup() {
    let judgement = judged(
        "> shell execute_request id=1 code=a
> shell execute_request id=2 code=b
< iopub status parent=1 execution_state=busy
< iopub execute_input parent=1 code=a execution_count=1
< iopub status parent=2 execution_state=busy
< shell execute_reply parent=1 status=ok execution_count=1 user_expressions={}
< iopub execute_input parent=2 code=b execution_count=2
< shell execute_reply parent=2 status=ok execution_count=2 user_expressions={}
< iopub status parent=2 execution_state=idle
< iopub status parent=2 execution_state=idle
! settled 1 missing=idle why=fenced
! ladder 1 kind=never_idle missing=idle
",
    );
    let astray: Vec<_> = findings(&judgement).into_iter().filter(|(rule, ..)| ["STAT-02", "STAT-03"].contains(rule)).collect();
    let title = "the idle of execute_request came with a later execute_request as its parent";
    assert_eq!(astray, [("STAT-03", Kind::Deviation, title, 1)]);
    assert!(judgement.findings.iter().all(|finding| finding.kind == Kind::Deviation));
}

#[test]
fn one_cause_is_one_finding_however_often_it_shows() {
    let odd: String = (1..=3)
        .map(|id| GOOD.replace("=1", &format!("={id}")).replace("execution_state=busy", "execution_state=busy -header.date"))
        .collect();
    let judgement = judged(&odd);
    assert_eq!(findings(&judgement), [("HDR-01", Kind::Deviation, "header.date of status is missing", 3)]);
}

#[test]
fn copies_at_other_clients_are_one_message() {
    let copy = GOOD.replace("< iopub status parent=1 execution_state=idle\n", "< b:iopub status id=k parent=1 execution_state=odd\n< iopub status id=k parent=1 execution_state=odd\n< iopub status parent=1 execution_state=idle\n");
    let judgement = judged(&copy);
    let states: Vec<_> = findings(&judgement).into_iter().filter(|(rule, ..)| *rule == "STAT-10").collect();
    assert_eq!(
        states,
        [("STAT-10", Kind::Deviation, "execution_state of status is \"odd\", wanted one of \"busy\", \"idle\", \"starting\"", 1)]
    );
}

#[test]
fn lives_are_counted_and_a_restart_may_change_the_session() {
    let judgement = judged(&format!(
        "{GOOD}! exit code=0 asked=true\n! kernel restarted=true\n{}",
        GOOD.replace("=1 ", "=2 ").replace("parent=1", "parent=2").replace("execution_count=2", "execution_count=1")
    ));
    assert_eq!(findings(&judgement), []);
    assert_eq!((judgement.lives, verdict(&judgement, "HDR-04")), (2, Verdict::Pass));
}

#[test]
fn what_a_queue_drops_under_a_flood_is_no_fault_of_the_kernel() {
    let printed = |count: usize, is_sent: fn(usize) -> bool| {
        let line = |number: usize| format!("< iopub stream parent=1 name=stdout text=\"{number}\\n\"\n");
        let lines: String = (0..count).filter(|&number| is_sent(number)).map(line).collect();
        format!(
            "> shell execute_request id=1 code=flood fact.numbers={count}\n\
             < iopub status parent=1 execution_state=busy\n\
             < iopub execute_input parent=1 code=flood execution_count=1\n\
             {lines}\
             < shell execute_reply parent=1 status=ok execution_count=1 user_expressions={{}}\n\
             < iopub status parent=1 execution_state=idle\n\
             ! settled 1 why=answered\n"
        )
    };
    let rules = |text: &str| judged(text).findings.iter().map(|finding| finding.rule.clone()).collect::<Vec<_>>();
    assert_eq!(rules(&printed(1200, |_| true)), [""; 0]);
    assert_eq!(rules(&printed(1200, |number| !(700..750).contains(&number))), [""; 0]);
    assert_eq!(rules(&printed(1200, |number| number < 1100)), [""; 0]);
    assert_eq!(rules(&printed(90, |number| !(70..75).contains(&number))), ["WIRE-13"]);
    assert_eq!(rules(&printed(90, |number| number < 80)), ["EXEC-26"]);
}
