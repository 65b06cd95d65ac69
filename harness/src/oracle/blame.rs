//! Broken obligations of an episode: what never came, what that says of the kernel, and which rule answers for it. One cause is told once.

use std::collections::BTreeSet;

use super::astray::charge_of;
use super::brake;
use super::checks::Deed;
use super::crash::crashes;
use super::deeds::{deafening, deeds_before, last_deed, stuck_before, suspect, unanswered_before};
use super::episode::{Episode, Happened};
use super::excerpt::About;
use super::finding::Finding;
use super::lacking::{is_claimed, is_control_info, is_required, support_key};
use super::missed::{finding, missed, name, title_without_request};
use super::obligations::{is_aborted, is_unusual, is_wrong, rule_for_deed, rules_for};
use super::repeats::Case;
use super::request::{Request, Role};
use super::seen::Direction;
use super::types::Types;
use super::woken::is_woken;
use crate::trace::{Event, Expectation, Ladder, Why};

/// What checks must not hold against the kernel a second time.
#[derive(Debug, Default)]
pub(crate) struct Blame {
    taken: BTreeSet<(usize, Expectation)>,
    echo: bool,
    /// From this line on the kernel was stuck as a whole, or gone.
    halted: Option<u64>,
}

/// Who may answer for what: the rules that are judged, and those among them that claim a matter for themselves.
pub(super) trait Bench {
    /// Whether a rule is judged.
    fn has(&self, rule: &str) -> bool;

    /// The rules that say that the kernel survives this deed.
    fn survivals(&self, episode: &Episode, deed: &Deed) -> Vec<String>;

    /// The rules that are about just this: that the request gets what it is owed.
    fn owners(&self, episode: &Episode, request: &Request, what: Expectation) -> Vec<String>;

    /// The rules that are about just this heartbeat.
    fn echo_owners(&self, episode: &Episode, beat: usize) -> Vec<String>;

    /// Whether the kernel has answered a request of this support key.
    fn has_answered(&self, key: &str) -> bool;

    /// Whether the kernel has promised to know the request, by the word of one of the owners.
    fn is_promised(&self, episode: &Episode, request: &Request, what: Expectation) -> bool;
}

/// A finding that broken obligations make, with the rules that may answer for it.
#[derive(Debug)]
pub(super) struct Charge {
    /// The fittest first.
    pub(super) rules: Vec<String>,
    /// Where it counts only if the kernel knows this message type.
    pub(super) if_supported: Option<String>,
    /// The place if it is no more than a warning: the same for whatever code the request had.
    pub(super) coarse_place: String,
    /// Whether the request is one that every kernel has to know what to do with. Another that is passed over in silence, while the kernel goes
    /// on, is a breach of its rule and no lockup.
    pub(super) usual: bool,
    /// Whether no rule says just this, so that it is a warning as long as it is not more than one thing that never came.
    pub(super) mild: bool,
    /// What it comes of, where many rules would tell of that.
    pub(super) case: Option<Case>,
    /// The rules that come before where the kernel knows this message type: those about what made the channel deaf.
    pub(super) if_known: Option<(String, Vec<String>)>,
    /// What was given up, as long as it may still come: of the request with this id.
    pub(super) overdue: Option<(String, Expectation)>,
    pub(super) finding: Finding,
}

impl Charge {
    /// One that stands by itself.
    pub(super) fn usual(rules: Vec<String>, finding: Finding) -> Self {
        Self {
            rules,
            if_supported: None,
            coarse_place: finding.place.clone(),
            usual: true,
            mild: false,
            case: None,
            if_known: None,
            overdue: None,
            finding,
        }
    }
}

/// Lockups of one request only; the kernel goes on with others.
pub(super) const PARTIAL: &[&str] = &["no_reply", "never_idle"];

impl Blame {
    /// Whether another finding tells already that this never came.
    #[must_use]
    pub(crate) fn is_taken(&self, episode: &Episode, request: &Request, what: Expectation) -> bool {
        let after = |line: u64| self.halted.is_some_and(|halted| line >= halted);
        let settled = request.settled.as_ref().map_or(u64::MAX, |(line, _)| *line);
        self.taken.contains(&(request.sent, what)) || after(settled) || after(episode.asked(request).line)
    }

    /// Whether there is any finding of this kind.
    #[must_use]
    pub(crate) fn is_any(&self) -> bool {
        self.halted.is_some() || self.echo || !self.taken.is_empty()
    }

