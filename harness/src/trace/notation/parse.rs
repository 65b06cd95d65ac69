//! Text in the notation into records.

use std::collections::BTreeMap;

use super::KEY;
use super::events::{connected, disconnected, exit, file_seen, kernel, ladder, listening, noted, probe, settled, stranger, violation};
use super::message::{self, Members, beat};
use super::owed::Owed;
use super::pairs::{Pairs, named};
use super::token::{Token, tokens};
use crate::trace::{
    Bytes, Calibrated, End, Event, Output, Received, Record, ScenarioEnded, ScenarioOutcome, ScenarioStarted, Sent, Signalled,
    TRACE_VERSION, TraceStarted,
};
use crate::wire::{Body, Channel, Json, Scheme, Signer};

/// Wall clock at the begin of every trace in the notation: 2026-01-01T00:00:00Z.
const BEGIN_SECONDS: i64 = 1_767_225_600;
const MILLISECOND: u64 = 1_000_000;

/// All that is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct NotationError {
    /// Each mistake, by line.
    pub mistakes: Vec<Mistake>,
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct Mistake {
    /// Line of the text, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

/// Reads a text. Its records begin with the trace's and, unless the text starts with `! kernel`, a kernel's start.
///
/// # Errors
///
/// Every line that can't be read.
pub fn parse(text: &str) -> Result<Vec<Record>, NotationError> {
    let mut builder = Builder::new();
    let mut mistakes = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Err(message) = builder.line(line) {
            mistakes.push(Mistake { line: index + 1, message });
        }
    }
    if mistakes.is_empty() { Ok(builder.finish()) } else { Err(NotationError { mistakes }) }
}

struct Builder {
    records: Vec<Record>,
    t: u64,
    life: u32,
    generated: u32,
    scenario: Option<String>,
    known: BTreeMap<String, Json>,
    owed: Owed,
    ended: bool,
    signer: Signer,
}

impl Builder {
    fn new() -> Self {
        let started = TraceStarted {
            version: TRACE_VERSION,
            tool: "notation".to_owned(),
            started: "2026-01-01T00:00:00Z".to_owned(),
            unix_nanos: BEGIN_SECONDS * 1_000_000_000,
            seed: 0,
        };
        Self {
            records: vec![Record { t: 0, event: Event::TraceStarted(started) }],
            t: 0,
            life: 0,
            generated: 0,
            scenario: None,
            known: BTreeMap::new(),
            owed: Owed::default(),
            ended: false,
            signer: Signer::new(Scheme::HmacSha256, KEY),
        }
    }

    fn line(&mut self, line: &str) -> Result<(), String> {
        let mut tokens = tokens(line)?;
        let mut step = MILLISECOND;
        if let Some(Token::Word(word)) = tokens.first()
            && let Some(time) = word.strip_prefix('+')
        {
            step = nanos(time).ok_or_else(|| format!("`+{time}` is no time such as +5s or +20ms"))?;
            tokens.remove(0);
        }
        self.t += step;
        let [Token::Word(mark), Token::Word(what), rest @ ..] = tokens.as_slice() else {
            return Err("a line is `> CHANNEL TYPE …`, `< CHANNEL TYPE …` or `! EVENT …`".to_owned());
        };
        match mark.as_str() {
            ">" | "<" => self.message(mark == ">", what, rest),
            "!" => self.event(what, rest),
            other => Err(format!("a line begins with >, < or !, not {other}")),
        }
    }

    fn push(&mut self, event: Event) {
        if self.life == 0 && !matches!(event, Event::KernelStarted(_)) {
            self.life = 1;
            let t = self.t.saturating_sub(MILLISECOND);
            self.records.push(Record { t, event: Event::KernelStarted(kernel(1, &mut Pairs::default()).expect("no pair, no mistake")) });
        }
        self.records.push(Record { t: self.t, event });
    }

    fn message(&mut self, is_out: bool, place: &str, rest: &[Token]) -> Result<(), String> {
        let (client, channel) = place.split_once(':').unwrap_or(("a", place));
        let channel: Channel = channel.parse().map_err(|error: crate::wire::UnknownChannel| error.to_string())?;
        let client = client.to_owned();
        if channel == Channel::Heartbeat {
            let frames = beat(rest)?;
            self.owed.beat(&client, is_out);
            self.push(if is_out { sent(client, channel, frames) } else { received(client, channel, frames) });
            return Ok(());
        }
        let [Token::Word(msg_type), rest @ ..] = rest else { return Err("a message needs its type".to_owned()) };
        let prefix = if channel == Channel::Iopub && !is_out { vec![Bytes(msg_type.clone().into_bytes())] } else { Vec::new() };
        let header = self.header(is_out, &client, msg_type);
        let made = message::message(header, prefix, rest, &self.known, &self.signer)?;
        self.known.entry(made.id.clone()).or_insert_with(|| Json::Object(made.header.clone()));
        if is_out {
            let is_awaited = made.facts.get("await").is_none_or(|value| value != "nothing");
            if made.is_whole && is_awaited {
                self.owed.sent(&client, &made.id, msg_type);
            }
            self.push(Event::Sent(Sent { client, channel, frames: made.frames, step: made.step, facts: made.facts }));
        } else {
            let decoded = crate::wire::decode(&made.frames, &crate::wire::Limits::default());
            let is_idle = decoded.content().and_then(|content| content.get("execution_state")?.as_str()) == Some("idle");
            self.owed.received(&client, channel, decoded.parent_id().unwrap_or(""), is_idle);
            self.push(Event::Received(Received {
                client,
                channel,
                frames: made.frames,
                mac: made.mac,
                misread_macs: made.misread,
                cut_from: None,
            }));
        }
        Ok(())
    }

