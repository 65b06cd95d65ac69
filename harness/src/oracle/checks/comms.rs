//! `comms`: what a kernel says and does about comms, against what was done with them.
//!
//! - `want`: one of
//!   - `refused`: a comm for a target that nobody registered (the fact `known_target` is false) is closed by the kernel, on iopub
//!   - `listed`: `comm_info_reply` has each comm that a client opened and on which the kernel has answered, or that it has listed, until either side
//!     closes it, and none that is closed
//!   - `filtered`: it has the comms of the target that was asked for and no others; without a target, or with null, all
//!   - `parent`: what closes such a comm, and what comes back over one that only echoes (the fact `echoes`), has the message that caused it as parent
//!
//! A kernel that never answered any comm message may lack comms, and refuses none. A comm that one client closed tells nothing about what another one asks. Replies are held against each other only where no comm
//! was opened or closed between them.

use std::collections::{BTreeMap, BTreeSet};

use super::Check;
use super::shape::name_of;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::request::Role;
use crate::oracle::seen::{Direction, Seen};
use crate::oracle::words::brief;
use crate::spec::reader::Reader;
use crate::wire::{Channel, Json, Member};

/// What is wanted, with what has to be remembered for it.
enum Comms {
    /// Whether the kernel has answered a comm message.
    Refused(bool),
    Listed(Registry),
    Filtered,
    Parent,
}

pub(super) fn compile(reader: &Reader<'_>, _: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let want = reader.required("want")?;
    Some(Box::new(match want.clone().str()? {
        "refused" => Comms::Refused(false),
        "listed" => Comms::Listed(Registry::default()),
        "filtered" => Comms::Filtered,
        "parent" => Comms::Parent,
        other => {
            want.unknown("want", other, ["refused", "listed", "filtered", "parent"]);
            return None;
        }
    }))
}

impl Check for Comms {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        match self {
            Self::Refused(has_comms) => {
                *has_comms |= answers_comms(episode);
                if *has_comms {
                    judge_refusals(episode, report);
                }
            }
            Self::Listed(registry) => registry.judge(episode, report),
            Self::Filtered => judge_filter(episode, report),
            Self::Parent => judge_parents(episode, report),
        }
    }
}

/// The comms of one life of the kernel, by id.
#[derive(Default)]
struct Registry {
    life: u32,
    comms: BTreeMap<String, Comm>,
    /// Ids that name two comms, as a client opened them twice: which of them is closed, and when, can't be told.
    twice: BTreeSet<String>,
}

struct Comm {
    state: State,
    /// The line of the message that brought it into this state.
    since: u64,
}

enum State {
    /// A client opened it; whether the kernel accepted it is not known.
    Opened,
    /// The kernel has answered on it, or listed it.
    Accepted,
    /// Closed: by that client, or by the kernel.
    Closed(Option<String>),
}

impl Registry {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        if self.life != episode.kernel.life {
            *self = Self { life: episode.kernel.life, ..Self::default() };
        }
        for (message, seen) in episode.messages.iter().enumerate().filter(|(_, seen)| !seen.copy) {
            if let Some(list) = List::of(episode, message) {
                self.judge_list(episode, &list, report);
            } else if let Some(id) = seen.text("comm_id") {
                self.note(id, seen);
            }
        }
    }

    /// Takes notice of a comm message.
    fn note(&mut self, id: &str, seen: &Seen) {
        if self.twice.contains(id) {
            return;
        }
        let state = match (seen.msg_type(), seen.direction) {
            ("comm_open", Direction::ToKernel) if !self.is_open(id) && seen.is_honest() => State::Opened,
            // Opened by the kernel, which may do so by hand, or opened twice: whether it is listed is open.
            ("comm_open", direction) => {
                if direction == Direction::ToKernel {
                    self.twice.insert(id.to_owned());
                }
                self.comms.remove(id);
                return;
            }
            ("comm_msg", Direction::ToClient) if self.is_open(id) => State::Accepted,
            ("comm_close", Direction::ToKernel) => State::Closed(Some(seen.client.to_string())),
            ("comm_close", Direction::ToClient) => State::Closed(None),
            _ => return,
        };
        self.comms.insert(id.to_owned(), Comm { state, since: seen.line });
    }

    fn is_open(&self, id: &str) -> bool {
        self.comms.get(id).is_some_and(|comm| !matches!(comm.state, State::Closed(_)))
    }

    fn judge_list(&mut self, episode: &Episode, list: &List<'_>, report: &mut Report<'_>) {
        let asked = &episode.messages[list.asked];
        for (id, comm) in self.comms.iter().filter(|(_, comm)| comm.since < asked.line) {
            let is_listed = list.has(id);
            match &comm.state {
                State::Accepted if list.target.is_none() => {
                    report.exercised();
                    if !is_listed {
                        list.broken(episode, "an open comm is missing", report, || format!("lacks the comm {id:?}, which is open"));
                    }
                }
                State::Closed(by) if by.as_ref().is_none_or(|client| **client == *asked.client) => {
                    report.exercised();
                    if is_listed {
                        list.broken(episode, "a closed comm is listed", report, || format!("lists the comm {id:?}, which is closed"));
                    }
                }
                _ => {}
            }
        }
        for (id, comm) in self.comms.iter_mut().filter(|(id, comm)| comm.since < asked.line && list.has(id)) {
            if matches!(comm.state, State::Opened) && !self.twice.contains(id) {
                comm.state = State::Accepted;
            }
        }
    }
}

