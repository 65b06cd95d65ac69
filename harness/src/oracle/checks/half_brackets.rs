//! `half-brackets`: a client that comes late sees no idle without its busy.
//!
//! It has no parameters. Looked at are clients that were not there when the kernel was started, with a subscription to all of iopub.

use super::Check;
use super::shape::name_of;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::spec::reader::Reader;
use crate::trace::Event;
use crate::wire::Channel;

struct HalfBrackets;

pub(super) fn compile(_: &Reader<'_>, _: &Compiler<'_>) -> Option<Box<dyn Check>> {
    Some(Box::new(HalfBrackets))
}

impl Check for HalfBrackets {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        for happened in &episode.events {
            let Event::Connected(connected) = &happened.event else { continue };
            if connected.early || connected.deaf || !connected.topics.iter().any(|topic| topic.0.is_empty()) {
                continue;
            }
            let heard: Vec<usize> = episode
                .from_kernel()
                .filter(|(_, seen)| seen.line > happened.line && seen.channel == Channel::Iopub && *seen.client == *connected.client)
                .map(|(message, _)| message)
                .collect();
            for (place, &idle) in heard.iter().enumerate().filter(|(_, message)| episode.messages[**message].is_state("idle")) {
                report.exercised();
                let parent = episode.messages[idle].parent_id();
                let is_busy =
                    |&message: &usize| episode.messages[message].is_state("busy") && episode.messages[message].parent_id() == parent;
                if !heard[..place].iter().any(is_busy) {
                    report.deviation(episode, About::Message(idle), "idle", || {
                        let cause = episode.request_of(idle).map_or("an earlier request", |request| name_of(episode, request.sent));
                        format!("client {} came late, and saw the idle of {cause} without its busy", connected.client)
                    });
                }
            }
        }
    }
}
