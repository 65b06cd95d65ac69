//! A script for Python and pyzmq that plays a reproducer: its plan as calls, above what scripts share (`replay.py`).
//!
//! The template is a script as a whole. A part of it between `# [WORD|WORD]` and `# [end]` is for plans in which one of the words stands;
//! other scripts are shorter by it.

use harness::plan::{Action, Await, Format, Outgoing, Plan, Sign, Step};
use harness::spec::Named;
use harness::trace::Bytes;
use harness::wire::PartName;
use serde_json::Value;

use super::literal::{bytes, list, object, string, value};
use super::tell::Tell;
use crate::reproducer::{Kernel, Reproducer};

/// What scripts share, with a line where the plan goes.
const TEMPLATE: &str = include_str!("replay.py");
/// That line.
const PLAN: &str = "# <plan>\n";
/// The end of a part that not every script has.
const END: &str = "# [end]";
/// How wide a script is.
const WIDTH: usize = 140;
/// The content that every front end sends for a cell, but for its code; what differs from it is named.
const CELL: [(&str, &str); 5] =
    [("silent", "False"), ("store_history", "True"), ("user_expressions", "{}"), ("allow_stdin", "False"), ("stop_on_error", "True")];
/// The signals that Python knows wherever there are kernels.
const SIGNALS: [&str; 12] =
    ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGSTOP", "SIGCONT", "SIGTSTP", "SIGCHLD", "SIGWINCH"];

/// Why there is no script for a reproducer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// A step that can't be played.
    #[error("steps[{number}] sends {signal:?}, which is no signal")]
    NoSignal {
        /// The number of the step, from 0.
        number: usize,
        /// Its signal.
        signal: String,
    },
    /// A step of somebody who is not there.
    #[error("the plan uses client {0:?}, which is not connected")]
    NoClient(String),
}

/// The script for a reproducer, on `kernel` in place of its own.
///
/// # Errors
///
/// If a script can't do what a step says.
pub fn python(reproducer: &Reproducer, kernel: &Kernel) -> Result<String, ExportError> {
    let (head, rest) = TEMPLATE.split_once(PLAN).unwrap_or_else(|| panic!("the template has the line {PLAN:?}"));
    let plan = [constants(reproducer, kernel), steps(&reproducer.plan)?, deviation(reproducer)].concat();
    Ok([head, &about(reproducer), &plan, &needed(rest, &plan)].concat())
}

/// The template's lines without the parts that this plan has no use for.
fn needed(template: &str, plan: &str) -> String {
    // A constant stands at the begin of a line; in a string of the plan its name tells nothing.
    let has = |word: &str| if word.ends_with(" =") { plan.lines().any(|line| line.starts_with(word)) } else { plan.contains(word) };
    let (mut text, mut left_out, mut after) = (String::new(), false, false);
    for line in template.split_inclusive('\n') {
        let mark = line.trim();
        if mark == END {
            (left_out, after) = (false, left_out);
        } else if let Some(words) = mark.strip_prefix("# [").and_then(|rest| rest.strip_suffix(']')) {
            left_out = !words.split('|').any(has);
        } else if !(left_out || after && mark.is_empty()) {
            text.push_str(line);
            after = false;
        }
    }
    text
}

/// The finding, in comments.
fn about(reproducer: &Reproducer) -> String {
    let finding = &reproducer.finding;
    let found = format!("Found on {} by kernelcheck {}", reproducer.implementation, reproducer.kernelcheck);
    let mut text = comment(&format!("{} ({}): {}", finding.rule, finding.verdict.name(), finding.title));
    text.push_str(&comment(&format!("{found}, in the scenario {}.", reproducer.plan.scenario)));
    if reproducer.wire == "zmtp" {
        text.push_str(&comment("It was found over kernelcheck's own ZeroMQ client; here libzmq speaks."));
    }
    if !reproducer.excerpt.is_empty() {
        text.push_str("# What was seen then:\n");
        text.extend(reproducer.excerpt.iter().map(|line| comment(&format!("  {line}"))));
    }
    text + "\n"
}

/// One line, whatever the text holds. What is not plain is spelled out, so that none reads otherwise than it is.
fn comment(text: &str) -> String {
    let is_plain = |one: char| matches!(one, ' '..='~' | '…') || one.is_alphanumeric();
    let plain = |one: char| if is_plain(one) { one.to_string() } else { one.escape_default().to_string() };
    let text: String = text.chars().map(plain).collect();
    format!("# {}\n", text.trim_end())
}