/// A good reply to an honest `comm_info_request`.
struct List<'a> {
    reply: usize,
    asked: usize,
    /// The `target_name` of the request; `None` if it has none.
    target: Option<&'a Json>,
    comms: &'a [Member],
}

impl<'a> List<'a> {
    fn of(episode: &'a Episode, reply: usize) -> Option<Self> {
        let seen = &episode.messages[reply];
        if seen.msg_type() != "comm_info_reply" || seen.text("status").is_some_and(|status| status != "ok") {
            return None;
        }
        let request = episode.request_of(reply).filter(|request| request.honest && !request.odd && !request.shared_id)?;
        let comms = seen.field("comms")?.as_object()?;
        Some(Self { reply, asked: request.sent, target: episode.asked(request).field("target_name"), comms })
    }

    fn has(&self, id: &str) -> bool {
        self.comms.iter().any(|(known, _)| known == id)
    }

    /// The ids, of one target where it is given. What has no target is of none.
    fn ids(&self, target: Option<&str>) -> BTreeSet<&'a str> {
        let fits = |comm: &Json| target.is_none_or(|target| target_of(comm) == Some(target));
        self.comms.iter().filter(|(_, comm)| fits(comm)).map(|(id, _)| id.as_str()).collect()
    }

    /// Whether no comm was opened or closed from the one question to the other's answer.
    fn is_of_one_state(&self, other: &Self, episode: &Episode) -> bool {
        let span = self.asked.min(other.asked)..self.reply.max(other.reply);
        episode.messages[span].iter().all(|seen| !matches!(seen.msg_type(), "comm_open" | "comm_close"))
    }

    fn broken(&self, episode: &Episode, place: &str, report: &mut Report<'_>, what: impl FnOnce() -> String) {
        report.deviation(episode, About::Message(self.reply), place, || format!("comm_info_reply {}", what()));
    }
}

fn target_of(comm: &Json) -> Option<&str> {
    comm.get("target_name")?.as_str()
}

fn judge_filter(episode: &Episode, report: &mut Report<'_>) {
    let replies = episode.from_kernel().map(|(message, _)| message);
    let lists: Vec<List<'_>> = replies.filter_map(|message| List::of(episode, message)).collect();
    for list in &lists {
        let Some(target) = list.target else { continue };
        if let Some(name) = target.as_str() {
            judge_foreign(episode, list, name, report);
        }
        let whole = lists.iter().find(|whole| whole.target.is_none() && whole.is_of_one_state(list, episode));
        // Where nothing is listed at all, nothing was left out.
        let Some(whole) = whole.filter(|whole| !whole.comms.is_empty() || !list.comms.is_empty()) else { continue };
        report.exercised();
        let (wanted, found) = (whole.ids(target.as_str()), list.ids(None));
        if let Some(id) = wanted.difference(&found).next() {
            let place = if target.as_str().is_some() { "a comm of the target is missing" } else { "null does not list all" };
            list.broken(episode, place, report, || format!("lacks the comm {id:?}, asked for target_name {}", brief(Some(target))));
        }
        if let Some(id) = found.iter().find(|id| !whole.has(id)) {
            whole.broken(episode, "no target does not list all", report, || {
                format!("lacks the comm {id:?}, asked for no target, and has it for target_name {}", brief(Some(target)))
            });
        }
    }
}

