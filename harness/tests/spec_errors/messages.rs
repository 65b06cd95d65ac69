//! Mistakes in message type files.

use crate::{ASK, ASK_REPLY, STATUS, mistakes_of};

#[test]
fn heads_of_message_types() {
    let request = r#"
sumary = "Asks."
channels = ["shel", "iopub"]
direction = "to-kernal"
role = "request"
pair = "ask_replay"
status = 5
since = "five"
source = "two\nlines"
publishes = ["statsu", 1]
"#;
    let reply = r#"
summary = "Answers."
channels = []
direction = "to-kernel"
role = "reply"
pair = "other_request"
status = "required"
source = "text"
sample = ["x"]
"#;
    let files = [
        ("messages/ask_request.toml", request),
        ("messages/ask_reply.toml", reply),
        ("messages/other_request.toml", ASK),
        ("messages/status.toml", &STATUS.replace("publication", "reply")),
        ("messages/stream.toml", &format!("{STATUS}pair = \"status\"")),
    ];
    insta::assert_snapshot!(mistakes_of(&files), @r#"
    specs/messages/ask_reply.toml:3: `channels` must name a channel
    specs/messages/ask_reply.toml:9: `sample` must be a table, not an array
    specs/messages/ask_request.toml:1: missing key `summary`
    specs/messages/ask_request.toml:2: unknown key `sumary` (did you mean `summary`?)
    specs/messages/ask_request.toml:3: unknown channel `shel` (did you mean `shell`?)
    specs/messages/ask_request.toml:4: unknown direction `to-kernal` (did you mean `to-kernel`?)
    specs/messages/ask_request.toml:6: unknown message type `ask_replay` (did you mean `ask_reply`?)
    specs/messages/ask_request.toml:7: `status` must be a string, not an integer
    specs/messages/ask_request.toml:8: `five` is not a version of the protocol, as `5.3`
    specs/messages/ask_request.toml:9: `source` must be one line of text
    specs/messages/ask_request.toml:10: unknown message type `statsu` (did you mean `status`?)
    specs/messages/ask_request.toml:10: `publishes[1]` must be a string, not an integer
    specs/messages/status.toml:1: missing key `pair`: a request has a reply, and a reply a request
    specs/messages/stream.toml:1: `pair` is for requests and replies only
    "#);
}

#[test]
fn pairs_that_do_not_fit() {
    let one_sided = ASK.replace("pair = \"ask_reply\"", "pair = \"status\"");
    let files = [
        ("messages/ask_request.toml", one_sided.as_str()),
        ("messages/ask_reply.toml", &ASK_REPLY.replace("to-client", "to-kernel")),
        ("messages/status.toml", STATUS),
    ];
    insta::assert_snapshot!(mistakes_of(&files), @r#"
    specs/messages/ask_reply.toml:6: `ask_reply` and `ask_request` must go opposite ways
    specs/messages/ask_reply.toml:6: `ask_reply` names `ask_request` as its pair, which does not name it
    specs/messages/ask_request.toml:6: `ask_request` names `status` as its pair, which does not name it
    specs/messages/ask_request.toml:6: a pair is a request and a reply, but `ask_request` and `status` are not
    "#);
}

const FIELDS: &str = r#"
[fields.code]
type = "strnig|int"
required = "yes"
sumary = "what to run"
[fields."list[]"]
type = "string"
required = true
summary = "an item"
[fields.text]
type = "string"
required = { moode = "x" }
summary = "a text"
min = 1
pattern = "("
[fields."text[]"]
type = "string|string"
required = { mode = "slwo", "items[].kind" = [] }
summary = "an item of a text"
[fields.mode]
type = "string"
required = true
allowed = ["slow", "fast", 1, true]
open = "17"
summary = "how"
[fields.items]
type = "array"
required = {}
summary = "items"
[fields."items[]"]
type = "object"
required = true
summary = "one item"
[fields."items[].kind"]
type = "int"
required = true
min = 5
max = 3
allowed = []
summary = "its kind"
[fields."a b"]
type = "any"
required = true
summary = ""
[commands.go]
summary = "Goes."
[commands.go.arguments."deep.er"]
type = "any"
required = true
summary = "deeper"
"#;

#[test]
fn fields_of_message_types() {
    let files = [("messages/status.toml", format!("{STATUS}{FIELDS}"))];
    let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
    insta::assert_snapshot!(mistakes_of(&files), @r#"
    specs/messages/status.toml:9: missing key `fields.code.summary`
    specs/messages/status.toml:10: unknown type `strnig` (did you mean `string`?)
    specs/messages/status.toml:11: `fields.code.required` must be true, false or a table of conditions
    specs/messages/status.toml:12: unknown key `sumary` (did you mean `summary`?)
    specs/messages/status.toml:13: `list[]` has no declared parent: `list` is missing
    specs/messages/status.toml:17: `fields.text` has limits and is no number
    specs/messages/status.toml:17: unknown field in a condition: `moode` (did you mean `mode`?)
    specs/messages/status.toml:22: `(` is not a regular expression: unclosed group
    specs/messages/status.toml:23: `text[]` stands inside `text`, which is no array
    specs/messages/status.toml:23: the condition on `items[].kind` does not say which of its items or values is meant
    specs/messages/status.toml:23: unknown value of `mode`: `slwo` (did you mean `slow`?)
    specs/messages/status.toml:24: type `string` stands twice
    specs/messages/status.toml:25: a condition compares with a string, an integer or a boolean
    specs/messages/status.toml:30: `fields.mode.allowed[2]` is not of the field's type
    specs/messages/status.toml:30: `fields.mode.allowed[3]` must be a string or an integer
    specs/messages/status.toml:31: `17` is no number of an open matter, as `A17`
    specs/messages/status.toml:35: `fields.items.required` names no condition
    specs/messages/status.toml:41: `fields.items[].kind` has a min above its max
    specs/messages/status.toml:46: `fields.items[].kind.allowed` allows nothing
    specs/messages/status.toml:48: `a b` is not a field path, as `history[][]` or `user_expressions{}.status`
    specs/messages/status.toml:51: `fields.a b.summary` must be one line of text
    specs/messages/status.toml:54: `deep.er` has no declared parent: `deep` is missing
    "#);
}
