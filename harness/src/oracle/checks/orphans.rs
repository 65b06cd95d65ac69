//! `orphans`: no child process outlives the kernel that was shut down.
//!
//! - `after`: the request that shuts it down (a selector of messages to the kernel)
//!
//! A kernel that was killed tells nothing: it had no time to end its children.

use super::Check;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::seen::Direction;
use crate::oracle::selector::Selector;
use crate::spec::reader::Reader;
use crate::trace::Event;

struct Orphans {
    after: Selector,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let after = compiler.selector(reader.required("after")?, Direction::ToKernel)?;
    Some(Box::new(Orphans { after }))
}

impl Check for Orphans {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        if self.after.select(episode).is_empty() {
            return;
        }
        let was_signalled =
            episode.events.iter().any(|happened| matches!(&happened.event, Event::Signalled(signal) if signal.purpose != "interrupt"));
        let Some((happened, exited)) = episode.exit().filter(|(_, exited)| !was_signalled && exited.signal.is_none()) else {
            report.inconclusive();
            return;
        };
        report.exercised();
        if !exited.survivors.is_empty() {
            let count = exited.survivors.len();
            report.deviation(episode, About::Line(happened.line), "survivors", || {
                format!("{count} child processes outlived the kernel: {}", exited.survivors.join(", "))
            });
        }
    }
}