    /// Whether another finding tells already that an echo never came.
    #[must_use]
    pub(crate) fn is_echo_taken(&self) -> bool {
        self.echo
    }

    /// Whether the kernel was gone or stuck as a whole at this line.
    #[must_use]
    pub(crate) fn is_halted(&self, line: u64) -> bool {
        self.halted.is_some_and(|halted| line >= halted)
    }

    /// Goes through all that was owed.
    pub(super) fn of(episode: &Episode, types: &Types, bench: &impl Bench) -> (Self, Vec<Charge>) {
        let mut blame = Self::default();
        let mut charges = Vec::new();
        for (line, crash) in crashes(episode, bench) {
            blame.halted = Some(blame.halted.map_or(line, |halted| halted.min(line)));
            charges.push(crash);
        }
        let mut requests: Vec<&Request> = episode.requests.iter().filter(|request| request.settled.is_some()).collect();
        requests.sort_by_key(|request| request.settled.as_ref().map(|(line, _)| *line));
        for request in requests {
            blame.charge_request(episode, request, types, bench, &mut charges);
        }
        blame.charge_rest(episode, bench, &mut charges);
        charges.extend(brake::unanswered(episode));
        (blame, charges)
    }

    fn charge_request(&mut self, episode: &Episode, request: &Request, types: &Types, bench: &impl Bench, charges: &mut Vec<Charge>) {
        let Some((line, settled)) = &request.settled else { return };
        let ladder = request.ladder.as_deref().map(|(_, ladder)| ladder);
        if let Some(charge) = charge_of(episode, request, bench).filter(|_| !self.is_halted(*line)) {
            self.taken.insert((request.sent, Expectation::Idle));
            charges.push(charge);
        }
        // What came late tells that the rest may have been under way as well.
        let is_late = settled.why == Why::Deadline && settled.missing.iter().any(|what| came_by_itself(episode, request, *what));
        let came = |what: &Expectation| (is_late || came_by_itself(episode, request, *what)) && !is_woken(episode, request);
        let is_missing = |what: &Expectation| {
            let untold = !self.taken.contains(&(request.sent, *what));
            untold && request.waited_in_vain(*what) && !came(what)
        };
        let is_charged = |what: &Expectation| is_owed(episode, request, *what, ladder) || !bench.owners(episode, request, *what).is_empty();
        let missing: Vec<Expectation> = settled.missing.iter().copied().filter(is_missing).filter(is_charged).collect();
        let Some(&first) = missing.first() else { return };
        if self.is_halted(*line) {
            return;
        }
        // That nobody listens on the channel is told once, by the rule about that.
        if episode.kernel.is_unbound(episode.asked(request).channel) {
            self.taken.extend(missing.iter().map(|&what| (request.sent, what)));
            return;
        }
        if ladder.is_none() && episode.is_damaged(request.sent) {
            return;
        }
        let may_lack = is_control_info(episode, request) && episode.kernel.claims().is_some_and(|claimed| claimed < (5, 5));
        let lacks_control = may_lack && !bench.has_answered(&support_key(episode, request));
        let total = ladder.is_some_and(|ladder| is_total(&ladder.kind) && !(lacks_control && ladder.kind == "control_stuck"));
        let optional = |what| {
            !total && what == Expectation::Reply && !is_required(episode, request, types) && !bench.is_promised(episode, request, what)
        };
        // A kernel may lack the type, or leave what is wrong unanswered with no more than a warning; but one that says busy must say idle.
        let mild = optional(first) || (first == Expectation::Reply && !total && is_wrong(episode, request));
        // Where it knows the type, and a rule is about just this request, its silence is told by that.
        let dangling =
            mild && !is_claimed(episode, request, first, bench) && request.busy.is_some() && missing.contains(&Expectation::Idle);
        let what = if dangling { Expectation::Idle } else { first };
        let unclaimed = bench.owners(episode, request, what).is_empty();
        let rules = rules_of(episode, request, what, total, bench);
        if rules.is_empty() || (ladder.is_none() && !rules.iter().any(|rule| bench.has(rule))) {
            return;
        }
        self.taken.extend(missing.iter().map(|&what| (request.sent, what)));
        if total {
            self.halted = Some(*line);
        }
        let if_supported = optional(what).then(|| support_key(episode, request));
        let deafened = if total || what != Expectation::Reply { None } else { deafened(episode, request, bench) };
        let suspect =
            suspect(episode, request).filter(|_| total && what != Expectation::Exit).or(deafened.as_ref().map(|(message, _)| *message));
        let if_known = deafened.map(|(_, rules)| (support_key(episode, request), rules));
        let mut finding = missed(episode, request, what, ladder, suspect);
        let open = unanswered_before(episode, request);
        // No rule says just this: one says when an idle kernel is gone, another when one that was interrupted is.
        let mild = unclaimed && what == Expectation::Exit && open > 0;
        if mild {
            finding.title.push_str(&format!("; it was not idle: {open} of the requests before had no reply yet"));
        }
        let mut coarse_place = format!("{} on {}: {} missing", episode.type_of(request), episode.asked(request).channel, name(what));
        // A queue is aborted by one loop, of whatever types its requests are.
        if !total && is_aborted(episode, request) {
            coarse_place = format!("aborted: {} missing", name(what));
            finding.place.clone_from(&coarse_place);
        }
        let is_deaf = ladder.is_some_and(|ladder| ladder.kind == "control_stuck") && is_control_info(episode, request);
        let case = match what {
            Expectation::Exit => Some(Case::of_end(episode, &rules, !mild)),
            Expectation::Idle => Case::of_idle(episode, request, &rules),
            Expectation::Reply if is_deaf => Some(Case::of_deaf_control(episode, request, &rules)),
            _ => None,
        };
        let usual = !is_unusual(episode, request);
        let overdue = ladder.is_none().then(|| (request.id.clone(), what));
        charges.push(Charge { rules, if_supported, coarse_place, usual, mild, case, if_known, overdue, finding });
    }