/// What is listed though it is of another target than the one asked for.
fn judge_foreign(episode: &Episode, list: &List<'_>, target: &str, report: &mut Report<'_>) {
    for (id, other) in list.comms.iter().filter_map(|(id, comm)| Some((id, target_of(comm)?))) {
        report.exercised();
        if other != target {
            list.broken(episode, "a comm of another target", report, || {
                format!("lists the comm {id:?} of target {other:?}, asked for target {target:?}")
            });
        }
    }
}

fn judge_parents(episode: &Episode, report: &mut Report<'_>) {
    for (cause, answer) in echoes(episode).into_iter().chain(refusals(episode)) {
        let Some(answer) = answer else { continue };
        report.exercised();
        let parent = episode.request_of(answer);
        if parent.is_none_or(|request| request.sent != cause) {
            let parent = parent.map_or("no message of this scenario", |request| episode.type_of(request));
            let (name, caused_by) = (name_of(episode, answer), name_of(episode, cause));
            let place = format!("{name} for {caused_by}");
            report.deviation(episode, About::Messages(&[answer, cause]), &place, || {
                format!("the {name} that answers a {caused_by} has another parent: {parent}")
            });
        }
    }
}

fn judge_refusals(episode: &Episode, report: &mut Report<'_>) {
    for (open, close) in refusals(episode) {
        let Some(request) = episode.request_of(open) else { continue };
        if close.is_some() {
            report.exercised();
        } else if request.is_over() && !report.blame.is_halted(episode.asked(request).line) {
            report.exercised();
            report.deviation(episode, About::Request(request), "comm_open", || {
                "a comm_open for a target that nobody registered was not answered by comm_close on iopub".to_owned()
            });
        } else {
            report.inconclusive();
        }
    }
}

/// Whether the kernel answered a comm message with another one, on whatever channel.
fn answers_comms(episode: &Episode) -> bool {
    let answers = of_types(episode, &["comm_msg", "comm_close"], Direction::ToClient);
    answers.into_iter().any(|answer| episode.request_of(answer).is_some_and(|request| request.role == Role::Notice))
        || echoes(episode).iter().any(|(_, echo)| echo.is_some())
}

/// The comms that clients opened for targets that nobody registered, each with what closed it on iopub.
fn refusals(episode: &Episode) -> Vec<(usize, Option<usize>)> {
    let closes = of_types(episode, &["comm_close"], Direction::ToClient);
    let unknown = |message: &usize| episode.messages[*message].facts.get("known_target").is_some_and(|known| known == false);
    let opens = of_types(episode, &["comm_open"], Direction::ToKernel).into_iter().filter(unknown);
    let is_same = |open: usize, close: usize| {
        let (open, close) = (&episode.messages[open], &episode.messages[close]);
        close.channel == Channel::Iopub && close.field("comm_id") == open.field("comm_id")
    };
    opens.map(|open| (open, closes.iter().copied().find(|&close| close > open && is_same(open, close)))).collect()
}

/// The messages on comms that only echo, each with its echo. Those that are sent twice over are left out.
fn echoes(episode: &Episode) -> Vec<(usize, Option<usize>)> {
    let (sent, received) = (of_types(episode, &["comm_msg"], Direction::ToKernel), of_types(episode, &["comm_msg"], Direction::ToClient));
    let is_same = |left: usize, right: usize| {
        let (left, right) = (&episode.messages[left], &episode.messages[right]);
        left.field("data").is_some() && ["comm_id", "data"].iter().all(|name| left.field(name) == right.field(name))
    };
    let is_echoed = |cause: &usize| {
        let echoes = episode.messages[*cause].facts.get("echoes").is_some_and(|echoes| echoes == true);
        echoes && !sent.iter().any(|other| other != cause && is_same(*other, *cause))
    };
    let causes = sent.iter().copied().filter(is_echoed);
    causes.map(|cause| (cause, received.iter().copied().find(|&echo| echo > cause && is_same(echo, cause)))).collect()
}

fn of_types(episode: &Episode, names: &[&str], direction: Direction) -> Vec<usize> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    episode.of_types(Some(&names), direction)
}
