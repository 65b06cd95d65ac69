//! Checks: the patterns that rules are made of, one a file. Each is a small machine that looks at one episode after the other.

mod absence;
mod after_forgery;
mod attribution;
mod between;
mod beyond_ascii;
mod brackets;
mod comms;
mod connection_file;
mod constant;
mod count;
mod counter;
mod dates;
mod declared;
mod distinct_signatures;
mod echo;
mod echo_peers;
mod echo_time;
mod exit;
mod expressions;
mod fan_out;
mod fifo;
mod follow_up;
mod half_brackets;
mod health;
mod history;
mod ignored;
mod input_answer;
mod interrupt_prompt;
mod interrupt_survival;
mod known;
mod last_reply;
mod late;
mod later_delimiter;
mod listening;
mod malformed;
mod marker;
mod meanwhile;
mod order;
mod orphans;
mod outlives_asker;
mod parent_copy;
mod quiet;
mod reconnect;
mod renewed;
mod repeated_id;
mod reply_type;
mod response;
mod routing;
mod same_answer;
mod shape;
mod signal_exit;
mod signature;
mod stable;
mod start;
mod stray;
mod stream_text;
mod unique;
mod welcome;

use super::episode::Episode;
use super::params::Compiler;
use super::report::Report;
use super::request::Request;
use crate::spec::reader::Reader;
use crate::spec::{CheckDecl, SpecError};
use crate::trace::Expectation;

/// A compiled check of one rule.
pub(crate) trait Check: Send {
    /// Looks at an episode.
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>);

    /// Whether the rule says that the kernel survives this, so that a lockup or crash right after it is this rule's.
    fn claims(&self, _episode: &Episode, _deed: &Deed) -> bool {
        false
    }

    /// Whether the rule is about just this: that the request gets what it is owed.
    fn owns(&self, _episode: &Episode, _request: &Request, _what: Expectation) -> bool {
        false
    }

    /// Whether the rule is about just this heartbeat, by its index: that it is echoed.
    fn owns_echo(&self, _episode: &Episode, _beat: usize) -> bool {
        false
    }

    /// Whether it is about how kernels start, and has a say where one did not come up.
    fn is_about_starts(&self) -> bool {
        false
    }

    /// Whether kernels have promised to know what this check owns.
    fn is_promised(&self) -> bool {
        false
    }
}

/// What the clients did last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Sent a message, by its index.
    Message(usize),
    /// Sent heartbeat bytes.
    Heartbeat,
    /// Interrupted the kernel by a signal.
    Interrupt,
    /// Closed their sockets, by the index of the event.
    Disconnect(usize),
    /// Opened sockets, by the index of the event.
    Connect(usize),
    /// Sent bytes as strangers, by the index of the event.
    Stranger(usize),
}

/// A kind of check: its name in rule files, and the reader of its parameters.
struct CheckKind {
    name: &'static str,
    compile: fn(&Reader<'_>, &Compiler<'_>) -> Option<Box<dyn Check>>,
}

