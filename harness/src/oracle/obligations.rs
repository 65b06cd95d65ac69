//! Which rule answers for what: the one table from a broken obligation, or an unasked end of the process, to the rule that is named.

use super::checks::Deed;
use super::deeds::deeds_until;
use super::episode::Episode;
use super::request::{Request, Role};
use super::seen::Seen;
use crate::trace::{Event, Expectation};
use crate::wire::{Channel, MalformationKind, ProblemKind};

/// What the request of an obligation must be.
#[derive(Debug, Clone, Copy)]
enum Of {
    Any,
    Type(&'static str),
    TypeOn(&'static str, Channel),
    Channel(Channel),
    Role(Role),
}

/// What must be the case beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Always,
    /// The kernel waited for input.
    InputPending,
    /// An execution without a reply was going on, other than the request itself.
    Busy,
    /// An execution without a reply was going on, and an interrupt had been sent.
    BusyInterrupted,
    /// The same, and nothing else that was asked on control meanwhile was answered.
    HeldUp,
    /// The kernel had asked for input on its behalf and got an interrupt.
    InputInterrupted,
    /// A signal interrupted the kernel after it was sent.
    Signalled,
    /// A message asked to interrupt the kernel after it was sent.
    AskedToStop,
    /// It is wrong on purpose.
    Odd,
    /// Nothing is wrong about it.
    Plain,
    /// It had asked for input, and the client had answered.
    InputAnswered,
    /// It was aborted: a failure before it may have kept it from being run, and its reply is not `ok`.
    Aborted,
    /// Its reply has another status than `ok`, or there is none.
    NotOk,
}

/// One line of the table.
struct Row {
    what: Expectation,
    of: Of,
    when: When,
    rule: &'static str,
}

const fn row(what: Expectation, of: Of, when: When, rule: &'static str) -> Row {
    Row { what, of, when, rule }
}

/// The first line that fits, and whose rule is judged, names the rule.
const TABLE: &[Row] = &[
    row(Expectation::Reply, Of::Type("execute_request"), When::InputInterrupted, "STDIN-15"),
    row(Expectation::Reply, Of::Type("execute_request"), When::InputAnswered, "STDIN-06"),
    row(Expectation::Reply, Of::Type("execute_request"), When::Signalled, "INT-01"),
    row(Expectation::Reply, Of::Type("execute_request"), When::AskedToStop, "INT-02"),
    row(Expectation::Reply, Of::Type("execute_request"), When::Always, "EXEC-01"),
    row(Expectation::Reply, Of::TypeOn("kernel_info_request", Channel::Control), When::Always, "CTRL-02"),
    row(Expectation::Reply, Of::TypeOn("shutdown_request", Channel::Control), When::Always, "LIFE-03"),
    row(Expectation::Reply, Of::TypeOn("shutdown_request", Channel::Shell), When::Always, "LIFE-09"),
    row(Expectation::Reply, Of::Type("interrupt_request"), When::Always, "INT-03"),
    row(Expectation::Reply, Of::Channel(Channel::Control), When::HeldUp, "CTRL-01"),
    row(Expectation::Reply, Of::Any, When::Odd, "ROB-16"),
    row(Expectation::Reply, Of::Any, When::Plain, "HDR-14"),
    row(Expectation::Idle, Of::Any, When::Aborted, "STAT-15"),
    row(Expectation::Idle, Of::Role(Role::Notice), When::Always, "STAT-06"),
    row(Expectation::Idle, Of::Role(Role::Unknown), When::Always, "STAT-07"),
    row(Expectation::Idle, Of::Channel(Channel::Control), When::Always, "STAT-05"),
    row(Expectation::Idle, Of::Any, When::NotOk, "STAT-08"),
    row(Expectation::Idle, Of::Any, When::Always, "STAT-02"),
    row(Expectation::Idle, Of::Any, When::Always, "STAT-03"),
    row(Expectation::Echo, Of::Any, When::InputPending, "STDIN-14"),
    row(Expectation::Echo, Of::Any, When::Busy, "HB-03"),
    row(Expectation::Echo, Of::Any, When::Always, "HB-01"),
    row(Expectation::Exit, Of::Any, When::BusyInterrupted, "LIFE-06"),
    row(Expectation::Exit, Of::Any, When::Always, "LIFE-05"),
    row(Expectation::Input, Of::Any, When::Always, "STDIN-03"),
];

/// The rules that may answer for something owed that had not come by a line, the fittest first. `request` is `None` for the heartbeat
/// and the process.
pub(super) fn rules_for(episode: &Episode, request: Option<&Request>, what: Expectation, line: u64) -> Vec<&'static str> {
    let fits = |row: &&Row| row.what == what && row.of.fits(episode, request) && row.when.holds(episode, request, line);
    TABLE.iter().filter(fits).map(|row| row.rule).collect()
}

