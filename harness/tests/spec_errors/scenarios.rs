//! Mistakes in scenario files.

use crate::{ASK, ASK_REPLY, RULE, STATUS, VOCABULARY, mistakes_of};

const SCENARIO: &str = r#"
summary = "Asks."
provokes = ["STAT-1", "STAT-01"]
clients = ["a", "b"]
fersh = true

[[steps]]
send = "ask_requets"
name = "first"
client = "c"
snippet = "helo"
content = { code = "$hello.stdot", other = ["$helo.code"] }
await = "settld"
sign = "upper"
repeat = 0

[[steps]]
send = "ask_request"
name = "first"
chanel = "shell"
channel = "sell"
without = ["cod"]
without_header = ["dat"]
buffers = [{ base64 = "?" }, { repeat = "x" }, { repeat = "xx", times = 4000000000 }, 7]
facts = { text = "$hello.result", code = "$hello.none" }
seconds = -1.0

[[steps]]
sned = "ask_request"
name = "third"

[[steps]]
name = "fourth"
settle = "all"
wait = { of = "first", type = "status" }

[[steps]]
settle = ["frist", "third", "last"]
[[steps]]
wait = { of = "first", tpye = "sttus" }
[[steps]]
interrupt = "fourht"
[[steps]]
signal = "SIGTREM"
[[steps]]
restart = false
[[steps]]
pause = "long"
[[steps]]
connect = "d"
identity = "a"
channels = ["shell", "hbeat"]
[[steps]]
disconnect = "e"
[[steps]]
frames = ["x"]
[[steps]]
name = "last"
"#;