    fn header(&mut self, is_out: bool, client: &str, msg_type: &str) -> Members {
        self.generated += 1;
        let session = if is_out { format!("client-{client}") } else { format!("kernel-{}", self.life.max(1)) };
        let date = jiff::Timestamp::from_nanosecond(i128::from(BEGIN_SECONDS) * 1_000_000_000 + i128::from(self.t))
            .map(|date| format!("{date:.6}"))
            .unwrap_or_default();
        let text = |text: &str| Json::String(text.into());
        [
            ("msg_id", text(&format!("m{}", self.generated))),
            ("session", text(&session)),
            ("username", text("user")),
            ("date", text(&date)),
            ("msg_type", text(msg_type)),
            ("version", text("5.5")),
        ]
        .map(|(key, value)| (key.into(), value))
        .to_vec()
    }

    fn event(&mut self, what: &str, rest: &[Token]) -> Result<(), String> {
        let mut pairs = Pairs::new(rest)?;
        let event = match what {
            "scenario" => {
                self.settle();
                self.end_scenario("completed")?;
                let name = pairs.word("a scenario needs its name")?;
                self.scenario = Some(name.clone());
                let attempt = pairs.number("attempt")?.unwrap_or(1);
                let plan = pairs.take("plan").map_or_else(|| serde_json::Value::Null, |plan| plan.to_serde());
                Event::ScenarioStarted(ScenarioStarted { name, attempt, plan })
            }
            "scenario_end" => {
                self.settle();
                let outcome = pairs.words.pop_front().unwrap_or_else(|| "completed".to_owned());
                self.end_scenario(&outcome)?;
                return pairs.finish();
            }
            "kernel" => {
                self.settle();
                self.life += 1;
                let started = kernel(self.life, &mut pairs)?;
                let scheme: Scheme = started.signature_scheme.parse().map_err(|error: crate::wire::UnknownScheme| error.to_string())?;
                self.signer = if started.signed { Signer::new(scheme, KEY) } else { Signer::disabled() };
                Event::KernelStarted(started)
            }
            "listening" => listening(&mut pairs),
            "connection_file" => file_seen(&mut pairs)?,
            "stranger" => stranger(&mut pairs)?,
            "violation" => violation(&mut pairs)?,
            "connected" => connected(&mut pairs)?,
            "disconnected" => disconnected(&mut pairs)?,
            "calibrated" => {
                let mut millis = |key| Ok::<_, String>(pairs.number::<u64>(key)?.unwrap_or(100) * MILLISECOND);
                Event::Calibrated(Calibrated {
                    startup: millis("startup")?,
                    round_trip: millis("round_trip")?,
                    reply_deadline: millis("deadline")?,
                })
            }
            "settled" => {
                let settled = settled(&mut pairs)?;
                self.owed.settled(&settled.id);
                Event::Settled(settled)
            }
            "probe" => probe(&mut pairs)?,
            "ladder" => ladder(&mut pairs)?,
            "signal" => Event::Signalled(Signalled {
                signal: pairs.word("which signal?")?,
                purpose: pairs.text("purpose").unwrap_or_else(|| "interrupt".to_owned()),
            }),
            "stdout" | "stderr" => {
                Event::Output(Output { stream: what.to_owned(), text: Bytes(pairs.word("what text?")?.into_bytes()), dropped: 0 })
            }
            "exit" => {
                self.owed.exited();
                exit(self.life.max(1), &mut pairs)?
            }
            "note" => Event::Noted(noted(&mut pairs)?),
            "error" => Event::Error(noted(&mut pairs)?),
            "end" => {
                self.settle();
                self.end_scenario("completed")?;
                self.ended = true;
                Event::End(End { why: pairs.words.pop_front().unwrap_or_else(|| "completed".to_owned()) })
            }
            other => return Err(format!("unknown event `{other}`")),
        };
        pairs.finish()?;
        self.push(event);
        Ok(())
    }

    fn settle(&mut self) {
        for settled in self.owed.flush() {
            self.push(Event::Settled(settled));
        }
    }

    fn end_scenario(&mut self, outcome: &str) -> Result<(), String> {
        let outcome = named(
            outcome,
            &[("completed", ScenarioOutcome::Completed), ("abandoned", ScenarioOutcome::Abandoned), ("skipped", ScenarioOutcome::Skipped)],
        )?;
        if let Some(name) = self.scenario.take() {
            self.push(Event::ScenarioEnded(ScenarioEnded { name, outcome, reason: None }));
        }
        Ok(())
    }

    fn finish(mut self) -> Vec<Record> {
        if !self.ended {
            self.settle();
            self.end_scenario("completed").expect("the outcome is known");
            self.push(Event::End(End { why: "completed".to_owned() }));
        }
        self.records
    }
}

fn sent(client: String, channel: Channel, frames: Vec<Body>) -> Event {
    Event::Sent(Sent { client, channel, frames, step: None, facts: BTreeMap::new() })
}

fn received(client: String, channel: Channel, frames: Vec<Body>) -> Event {
    Event::Received(Received { client, channel, frames, mac: None, misread_macs: BTreeMap::new(), cut_from: None })
}

fn nanos(text: &str) -> Option<u64> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 1_000_000_f64),
        None => (text.strip_suffix('s')?, 1_000_000_000_f64),
    };
    let number: f64 = number.parse().ok().filter(|number: &f64| number.is_finite() && (0.0..1e6).contains(number))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be small and not negative")]
    Some((number * unit) as u64)
}
