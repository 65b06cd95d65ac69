//! `routing`: what a client asks for comes back to it, where and as it asked.
//!
//! - `want`: `asker` (messages on shell, control and stdin reach only the client that is their parent's), `channel` (replies come on the channel of
//!   the request) or `prefix` (frames before the delimiter of a request stand before that of its reply)
//! - `on`: only these messages of the kernel (a selector)

use super::Check;
use super::shape::name_of;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::request::Request;
use crate::oracle::selector::Selector;
use crate::spec::reader::Reader;

struct Routing {
    want: Want,
    on: Selector,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Want {
    Asker,
    Channel,
    Prefix,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let item = reader.required("want")?;
    let want = match item.clone().str()? {
        "asker" => Want::Asker,
        "channel" => Want::Channel,
        "prefix" => Want::Prefix,
        other => {
            item.unknown("want", other, ["asker", "channel", "prefix"]);
            return None;
        }
    };
    let on = compiler.selector_or_all(reader, "on")?;
    Some(Box::new(Routing { want, on }))
}

impl Check for Routing {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        let mut clients: Vec<&str> = episode.messages.iter().map(|seen| &*seen.client).collect();
        clients.sort_unstable();
        clients.dedup();
        for request in episode.requests.iter().filter(|request| !request.shared_id) {
            match self.want {
                Want::Asker => self.judge_asker(episode, request, clients.len(), report),
                Want::Channel => self.judge_channel(episode, request, report),
                Want::Prefix => self.judge_prefix(episode, request, report),
            }
        }
    }
}

impl Routing {
    fn judge_asker(&self, episode: &Episode, request: &Request, clients: usize, report: &mut Report<'_>) {
        let own = request.replies.iter().chain(&request.inputs).filter(|&&message| self.on.matches(episode, message)).count();
        if own > 0 && clients > 1 {
            report.exercised();
        }
        let asker = &episode.asked(request).client;
        for &message in request.misrouted.iter().filter(|&&message| self.on.matches(episode, message)) {
            let seen = &episode.messages[message];
            if episode.is_same_peer(&seen.client, asker) {
                continue;
            }
            report.exercised();
            let (name, channel) = (name_of(episode, message), seen.channel);
            let place = format!("{name} on {channel}");
            report.deviation(episode, About::Message(message), &place, || {
                format!("{name} on {channel} reached client {}, the request is of client {asker}", seen.client)
            });
        }
    }

    fn judge_channel(&self, episode: &Episode, request: &Request, report: &mut Report<'_>) {
        let wanted = episode.asked(request).channel;
        for &message in request.replies.iter().filter(|&&message| self.on.matches(episode, message)) {
            let (name, channel) = (name_of(episode, message), episode.messages[message].channel);
            report.exercised();
            if channel != wanted {
                let place = format!("{name} on {channel} for {wanted}");
                report.deviation(episode, About::Message(message), &place, || {
                    format!("{name} came on {channel}, the request was sent on {wanted}")
                });
            }
        }
    }

    fn judge_prefix(&self, episode: &Episode, request: &Request, report: &mut Report<'_>) {
        let wanted = &episode.asked(request).prefix;
        for &message in request.replies.iter().filter(|&&message| self.on.matches(episode, message)) {
            let found = &episode.messages[message].prefix;
            if wanted.is_empty() && found.is_empty() {
                continue;
            }
            report.exercised();
            if found != wanted {
                let name = name_of(episode, message);
                let place = format!("{name}: {}", if found.is_empty() { "dropped" } else { "changed" });
                report.deviation(episode, About::Message(message), &place, || {
                    format!("{name} has {} frames before the delimiter, not the {} of its request", found.len(), wanted.len())
                });
            }
        }
    }
}
