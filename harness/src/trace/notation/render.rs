//! Records as lines of the notation, for reports. What is long is cut; ids are told by small numbers.

use crate::trace::{Event, Expectation, Record, Settled, Why};
use crate::wire::{Body, Channel, Json, Limits, PartName, Text, View, decode};

/// Longest value of a line, in characters.
const VALUE: usize = 60;
/// Longest line, in characters.
const LINE: usize = 200;

/// Small numbers for the message ids of an excerpt, in the order in which they appear.
#[derive(Debug, Default)]
pub struct Names(Vec<String>);

impl Names {
    /// The number of an id.
    pub fn of(&mut self, id: &str) -> String {
        let at = self.0.iter().position(|known| known == id).unwrap_or_else(|| {
            self.0.push(id.to_owned());
            self.0.len() - 1
        });
        (at + 1).to_string()
    }
}

/// A message to be shown.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// Whether it goes to the kernel.
    pub to_kernel: bool,
    /// The client.
    pub client: &'a str,
    /// The channel.
    pub channel: Channel,
    /// The four parts by [`PartName`].
    pub parts: [Option<&'a Json>; 4],
    /// How many buffers it has.
    pub buffers: usize,
    /// What is wrong with its layout.
    pub malformations: usize,
    /// How it is signed, where that is not as it should be.
    pub sign: Option<&'a str>,
}

/// A message as a line.
#[must_use]
pub fn message_line(shown: &Shown<'_>, names: &mut Names) -> String {
    let [header, parent, _, content] = shown.parts;
    let text = |part: Option<&Json>, key: &str| part.and_then(|part| part.get(key)?.as_str()).map(str::to_owned);
    let mark = if shown.to_kernel { '>' } else { '<' };
    let msg_type = text(header, "msg_type").unwrap_or_else(|| "?".to_owned());
    let mut line = format!("{mark} {} {msg_type}", place(shown.client, shown.channel));
    if shown.to_kernel
        && let Some(id) = text(header, "msg_id")
    {
        line.push_str(&format!(" id={}", names.of(&id)));
    }
    match (text(parent, "msg_id"), parent) {
        (Some(id), _) => line.push_str(&format!(" parent={}", names.of(&id))),
        (None, Some(Json::Object(members))) if members.is_empty() => {}
        (None, Some(other)) => line.push_str(&format!(" parent={}", other.shortened(VALUE))),
        (None, None) => line.push_str(" parent=?"),
    }
    match content {
        Some(Json::Object(members)) => {
            for (key, value) in members {
                line.push_str(&format!(" {key}={}", spelled(value, VALUE)));
            }
        }
        Some(other) => line.push_str(&format!(" content={}", other.shortened(VALUE))),
        None => line.push_str(" content=?"),
    }
    if shown.buffers > 0 {
        line.push_str(&format!(" buffers={}", shown.buffers));
    }
    let remark = match shown.sign {
        Some(sign) => format!("  # signature: {sign}"),
        None if shown.malformations > 0 => "  # malformed".to_owned(),
        None => String::new(),
    };
    // What is wrong with it on purpose is what the line is shown for.
    cut(&line, LINE.saturating_sub(remark.len())) + &remark
}

/// An event that is no message as a line; `None` for those that only frame a trace.
#[must_use]
pub fn event_line(event: &Event, names: &mut Names) -> Option<String> {
    Some(match event {
        Event::KernelStarted(kernel) => {
            let start = kernel.start.as_ref().map(|start| format!(" start={}", spelled(&Json::String(start.odd.as_str().into()), LINE)));
            format!("! kernel{}{}", if kernel.restarted { " restarted=true" } else { "" }, start.unwrap_or_default())
        }
        Event::Listening(listening) => {
            let places = listening.addresses.iter().map(|(channel, addresses)| format!(" {channel}={}", addresses.join(",")));
            format!("! listening{}", places.collect::<String>())
        }
        Event::FileSeen(seen) => {
            let mode = seen.mode.map(|mode| format!(" mode={mode:o}")).unwrap_or_default();
            let key = seen.key_in.first().map(|place| format!(" key_in={place}")).unwrap_or_default();
            format!("! connection_file gone={} changed={}{mode}{key}", seen.gone, seen.changed)
        }
        Event::Stranger(stranger) => format!("! stranger {} peers={} stay={}", stranger.channel, stranger.peers, stranger.stay),
        Event::Violation(wrong) => {
            let (place, text) = (place(&wrong.client, wrong.channel), Json::String(wrong.text.as_str().into()));
            cut(&format!("! violation {place} {} text={text}", wrong.what), LINE)
        }
        Event::Connected(connected) => format!("! connected {}", connected.client),
        Event::Disconnected(gone) => format!("! disconnected {}{}", gone.client, if gone.cut_off { " cut_off=true" } else { "" }),
        Event::ScenarioStarted(scenario) => format!("! scenario {}", scenario.name),
        Event::Settled(settled) => settled_line(settled, names),
        Event::Probed(probe) => format!("! probe {} {}", probe.channel, if probe.answered { "answered" } else { "silent" }),
        Event::Ladder(ladder) => {
            let id = if ladder.id.is_empty() { String::new() } else { format!("{} ", names.of(&ladder.id)) };
            format!("! ladder {id}kind={} missing={}", ladder.kind, list(&ladder.missing))
        }
        Event::Signalled(signal) => format!("! signal {} purpose={}", signal.signal, signal.purpose),
        Event::Output(output) => {
            format!("! {} {}", output.stream, quoted(&output.text.0))
        }
        Event::Exited(exit) => {
            let how = match (exit.code, exit.signal) {
                (Some(code), _) => format!("code={code} "),
                (None, Some(signal)) => format!("signal={signal} "),
                (None, None) => String::new(),
            };
            format!("! exit {how}asked={}", exit.asked)
        }
        Event::Noted(note) => cut(&format!("! note {} {}", note.what, note.text), LINE),
        Event::Error(error) => cut(&format!("! error {} {}", error.what, error.text), LINE),
        _ => return None,
    })
}