fn constants(reproducer: &Reproducer, kernel: &Kernel) -> String {
    let finding = &reproducer.finding;
    let kernel = match kernel {
        Kernel::Kernelspec(name) => string(name),
        Kernel::Command(argv) => list(argv.iter().map(|argument| string(argument))),
        Kernel::Reference => list(["kernelcheck", "fixture-kernel", "{connection_file}"].map(string)),
    };
    let tell = told(reproducer);
    let place =
        if tell.is_of_steps() && !reproducer.steps.is_empty() { format!(", in {}", reproducer.steps.join(", ")) } else { String::new() };
    let wanted = tell.wanted().map_or_else(|| finding.title.clone(), |wanted| format!("expected {wanted}{place}"));
    let start = reproducer.plan.start.as_ref();
    let transport = start.and_then(|start| start.transport).map_or(&*reproducer.transport, |transport| transport.name());
    let end = if start.is_some_and(|start| start.then_exit) { "it ended" } else { "it answers as if nothing were wrong" };
    let fields = start.map(|start| serde_json::to_value(start).unwrap_or_default());
    let lines = [
        Some(("KERNEL", kernel, "a kernelspec's name, or a command")),
        Some(("INTERRUPT", string(&reproducer.interrupt_mode), "how a command is interrupted: signal or message")),
        Some(("TRANSPORT", string(transport), "")),
        fields.map(|fields| ("START", value(&fields), "how the kernel is started, other than usual")),
        matches!(tell, Tell::Started(_)).then(|| ("START_WANTED", string(end), "")),
        Some(("FINDING", string(&format!("{}: {}", finding.rule, finding.title)), "")),
        Some(("WANTED", string(&format!("{}: {wanted}", finding.rule)), "")),
        Some(("STEPS", list(reproducer.steps.iter().map(|step| string(step))), "where it showed")),
    ];
    let lines = lines.into_iter().flatten();
    let lines = lines.map(|(name, value, note)| {
        let note = if note.is_empty() { String::new() } else { format!("  # {note}") };
        format!("{name} = {value}{note}\n")
    });
    lines.collect()
}

/// What a script can tell by; of what happens at some steps only, nothing where those are not known.
fn told(reproducer: &Reproducer) -> Tell {
    let tell = Tell::of(&reproducer.finding);
    let is_vague = tell.is_of_steps() && reproducer.steps.is_empty() && !reproducer.plan.steps.is_empty();
    if is_vague { Tell::Unknown } else { tell }
}

fn deviation(reproducer: &Reproducer) -> String {
    let tell = told(reproducer);
    let about = match tell {
        Tell::Unknown => "Nothing a script can tell: look at what it prints; the messages of STEPS are marked with *.",
        _ => "What shows the deviation again, in words; nothing if it is gone.",
    };
    format!("\n\ndef deviation(play):\n    \"\"\"{about}\"\"\"\n    return {}\n", tell.expression())
}

fn steps(plan: &Plan) -> Result<String, ExportError> {
    let mut clients: Vec<&str> = vec!["a"];
    let mut text = String::new();
    if plan.steps.iter().any(|step| matches!(&step.action, Action::Send(outgoing) if as_cell(outgoing).is_some())) {
        text.push_str("\n\ndef cell(code, **flags):\n    usual = {\"silent\": False, \"store_history\": True, \"user_expressions\": {}, ");
        text.push_str("\"allow_stdin\": False, \"stop_on_error\": True}\n    return {\"code\": code, **usual, **flags}\n");
    }
    text.push_str("\n\ndef steps(play):\n");
    let guests = plan.clients.iter().filter(|client| *client != "a");
    for guest in guests {
        clients.push(guest);
        text.push_str(&call("connect", &[string(guest)], &[]));
    }
    for (number, step) in plan.steps.iter().enumerate() {
        text.push_str(&played(step, number)?);
        match &step.action {
            Action::Connect { .. } => clients.push(&step.client),
            Action::Settle(_) | Action::Wait(_) | Action::Signal(_) | Action::Pause(_) | Action::Tcp { .. } => {}
            _ if !clients.contains(&&*step.client) => return Err(ExportError::NoClient(step.client.clone())),
            Action::Disconnect => clients.retain(|client| *client != step.client),
            _ => {}
        }
    }
    if plan.steps.is_empty() && clients.len() == 1 {
        text.push_str("    pass  # It shows without any.\n");
    }
    Ok(text)
}

