//! `echo-time`: a heartbeat is echoed at once.
//!
//! - `within`: seconds
//! - `except`: cells while which a heartbeat was sent that does not count (a selector of messages to the kernel)
//!
//! One late echo in a run may be the machine's doing, which has other things to do; two break the rule.
//! What is sent while a cell runs is a matter of other rules.
//! One that is never echoed is a matter of the session's waiting.

use super::Check;
use super::response::seconds_between;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::repeats::Proviso;
use crate::oracle::report::Report;
use crate::oracle::seen::Direction;
use crate::oracle::selector::Selector;
use crate::spec::reader::{Item, Reader};

/// How many late echoes are no chance.
const CONFIRMED: u64 = 2;
/// What counts as the ping of a client, in bytes.
const SMALL: usize = 1024;

struct EchoTime {
    within: f64,
    except: Option<Selector>,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let within = reader.required("within").and_then(Item::seconds);
    let except = match reader.optional("except") {
        Some(item) => Some(compiler.selector(item, Direction::ToKernel)?),
        None => None,
    };
    Some(Box::new(EchoTime { within: within?, except }))
}

impl Check for EchoTime {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        let except: Vec<(u64, u64)> =
            self.except.iter().flat_map(|except| except.select(episode)).map(|cell| span(episode, cell)).collect();
        for (index, beat) in episode.beats.iter().enumerate().filter(|(_, beat)| beat.direction == Direction::ToKernel) {
            // Clients send a few bytes; megabytes take their time.
            let size: usize = beat.frames.iter().map(|frame| frame.len()).sum();
            if size > SMALL || except.iter().any(|&(begin, end)| begin < beat.line && beat.line < end) {
                continue;
            }
            // A REQ socket has one question open at a time, so that the next arrival is its answer.
            let answer = episode.beats[index + 1..].iter().find(|other| other.client == beat.client);
            let Some(answer) = answer.filter(|answer| answer.direction == Direction::ToClient) else {
                report.inconclusive();
                continue;
            };
            report.exercised();
            let (seconds, within) = (seconds_between(beat.t, answer.t), episode.kernel.allow(self.within));
            if seconds > within {
                let proviso = Proviso { doubtful: true, ..Proviso::times(CONFIRMED) };
                report.provisional(proviso, episode, About::Line(answer.line), "late", || {
                    format!("a heartbeat was echoed after {seconds:.1} s, wanted within {within:.1} s")
                });
            }
        }
    }
}

/// Lines from a request to its reply.
fn span(episode: &Episode, sent: usize) -> (u64, u64) {
    let reply = episode.request_of(sent).and_then(|request| request.reply());
    (episode.messages[sent].line, reply.map_or(u64::MAX, |reply| episode.messages[reply].line))
}
