//! `ignored`: what a kernel must take no notice of has no effect that a client could see.
//!
//! - `of`: such messages (a selector of messages to the kernel)
//!
//! That nothing came tells something once the session stopped waiting for it with the kernel alive.

use super::Check;
use super::shape::name_of;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::request::Request;
use crate::oracle::seen::Direction;
use crate::oracle::selector::Selector;
use crate::spec::reader::Reader;
use crate::trace::Why;

struct Ignored {
    of: Selector,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let of = compiler.selector(reader.required("of")?, Direction::ToKernel)?;
    Some(Box::new(Ignored { of }))
}

impl Check for Ignored {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        for sent in self.of.select(episode) {
            let Some(request) = episode.request_of(sent).filter(|request| !request.shared_id) else { continue };
            let mut came: Vec<usize> = [&request.replies, &request.iopub, &request.inputs, &request.misrouted, &request.elsewhere]
                .into_iter()
                .flatten()
                .copied()
                .collect();
            came.sort_unstable();
            match came.first() {
                Some(&first) => {
                    report.exercised();
                    broken(episode, request, first, report);
                }
                None if is_passed(episode, request, report) => report.exercised(),
                None => report.inconclusive(),
            }
        }
    }
}

/// Whether the kernel has had its chance to answer.
fn is_passed(episode: &Episode, request: &Request, report: &Report<'_>) -> bool {
    let waited = matches!(request.why(), Some(Why::Answered | Why::Fenced | Why::Deadline));
    waited && !report.blame.is_halted(episode.asked(request).line)
}

fn broken(episode: &Episode, request: &Request, first: usize, report: &mut Report<'_>) {
    let asked = episode.asked(request);
    let (kind, name) = (name_of(episode, request.sent), name_of(episode, first));
    let sign = asked.facts.get("sign").and_then(|sign| sign.as_str()).map(|sign| format!(" (signature: {sign})")).unwrap_or_default();
    let place = format!("{kind}{sign} on {}", asked.channel);
    report.deviation(episode, About::Messages(&[first, request.sent]), &place, || {
        format!("{name} was sent for {kind}{sign} on {}, of which the kernel should take no notice", asked.channel)
    });
}
