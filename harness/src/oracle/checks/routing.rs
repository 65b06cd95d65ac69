//! `routing`: what a client asks for comes back to it, where and as it asked.
//!
//! Frames that came without a delimiter before a request, and that a kernel puts before its next reply, are no matter of `prefix` but of `bare`.
//!
//! - `want`: `asker` (messages on shell, control and stdin reach only the client that is their parent's), `channel` (replies come on the channel of
//!   the request), `prefix` (frames before the delimiter of a request stand before that of its reply) or `bare` (frames that were sent
//!   without a delimiter do not stand before that of a later reply)
//! - `on`: only these messages of the kernel (a selector)

use super::Check;
use super::shape::name_of;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::request::Request;
use crate::oracle::seen::Seen;
use crate::oracle::selector::Selector;
use crate::spec::reader::Reader;
use crate::wire::MalformationKind;

struct Routing {
    want: Want,
    on: Selector,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Want {
    Asker,
    Channel,
    Prefix,
    Bare,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let item = reader.required("want")?;
    let want = match item.clone().str()? {
        "asker" => Want::Asker,
        "channel" => Want::Channel,
        "prefix" => Want::Prefix,
        "bare" => Want::Bare,
        other => {
            item.unknown("want", other, ["asker", "channel", "prefix", "bare"]);
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
                Want::Bare => self.judge_bare(episode, request, report),
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

    fn judge_bare(&self, episode: &Episode, request: &Request, report: &mut Report<'_>) {
        if !episode.asked(request).prefix.is_empty() || !is_after_bare_frames(episode, request) {
            return;
        }
        for &message in request.replies.iter().filter(|&&message| self.on.matches(episode, message)) {
            let found = episode.messages[message].prefix.len();
            report.exercised();
            if found > 0 {
                let name = name_of(episode, message);
                report.deviation(episode, About::Message(message), "put before a later reply", || {
                    format!(
                        "frames that were sent without a delimiter were kept: {name} to a later request has {found} frames before its own"
                    )
                });
            }
        }
    }

    fn judge_prefix(&self, episode: &Episode, request: &Request, report: &mut Report<'_>) {
        let wanted = &episode.asked(request).prefix;
        for &message in request.replies.iter().filter(|&&message| self.on.matches(episode, message)) {
            let found = &episode.messages[message].prefix;
            if wanted.is_empty() && (found.is_empty() || is_after_bare_frames(episode, request)) {
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

/// Whether frames without a delimiter were sent before it on the same connection.
fn is_after_bare_frames(episode: &Episode, request: &Request) -> bool {
    let asked = episode.asked(request);
    let is_bare = |seen: &Seen| seen.malformations.iter().any(|malformation| malformation.kind == MalformationKind::NoDelimiter);
    episode.sent.iter().take_while(|&&sent| sent < request.sent).any(|&sent| {
        let before = &episode.messages[sent];
        is_bare(before) && before.channel == asked.channel && before.client == asked.client
    })
}