impl Of {
    fn fits(self, episode: &Episode, request: Option<&Request>) -> bool {
        let Some(request) = request else { return matches!(self, Self::Any) };
        let asked = episode.asked(request);
        match self {
            Self::Any => true,
            Self::Type(name) => asked.msg_type() == name,
            Self::TypeOn(name, channel) => asked.msg_type() == name && asked.channel == channel,
            Self::Channel(channel) => asked.channel == channel,
            Self::Role(role) => request.role == role,
        }
    }
}

impl When {
    fn holds(self, episode: &Episode, request: Option<&Request>, line: u64) -> bool {
        match self {
            Self::Always => true,
            Self::Busy => episode.requests.iter().any(|other| {
                let same = request.is_some_and(|request| request.sent == other.sent);
                !same && is_pending_execution(episode, other, line)
            }),
            Self::BusyInterrupted => interrupts(episode) > 0 && Self::Busy.holds(episode, request, line),
            Self::HeldUp => Self::Busy.holds(episode, request, line) && !serves_control_meanwhile(episode, line),
            Self::InputPending => episode.requests.iter().any(|other| {
                let asks = other.inputs.iter().any(|&input| episode.messages[input].line < line);
                asks && is_pending_execution(episode, other, line)
            }),
            Self::InputInterrupted => request.is_some_and(|request| !request.inputs.is_empty()) && interrupts(episode) > 0,
            Self::Signalled => request.is_some_and(|request| is_hit(episode, request, episode.signals())),
            Self::AskedToStop => {
                let by_message = episode.kernel.started.as_ref().is_none_or(|kernel| kernel.event.interrupt_mode == "message");
                by_message && request.is_some_and(|request| is_hit(episode, request, episode.interrupt_requests()))
            }
            Self::Odd => request.is_some_and(|request| is_wrong(episode, request)),
            Self::Plain => request.is_none_or(|request| !is_wrong(episode, request)),
            Self::InputAnswered => {
                let asked = request.and_then(|request| request.inputs.first().copied());
                let answers = |input: usize, other: &Request| other.sent > input || names(episode, episode.asked(other), input);
                let mut replies = episode.requests.iter().filter(|other| other.role == Role::Reply && other.honest);
                asked.is_some_and(|input| replies.any(|other| answers(input, other)))
            }
            Self::Aborted => request.is_some_and(|request| is_aborted(episode, request)),
            Self::NotOk => request.is_some_and(|request| episode.status_of(request) != "ok"),
        }
    }
}

/// The rules that may answer for an unasked end of the process at this line, the fittest first.
pub(super) fn rules_for_crash(episode: &Episode, line: u64) -> Vec<&'static str> {
    let mut rules = Vec::new();
    let executing = episode.requests.iter().any(|request| is_pending_execution(episode, request, line));
    if was_interrupted(episode, line) {
        rules.push(if executing { "INT-01" } else { "INT-05" });
    }
    if fails(episode, line) {
        rules.push("EXEC-34");
    }
    if executing {
        rules.push("EXEC-01");
    }
    rules.extend(rule_for_deed(episode, line));
    if !episode.messages.iter().any(Seen::from_kernel) {
        let restarted = episode.kernel.started.as_ref().is_some_and(|started| started.event.restarted);
        rules.push(if restarted { "LIFE-12" } else { "LIFE-01" });
    }
    rules.push("EXEC-34");
    rules
}

