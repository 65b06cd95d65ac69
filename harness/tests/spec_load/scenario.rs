//! A scenario with all that a step can say.

use std::collections::BTreeMap;

use harness::spec::{Action, Await, Connect, Format, Interrupt, Payload, Scenario, Send, Settle, Sign, Start, Step, Wait};
use harness::wire::{Channel, PartName, TransportKind, WireKind};
use serde_json::{Map, Value, json};

use crate::load;

const ASK: &str = r#"
summary = "Asks."
channels = ["shell", "control"]
direction = "to-kernel"
role = "request"
pair = "answer"
status = "optional"
source = "text"
[fields.code]
type = "string"
required = true
summary = "what to run"
[sample]
code = ""
silent = false
"#;

const ANSWER: &str = r#"
summary = "Answers."
channels = ["shell"]
direction = "to-client"
role = "reply"
pair = "ask"
status = "optional"
source = "text"
[fields.status]
type = "string"
required = true
summary = "how it went"
"#;

const VOCABULARY: &str = r#"
[input]
summary = "Asks for a line."
facts = ["value"]
[prompt]
summary = "Its prompt."
facts = []
"#;

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("{other} is no object"),
    }
}

fn text(text: &str) -> Payload {
    Payload::Text(text.to_owned())
}

fn step(name: &str, client: &str, action: Action) -> Step {
    let (name, client) = (name.to_owned(), client.to_owned());
    Step { name, client, action, facts: Vec::new(), optional: false }
}

/// A send with nothing said but the type.
fn send() -> Send {
    Send {
        message_type: "ask".to_owned(),
        channel: Channel::Shell,
        snippet: None,
        content: Map::new(),
        without: Vec::new(),
        metadata: Map::new(),
        header: Map::new(),
        without_header: Vec::new(),
        parent: Map::new(),
        without_parent: false,
        buffers: Vec::new(),
        idents: Vec::new(),
        raw: BTreeMap::new(),
        splice: BTreeMap::new(),
        cut_to: None,
        format: Format::Compact,
        sign: Sign::Good,
        wait_for: Await::Settled,
        answers: Vec::new(),
        seconds: None,
        count: None,
        text: None,
        repeat: 1,
        then_exit: false,
    }
}

const SCENARIO: &str = r#"
summary  = "All that a step can say."
clients  = ["a", "b", "c"]
fresh    = true
wire     = "zmtp"
feature  = "debugger"

[start]
odd             = "an empty key"
connection      = { key = "", more = [1] }
without         = ["hb_port"]
string_ports    = true
transport       = "ipc"
occupied        = "shell"
path            = "a b/c.json"
stdin_null      = true
interrupt_after = 0.5
then_exit       = true

[[steps]]
send = "ask"

[[steps]]
send     = "ask"
name     = "full"
client   = "b"
channel  = "control"
snippet  = "input"
content  = { silent = true, deep = { list = ["$prompt.code"] } }
without  = ["code"]
metadata = { m = 1 }
header   = { version = "5.0" }
without_header = ["date"]
parent   = { msg_id = "x" }
buffers  = ["one", { repeat = "ab", times = 3 }]
idents   = [{ base64 = "AP8=" }, ""]
raw      = { content = "no JSON" }
splice   = { header = [', "x": ', { repeat = "[", times = 2 }] }
cut_to   = 4
format   = "escaped"
sign     = "other-key"
await    = "later"
answers  = ["$input.value", "Ada"]
seconds  = 2
count    = 5
text     = "word"
repeat   = 3
facts    = { outcome = "error" }
optional = true
then_exit = true

[[steps]]
send = "ask"
[[steps]]
heartbeat = "ping"
[[steps]]
frames = ["<IDS|MSG>", ""]
channel = "stdin"
[[steps]]
settle = "all"
[[steps]]
settle = ["full", "ask-2"]
[[steps]]
wait = { of = "full", type = "answer" }
client = "b"
[[steps]]
wait = { since = "full", type = "answer", content = { status = "ok" } }
[[steps]]
disconnect = "b"
[[steps]]
connect = "b"
[[steps]]
connect = "c"
topics = ["x"]
identity = "same-as:a"
deaf = true
welcomed = true
cut_off = true
channels = ["shell", "iopub"]
[[steps]]
interrupt = "full"
[[steps]]
interrupt = true
[[steps]]
signal = "SIGTERM"
[[steps]]
restart = true
[[steps]]
pause = 0.25
"#;

fn wait(of: &str, any_parent: bool, content: Value) -> Wait {
    Wait { of: of.to_owned(), any_parent, message_type: "answer".to_owned(), content: object(content) }
}

