//! The notation: a trace as text, one line an event. Rule files, documents, tests and reports share it.
//!
//! ```text
//! # Comments and blank lines are passed over.
//! > shell execute_request id=1 code="6 * 7"
//! < iopub status parent=1 execution_state=busy
//! < shell execute_reply parent=1 status=ok execution_count=1
//! +20ms < iopub status parent=1 execution_state=idle
//! ! exit code=0 asked=true
//! ```
//!
//! `>` goes to the kernel, `<` comes from it; a client other than `a` stands before the channel, as in `b:shell`. A line comes 1 ms
//! after the one before it, unless a time such as `+5s` or `+20ms` begins it.
//!
//! A value is JSON, or else a bare word that is taken as a string. A key is a field of the content, a dot after a key goes into an
//! object (`data.text/plain=42`), and `-key` takes a field out. `{"repeat": "x", "times": 1000}` is a long text. These keys mean something else:
//!
//! | key | meaning |
//! |---|---|
//! | `id` | the message id; unique by itself |
//! | `parent` | message id of the parent, whose header is copied if it stands in the trace; `{}` or any object as it is |
//! | `session`, `date`, `username`, `version` | of the header |
//! | `header.X`, `parent_header.X`, `metadata.X`, `content.X` | any member of a part; `header=`, `parent_header=` and `content=` give it whole |
//! | `raw.header`, `raw.parent`, `raw.metadata`, `raw.content` | the bytes of a part: a string, or `{"base64": "…"}` |
//! | `prefix`, `buffers`, `frames` | frames, as an array; `frames` is the whole message |
//! | `signature` | `good`, `bad`, `empty`, `upper`, `with-buffers`, `key-first`, or any text |
//! | `step`, `fact.X` | the step that sent it, and what its plan knows |
//!
//! `> hb "ping"` and `< hb "ping"` are heartbeats. The other events are `! scenario NAME`, `! scenario_end`, `! kernel`,
//! `! connected CLIENT`, `! disconnected CLIENT`, `! settled ID missing=reply,idle why=deadline`, `! probe CHANNEL answered`,
//! `! ladder ID kind=no_reply missing=reply`, `! signal SIGINT purpose=interrupt`, `! stdout "text"`, `! stderr "text"`,
//! `! exit code=0 asked=true`, `! violation CHANNEL WHAT text="…"`, `! note WHAT TEXT`, `! error WHAT TEXT` and `! end`. A request
//! that no `! settled` names is settled where the trace, the scenario or the kernel's life ends: `answered`, `exited`, or `fenced` with
//! what is missing.

mod events;
mod message;
mod owed;
mod pairs;
mod parse;
mod render;
mod token;

pub use parse::{Mistake, NotationError, parse};
pub use render::{Names, Shown, beat_line, event_line, message_line, record_line};

/// What a trace in the notation is signed with.
const KEY: &[u8] = b"notation";