    /// Ladders that belong to no request: the heartbeat, the end of the process.
    fn charge_rest(&mut self, episode: &Episode, bench: &impl Bench, charges: &mut Vec<Charge>) {
        for happened in &episode.events {
            let (what, ladder) = match &happened.event {
                Event::Ladder(ladder) if is_loose(&ladder.id) => (ladder.missing.first().copied(), Some(ladder)),
                Event::Settled(settled) if is_loose(&settled.id) && settled.why == Why::Deadline => {
                    (settled.missing.first().copied(), None)
                }
                _ => continue,
            };
            // A message that was sent without an id is owed nothing.
            let Some(what) = what.filter(|what| matches!(what, Expectation::Echo | Expectation::Exit)) else { continue };
            let told = ladder.is_none()
                && episode
                    .events
                    .iter()
                    .any(|other| matches!(&other.event, Event::Ladder(ladder) if is_loose(&ladder.id) && ladder.missing.contains(&what)));
            let beat = unanswered_beat(episode, happened);
            let mut rules = beat.map(|beat| bench.echo_owners(episode, beat)).unwrap_or_default();
            rules.extend(last_deed(episode, happened.line, |_| true).map(|deed| bench.survivals(episode, &deed)).unwrap_or_default());
            rules.extend(rules_for(episode, None, what, happened.line).into_iter().map(str::to_owned));
            if self.is_halted(happened.line) || told || rules.is_empty() || (ladder.is_none() && !rules.iter().any(|rule| bench.has(rule)))
            {
                continue;
            }
            if ladder.is_some_and(|ladder| is_total(&ladder.kind) && ladder.kind != "heartbeat_lost") {
                self.halted = Some(happened.line);
            }
            self.echo |= what == Expectation::Echo;
            let place = format!("{} missing: {}", name(what), rules[0]);
            let finding = finding(
                episode,
                About::Line(happened.line),
                place,
                title_without_request(what, beat.map(|beat| &*episode.beats[beat].client)),
                ladder,
            );
            let case = (what == Expectation::Exit).then(|| Case::of_end(episode, &rules, true));
            charges.push(Charge { case, ..Charge::usual(rules, finding) });
        }
    }
}