#[test]
fn steps_of_scenarios() {
    let files = [
        ("messages/ask_request.toml", ASK),
        ("messages/ask_reply.toml", ASK_REPLY),
        ("messages/status.toml", STATUS),
        ("rules/status/is-so.md", RULE),
        ("profiles/vocabulary.toml", VOCABULARY),
        ("scenarios/status/ask.toml", SCENARIO),
        ("scenarios/status/empty.toml", "clients = []\nsteps = []\n"),
    ];
    insta::assert_snapshot!(mistakes_of(&files), @r#"
    specs/scenarios/status/ask.toml:3: unknown rule `STAT-1` (did you mean `STAT-01`?)
    specs/scenarios/status/ask.toml:5: unknown key `fersh` (did you mean `fresh`?)
    specs/scenarios/status/ask.toml:8: unknown message type `ask_requets` (did you mean `ask_request`?)
    specs/scenarios/status/ask.toml:10: unknown client `c` (did you mean `a`?)
    specs/scenarios/status/ask.toml:11: unknown snippet `helo` (did you mean `hello`?)
    specs/scenarios/status/ask.toml:12: unknown fact of `hello`: `stdot` (did you mean `stdout`?)
    specs/scenarios/status/ask.toml:12: unknown snippet `helo` (did you mean `hello`?)
    specs/scenarios/status/ask.toml:13: unknown await `settld` (did you mean `settled`?)
    specs/scenarios/status/ask.toml:15: `steps[0].repeat` must be at least 1
    specs/scenarios/status/ask.toml:19: there is a step `first` before
    specs/scenarios/status/ask.toml:20: unknown key `chanel` (did you mean `channel`?)
    specs/scenarios/status/ask.toml:21: unknown channel `sell` (did you mean `shell`?)
    specs/scenarios/status/ask.toml:22: unknown field `cod` (did you mean `code`?)
    specs/scenarios/status/ask.toml:23: unknown header field `dat` (did you mean `date`?)
    specs/scenarios/status/ask.toml:24: a payload has at most 268435456 bytes
    specs/scenarios/status/ask.toml:24: missing key `steps[1].buffers[1].times`
    specs/scenarios/status/ask.toml:24: `steps[1].buffers[0].base64` is not base64: invalid symbol 63, offset 0
    specs/scenarios/status/ask.toml:24: `steps[1].buffers[3]` must be a table, not an integer
    specs/scenarios/status/ask.toml:25: unknown fact of `hello`: `none` (known: stdout, result, code)
    specs/scenarios/status/ask.toml:26: `steps[1].seconds` must be a number of seconds
    specs/scenarios/status/ask.toml:28: this step has no action (did you mean `send`?)
    specs/scenarios/status/ask.toml:32: this step has several actions: settle, wait
    specs/scenarios/status/ask.toml:38: unknown step `frist` (did you mean `first`?)
    specs/scenarios/status/ask.toml:38: unknown step `last` (known: first, third, fourth)
    specs/scenarios/status/ask.toml:40: missing key `steps[5].wait.type`
    specs/scenarios/status/ask.toml:40: unknown key `tpye` (did you mean `type`?)
    specs/scenarios/status/ask.toml:42: unknown step `fourht` (did you mean `fourth`?)
    specs/scenarios/status/ask.toml:44: unknown signal `SIGTREM` (did you mean `SIGTERM`?)
    specs/scenarios/status/ask.toml:46: `restart` can only be true
    specs/scenarios/status/ask.toml:48: `steps[9].pause` must be a number, not a string
    specs/scenarios/status/ask.toml:51: `identity` is written as `same-as:CLIENT`
    specs/scenarios/status/ask.toml:52: unknown channel `hbeat` (known: shell, control, stdin, iopub, hb)
    specs/scenarios/status/ask.toml:54: unknown client `e` (did you mean `a`?)
    specs/scenarios/status/ask.toml:55: missing key `steps[12].channel`
    specs/scenarios/status/ask.toml:57: this step has no action (known: send, heartbeat, frames, tcp, settle, wait, connect, disconnect, interrupt, signal, restart, pause)
    specs/scenarios/status/empty.toml:1: a scenario has a client
    specs/scenarios/status/empty.toml:1: a scenario has a step
    specs/scenarios/status/empty.toml:1: missing key `summary`
    "#);
}

const REFERENCES: &str = r#"
summary = "Quotes."

[[steps]]
send = "ask_request"
name = "first"

[[steps]]
send = "tell"
name = "told"

[[steps]]
send = "ask_request"
name = "right"
content = { code = "$reply.first.content.text", list = ["$reply.first.header.msg_id", "$reply.first.content.text.0"] }
facts = { text = "$reply.first.content.text" }

[[steps]]
send = "ask_request"
content = { code = "$reply.frist.content.text", deep = { list = ["$reply.first.contents.text"] } }
header = { session = "$reply.told.content.text" }
parent = { msg_id = "$reply.later.header.msg_id" }
metadata = { m = "$input_request.first.header" }
facts = { text = "$reply.first.content.txt", other = "$reply.first" }

[[steps]]
send = "ask_request"
name = "later"

[[steps]]
heartbeat = "ping"
facts = { text = "$reply.first.content.text" }

[[steps]]
wait = { since = "first", type = "status", content = { state = "idle" } }
name = "waiting"

[[steps]]
wait = { type = "ask_reply", content = { text = "x" } }

[[steps]]
send = "ask_request"
content = { code = "$message.waiting.content.stat", list = ["$message.first.content.text", "$message.waiting.header.msg_id"] }

[[steps]]
pause = 0.1
content = { code = "$reply.first.content.text" }
"#;

#[test]
fn references_to_messages_of_the_kernel() {
    let tell = STATUS.replace("to-client", "to-kernel").replace("publication", "notice").replace("iopub", "shell");
    let reply = format!("{ASK_REPLY}[fields.text]\ntype = \"string\"\nrequired = true\nsummary = \"what it says\"\n");
    let files = [
        ("messages/ask_request.toml", ASK),
        ("messages/ask_reply.toml", &reply),
        ("messages/tell.toml", &tell),
        ("messages/status.toml", STATUS),
        ("scenarios/status/quote.toml", REFERENCES),
    ];
    insta::assert_snapshot!(mistakes_of(&files), @r"
    specs/scenarios/status/quote.toml:20: `$reply.first.contents.text` is no reference: it is written as `$reply.STEP.content.FIELD`
    specs/scenarios/status/quote.toml:20: unknown step `frist` (did you mean `first`?)
    specs/scenarios/status/quote.toml:21: step `told` gets no reply
    specs/scenarios/status/quote.toml:22: unknown step `later` (known: first, told, right)
    specs/scenarios/status/quote.toml:23: step `first` gets no input_request
    specs/scenarios/status/quote.toml:24: unknown field of ask_reply: `txt` (did you mean `text`?)
    specs/scenarios/status/quote.toml:24: `$reply.first` is no reference: it is written as `$reply.STEP.content.FIELD`
    specs/scenarios/status/quote.toml:32: `$reply.first.content.text` can't be filled in: this step sends no message
    specs/scenarios/status/quote.toml:35: unknown field `state`
    specs/scenarios/status/quote.toml:39: missing key `steps[7].wait.of`
    specs/scenarios/status/quote.toml:43: step `first` gets no message
    specs/scenarios/status/quote.toml:43: unknown field of status: `stat`
    specs/scenarios/status/quote.toml:47: unknown key `content` (known: pause, name, client, optional, facts)
    ");
}

/// A file with a mistake is not the cause of further ones in files that refer to it.
#[test]
fn a_broken_file_does_not_blame_its_users() {
    let scenario = r#"
summary = "Asks."
provokes = ["STAT-01"]
[[steps]]
send = "ask_request"
without = ["anything"]
snippet = "hello"
"#;
    let files = [
        ("messages/ask_request.toml", "summary = 5\n"),
        ("messages/ask_reply.toml", ASK_REPLY),
        ("rules/status/is-so.md", &RULE.replace("\"must\"", "5")),
        ("profiles/vocabulary.toml", "[hello]\nfacts = []\n"),
        ("scenarios/status/ask.toml", scenario),
    ];
    insta::assert_snapshot!(mistakes_of(&files), @r#"
    specs/messages/ask_request.toml:1: missing key `channels`
    specs/messages/ask_request.toml:1: missing key `direction`
    specs/messages/ask_request.toml:1: missing key `role`
    specs/messages/ask_request.toml:1: missing key `source`
    specs/messages/ask_request.toml:1: missing key `status`
    specs/messages/ask_request.toml:1: `summary` must be a string, not an integer
    specs/profiles/vocabulary.toml:1: missing key `hello.summary`
    specs/rules/status/is-so.md:3: `level` must be a string, not an integer
    "#);
}

const START: &str = r#"
summary = "A start that no kernel can have."
[start]
connection = { key = "secret", shell_port = 1 }
without    = ["control_prot"]
transport  = "tpc"
occupied   = "sell"
path       = "../kernel.json"
then_exits = true
"#;

#[test]
fn starts_of_scenarios() {
    let files = [("scenarios/starts/odd.toml", START)];
    insta::assert_snapshot!(mistakes_of(&files), @r"
    specs/scenarios/starts/odd.toml:3: missing key `start.odd`
    specs/scenarios/starts/odd.toml:3: `shell_port` is chosen when the kernel is started
    specs/scenarios/starts/odd.toml:3: a key is made when the kernel is started, and can only be empty
    specs/scenarios/starts/odd.toml:3: the path of a connection file stays in its directory
    specs/scenarios/starts/odd.toml:5: unknown field of a connection file: `control_prot` (did you mean `control_port`?)
    specs/scenarios/starts/odd.toml:6: unknown transport `tpc` (did you mean `ipc`?)
    specs/scenarios/starts/odd.toml:7: unknown channel `sell` (did you mean `shell`?)
    specs/scenarios/starts/odd.toml:9: unknown key `then_exits` (did you mean `then_exit`?)
    ");
}