/// The call that plays a step.
fn played(step: &Step, number: usize) -> Result<String, ExportError> {
    let client = || string(&step.client);
    let name = step.name.as_deref().map(|name| ("step", string(name)));
    let name = name.as_slice();
    let list_of = |frames: &[Bytes]| list(frames.iter().map(|frame| bytes(&frame.0)));
    Ok(match &step.action {
        Action::Send(outgoing) => send(step, outgoing),
        Action::Heartbeat(payload) => call("heartbeat", &[client(), bytes(&payload.0)], name),
        Action::Frames { channel, frames } => call("frames", &[client(), string(channel.name()), list_of(frames)], name),
        Action::Tcp { channel, bytes, peers, stay } => {
            let more = [("peers", peers.to_string()), ("stay", truth(*stay))];
            call("tcp", &[string(channel.name()), list_of(bytes)], &more)
        }
        Action::Settle(names) => call("settle", &names.iter().map(|name| string(name)).collect::<Vec<_>>(), &[]),
        Action::Wait(wait) => {
            let content = (!wait.content.is_empty()).then(|| ("content", object(&wait.content)));
            let any = wait.any_parent.then(|| ("any_parent", truth(true)));
            let more: Vec<_> = content.into_iter().chain(any).chain(name.iter().cloned()).collect();
            call("wait_for", &[string(&wait.of), string(&wait.msg_type)], &more)
        }
        Action::Connect { topics, identity_of, identity, deaf, welcomed, cut_off } => {
            let flags = [("deaf", *deaf), ("welcomed", *welcomed), ("cut_off", *cut_off)];
            let is_usual = matches!(topics.as_slice(), [topic] if topic.0.is_empty());
            let topics = (!is_usual).then(|| ("topics", list_of(topics)));
            let of = identity_of.as_ref().map(|other| ("identity_of", string(other)));
            let own = identity.as_ref().map(|own| ("identity", bytes(&own.0)));
            let flags = flags.into_iter().filter(|(_, is_so)| *is_so).map(|(flag, _)| (flag, truth(true)));
            call("connect", &[client()], &topics.into_iter().chain(of).chain(own).chain(flags).collect::<Vec<_>>())
        }
        Action::Disconnect => call("disconnect", &[client()], &[]),
        Action::Interrupt => call("interrupt", &[client()], name),
        Action::Signal(signal) if is_signal(signal) => call("signal", &[string(signal)], &[]),
        Action::Signal(signal) => return Err(ExportError::NoSignal { number, signal: signal.clone() }),
        Action::Restart => call("restart", &[client()], name),
        Action::Pause(seconds) => call("pause", &[seconds.to_string()], &[]),
    })
}

fn is_signal(name: &str) -> bool {
    SIGNALS.contains(&name)
}

