//! By what a script can tell whether a finding shows: read from what the finding says of itself. What takes the oracle's whole judgement is
//! left to people.

use harness::oracle::Kind;
use harness::wire::Channel;

use super::literal::string;
use super::want::{malformed, wrong};
use crate::reproducer::Expected;

/// What shows a finding, in the terms of `replay.py`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tell {
    /// The process ends unasked.
    Crash,
    /// A part of an answer never comes.
    Lacking { what: String, msg_type: String, channel: String },
    /// A question that every kernel has to answer is not, on this channel.
    Unanswered(String),
    /// A message comes, which should not.
    Comes { name: String, channel: Option<String> },
    /// A message comes too rarely or too often.
    Number { name: String, least: u64, most: Option<u64> },
    /// A value is one that it must not be; the condition is an expression on `value`.
    Wrong { msg_type: String, path: String, condition: String },
    /// The signature is none of ours.
    BadlySigned(String),
    /// A heartbeat does not come back.
    NotEchoed,
    /// The start came to this.
    Started(&'static str),
    /// It takes more than a script knows.
    Unknown,
}

impl Tell {
    /// Reads the words of a finding.
    pub(super) fn of(finding: &Expected) -> Self {
        let (place, title) = (finding.place.trim_end_matches(" (milder)"), finding.title.as_str());
        match finding.kind {
            Kind::Crash => return Self::Crash,
            Kind::Lockup => return lockup(finding, place).unwrap_or(Self::Unknown),
            Kind::Deviation => {}
        }
        let readers = [lacking, dropped, start, echo, signature, comes, routed, answered_by, followed, counted, malformed, wrong];
        readers.into_iter().find_map(|read| read(place, title)).unwrap_or(Self::Unknown)
    }

    /// Whether it is a matter of the steps at which it showed.
    pub(super) fn is_of_steps(&self) -> bool {
        !matches!(self, Self::Crash | Self::Unanswered(_) | Self::BadlySigned(_) | Self::Started(_) | Self::Unknown)
    }

    /// What is wanted of the kernel, in a few words.
    pub(super) fn wanted(&self) -> Option<String> {
        Some(match self {
            Self::Crash => "a process that lives".to_owned(),
            Self::Lacking { what, msg_type, channel } => format!("{what} for {msg_type} on {channel}"),
            Self::Unanswered(channel) => format!("answers on {channel}"),
            Self::Comes { name, channel: None } => format!("no {name}"),
            Self::Comes { name, channel: Some(channel) } => format!("no {name} on {channel}"),
            Self::Number { name, least, most: None } => format!("at least {least} {name}"),
            Self::Number { name, most: Some(most), .. } => format!("at most {most} {name}"),
            Self::Wrong { msg_type, path, .. } => format!("another {path} in {msg_type}"),
            Self::BadlySigned(msg_type) => format!("{msg_type} with a right signature"),
            Self::NotEchoed => "an echo of the heartbeat".to_owned(),
            Self::Started(_) => "another end of this start".to_owned(),
            Self::Unknown => return None,
        })
    }

    /// The expression that lists what shows it; `None` in Python where that can't be told.
    pub(super) fn expression(&self) -> String {
        match self {
            Self::Crash => "[play.crash] if play.crash else []".to_owned(),
            Self::Lacking { what, msg_type, channel } => {
                format!("play.lacking({}, {}, {})", string(what), string(msg_type), string(channel))
            }
            Self::Unanswered(channel) => format!("play.unanswered({})", string(channel)),
            Self::Comes { name, channel: None } => format!("play.came_of({})", string(name)),
            Self::Comes { name, channel: Some(channel) } => format!("play.came_of({}, {})", string(name), string(channel)),
            Self::Number { name, least, most: None } => format!("play.number({}, least={least})", string(name)),
            Self::Number { name, most: Some(most), .. } => format!("play.number({}, most={most})", string(name)),
            Self::Wrong { msg_type, path, condition } => {
                format!("play.wrong({}, {}, lambda value: {condition})", string(msg_type), string(path))
            }
            Self::BadlySigned(msg_type) => format!("play.badly_signed({})", string(msg_type)),
            Self::NotEchoed => "play.not_echoed()".to_owned(),
            Self::Started(outcome) => format!("[play.outcome] if play.outcome == {} else []", string(outcome)),
            Self::Unknown => "None".to_owned(),
        }
    }
}

