//! `echo-peers`: heartbeats of several clients are all echoed, also where one of them has left.
//!
//! It has no parameters. Only heartbeats that come after one of another client of the same scenario are looked at; what the echo holds
//! is a matter of `echo`.

use super::Check;
use super::echo::is_lost;
use crate::oracle::episode::{Beat, Episode, Happened};
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::seen::Direction;
use crate::spec::reader::Reader;
use crate::trace::{Event, Expectation, Why};

struct EchoPeers;

pub(super) fn compile(_: &Reader<'_>, _: &Compiler<'_>) -> Option<Box<dyn Check>> {
    Some(Box::new(EchoPeers))
}

impl Check for EchoPeers {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        for (index, beat) in episode.beats.iter().enumerate().filter(|(_, beat)| beat.direction == Direction::ToKernel) {
            if !follows_another(episode, index) {
                continue;
            }
            // A REQ socket has one question open at a time, so that the next arrival is its answer.
            let next = episode.beats[index + 1..].iter().find(|other| other.client == beat.client);
            if next.is_some_and(|next| next.direction == Direction::ToClient) {
                report.exercised();
            } else if given_up(episode, beat) && !report.blame.is_echo_taken() {
                report.exercised();
                report.deviation(episode, About::Line(beat.line), "silent", || {
                    format!("a heartbeat of client {} was not echoed, after those of others", beat.client)
                });
            } else {
                report.inconclusive();
            }
        }
    }

    fn owns_echo(&self, episode: &Episode, beat: usize) -> bool {
        follows_another(episode, beat) && is_lost(episode, episode.beats[beat].line)
    }
}

/// Whether other clients have sent heartbeats before this one.
fn follows_another(episode: &Episode, beat: usize) -> bool {
    episode.beats[..beat].iter().any(|other| other.client != episode.beats[beat].client)
}

/// Whether the session waited for the echo in vain.
fn given_up(episode: &Episode, beat: &Beat) -> bool {
    let is_it = |happened: &Happened| match &happened.event {
        Event::Settled(settled) => {
            settled.missing.contains(&Expectation::Echo) && settled.why == Why::Deadline && settled.client == *beat.client
        }
        _ => false,
    };
    episode.events.iter().any(|happened| happened.line > beat.line && is_it(happened))
}
