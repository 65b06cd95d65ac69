//! What the findings say of broken obligations.

use super::episode::Episode;
use super::excerpt::{About, excerpt};
use super::finding::{Finding, Kind};
use super::request::Request;
use super::verdict::Verdict;
use super::woken::{WOKEN, is_woken};
use crate::trace::{Expectation, Ladder, Why};

pub(super) fn missed(episode: &Episode, request: &Request, what: Expectation, ladder: Option<&Ladder>, suspect: Option<usize>) -> Finding {
    let asked = episode.asked(request);
    let origin = asked.facts.get("snippet").and_then(|name| name.as_str()).or(asked.step.as_deref());
    let origin = origin.map(|origin| format!(" {origin}")).unwrap_or_default();
    let woken = is_woken(episode, request);
    let state = match ladder {
        Some(_) if woken => WOKEN.to_owned(),
        Some(ladder) => ladder.kind.clone(),
        None => format!("status {}", episode.status_of(request)),
    };
    let place = if ladder.is_some() {
        format!("{}{origin} on {}: {} missing, {state}", asked.msg_type(), asked.channel, name(what))
    } else {
        format!("{} on {}: {} missing, {state}", asked.msg_type(), asked.channel, name(what))
    };
    let fenced = request.why() == Some(Why::Fenced);
    let title = match (what, ladder) {
        (Expectation::Reply, None) if fenced => {
            format!("the {} on {} got no reply, though the kernel answered a later one", asked.msg_type(), asked.channel)
        }
        (Expectation::Idle, None) if fenced => {
            format!("the {} on {} got no idle status, though the kernel went on", asked.msg_type(), asked.channel)
        }
        (_, None) => format!("the {} on {} got no {} in time", asked.msg_type(), asked.channel, name(what)),
        (Expectation::Exit, Some(_)) => {
            let seconds = request.settled.as_ref().map_or(0.0, |(_, settled)| settled.waited as f64 / 1e9);
            format!(
                "the {} on {} was accepted, and the process had not ended {seconds:.0} s later: shutdown stuck",
                asked.msg_type(),
                asked.channel
            )
        }
        (_, Some(_)) if woken => {
            format!("the {} on {} got its {} only when the kernel was asked something else", asked.msg_type(), asked.channel, name(what))
        }
        (_, Some(ladder)) => {
            format!("the {} on {} never got its {}: {}", asked.msg_type(), asked.channel, name(what), ladder.kind.replace('_', " "))
        }
    };
    let shown = [Some(request.sent), suspect].into_iter().flatten().collect::<Vec<_>>();
    let about = if suspect.is_some() { About::Messages(&shown) } else { About::Request(request) };
    finding(episode, about, place, title, ladder)
}

pub(super) fn finding(episode: &Episode, about: About<'_>, place: String, title: String, ladder: Option<&Ladder>) -> Finding {
    let (lines, excerpt) = excerpt(episode, about);
    Finding {
        rule: String::new(),
        verdict: Verdict::Fail,
        kind: if ladder.is_some() { Kind::Lockup } else { Kind::Deviation },
        lockup: ladder.map(|ladder| ladder.kind.clone()),
        title,
        scenario: episode.scenario.clone(),
        place,
        trace: 0,
        life: episode.kernel.life,
        lines,
        excerpt,
        count: 1,
        evidence: ladder.map_or(serde_json::Value::Null, |ladder| ladder.evidence.clone()),
    }
}

pub(super) fn title_without_request(what: Expectation, client: Option<&str>) -> String {
    match what {
        Expectation::Echo => format!("a heartbeat of client {} was not echoed", client.unwrap_or("a")),
        Expectation::Exit => "the kernel accepted a shutdown and did not end".to_owned(),
        other => format!("{} never came", name(other)),
    }
}

pub(super) fn name(what: Expectation) -> &'static str {
    match what {
        Expectation::Reply => "reply",
        Expectation::Idle => "idle",
        Expectation::Input => "input request",
        Expectation::Echo => "echo",
        Expectation::Exit => "exit",
        Expectation::Message => "message",
    }
}