/// All kinds, by name.
const KINDS: &[CheckKind] = &[
    CheckKind { name: "absence", compile: absence::compile },
    CheckKind { name: "after-forgery", compile: after_forgery::compile },
    CheckKind { name: "attribution", compile: attribution::compile },
    CheckKind { name: "between", compile: between::compile },
    CheckKind { name: "beyond-ascii", compile: beyond_ascii::compile },
    CheckKind { name: "brackets", compile: brackets::compile },
    CheckKind { name: "comms", compile: comms::compile },
    CheckKind { name: "connection-file", compile: connection_file::compile },
    CheckKind { name: "constant", compile: constant::compile },
    CheckKind { name: "count", compile: count::compile },
    CheckKind { name: "counter", compile: counter::compile },
    CheckKind { name: "dates", compile: dates::compile },
    CheckKind { name: "declared", compile: declared::compile },
    CheckKind { name: "distinct-signatures", compile: distinct_signatures::compile },
    CheckKind { name: "echo", compile: echo::compile },
    CheckKind { name: "echo-peers", compile: echo_peers::compile },
    CheckKind { name: "echo-time", compile: echo_time::compile },
    CheckKind { name: "exit", compile: exit::compile },
    CheckKind { name: "expressions", compile: expressions::compile },
    CheckKind { name: "fan-out", compile: fan_out::compile },
    CheckKind { name: "fifo", compile: fifo::compile },
    CheckKind { name: "follow-up", compile: follow_up::compile },
    CheckKind { name: "half-brackets", compile: half_brackets::compile },
    CheckKind { name: "health", compile: health::compile },
    CheckKind { name: "history", compile: history::compile },
    CheckKind { name: "ignored", compile: ignored::compile },
    CheckKind { name: "input-answer", compile: input_answer::compile },
    CheckKind { name: "interrupt-prompt", compile: interrupt_prompt::compile },
    CheckKind { name: "interrupt-survival", compile: interrupt_survival::compile },
    CheckKind { name: "known", compile: known::compile },
    CheckKind { name: "last-reply", compile: last_reply::compile },
    CheckKind { name: "late", compile: late::compile },
    CheckKind { name: "later-delimiter", compile: later_delimiter::compile },
    CheckKind { name: "listening", compile: listening::compile },
    CheckKind { name: "malformed", compile: malformed::compile },
    CheckKind { name: "marker", compile: marker::compile },
    CheckKind { name: "meanwhile", compile: meanwhile::compile },
    CheckKind { name: "order", compile: order::compile },
    CheckKind { name: "orphans", compile: orphans::compile },
    CheckKind { name: "outlives-asker", compile: outlives_asker::compile },
    CheckKind { name: "parent-copy", compile: parent_copy::compile },
    CheckKind { name: "quiet", compile: quiet::compile },
    CheckKind { name: "reconnect", compile: reconnect::compile },
    CheckKind { name: "renewed", compile: renewed::compile },
    CheckKind { name: "repeated-id", compile: repeated_id::compile },
    CheckKind { name: "reply-type", compile: reply_type::compile },
    CheckKind { name: "response", compile: response::compile },
    CheckKind { name: "routing", compile: routing::compile },
    CheckKind { name: "same-answer", compile: same_answer::compile },
    CheckKind { name: "shape", compile: shape::compile },
    CheckKind { name: "signal-exit", compile: signal_exit::compile },
    CheckKind { name: "signature", compile: signature::compile },
    CheckKind { name: "stable", compile: stable::compile },
    CheckKind { name: "start", compile: start::compile },
    CheckKind { name: "stray", compile: stray::compile },
    CheckKind { name: "stream-text", compile: stream_text::compile },
    CheckKind { name: "unique", compile: unique::compile },
    CheckKind { name: "welcome", compile: welcome::compile },
];

/// The names of all kinds of checks, as rule files use them.
pub fn check_kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|kind| kind.name)
}

/// Compiles a declared check; notes what is wrong with it.
pub(super) fn compile(decl: &CheckDecl, compiler: &Compiler<'_>, mistakes: &mut Vec<SpecError>) -> Option<Box<dyn Check>> {
    let Some(kind) = KINDS.iter().find(|kind| kind.name == decl.kind) else {
        mistakes.push(decl.unknown_kind(check_kinds()));
        return None;
    };
    let noted = decl.mistakes();
    let reader = decl.reader(&noted);
    let check = (kind.compile)(&reader, compiler);
    if check.is_some() {
        reader.finish();
    }
    mistakes.extend(noted.into_vec());
    check
}

#[cfg(test)]
mod tests {
    use super::check_kinds;

    #[test]
    fn kinds_stand_in_order_and_once() {
        let names: Vec<&str> = check_kinds().collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(names, sorted);
    }
}
