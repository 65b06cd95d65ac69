//! Reproducers as scripts.

use harness::oracle::{Kind, Verdict};
use harness::plan::{Action, Object, Outgoing, Owed, Plan, Sign, Step, Wait};
use harness::trace::Bytes;
use harness::wire::{Channel, PartName};
use reports::export::{ExportError, python};
use reports::reproducer::{Expected, Kernel, Reproducer, VERSION};
use serde_json::json;

fn object(value: serde_json::Value) -> Object {
    value.as_object().cloned().unwrap_or_default()
}

fn step(name: &str, action: Action) -> Step {
    Step { name: Some(name.to_owned()), client: "a".to_owned(), action, facts: Default::default() }
}

fn cell(code: &str) -> Outgoing {
    let content = json!({
        "code": code, "silent": true, "store_history": true, "user_expressions": {}, "allow_stdin": false, "stop_on_error": true
    });
    Outgoing::honest(Channel::Shell, "execute_request", object(content), Owed::reply_and_bracket(false))
}

fn reproducer(place: &str, title: &str, steps: Vec<Step>) -> Reproducer {
    let plan = Plan {
        scenario: "silent/output".to_owned(),
        clients: vec!["a".to_owned()],
        fresh: false,
        start: None,
        wire: None,
        feature: None,
        steps,
    };
    Reproducer {
        reproducer: VERSION,
        kernelcheck: "0.1.0".to_owned(),
        kernel: Kernel::Kernelspec("toy".to_owned()),
        implementation: "toy 1.0".to_owned(),
        profile: None,
        transport: "tcp".to_owned(),
        wire: "zmq".to_owned(),
        interrupt_mode: "signal".to_owned(),
        seed: 1,
        finding: Expected {
            rule: "EXEC-18".to_owned(),
            verdict: Verdict::Warn,
            kind: Kind::Deviation,
            lockup: None,
            place: place.to_owned(),
            title: title.to_owned(),
            reliability: None,
        },
        steps: vec!["silent".to_owned()],
        excerpt: vec!["> shell execute_request id=1 code=\"1\"".to_owned(), "< iopub stream parent=1 name=stdout text=1".to_owned()],
        plan,
        answers: Default::default(),
    }
}

/// The part that is made for this reproducer.
fn own_part(script: &str) -> &str {
    let begin = script.find("import zmq").expect("the imports");
    let end = script.find("# All below").expect("what all scripts share");
    script[begin..end].trim_end()
}

#[test]
fn the_plan_is_readable() {
    let odd = Outgoing {
        header: object(json!({"version": "4.1"})),
        buffers: vec![Bytes(vec![0, 255])],
        raw: [(PartName::Metadata, Bytes(b"{\"x\":".repeat(100)))].into(),
        sign: Sign::Flipped,
        owed: Owed { odd: true, ..Owed::reply_and_bracket(true) },
        ..Outgoing::honest(Channel::Control, "kernel_info_request", Object::new(), Owed::nothing())
    };
    let wait =
        Wait { of: "silent".to_owned(), any_parent: true, msg_type: "stream".to_owned(), content: object(json!({"name": "stdout"})) };
    let steps = vec![
        step("silent", Action::Send(Box::new(cell("print(\"é\")\n")))),
        step("wait", Action::Wait(wait)),
        step("odd", Action::Send(Box::new(odd))),
        step("beat", Action::Heartbeat(Bytes(b"ping".to_vec()))),
        step("end", Action::Settle(vec!["silent".to_owned()])),
    ];
    let title = "stream was sent for a request that must not have it: execute_request";
    let file = reproducer("stream of execute_request", title, steps);
    insta::assert_snapshot!(own_part(&python(&file, &file.kernel).expect("a script")));
}

#[test]
fn what_a_file_says_becomes_no_code() {
    let hostile = "\"\"\"\nimport os; os.abort()\r#' \\";
    let mut send = cell(hostile);
    send.content.insert(hostile.to_owned(), json!({ hostile: [hostile] }));
    send.answers = vec![hostile.to_owned()];
    let title = format!("{hostile} of {hostile} is missing");
    let mut file = reproducer(hostile, &title, vec![step(hostile, Action::Send(Box::new(send)))]);
    file.steps = vec![hostile.to_owned()];
    file.excerpt = vec![hostile.to_owned()];
    file.implementation = hostile.to_owned();
    file.interrupt_mode = hostile.to_owned();
    file.transport = hostile.to_owned();
    file.finding.rule = hostile.to_owned();
    let script = python(&file, &Kernel::Command(vec![hostile.to_owned()])).expect("a script");
    assert!(!script.lines().any(|line| line.trim_start().starts_with("import os;")), "{script}");
    insta::assert_snapshot!(own_part(&script));
}

#[test]
fn what_cannot_be_played_is_told() {
    let signal = |name: &str| reproducer("", "", vec![step("kill", Action::Signal(name.to_owned()))]);
    let export = |file: &Reproducer| python(file, &file.kernel).map(|_| ());
    assert_eq!(export(&signal("SIGTERM")), Ok(()));
    assert_eq!(export(&signal("__class__")), Err(ExportError::NoSignal { number: 0, signal: "__class__".to_owned() }));
    let gone = reproducer("", "", vec![Step { client: "b".to_owned(), ..step("leave", Action::Disconnect) }]);
    assert_eq!(export(&gone), Err(ExportError::NoClient("b".to_owned())));
}

#[test]
fn a_value_without_its_step_is_left_to_people() {
    let send = step("silent", Action::Send(Box::new(cell("1"))));
    let mut file = reproducer("header.session", "header.session of status is missing", vec![send]);
    let tells =
        |file: &Reproducer| python(file, &file.kernel).expect("a script").contains("return play.wrong(\"status\", \"header.session\"");
    assert!(tells(&file));
    file.steps.clear();
    assert!(!tells(&file));
}