/// A record as a line; `None` for those that only frame a trace.
#[must_use]
pub fn record_line(record: &Record, names: &mut Names) -> Option<String> {
    let (to_kernel, client, channel, frames) = match &record.event {
        Event::Sent(sent) => (true, &sent.client, sent.channel, &sent.frames),
        Event::Received(received) => (false, &received.client, received.channel, &received.frames),
        event => return event_line(event, names),
    };
    if channel == Channel::Heartbeat {
        return Some(beat_line(to_kernel, client, frames));
    }
    let decoded = decode(frames, &Limits::default());
    let parts = PartName::ALL.map(|name| decoded.part(name).value.as_ref());
    let (buffers, malformations) = (decoded.buffers.len(), decoded.malformations.len());
    Some(message_line(&Shown { to_kernel, client, channel, parts, buffers, malformations, sign: None }, names))
}

/// Heartbeat bytes as a line.
#[must_use]
pub fn beat_line(to_kernel: bool, client: &str, frames: &[Body]) -> String {
    let begin = |frame: &Body| quoted(&View::from(frame).windows().next().unwrap_or_default());
    let frames: Vec<String> = frames.iter().map(begin).collect();
    format!("{} {} {}", if to_kernel { '>' } else { '<' }, place(client, Channel::Heartbeat), frames.join(" "))
}

fn settled_line(settled: &Settled, names: &mut Names) -> String {
    let why = match settled.why {
        Why::Answered => "answered",
        Why::Fenced => "fenced",
        Why::Deadline => "deadline",
        Why::Exited => "exited",
        Why::Abandoned => "abandoned",
    };
    let missing = if settled.missing.is_empty() { String::new() } else { format!(" missing={}", list(&settled.missing)) };
    format!("! settled {}{missing} why={why}", names.of(&settled.id))
}

fn list(missing: &[Expectation]) -> String {
    let name = |one: &Expectation| match one {
        Expectation::Reply => "reply",
        Expectation::Idle => "idle",
        Expectation::Input => "input",
        Expectation::Echo => "echo",
        Expectation::Exit => "exit",
        Expectation::Message => "message",
    };
    missing.iter().map(name).collect::<Vec<_>>().join(",")
}

fn place(client: &str, channel: Channel) -> String {
    if client == "a" { channel.to_string() } else { format!("{client}:{channel}") }
}

/// The begin of some bytes as a string.
fn quoted(bytes: &[u8]) -> String {
    Json::String((&*String::from_utf8_lossy(bytes)).into()).shortened(VALUE)
}

/// The begin of a value. A string that reads the same without its quotes goes without.
fn spelled(value: &Json, characters: usize) -> String {
    match value {
        Json::String(text) if is_word(text) => text.shortened(characters),
        other => other.shortened(characters),
    }
}

fn is_word(text: &Text) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'/' | b'.' | b':');
    !text.is_empty()
        && text.pieces().all(|piece| piece.bytes().all(plain))
        && !["true", "false", "null"].iter().any(|word| *text == **word)
        && !text.shortened(1).starts_with(|first: char| first.is_ascii_digit())
}

fn cut(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Names, record_line};
    use crate::trace::notation::parse;

    #[test]
    fn a_trace_is_shown_as_it_was_written() {
        let text = "\
> shell execute_request id=1 code=\"print(1)\" silent=false
< iopub status parent=1 execution_state=busy
< b:iopub stream parent=1 name=stdout text=\"1\\n\"
< iopub iopub_welcome subscription=\"\"
> hb \"ping\"
! settled 1 missing=reply,idle why=deadline
! ladder 1 kind=no_reply missing=reply
! probe control silent
! violation b:shell too_large text=\"a frame of 9 bytes\"
! signal SIGINT purpose=interrupt
! exit signal=11 asked=false";
        let records = parse(text).expect("the text is a trace");
        let mut names = Names::default();
        let lines: Vec<String> = records.iter().filter_map(|record| record_line(record, &mut names)).collect();
        let wanted: Vec<&str> = std::iter::once("! kernel").chain(text.lines()).chain(["! settled 2 missing=echo why=exited"]).collect();
        assert_eq!(lines, wanted);
    }
}
