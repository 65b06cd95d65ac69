//! What can be done next, one function each, and which of it a slice of a campaign does.

use fastrand::Rng;
use harness::spec::{Action, Await, Format, Payload, Send};
use harness::wire::Channel;
use serde_json::{Value, json};

use super::blocks;
use super::draft::{Draft, execution, message};
use super::stock::Stock;

/// Adds steps to a draft. One that lacks what it needs adds a plain request instead, so that every draw brings a plan nearer to its end.
pub(super) type Verb = fn(&mut Draft<'_>);

/// All of them. Where new ones are added the plans of all seeds change.
const VERBS: &[Verb] = &[
    run,
    fail,
    sleep,
    ask,
    ask_oddly_spelt,
    ask_wrong,
    odd,
    twin,
    burst,
    beat,
    settle,
    blocks::interrupted_cell,
    blocks::interrupted_input,
    blocks::idle_interrupt,
    blocks::answered_input,
    blocks::late_answer,
    blocks::comm,
    blocks::subshell,
    blocks::vanish,
    blocks::come_and_go,
];
/// Those that may be done while a cell holds up the shell channel.
const MEANWHILE: &[Verb] = &[run, ask, ask, blocks::comm, beat];

/// The verbs of one slice, each as often as it is likely. Plans that do a few things often find what plans that do everything once do not
/// (Groce and others, Swarm testing, 2012).
pub(super) struct Swarm(Vec<Verb>);

impl Swarm {
    pub(super) fn of(rng: &mut Rng, stock: &Stock) -> Self {
        let mut verbs: Vec<Verb> = Vec::new();
        for verb in VERBS {
            if rng.u8(..5) < 2 {
                verbs.extend(std::iter::repeat_n(*verb, rng.usize(1..=4)));
            }
        }
        // Something plain is always among them, or what is odd would be all that a plan holds.
        verbs.push(if stock.plain.is_empty() { ask } else { run });
        Self(verbs)
    }

    pub(super) fn draw(&self, rng: &mut Rng) -> Verb {
        *rng.choice(&self.0).unwrap_or(&(ask as Verb))
    }
}

/// A few things that happen while a cell holds up the shell channel.
pub(super) fn meanwhile(draft: &mut Draft<'_>) {
    draft.blocked = true;
    for _ in 0..draft.rng.usize(..=3) {
        let verb = MEANWHILE[draft.rng.usize(..MEANWHILE.len())];
        verb(draft);
    }
    draft.blocked = false;
}

/// A cell that does something plain.
pub(super) fn run(draft: &mut Draft<'_>) {
    let Some(snippet) = draft.rng.choice(draft.stock.plain.iter().copied()) else { return ask(draft) };
    if snippet == "comm_register" {
        draft.has_target = true;
    }
    execute(draft, snippet);
}

/// A cell that fails, with others perhaps behind it.
fn fail(draft: &mut Draft<'_>) {
    let Some(snippet) = draft.rng.choice(draft.stock.failing.iter().copied()) else { return ask(draft) };
    execute(draft, snippet);
}

/// A cell that takes its time.
fn sleep(draft: &mut Draft<'_>) {
    if !draft.stock.sleeps {
        return ask(draft);
    }
    let (client, seconds) = (draft.someone(), f64::from(draft.rng.u8(1..=3)) / 10.0);
    let send = Send { seconds: Some(seconds), wait_for: draft.awaits(), ..execution("sleep") };
    draft.send(&client, "sleep", send, &[]);
}

/// An execution with flags as they come, now and then in a subshell.
fn execute(draft: &mut Draft<'_>, snippet: &str) {
    let client = draft.someone();
    let mut send = Send { wait_for: draft.awaits(), ..execution(snippet) };
    for (flag, usual) in [("silent", false), ("store_history", true), ("allow_stdin", false), ("stop_on_error", true)] {
        if draft.rng.u8(..6) == 0 {
            send.content.insert(flag.to_owned(), json!(!usual));
        }
    }
    if draft.rng.bool()
        && let Some(subshell) = draft.rng.choice(&draft.subshells).cloned()
    {
        send.header.insert("subshell_id".to_owned(), json!(format!("$reply.{subshell}.content.subshell_id")));
    }
    draft.send(&client, snippet, send, &[]);
}

/// A request of any type, with right values.
pub(super) fn ask(draft: &mut Draft<'_>) {
    let send = question(draft);
    let (client, name) = (draft.someone(), send.message_type.clone());
    draft.send(&client, &name, send, &[]);
}

/// A request as a client may spell it, too.
fn ask_oddly_spelt(draft: &mut Draft<'_>) {
    let mut send = question(draft);
    match draft.rng.u8(..4) {
        0 => send.format = Format::Spaced,
        1 => send.format = Format::Reversed,
        2 => send.format = Format::Escaped,
        _ => drop(send.metadata.insert("kernelcheck".to_owned(), json!({"x": [1, "ü𝐛"]}))),
    }
    let client = draft.someone();
    let name = send.message_type.clone();
    draft.send(&client, &name, send, &[]);
}

fn question(draft: &mut Draft<'_>) -> Send {
    let requests = draft.stock.requests();
    let name = requests.get(draft.rng.usize(..requests.len().max(1))).map_or("kernel_info_request", String::as_str);
    let mut send = Send { wait_for: draft.awaits(), ..message(name, draft.stock.channel(name)) };
    if name == "kernel_info_request" && draft.rng.bool() {
        send.channel = Channel::Control;
    }
    for (field, values) in draft.stock.right.get(name).into_iter().flatten() {
        let Some(value) = draft.rng.choice(values).filter(|_| draft.rng.u8(..3) == 0) else { continue };
        match value {
            Some(value) => drop(send.content.insert(field.clone(), value.clone())),
            None => send.without.push(field.clone()),
        }
    }
    send
}

/// A message with one field wrong.
fn ask_wrong(draft: &mut Draft<'_>) {
    let wrong = &draft.stock.wrong;
    let Some((name, wrong)) = draft.rng.choice(wrong) else { return ask(draft) };
    let mut send = message(name, draft.stock.channel(name));
    match &wrong.value {
        Some(value) => drop(send.content.insert(wrong.field.clone(), value.clone())),
        None => send.without.push(wrong.field.clone()),
    }
    let word = wrong.word();
    // Of those that no rule says are answered, nobody waits for an answer.
    if word == "field value" {
        send.wait_for = Await::Nothing;
    }
    let client = draft.someone();
    draft.send(&client, &format!("{name}-wrong-{}", wrong.field), send, &[("odd", json!(word))]);
}

/// An odd message of a scenario: badly signed, cut, of bytes that are no JSON, without a header…
fn odd(draft: &mut Draft<'_>) {
    let Some(step) = draft.rng.choice(&draft.stock.odd) else { return ask(draft) };
    let (client, facts) = (draft.someone(), step.facts.clone());
    draft.add_by(&client, &step.name, step.action.clone(), facts);
}

/// The same question twice under one id.
fn twin(draft: &mut Draft<'_>) {
    let (client, id) = (draft.someone(), draft.unique("twin"));
    let mut send = message("kernel_info_request", Channel::Shell);
    send.header.insert("msg_id".to_owned(), json!(id));
    draft.send(&client, "twin", send.clone(), &[]);
    draft.send(&client, "twin", Send { wait_for: Await::Nothing, ..send }, &[("odd", json!("repeated id"))]);
}

/// Many questions in a row.
fn burst(draft: &mut Draft<'_>) {
    let client = draft.someone();
    let channel = if draft.rng.bool() { Channel::Shell } else { Channel::Control };
    let send = Send { repeat: draft.rng.u32(2..=20), wait_for: draft.awaits(), ..message("kernel_info_request", channel) };
    draft.send(&client, "burst", send, &[]);
}

fn beat(draft: &mut Draft<'_>) {
    let client = draft.someone();
    let payload = match draft.rng.u8(..3) {
        0 => Payload::Text("ping".to_owned()),
        1 => Payload::Repeat { text: "x".to_owned(), times: 1000 },
        _ => Payload::Bytes(vec![0, 255, 128, 1]),
    };
    draft.add_by(&client, "beat", Action::Heartbeat(payload), Vec::<(String, Value)>::new());
}

fn settle(draft: &mut Draft<'_>) {
    draft.settle();
}
