//! Event lines of the notation into events.

use super::message;
use super::pairs::{Pairs, named};
use crate::spec::Start;
use crate::trace::{
    Bytes, Connected, Disconnected, Event, Exited, Expectation, FileSeen, KernelStarted, Ladder, Listening, Noted, Probed, Settled,
    Stranger, Violation, Why, WireKind,
};
use crate::wire::{Channel, TransportKind};

pub(super) fn kernel(life: u32, pairs: &mut Pairs) -> Result<KernelStarted, String> {
    Ok(KernelStarted {
        life,
        argv: vec!["kernel".to_owned(), "{connection_file}".to_owned()],
        kernelspec: pairs.text("kernelspec"),
        spec: pairs.take("spec").map(|spec| spec.to_serde()),
        pid: None,
        transport: TransportKind::Tcp,
        ip: "127.0.0.1".to_owned(),
        ports: Channel::ALL.into_iter().zip(5001..).collect(),
        signature_scheme: pairs.text("signature_scheme").unwrap_or_else(|| "hmac-sha256".to_owned()),
        signed: pairs.flag("signed")?.unwrap_or(true),
        interrupt_mode: pairs.text("interrupt_mode").unwrap_or_else(|| "signal".to_owned()),
        restarted: pairs.flag("restarted")?.unwrap_or(false),
        start: start(pairs)?,
    })
}

fn start(pairs: &mut Pairs) -> Result<Option<Box<Start>>, String> {
    let (odd, then_exit) = (pairs.text("start"), pairs.flag("then_exit")?.unwrap_or(false));
    Ok(odd.map(|odd| Box::new(Start { odd, then_exit, ..Start::default() })))
}

pub(super) fn stranger(pairs: &mut Pairs) -> Result<Event, String> {
    let channel = pairs.word("which channel?")?.parse().map_err(|error: crate::wire::UnknownChannel| error.to_string())?;
    let bytes = pairs.take("bytes").map(|bytes| message::frames("bytes", &bytes)).transpose()?.unwrap_or_default();
    let (peers, stay) = (pairs.number("peers")?.unwrap_or(1), pairs.flag("stay")?.unwrap_or(false));
    let odd = pairs.take("fact.odd").map(|odd| ("odd".to_owned(), odd.to_serde()));
    Ok(Event::Stranger(Stranger { channel, bytes, peers, stay, step: pairs.text("step"), facts: odd.into_iter().collect() }))
}

pub(super) fn violation(pairs: &mut Pairs) -> Result<Event, String> {
    let place = pairs.word("which channel?")?;
    let (client, channel) = place.split_once(':').unwrap_or(("a", &place));
    let channel = channel.parse().map_err(|error: crate::wire::UnknownChannel| error.to_string())?;
    let what = pairs.word("which violation?")?;
    Ok(Event::Violation(Violation { client: client.to_owned(), channel, what, text: pairs.text("text").unwrap_or_default() }))
}

pub(super) fn listening(pairs: &mut Pairs) -> Event {
    let addresses = Channel::ALL.into_iter().filter_map(|channel| Some((channel, vec![pairs.text(channel.name())?])));
    Event::Listening(Listening { addresses: addresses.collect() })
}

pub(super) fn file_seen(pairs: &mut Pairs) -> Result<Event, String> {
    let (gone, changed) = (pairs.flag("gone")?.unwrap_or(false), pairs.flag("changed")?.unwrap_or(false));
    let mode = pairs.text("mode").map(|mode| u32::from_str_radix(&mode, 8)).transpose().map_err(|error| error.to_string())?;
    Ok(Event::FileSeen(FileSeen { gone, changed, mode, key_in: pairs.text("key_in").into_iter().collect() }))
}

pub(super) fn connected(pairs: &mut Pairs) -> Result<Event, String> {
    let client = pairs.word("which client?")?;
    let topics = match pairs.take("topics") {
        Some(topics) => message::frames("topics", &topics)?,
        None => vec![Bytes::default()],
    };
    let identity = Bytes(pairs.text("identity").unwrap_or_else(|| client.clone()).into_bytes());
    let (early, deaf) = (pairs.flag("early")?.unwrap_or(false), pairs.flag("deaf")?.unwrap_or(false));
    Ok(Event::Connected(Connected { client, identity, channels: Channel::ALL.to_vec(), topics, early, deaf, wire: WireKind::default() }))
}

pub(super) fn disconnected(pairs: &mut Pairs) -> Result<Event, String> {
    let client = pairs.word("which client?")?;
    Ok(Event::Disconnected(Disconnected { client, cut_off: pairs.flag("cut_off")?.unwrap_or(false) }))
}

pub(super) fn settled(pairs: &mut Pairs) -> Result<Settled, String> {
    let id = pairs.word("which request?")?;
    let missing = missing(pairs)?;
    let names = [
        ("answered", Why::Answered),
        ("fenced", Why::Fenced),
        ("deadline", Why::Deadline),
        ("exited", Why::Exited),
        ("abandoned", Why::Abandoned),
    ];
    let why = pairs.text("why").unwrap_or_else(|| if missing.is_empty() { "answered" } else { "fenced" }.to_owned());
    let client = pairs.text("client").unwrap_or_else(|| "a".to_owned());
    Ok(Settled { client, id, missing, why: named(&why, &names)?, waited: 0 })
}

fn missing(pairs: &mut Pairs) -> Result<Vec<Expectation>, String> {
    let names = [
        ("reply", Expectation::Reply),
        ("idle", Expectation::Idle),
        ("input", Expectation::Input),
        ("echo", Expectation::Echo),
        ("exit", Expectation::Exit),
        ("message", Expectation::Message),
    ];
    let list = pairs.text("missing").unwrap_or_default();
    list.split(',').filter(|name| !name.is_empty()).map(|name| named(name, &names)).collect()
}

pub(super) fn probe(pairs: &mut Pairs) -> Result<Event, String> {
    let channel = pairs.word("which channel?")?.parse().map_err(|error: crate::wire::UnknownChannel| error.to_string())?;
    let answered = named(&pairs.word("answered or silent?")?, &[("answered", true), ("silent", false)])?;
    let client = pairs.text("client").unwrap_or_else(|| "a".to_owned());
    let fresh_client = pairs.flag("fresh")?.unwrap_or(false);
    Ok(Event::Probed(Probed { client, channel, answered, waited: 0, fresh_client }))
}

pub(super) fn ladder(pairs: &mut Pairs) -> Result<Event, String> {
    let id = pairs.words.pop_front().unwrap_or_default();
    let missing = missing(pairs)?;
    let kind = pairs.text("kind").ok_or("a ladder needs its kind")?;
    let evidence = pairs.take("evidence").map_or(serde_json::Value::Null, |evidence| evidence.to_serde());
    Ok(Event::Ladder(Ladder { id, missing, kind, evidence }))
}

pub(super) fn exit(life: u32, pairs: &mut Pairs) -> Result<Event, String> {
    let (code, signal) = (pairs.number("code")?, pairs.number("signal")?);
    let asked = pairs.flag("asked")?.unwrap_or(false);
    let survivors = pairs.take("survivors").map(|list| message::frames("survivors", &list)).transpose()?.unwrap_or_default();
    let survivors = survivors.iter().map(|name| String::from_utf8_lossy(&name.0).into_owned()).collect();
    Ok(Event::Exited(Exited { life, code, signal, asked, survivors }))
}

pub(super) fn noted(pairs: &mut Pairs) -> Result<Noted, String> {
    let what = pairs.word("what is noted?")?;
    Ok(Noted { what, text: pairs.words.drain(..).collect::<Vec<_>>().join(" ") })
}