/// Whether an interrupt was the last that happened to the kernel, or nearly so: what came after it has no answer.
pub(super) fn was_interrupted(episode: &Episode, line: u64) -> bool {
    let last = episode.signals().chain(episode.interrupt_requests()).filter(|&at| at < line).max();
    last.is_some_and(|at| {
        !episode.messages.iter().any(|seen| seen.from_kernel() && seen.line > at && seen.line < line && answers_later(episode, seen, at))
    })
}

/// Whether a message of the kernel answers a request that was sent after a line.
fn answers_later(episode: &Episode, seen: &Seen, at: u64) -> bool {
    let request = seen.request.and_then(|number| episode.requests.get(number));
    request.is_some_and(|request| episode.asked(request).line > at && episode.type_of(request) != "interrupt_request")
}

/// Whether an execution was going on that every kernel ends with an error: one failure must not be another's.
fn fails(episode: &Episode, line: u64) -> bool {
    let outcome = |request: &&Request| episode.asked(request).facts.get("outcome").is_some_and(|outcome| outcome == "error");
    let last = episode.requests.iter().rfind(|request| is_pending_execution(episode, request, line));
    last.is_some_and(|request| outcome(&request))
}

/// The rule about what may have harmed the kernel before this line.
pub(super) fn rule_for_deed(episode: &Episode, line: u64) -> Option<&'static str> {
    match deeds_until(episode, line)[0]? {
        Deed::Heartbeat => Some("AUTH-17"),
        Deed::Stranger(event) => rule_for_strangers(&episode.events[event].event),
        Deed::Message(message) => rule_for_fault(episode, &episode.messages[message]),
        _ => None,
    }
}

/// Who leaves a message unfinished speaks ZeroMQ; who does not is another matter.
fn rule_for_strangers(event: &Event) -> Option<&'static str> {
    let Event::Stranger(stranger) = event else { return None };
    let half = stranger.facts.get("odd").is_some_and(|odd| odd == "half message");
    Some(if half { "ROB-19" } else { "ROB-18" })
}

/// What a kernel must survive, by what the plan calls odd about a message.
const ODDITIES: &[(&str, &str)] = &[
    ("signature", "AUTH-08"),
    ("replay", "AUTH-13"),
    ("missing key", "ROB-05"),
    ("header type", "ROB-06"),
    ("type", "ROB-07"),
    ("channel", "ROB-17"),
    ("huge number", "ROB-11"),
    ("pathological header", "ROB-13"),
    ("repeated id", "ROB-21"),
    ("field type", "ROB-16"),
    ("missing field", "ROB-16"),
    ("version", "VER-03"),
    ("cursor", "CMP-04"),
    ("level", "INS-04"),
    ("unknown access", "HIS-06"),
    ("unsolicited", "STDIN-11"),
    ("subshell", "SUB-07"),
    ("command", "DBG-18"),
    ("cold command", "DBG-06"),
    ("opened twice", "COMM-10"),
];

/// What a kernel must survive, by what was wrong with the message that may have harmed it.
fn rule_for_fault(episode: &Episode, last: &Seen) -> Option<&'static str> {
    if let Some(malformation) = last.malformations.first() {
        return Some(match malformation.kind {
            MalformationKind::NoDelimiter => "ROB-01",
            MalformationKind::MissingParts { .. } => "ROB-02",
            MalformationKind::SeveralDelimiters | MalformationKind::Spliced => "ROB-15",
            MalformationKind::NotAnObject { .. } => "ROB-04",
            MalformationKind::Json(ProblemKind::InvalidUtf8) => "ROB-08",
            MalformationKind::Json(ProblemKind::LoneSurrogate) => "ROB-09",
            MalformationKind::Json(ProblemKind::NanToken) => "ROB-10",
            MalformationKind::Json(ProblemKind::TooDeep) => "ROB-12",
            MalformationKind::Json(ProblemKind::DuplicateKey) => "ROB-14",
            MalformationKind::Json(_) => "ROB-03",
        });
    }
    let odd = last.facts.get("odd").and_then(|odd| odd.as_str());
    if let Some((_, rule)) = ODDITIES.iter().find(|(known, _)| odd == Some(known)) {
        return Some(rule);
    }
    if last.facts.get("sign").is_some_and(|sign| sign != "good") {
        return Some("AUTH-08");
    }
    let request = last.request.and_then(|number| episode.requests.get(number))?;
    match request.role {
        Role::Unknown => Some("ROB-07"),
        Role::Reply => (!is_answer(episode, last)).then_some("STDIN-11"),
        Role::Notice => Some("COMM-07"),
        Role::Request if request.replies.is_empty() && is_wrong(episode, request) => Some("ROB-16"),
        Role::Request => None,
    }
}