fn send(step: &Step, outgoing: &Outgoing) -> String {
    let content = as_cell(outgoing).unwrap_or_else(|| object(&outgoing.content));
    let list_of = |frames: &[Bytes]| list(frames.iter().map(|frame| bytes(&frame.0)));
    let parts = |parts: &std::collections::BTreeMap<PartName, Bytes>| {
        let parts: Vec<String> = parts.iter().map(|(part, text)| format!("{}: {}", string(part_name(*part)), bytes(&text.0))).collect();
        format!("{{{}}}", parts.join(", "))
    };
    let owed = &outgoing.owed;
    let wants = match (owed.reply, owed.bracket) {
        (true, true) => None,
        (true, false) => Some("[\"reply\"]"),
        (false, true) => Some("[\"idle\"]"),
        (false, false) => Some("[]"),
    };
    let texts = |texts: &[String]| list(texts.iter().map(|text| string(text)));
    let more: Vec<Option<(&str, String)>> = vec![
        step.name.as_deref().map(|name| ("step", string(name))),
        wants.map(|wants| ("wants", wants.to_owned())),
        owed.optional.then(|| ("optional", truth(true))),
        owed.odd.then(|| ("odd", truth(true))),
        (outgoing.awaits != Await::Settled).then(|| ("awaits", string(outgoing.awaits.name()))),
        (!outgoing.answers.is_empty()).then(|| ("answers", texts(&outgoing.answers))),
        (outgoing.repeat != 1).then(|| ("repeat", outgoing.repeat.to_string())),
        outgoing.then_exit.then(|| ("then_exit", truth(true))),
        (!outgoing.metadata.is_empty()).then(|| ("metadata", object(&outgoing.metadata))),
        (!outgoing.header.is_empty()).then(|| ("header", object(&outgoing.header))),
        (!outgoing.without_header.is_empty()).then(|| ("without_header", texts(&outgoing.without_header))),
        (!outgoing.parent.is_empty()).then(|| ("parent", object(&outgoing.parent))),
        outgoing.without_parent.then(|| ("without_parent", truth(true))),
        (!outgoing.buffers.is_empty()).then(|| ("buffers", list_of(&outgoing.buffers))),
        (!outgoing.idents.is_empty()).then(|| ("idents", list_of(&outgoing.idents))),
        (!outgoing.raw.is_empty()).then(|| ("raw", parts(&outgoing.raw))),
        (!outgoing.splice.is_empty()).then(|| ("splice", parts(&outgoing.splice))),
        outgoing.cut_to.map(|kept| ("cut_to", kept.to_string())),
        (outgoing.format != Format::Compact).then(|| ("format", string(outgoing.format.name()))),
        (outgoing.sign != Sign::Good).then(|| ("sign", string(outgoing.sign.name()))),
    ];
    let plain = [string(&step.client), string(outgoing.channel.name()), string(&outgoing.msg_type), content];
    call("send", &plain, &more.into_iter().flatten().collect::<Vec<_>>())
}

/// The content of an honest cell, in short.
fn as_cell(outgoing: &Outgoing) -> Option<String> {
    let mut members = outgoing.content.iter();
    let (_, Value::String(code)) = members.next().filter(|(key, _)| *key == "code")? else { return None };
    let mut arguments = vec![string(code)];
    for (name, usual) in CELL {
        let (_, flag) = members.next().filter(|(key, _)| *key == name)?;
        let flag = value(flag);
        if flag != usual {
            arguments.push(format!("{name}={flag}"));
        }
    }
    members.next().is_none().then(|| format!("cell({})", arguments.join(", ")))
}

/// The script's name for a part.
fn part_name(part: PartName) -> &'static str {
    if part == PartName::Parent { "parent" } else { part.name() }
}

fn truth(is_so: bool) -> String {
    if is_so { "True" } else { "False" }.to_owned()
}

/// A call of the script's player, on several lines where it is long.
fn call(name: &str, plain: &[String], named: &[(&str, String)]) -> String {
    let arguments: Vec<String> = plain.iter().cloned().chain(named.iter().map(|(name, value)| format!("{name}={value}"))).collect();
    let line = format!("    play.{name}({})\n", arguments.join(", "));
    if line.len() <= WIDTH {
        return line;
    }
    let (short, long) = plain.split_at(plain.len().saturating_sub(1));
    let head = if short.is_empty() { String::new() } else { format!("        {},\n", short.join(", ")) };
    let rest = long.iter().cloned().chain(named.iter().map(|(name, value)| format!("{name}={value}")));
    format!("    play.{name}(\n{head}{}    )\n", rest.map(|argument| format!("        {argument},\n")).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::{END, PLAN, TEMPLATE, needed};

    #[test]
    fn every_part_of_the_template_has_an_end() {
        let mut open = 0;
        for line in TEMPLATE.lines().map(str::trim) {
            open += i32::from(line.starts_with("# [") && line != END) - i32::from(line == END);
            assert!((0..=1).contains(&open), "{line}");
        }
        assert_eq!((open, TEMPLATE.matches(PLAN).count()), (0, 1));
    }

    #[test]
    fn a_part_is_for_those_who_need_it() {
        let template = "a\n\n# [x(|y(]\nb\n# [end]\n\nc\n# [z(]\nd\n# [end]\ne\n";
        assert_eq!(needed(template, "play.y()"), "a\n\nb\n\nc\ne\n");
        assert_eq!(needed(template, "z()"), "a\n\nc\nd\ne\n");
        assert_eq!(needed("# [X =]\na\n# [end]\n", "Y = \"X = 1\""), "");
    }
}
