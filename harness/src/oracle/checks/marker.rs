//! `marker`: a cell that prints the marker shows how often earlier cells ran.
//!
//! - `for`: the cells that print it as `marker=N` (a selector of messages to the kernel); the fact `shows` is the text that is wanted
//! - `means`: what another number tells (a text), if it is not how often something ran
//! - `given`: a message of the kernel without which nothing can be told (a selector): the error reply that aborts a queue, for instance

use regex::Regex;

use super::Check;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::request::Request;
use crate::oracle::seen::Direction;
use crate::oracle::selector::Selector;
use crate::spec::reader::{Item, Reader};

struct Marker {
    cells: Selector,
    given: Option<Selector>,
    means: Option<String>,
    pattern: Regex,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let cells = compiler.selector(reader.required("for")?, Direction::ToKernel)?;
    let given = match reader.optional("given") {
        Some(item) => Some(compiler.selector(item, Direction::ToClient)?),
        None => None,
    };
    let pattern = Regex::new(r"marker=(-?[0-9]+)").ok()?;
    let means = reader.optional("means").and_then(Item::str).map(str::to_owned);
    Some(Box::new(Marker { cells, given, means, pattern }))
}

impl Check for Marker {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        for sent in self.cells.select(episode) {
            let Some(request) = episode.request_of(sent).filter(|request| !request.shared_id) else { continue };
            let shows = episode.messages[sent].facts.get("shows").and_then(serde_json::Value::as_str);
            let Some(wanted) = shows.and_then(|text| self.number(text)) else { continue };
            let is_given = self.given.as_ref().is_none_or(|given| !given.select(episode).is_empty());
            match self.printed(episode, request) {
                Some(found) if is_given => {
                    report.exercised();
                    if found != wanted {
                        self.broken(episode, request, found, wanted, report);
                    }
                }
                _ => report.inconclusive(),
            }
        }
    }
}

impl Marker {
    /// The number that the cell printed, if it ran well.
    fn printed(&self, episode: &Episode, request: &Request) -> Option<i64> {
        if episode.status_of(request) != "ok" {
            return None;
        }
        let streams = request.iopub.iter().map(|&message| &episode.messages[message]).filter(|seen| seen.msg_type() == "stream");
        let text: String = streams.filter_map(|seen| seen.text("text")).collect();
        self.number(&text)
    }

    fn number(&self, text: &str) -> Option<i64> {
        self.pattern.captures(text)?.get(1)?.as_str().parse().ok()
    }

    fn broken(&self, episode: &Episode, request: &Request, found: i64, wanted: i64, report: &mut Report<'_>) {
        let (place, means) = match &self.means {
            Some(means) => (means.as_str(), means.as_str()),
            None if found > wanted => ("ran too often", "something ran that should not have"),
            None => ("ran too seldom", "something did not run"),
        };
        report.deviation(episode, About::Request(request), place, || {
            format!("the marker that earlier cells set is {found} and should be {wanted}: {means}")
        });
    }
}
