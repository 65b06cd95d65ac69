//! `late`: one message of a request comes soon after another.
//!
//! - `from` and `to`: the two; the first of each set in the course of a request counts. `from` may be the request itself (`from = "client"` in its table)
//! - `within`: seconds
//! - `milder`: how late gives a warning only, in seconds; without it what is late breaks the rule
//! - `before = true`: what comes before `from` is in time too
//!
//! A pair that is not there, or (without `before`) comes the other way round, tells nothing. What came behind a crowd of other messages of
//! the kernel may have been read late, not sent late: there the dates that the kernel itself gave the two count, if they are closer.

use super::Check;
use super::absence::words;
use super::response::seconds_between;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::seen::Direction;
use crate::oracle::selector::Selector;
use crate::spec::reader::{Item, Reader};

struct Late {
    from: Selector,
    to: Selector,
    within: f64,
    milder: f64,
    before: bool,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let from = reader.required("from").and_then(|item| compiler.selector(item, Direction::ToClient));
    let to = reader.required("to").and_then(|item| compiler.selector(item, Direction::ToClient));
    let within = reader.required("within").and_then(Item::seconds);
    let milder = reader.optional("milder").and_then(Item::seconds).unwrap_or(0.0);
    let before = reader.optional("before").and_then(Item::bool).unwrap_or(false);
    Some(Box::new(Late { from: from?, to: to?, within: within?, milder, before }))
}

impl Check for Late {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        for request in episode.requests.iter().filter(|request| request.honest && !request.shared_id) {
            let mut all: Vec<usize> =
                std::iter::once(&request.sent).chain(&request.replies).chain(&request.iopub).chain(&request.inputs).copied().collect();
            all.sort_unstable();
            let first = |selector: &Selector| selector.among(episode, &all).next();
            let (Some(from), Some(to)) = (first(&self.from), first(&self.to)) else { continue };
            if to < from && !self.before {
                continue;
            }
            report.exercised();
            if to < from {
                continue;
            }
            let seconds = seconds_between(episode.messages[from].t, episode.messages[to].t);
            let seconds = own_seconds(episode, from, to).map_or(seconds, |own| own.min(seconds));
            let within = episode.kernel.allow(self.within);
            if seconds <= within {
                continue;
            }
            let (wanted, start, kind) = (words(&self.to), words(&self.from), episode.type_of(request));
            let place = format!("{kind}: {wanted}");
            let title = || {
                let digits = digits_apart(seconds, within);
                format!("{wanted} of {kind} came {seconds:.digits$} s after {start}, wanted within {within:.1} s")
            };
            if seconds <= self.milder {
                report.milder_deviation(episode, About::Messages(&[to, from]), &place, title);
            } else {
                report.deviation(episode, About::Messages(&[to, from]), &place, title);
            }
        }
    }
}

/// How far apart two messages of the kernel are by their own dates, where others came between them on the channel of the second.
fn own_seconds(episode: &Episode, from: usize, to: usize) -> Option<f64> {
    let last = &episode.messages[to];
    let crowd = episode.messages[from..to].iter().skip(1).filter(|seen| seen.channel == last.channel && seen.client == last.client);
    if !episode.messages[from].from_kernel() || crowd.count() == 0 {
        return None;
    }
    let date = |message: usize| Some(episode.messages[message].date.as_ref()?.as_ref().ok()?.unix_nanos);
    let nanos = date(to)? - date(from)?;
    Some(nanos.max(0) as f64 / 1e9)
}

/// How many decimals show that two numbers differ; one at least.
fn digits_apart(one: f64, other: f64) -> usize {
    (1..6).find(|&digits| format!("{one:.digits$}") != format!("{other:.digits$}")).unwrap_or(6)
}

#[cfg(test)]
mod tests {
    use super::digits_apart;

    #[test]
    fn decimals_show_that_two_numbers_differ() {
        assert_eq!([digits_apart(1.2, 1.0), digits_apart(1.04, 1.0), digits_apart(1.004, 1.0), digits_apart(1.0, 1.0)], [1, 2, 3, 6]);
    }
}
