//! Idles that went astray: a kernel that keeps the parent in one global variable gives them to whatever it was sent last.

use foldhash::HashSet;

use super::blame::{Bench, Charge};
use super::episode::Episode;
use super::excerpt::About;
use super::missed::finding;
use super::request::Request;
use crate::trace::Expectation;

/// The rules that such an idle breaks, the fittest first.
const RULES: [&str; 3] = ["STAT-03", "STAT-02", "STAT-08"];

/// Marks them: where a request was begun and never became idle, and one that was sent after it did so twice.
pub(super) fn mark_astray(episode: &mut Episode) {
    let state = |episode: &Episode, request: &Request, wanted: &str| {
        request.iopub.iter().chain(&request.elsewhere).copied().find(|&message| episode.messages[message].is_state(wanted))
    };
    let is_open = |request: &&Request| !request.shared_id && episode.type_of(request) != "shutdown_request";
    let open = episode.requests.iter().enumerate().filter(|(_, request)| is_open(request) && state(episode, request, "idle").is_none());
    let mut open: Vec<(usize, usize)> = open.filter_map(|(number, request)| Some((state(episode, request, "busy")?, number))).collect();
    open.sort_unstable();
    let mut idle: HashSet<usize> = HashSet::default();
    let mut astray = Vec::new();
    for (message, seen) in episode.from_kernel().filter(|(_, seen)| seen.is_state("idle") && !seen.copy) {
        let Some(parent) = seen.request.filter(|&number| !episode.requests[number].shared_id) else { continue };
        if idle.insert(parent) {
            continue;
        }
        let begun = |&(busy, number): &(usize, usize)| busy < message && number < parent;
        // One that is still waited for comes before one that was given up.
        let is_waited_for = |number: usize| episode.requests[number].settled.as_ref().is_none_or(|(line, _)| seen.line < *line);
        let waited_for = open.iter().position(|other| begun(other) && is_waited_for(other.1));
        if let Some(place) = waited_for.or_else(|| open.iter().position(begun)) {
            astray.push((message, open.remove(place).1));
        }
    }
    for (message, number) in astray {
        episode.messages[message].astray = episode.requests[number].waited_in_vain(Expectation::Idle);
        episode.requests[number].astray = Some(message);
    }
}

/// What it says of the kernel that the idle of a request came as another's: its client waits in vain, but nothing is locked up.
pub(super) fn charge_of(episode: &Episode, request: &Request, bench: &impl Bench) -> Option<Charge> {
    let idle = request.astray.filter(|&idle| episode.messages[idle].astray)?;
    if !RULES.iter().any(|rule| bench.has(rule)) {
        return None;
    }
    let (own, other) = (episode.type_of(request), episode.request_of(idle).map_or("", |other| episode.type_of(other)));
    let title = format!("the idle of {own} came with a later {other} as its parent");
    let finding = finding(episode, About::Messages(&[request.sent, idle]), "idle astray".to_owned(), title, None);
    let rules = RULES.iter().map(|&rule| rule.to_owned()).collect();
    Some(Charge::usual(rules, finding))
}
