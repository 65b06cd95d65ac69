//! `brackets`: the busy and idle pairs of requests lie apart in time, as one client sees them on iopub.
//!
//! - `of`: the requests (a selector of messages to the kernel)
//! - `with`: other requests whose pairs must not overlap those of `of`; without it those of `of` among each other
//! - `clients`: `different`, to look only at pairs of requests of different clients

use super::Check;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::seen::Direction;
use crate::oracle::selector::Selector;
use crate::spec::reader::Reader;
use crate::trace::Event;
use crate::wire::Channel;

struct Brackets {
    of: Selector,
    with: Option<Selector>,
    different: bool,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let of = reader.required("of").and_then(|item| compiler.selector(item, Direction::ToKernel));
    let with = match reader.optional("with") {
        Some(item) => Some(compiler.selector(item, Direction::ToKernel)?),
        None => None,
    };
    let different = match reader.optional("clients") {
        Some(item) => item.str()? == "different",
        None => false,
    };
    Some(Box::new(Brackets { of: of?, with, different }))
}

impl Check for Brackets {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        let requests = |selector: &Selector| -> Vec<usize> {
            selector.select(episode).into_iter().filter_map(|sent| episode.messages[sent].request).collect()
        };
        let of = requests(&self.of);
        let with = self.with.as_ref().map(requests);
        let mut clients: Vec<&str> =
            episode.messages.iter().filter(|seen| seen.from_kernel() && seen.channel == Channel::Iopub).map(|seen| &*seen.client).collect();
        clients.sort_unstable();
        clients.dedup();
        // All subscribers see the same order, and each tells of a clash: the first that sees one is enough.
        for client in clients {
            if self.judge_client(episode, client, &of, with.as_deref(), report) {
                break;
            }
        }
    }
}

impl Brackets {
    /// Whether there was a clash.
    fn judge_client(&self, episode: &Episode, client: &str, of: &[usize], with: Option<&[usize]>, report: &mut Report<'_>) -> bool {
        let is_leaving = |event: &Event| matches!(event, Event::Disconnected(gone) if gone.client == client);
        let left: Vec<u64> = episode.events.iter().filter(|happened| is_leaving(&happened.event)).map(|happened| happened.line).collect();
        let mut open: Vec<(usize, usize)> = Vec::new();
        let mut clashed = false;
        for (message, seen) in episode.from_kernel().filter(|(_, seen)| seen.channel == Channel::Iopub && *seen.client == *client) {
            let Some(number) = seen.request else { continue };
            let (mine, theirs) = (of.contains(&number), with.is_some_and(|with| with.contains(&number)));
            if !mine && !theirs {
                continue;
            }
            // Who left and came back did not see what was between.
            open.retain(|(_, busy)| !left.iter().any(|line| (episode.messages[*busy].line..seen.line).contains(line)));
            if seen.is_state("idle") {
                if open.iter().any(|(known, _)| *known == number) {
                    report.exercised();
                }
                open.retain(|(known, _)| *known != number);
            } else if seen.is_state("busy") {
                let clash = open.iter().find(|(other, _)| *other != number && self.clash(episode, number, *other, of, with));
                if let Some(&(other, busy)) = clash {
                    self.broken(episode, (message, number), (busy, other), report);
                    clashed = true;
                }
                open.push((number, message));
            }
        }
        clashed
    }

    fn clash(&self, episode: &Episode, number: usize, other: usize, of: &[usize], with: Option<&[usize]>) -> bool {
        let client = |number: usize| &episode.messages[episode.requests[number].sent].client;
        let sets = match with {
            None => of.contains(&number) && of.contains(&other),
            Some(with) => (of.contains(&number) && with.contains(&other)) || (with.contains(&number) && of.contains(&other)),
        };
        // One that never becomes idle is another matter.
        sets && episode.requests[other].idle.is_some() && (!self.different || client(number) != client(other))
    }

    fn broken(&self, episode: &Episode, (message, number): (usize, usize), (busy, other): (usize, usize), report: &mut Report<'_>) {
        let name = |number: usize| {
            let asked = &episode.messages[episode.requests[number].sent];
            format!("{} on {}", asked.msg_type(), asked.channel)
        };
        let channel = |number: usize| episode.messages[episode.requests[number].sent].channel;
        let place = format!("{} within {}", channel(number), channel(other));
        report.deviation(episode, About::Messages(&[message, busy]), &place, || {
            format!("busy of {} came between busy and idle of {}", name(number), name(other))
        });
    }
}
