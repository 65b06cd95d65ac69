//! `same-answer`: a question that is the same but for its spelling, or for what does not matter, gets the same answer.
//!
//! - `of`: the answers (a selector of messages of the kernel); those whose request's plan names with `same_as` another step of the scenario
//!   are held against the answer to that step
//! - `ignore`: fields of the content that may differ

use super::Check;
use super::shape::name_of;
use super::stable::differing;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::seen::Direction;
use crate::oracle::selector::Selector;
use crate::oracle::words::brief;
use crate::spec::reader::Reader;

struct SameAnswer {
    of: Selector,
    ignore: Vec<String>,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let of = compiler.selector(reader.required("of")?, Direction::ToClient)?;
    let ignore = match reader.optional("ignore") {
        Some(item) => item.strings()?,
        None => Vec::new(),
    };
    Some(Box::new(SameAnswer { of, ignore }))
}

impl Check for SameAnswer {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        for request in &episode.requests {
            let Some(other) = episode.asked(request).facts.get("same_as").and_then(|step| step.as_str()) else { continue };
            let Some(reply) = request.reply().filter(|&reply| self.of.matches(episode, reply)) else { continue };
            let twin = episode.requests.iter().find(|twin| episode.asked(twin).step.as_deref() == Some(other));
            let Some(first) = twin.and_then(|twin| twin.reply()) else {
                report.inconclusive();
                continue;
            };
            let (Some(found), Some(wanted)) = (episode.messages[reply].content(), episode.messages[first].content()) else { continue };
            report.exercised();
            if let Some(field) = differing(wanted, found).filter(|field| !self.ignore.contains(field)) {
                let name = name_of(episode, reply);
                let place = format!("{name} {field}");
                report.deviation(episode, About::Messages(&[reply, first]), &place, || {
                    format!(
                        "{field} of {name} is {}, and {} for the same question, asked as {other}",
                        brief(found.get(&field)),
                        brief(wanted.get(&field))
                    )
                });
            }
        }
    }
}
