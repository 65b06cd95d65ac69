//! `expressions`: each user expression ends as the plan says: the fact `expressions` gives `ok` or `error` by name. No parameters.

use super::Check;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::seen::Direction;
use crate::oracle::words::brief;
use crate::spec::reader::Reader;

struct Expressions;

pub(super) fn compile(_: &Reader<'_>, _: &Compiler<'_>) -> Option<Box<dyn Check>> {
    Some(Box::new(Expressions))
}

impl Check for Expressions {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        for reply in episode.of_types(Some(&["execute_reply".to_owned()]), Direction::ToClient) {
            let Some(request) = episode.request_of(reply) else { continue };
            let wanted = episode.asked(request).facts.get("expressions").and_then(|expressions| expressions.as_object());
            let (Some(wanted), Some("ok")) = (wanted, episode.messages[reply].text("status")) else { continue };
            // That the code failed, and the kernel does not say so, leaves open what its expressions saw.
            if episode.asked(request).facts.get("outcome").is_some_and(|outcome| outcome != "ok") {
                continue;
            }
            for (name, status) in wanted {
                let Some(found) = episode.messages[reply].field("user_expressions").and_then(|all| all.get(name)?.get("status")) else {
                    continue;
                };
                report.exercised();
                if found.as_str() != status.as_str() {
                    let place = format!("{name}: {status}");
                    report.deviation(episode, About::Message(reply), &place, || {
                        format!("the expression {name} has status {}, wanted {status}", brief(Some(found)))
                    });
                }
            }
        }
    }
}
