//! `fifo`: requests of one client on one channel are answered in the order in which they were sent.
//!
//! - `of`: the requests (a selector of messages to the kernel); those in a subshell count by subshell

use std::collections::BTreeMap;

use super::Check;
use super::counter::in_subshell;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::seen::Direction;
use crate::oracle::selector::Selector;
use crate::spec::reader::Reader;
use crate::wire::Channel;

struct Fifo {
    of: Selector,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let of = compiler.selector(reader.required("of")?, Direction::ToKernel)?;
    Some(Box::new(Fifo { of }))
}

impl Check for Fifo {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        // By queue: the reply that came last so far, and the one before the request in hand.
        let mut queues: BTreeMap<(String, Channel, String), usize> = BTreeMap::new();
        for sent in self.of.select(episode) {
            let Some(request) = episode.request_of(sent) else { continue };
            let (Some(reply), false) = (request.reply(), request.shared_id) else { continue };
            let asked = episode.asked(request);
            let subshell = if in_subshell(asked) { asked.header_text("subshell_id").unwrap_or("?").to_owned() } else { String::new() };
            let queue = (asked.client.to_string(), asked.channel, subshell);
            let Some(latest) = queues.get_mut(&queue) else {
                queues.insert(queue, reply);
                continue;
            };
            report.exercised();
            if reply < *latest {
                let (early, late) = (episode.messages[reply].msg_type(), episode.messages[*latest].msg_type());
                let place = format!("on {}", asked.channel);
                let about = [reply, *latest];
                report.deviation(episode, About::Messages(&about), &place, || {
                    format!("{early} on {} came before {late}, whose request was sent first", asked.channel)
                });
            } else {
                *latest = reply;
            }
        }
    }
}