/// `the execute_request on shell never got its reply: …`
fn asked(title: &str) -> Option<(String, String)> {
    let mut words = title.strip_prefix("the ")?.split(' ');
    let (msg_type, "on", channel) = (words.next()?, words.next()?, words.next()?) else { return None };
    Channel::ALL.iter().any(|known| known.name() == channel).then(|| (msg_type.to_owned(), channel.to_owned()))
}

/// `execute_request on shell: reply missing, status none`
fn lacking(place: &str, title: &str) -> Option<Tell> {
    let (_, rest) = place.rsplit_once(": ")?;
    let what = ["reply", "idle", "exit"].into_iter().find(|what| rest.starts_with(&format!("{what} missing")))?;
    let (msg_type, channel) = asked(title)?;
    Some(Tell::Lacking { what: what.to_owned(), msg_type, channel })
}

/// `the genuine kernel_info_request on shell was dropped after a forged copy of it`
fn dropped(_: &str, title: &str) -> Option<Tell> {
    let (genuine, _) = title.split_once(" was dropped after a forged copy of it")?;
    let (msg_type, channel) = asked(&genuine.replacen("genuine ", "", 1))?;
    Some(Tell::Lacking { what: "reply".to_owned(), msg_type, channel })
}

fn lockup(finding: &Expected, place: &str) -> Option<Tell> {
    let (_, channel) = asked(&finding.title).unwrap_or_default();
    match finding.lockup.as_deref()? {
        "heartbeat_lost" => Some(Tell::NotEchoed),
        "shell_stuck" | "control_stuck" | "unresponsive" | "livelock" if place.contains("reply missing") && !channel.is_empty() => {
            Some(Tell::Unanswered(channel))
        }
        _ => lacking(place, &finding.title),
    }
}

/// `a kernel was started with no key, and it lives and does not answer`
fn start(place: &str, title: &str) -> Option<Tell> {
    title.strip_prefix("a kernel was started with ")?;
    let (_, outcome) = place.rsplit_once(": ")?;
    let outcomes = ["it ended", "it lives and does not answer", "it answers as if nothing were wrong"];
    outcomes.into_iter().find(|known| outcome.starts_with(known)).map(Tell::Started)
}

fn echo(_: &str, title: &str) -> Option<Tell> {
    (title.starts_with("a heartbeat of client ") && title.ends_with(" was not echoed")).then_some(Tell::NotEchoed)
}

/// `the signature of status on iopub is wrong: …`
fn signature(_: &str, title: &str) -> Option<Tell> {
    let (name, rest) = title.strip_prefix("the signature of ")?.split_once(" on ")?;
    rest.contains(" is wrong: ").then(|| Tell::BadlySigned(name.to_owned()))
}

/// `stream was sent for a request that must not have it: execute_request`
fn comes(_: &str, title: &str) -> Option<Tell> {
    let never = title.strip_suffix(" was sent, and never should be");
    let name = never.or_else(|| Some(title.split_once(" was sent for a request that must not have it: ")?.0))?;
    Some(Tell::Comes { name: name.to_owned(), channel: None })
}

/// `execute_reply came on shell, the request was sent on control`
fn routed(_: &str, title: &str) -> Option<Tell> {
    let (name, rest) = title.split_once(" came on ")?;
    let (channel, _) = rest.split_once(", the request was sent on ")?;
    Some(Tell::Comes { name: name.to_owned(), channel: Some(channel.to_owned()) })
}