/// The rules that may answer for what a request never got, the fittest first; `total` if the kernel is stuck as a whole.
fn rules_of(episode: &Episode, request: &Request, what: Expectation, total: bool, bench: &impl Bench) -> Vec<String> {
    let line = request.settled.as_ref().map_or(u64::MAX, |(line, _)| *line);
    let mut rules = Vec::new();
    if let Some(before) = stuck_before(episode, request).filter(|_| total) {
        rules.extend(bench.owners(episode, before, Expectation::Reply));
        rules.extend(rules_for(episode, Some(before), Expectation::Reply, line).into_iter().map(str::to_owned));
    }
    rules.extend(bench.owners(episode, request, what));
    // What keeps a process from ending is no matter of what was sent before it promised to.
    if total && what != Expectation::Exit {
        let before = deeds_before(episode, request).into_iter().flatten().flat_map(|deed| bench.survivals(episode, &deed));
        rules.extend(bench.survivals(episode, &Deed::Message(request.sent)).into_iter().chain(before));
        rules.extend(rule_for_deed(episode, episode.asked(request).line).map(str::to_owned));
    }
    rules.extend(rules_for(episode, Some(request), what, line).into_iter().map(str::to_owned));
    rules
}

/// The message that made the channel of a request deaf, with the rules that say that the kernel survives it.
fn deafened(episode: &Episode, request: &Request, bench: &impl Bench) -> Option<(usize, Vec<String>)> {
    let survivals = |message: usize| (message, bench.survivals(episode, &Deed::Message(message)));
    deafening(episode, request).into_iter().map(survivals).find(|(_, rules)| !rules.is_empty())
}

/// The heartbeat whose echo was missed, where the event tells of one. The probes that follow a miss beat as well.
fn unanswered_beat(episode: &Episode, happened: &Happened) -> Option<usize> {
    let id = match &happened.event {
        Event::Ladder(ladder) if ladder.missing.contains(&Expectation::Echo) => &ladder.id,
        Event::Settled(settled) if settled.missing.contains(&Expectation::Echo) => &settled.id,
        _ => return None,
    };
    let line = episode.events.iter().find_map(|other| match &other.event {
        Event::Settled(settled) if settled.id == *id => Some(other.line),
        _ => None,
    });
    let line = line.unwrap_or(happened.line);
    episode.beats.iter().rposition(|beat| beat.direction == Direction::ToKernel && beat.line < line)
}

/// Whether an id names no message: a heartbeat, or nothing.
fn is_loose(id: &str) -> bool {
    id.is_empty() || id.starts_with("hb:")
}

/// Whether it came after all, late, and no new connection may have woken the kernel for it.
fn came_by_itself(episode: &Episode, request: &Request, what: Expectation) -> bool {
    if what == Expectation::Exit {
        let line = request.settled.as_ref().map_or(0, |(line, _)| *line);
        return request.ladder.is_none()
            && episode.exit().is_some_and(|(happened, exited)| happened.line > line && exited.signal.is_none());
    }
    let came = match what {
        Expectation::Reply => request.reply(),
        Expectation::Idle => request.idle,
        Expectation::Input => request.inputs.first().copied(),
        _ => None,
    };
    let Some(line) = came.map(|message| episode.messages[message].line) else { return false };
    let settled = request.settled.as_ref().map_or(0, |(line, _)| *line);
    let woken = |event: &Event| matches!(event, Event::Probed(probe) if probe.fresh_client);
    !episode.events.iter().any(|happened| happened.line > settled && happened.line < line && woken(&happened.event))
}

/// Whether a kernel owes this at all. A type that it need not know is owed an idle only once it has said busy.
fn is_owed(episode: &Episode, request: &Request, what: Expectation, ladder: Option<&Ladder>) -> bool {
    let asked = episode.asked(request);
    match what {
        Expectation::Message => false,
        Expectation::Idle => {
            let known = !request.odd
                && (!request.replies.is_empty()
                    || (request.role == Role::Notice && !request.iopub.is_empty())
                    || asked.msg_type() == "execute_request");
            let stuck = ladder.is_some_and(|ladder| !PARTIAL.contains(&ladder.kind.as_str()));
            let leaving = asked.msg_type() == "shutdown_request";
            request.visible && !leaving && (request.busy.is_some() || known || stuck)
        }
        Expectation::Reply => {
            let by_signal = asked.msg_type() == "interrupt_request"
                && episode.kernel.started.as_ref().is_some_and(|kernel| kernel.event.interrupt_mode != "message");
            request.role == Role::Request && !by_signal && !request.odd
        }
        // Who refused a shutdown, or did not answer it, did not promise to end.
        Expectation::Exit => episode.is_accepted(request),
        _ => true,
    }
}

/// Whether a lockup of this kind is one of the kernel, not of one request.
fn is_total(kind: &str) -> bool {
    !PARTIAL.contains(&kind)
}
