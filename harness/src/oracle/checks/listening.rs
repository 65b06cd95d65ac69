//! `listening`: where a kernel listens, as the system tells of it once the kernel is ready.
//!
//! - `want`: `all` (on the port of each of the five channels), or `given` (on no other address than that of its connection file)
//!
//! Told of kernels that we started and that are reached by TCP.

use super::Check;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::spec::reader::Reader;
use crate::trace::{Event, Listening};
use crate::wire::Channel;

struct Listens {
    all: bool,
}

pub(super) fn compile(reader: &Reader<'_>, _: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let item = reader.required("want")?;
    let all = match item.clone().str()? {
        "all" => true,
        "given" => false,
        other => {
            item.unknown("way to listen", other, ["all", "given"]);
            return None;
        }
    };
    Some(Box::new(Listens { all }))
}

impl Check for Listens {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        let Some(started) = episode.kernel.started.as_ref().map(|started| &started.event) else { return };
        let given = &started.ip;
        let is_given =
            |channel: &Channel| started.start.as_ref().is_none_or(|start| !start.without.iter().any(|field| field == channel.port_field()));
        for happened in &episode.events {
            let Event::Listening(listening) = &happened.event else { continue };
            report.exercised();
            let about = About::Line(happened.line);
            if self.all {
                for channel in Channel::ALL.into_iter().filter(|channel| is_given(channel) && addresses(listening, *channel).is_empty()) {
                    report.deviation(episode, about, channel.name(), || format!("nobody listens on the port of {channel}"));
                }
                continue;
            }
            for (channel, addresses) in &listening.addresses {
                if let Some(other) = addresses.iter().find(|address| *address != given) {
                    report.deviation(episode, about, other, || format!("{channel} listens at {other}, and was given {given}"));
                }
            }
        }
    }
}

fn addresses(listening: &Listening, channel: Channel) -> &[String] {
    listening.addresses.get(&channel).map_or(&[], Vec::as_slice)
}