/// `comm_open was answered by comm_reply, wanted no reply`
fn answered_by(_: &str, title: &str) -> Option<Tell> {
    let (_, rest) = title.split_once(" was answered by ")?;
    let (name, _) = rest.split_once(", wanted ")?;
    Some(Tell::Comes { name: name.to_owned(), channel: None })
}

/// `execute_request was not followed by execute_input (its reply's status is ok)`
fn followed(_: &str, title: &str) -> Option<Tell> {
    let (cause, rest) = title.split_once(" was not followed by ")?;
    let (name, _) = rest.split_once(" (its reply's status is ")?;
    // What is to follow a message of the kernel, and not the request, is not counted by requests.
    (cause.ends_with("_request") && is_name(name)).then(|| Tell::Number { name: state(name), least: 1, most: None })
}

/// `2 idle messages for one execute_request, wanted 1`, `no busy for execute_request, wanted 1`
fn counted(place: &str, title: &str) -> Option<Tell> {
    let (counted, wanted) = title.rsplit_once(", wanted ")?;
    let wanted = wanted.parse().ok()?;
    let (_, bound) = place.split_once(": ")?;
    let (few, name) = (bound.strip_prefix("fewer than "), bound.strip_prefix("more than "));
    let (_, name) = few.or(name)?.split_once(' ')?;
    if !is_name(name) || !counted.contains(name) {
        return None;
    }
    let (least, most) = if few.is_some() { (wanted, None) } else { (0, Some(wanted)) };
    Some(Tell::Number { name: state(name), least, most })
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// A message's name in the script; rules name a status by its state.
fn state(name: &str) -> String {
    if ["busy", "idle", "starting"].contains(&name) { format!("status {name}") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use harness::oracle::Verdict;

    use super::*;

    fn tell(kind: Kind, lockup: Option<&str>, place: &str, title: &str) -> (bool, String) {
        let finding = Expected {
            rule: "X-01".to_owned(),
            verdict: Verdict::Fail,
            kind,
            lockup: lockup.map(str::to_owned),
            place: place.to_owned(),
            title: title.to_owned(),
            reliability: None,
        };
        let tell = Tell::of(&finding);
        (tell.is_of_steps(), tell.expression())
    }

    #[test]
    fn lockups_and_crashes_are_told_by_what_never_came() {
        let cases = [
            (
                "shell_stuck",
                "kernel_info_request fence on shell: reply missing, shell_stuck",
                "the kernel_info_request on shell never got its reply: shell stuck",
                "play.unanswered(\"shell\")",
            ),
            (
                "never_idle",
                "execute_request flood on shell: idle missing, never_idle",
                "the execute_request on shell never got its idle: never idle",
                "play.lacking(\"idle\", \"execute_request\", \"shell\")",
            ),
            (
                "shutdown_stuck",
                "shutdown_request restart on control: exit missing, shutdown_stuck",
                "the shutdown_request on control was accepted, and the process had not ended 12 s later: shutdown stuck",
                "play.lacking(\"exit\", \"shutdown_request\", \"control\")",
            ),
        ];
        for (kind, place, title, wanted) in cases {
            assert_eq!(tell(Kind::Lockup, Some(kind), place, title).1, wanted);
        }
        assert_eq!(tell(Kind::Crash, None, "exit code 1 while idle", "").1, "[play.crash] if play.crash else []");
    }

    #[test]
    fn deviations_are_told_by_their_words() {
        let cases = [
            (
                "kernel_info_request on control",
                "the genuine kernel_info_request on control was dropped after a forged copy of it",
                "play.lacking(\"reply\", \"kernel_info_request\", \"control\")",
            ),
            (
                "execute_request on shell: reply missing, status none",
                "the execute_request on shell got no reply, though the kernel answered a later one",
                "play.lacking(\"reply\", \"execute_request\", \"shell\")",
            ),
            (
                "stream of execute_request",
                "stream was sent for a request that must not have it: execute_request",
                "play.came_of(\"stream\")",
            ),
            (
                "execute_reply on shell for control",
                "execute_reply came on shell, the request was sent on control",
                "play.came_of(\"execute_reply\", \"shell\")",
            ),
            ("execute_request: fewer than 1 busy", "no busy for execute_request, wanted 1", "play.number(\"status busy\", least=1)"),
            (
                "execute_request without execute_input",
                "execute_request was not followed by execute_input (its reply's status is error)",
                "play.number(\"execute_input\", least=1)",
            ),
            ("it is empty", "the signature of status on iopub is wrong: it is empty", "play.badly_signed(\"status\")"),
            (
                "no key: it lives and does not answer",
                "a kernel was started with no key, and it lives and does not answer",
                "[play.outcome] if play.outcome == \"it lives and does not answer\" else []",
            ),
        ];
        for (place, title, wanted) in cases {
            assert_eq!(tell(Kind::Deviation, None, place, title).1, wanted, "{title}");
        }
    }

    #[test]
    fn values_are_told_by_what_is_wrong_about_them() {
        let cases = [
            (
                "x",
                "parent_header.x of status is absent, that of the request is [[[[[\u{2026}",
                "play.wrong(\"status\", \"parent.x\", lambda value: value is ABSENT)",
            ),
            (
                "header.session",
                "header.session of status is missing",
                "play.wrong(\"status\", \"header.session\", lambda value: value is ABSENT)",
            ),
            (
                "execute_reply content.status",
                "status of execute_reply is \"abort\", which it must not be",
                "play.wrong(\"execute_reply\", \"content.status\", lambda value: same(value, \"abort\"))",
            ),
            (
                "inspect_reply content.data",
                "data of inspect_reply is null, wanted object",
                "play.wrong(\"inspect_reply\", \"content.data\", lambda value: not set(kind(value)) & {\"object\"})",
            ),
            ("prefix.#", "prefix.# of status is 2, wanted 1", "play.wrong(\"status\", \"prefix.#\", lambda value: not same(value, 1))"),
            (
                "parent.x",
                "parent.x of status has its length that is 2000000, wanted at most 1000000",
                "play.wrong(\"status\", \"parent.x.#\", lambda value: not (\"number\" in kind(value) and value <= 1000000))",
            ),
            (
                "shutdown_reply content.restart",
                "restart of shutdown_reply is false, request.content.restart is true",
                "play.wrong(\"shutdown_reply\", \"content.restart\", lambda value: not same(value, True))",
            ),
            (
                "status on iopub: not-an-object in parent_header",
                "status on iopub is malformed: parent_header: wanted an object, found null",
                "play.wrong(\"status\", \"parent\", lambda value: not set(kind(value)) & {\"object\"})",
            ),
        ];
        for (place, title, wanted) in cases {
            assert_eq!(tell(Kind::Deviation, None, place, title).1, wanted, "{title}");
        }
    }

    #[test]
    fn what_takes_a_judgement_is_left_to_people() {
        let titles = [
            "execution_count went from 6 to 8 over 1 silent requests, wanted 7",
            "the marker that earlier cells set is 4 and should be 1: something ran that should not have",
            "header.session of status is \"5a\", that of status at line 8 is \"34\"",
            "found of x is \"cut off…",
            "status was not followed by idle (its reply's status is none)",
        ];
        for title in titles {
            assert_eq!(tell(Kind::Deviation, None, "somewhere", title), (false, "None".to_owned()), "{title}");
        }
    }

    #[test]
    fn hostile_words_stay_words() {
        let title = "status of x\"+quit()+\" is \"y\", which it must not be";
        assert_eq!(
            tell(Kind::Deviation, None, "", title).1,
            r#"play.wrong("x\"+quit()+\"", "content.status", lambda value: same(value, "y"))"#
        );
    }
}