/// The send that says everything.
fn full() -> Send {
    Send {
        channel: Channel::Control,
        snippet: Some("input".to_owned()),
        content: object(json!({ "silent": true, "deep": { "list": ["$prompt.code"] } })),
        without: vec!["code".to_owned()],
        metadata: object(json!({ "m": 1 })),
        header: object(json!({ "version": "5.0" })),
        without_header: vec!["date".to_owned()],
        parent: object(json!({ "msg_id": "x" })),
        buffers: vec![text("one"), Payload::Repeat { text: "ab".to_owned(), times: 3 }],
        idents: vec![Payload::Bytes(vec![0, 255]), text("")],
        raw: [(PartName::Content, vec![Payload::Text("no JSON".to_owned())])].into(),
        splice: [(PartName::Header, vec![Payload::Text(", \"x\": ".to_owned()), Payload::Repeat { text: "[".to_owned(), times: 2 }])]
            .into(),
        cut_to: Some(4),
        format: Format::Escaped,
        sign: Sign::OtherKey,
        wait_for: Await::Later,
        answers: vec![json!("$input.value"), json!("Ada")],
        seconds: Some(2.0),
        count: Some(5),
        text: Some("word".to_owned()),
        repeat: 3,
        then_exit: true,
        ..send()
    }
}

fn steps() -> Vec<Step> {
    let everything = Connect {
        topics: vec![text("")],
        same_identity_as: None,
        identity: None,
        channels: Channel::ALL.to_vec(),
        deaf: false,
        welcomed: false,
        cut_off: false,
    };
    let channels = vec![Channel::Shell, Channel::Iopub];
    let little = Connect {
        topics: vec![text("x")],
        same_identity_as: Some("a".to_owned()),
        identity: None,
        channels,
        deaf: true,
        welcomed: true,
        cut_off: true,
    };
    let frames = vec![text("<IDS|MSG>"), text("")];
    vec![
        step("ask", "a", Action::Send(Box::new(send()))),
        Step { facts: vec![("outcome".to_owned(), json!("error"))], optional: true, ..step("full", "b", Action::Send(Box::new(full()))) },
        step("ask-2", "a", Action::Send(Box::new(send()))),
        step("heartbeat", "a", Action::Heartbeat(text("ping"))),
        step("frames", "a", Action::Frames { channel: Channel::Stdin, frames }),
        step("settle", "a", Action::Settle(Settle::All)),
        step("settle-2", "a", Action::Settle(Settle::Steps(vec!["full".to_owned(), "ask-2".to_owned()]))),
        step("wait", "b", Action::Wait(wait("full", false, json!({})))),
        step("wait-2", "a", Action::Wait(wait("full", true, json!({ "status": "ok" })))),
        step("disconnect", "b", Action::Disconnect),
        step("connect", "b", Action::Connect(everything)),
        step("connect-2", "c", Action::Connect(little)),
        step("interrupt", "a", Action::Interrupt(Interrupt::Step("full".to_owned()))),
        step("interrupt-2", "a", Action::Interrupt(Interrupt::Kernel)),
        step("signal", "a", Action::Signal("SIGTERM".to_owned())),
        step("restart", "a", Action::Restart),
        step("pause", "a", Action::Pause(0.25)),
    ]
}

#[test]
fn a_scenario() {
    let spec = load(&[
        ("messages/ask.toml", ASK),
        ("messages/answer.toml", ANSWER),
        ("profiles/vocabulary.toml", VOCABULARY),
        ("scenarios/all/actions.toml", SCENARIO),
    ]);
    let scenario = Scenario {
        name: "actions".to_owned(),
        group: "all".to_owned(),
        summary: "All that a step can say.".to_owned(),
        provokes: Vec::new(),
        rounds: 1,
        fresh: true,
        start: Some(Start {
            odd: "an empty key".to_owned(),
            connection: object(json!({"key": "", "more": [1]})),
            without: vec!["hb_port".to_owned()],
            string_ports: true,
            transport: Some(TransportKind::Ipc),
            occupied: Some(Channel::Shell),
            path: Some("a b/c.json".to_owned()),
            stdin_null: true,
            interrupt_after: Some(0.5),
            then_exit: true,
        }),
        wire: Some(WireKind::Zmtp),
        feature: Some("debugger".to_owned()),
        clients: vec!["a".to_owned(), "b".to_owned()],
        steps: steps(),
        file: "specs/scenarios/all/actions.toml".to_owned(),
    };
    assert_eq!(spec.scenarios, [scenario]);
    let scenario = spec.scenario("all/actions").expect("it has this id");
    assert!(scenario.needed_snippets().is_empty(), "its only step with snippets is optional");
    let snippets = scenario.step("full").map(Step::snippets).unwrap_or_default();
    assert_eq!(snippets.into_iter().collect::<Vec<_>>(), ["input", "prompt"]);
}

#[test]
fn payloads_as_bytes() {
    let payloads = [text("é"), Payload::Repeat { text: "ab".to_owned(), times: 2 }, Payload::Bytes(vec![255])];
    assert_eq!(payloads.map(|payload| payload.to_bytes()), ["é".as_bytes().to_vec(), b"abab".to_vec(), vec![255]]);
}
