//! Answers that a probe brought about: the kernel had the request and let it lie until something else came.

use super::blame::PARTIAL;
use super::episode::Episode;
use super::request::Request;
use super::seen::{Direction, Seen};
use crate::trace::{Why, own_steps};

/// How the place of such a finding ends. It confirms no other suspicion: a cell that takes as long as the second play waits is no lockup.
pub(super) const WOKEN: &str = "woken";

/// Into how many parts a silence is cut; the answer to what broke it takes one at most.
const PARTS: u64 = 5;

/// Whether the reply came only when the kernel was asked something else on that channel, and soon then, measured by how long the kernel had
/// been silent. An answer that is as slow as that may come just then by chance, but not in the next play as well, which waits twice as long
/// before it asks.
pub(super) fn is_woken(episode: &Episode, request: &Request) -> bool {
    let (Some((line, settled)), Some(reply), Some(ladder)) = (&request.settled, request.reply(), &request.ladder) else { return false };
    if settled.why != Why::Deadline || !PARTIAL.contains(&ladder.1.kind.as_str()) {
        return false;
    }
    let (asked, reply) = (episode.asked(request), &episode.messages[reply]);
    let is_probe = |seen: &&Seen| {
        seen.line > *line
            && seen.direction == Direction::ToKernel
            && seen.channel == asked.channel
            && seen.step.as_deref() == Some(own_steps::PROBE)
    };
    let Some(probe) = episode.messages.iter().find(is_probe).filter(|probe| probe.line < reply.line) else { return false };
    let news = |seen: &&Seen| seen.line < *line && (seen.direction == Direction::ToClient || seen.line == asked.line);
    let silent_since = episode.messages.iter().filter(news).map(|seen| seen.t).max().unwrap_or(asked.t);
    reply.t.saturating_sub(probe.t) <= probe.t.saturating_sub(silent_since) / PARTS
}