/// Whether an input_reply answers something: it names a question, or one was pending.
fn is_answer(episode: &Episode, reply: &Seen) -> bool {
    let mut questions = episode.requests.iter().flat_map(|request| &request.inputs);
    questions.any(|&input| names(episode, reply, input)) || When::InputPending.holds(episode, None, reply.line)
}

/// Whether an input_reply names this input_request. The trace may hold the question after its answer, which is sent as soon as it comes.
fn names(episode: &Episode, reply: &Seen, input: usize) -> bool {
    reply.parent_id().is_some() && episode.messages[input].msg_id() == reply.parent_id()
}

/// Whether a request was aborted, as far as its reply tells.
pub(super) fn is_aborted(episode: &Episode, request: &Request) -> bool {
    request.maybe_aborted && !matches!(episode.status_of(request), "ok" | "none")
}

/// What every front end sends beside the code.
const FLAGS: [&str; 3] = ["silent", "store_history", "user_expressions"];

/// The field that our plans put where no kernel knows one.
const UNKNOWN_FIELD: &str = "kernelcheck";

/// Whether a request is wrong on purpose, or says more than kernels know: one that is ignored for that is no sign that anything hangs.
pub(super) fn is_unusual(episode: &Episode, request: &Request) -> bool {
    let asked = episode.asked(request);
    let is_odd = is_wrong(episode, request) || asked.field(UNKNOWN_FIELD).is_some();
    // What the kernel has ended, though without its reply, is no sign that anything hangs either, where it was not quite plain.
    let is_special = lacks_flags(asked) || asked.facts.contains_key("past_streams");
    is_odd || (is_special && request.bracket() == "both")
}

/// Whether it is an execution that leaves a field out which front ends always send.
fn lacks_flags(asked: &Seen) -> bool {
    asked.msg_type() == "execute_request" && FLAGS.iter().any(|name| asked.field(name).is_none())
}

pub(super) fn is_wrong(episode: &Episode, request: &Request) -> bool {
    episode.asked(request).facts.contains_key("odd")
}

/// Whether an honest execute request was on its way at this line.
fn is_pending_execution(episode: &Episode, request: &Request, line: u64) -> bool {
    let asked = episode.asked(request);
    let answered = request.reply().is_some_and(|reply| episode.messages[reply].line < line);
    request.honest && asked.msg_type() == "execute_request" && asked.line < line && !answered
}

/// Whether one of these interrupts was for this request: it was there, is not over, and did not wait behind another execution.
fn is_hit(episode: &Episode, request: &Request, mut interrupts: impl Iterator<Item = u64>) -> bool {
    let asked = episode.asked(request);
    let begun = |at: u64| request.busy.is_some_and(|busy| episode.messages[busy].line < at);
    let behind = |at: u64| {
        let ahead = |other: &Request| is_pending_execution(episode, other, at) && episode.asked(other).line < asked.line;
        episode.requests.iter().any(ahead)
    };
    request.idle.is_none() && interrupts.any(|at| at > asked.line && (begun(at) || !behind(at)))
}

/// Whether the kernel answered something on control while a cell ran that was not over at this line.
fn serves_control_meanwhile(episode: &Episode, line: u64) -> bool {
    let begin = episode.requests.iter().filter(|cell| is_pending_execution(episode, cell, line)).map(|cell| episode.asked(cell).line).min();
    begin.is_some_and(|begin| {
        episode.requests.iter().any(|request| {
            let asked = episode.asked(request);
            asked.channel == Channel::Control
                && asked.line > begin
                && request.reply().is_some_and(|reply| episode.messages[reply].line < line)
        })
    })
}

fn interrupts(episode: &Episode) -> usize {
    episode.signals().count() + episode.interrupt_requests().count()
}
