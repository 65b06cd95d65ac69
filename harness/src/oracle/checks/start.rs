//! `start`: a kernel that is started otherwise than usual comes to one of these ends.
//!
//! - `odd`: what is odd about the start, as the scenario calls it; one name or several
//! - `want`: what may come of it: `ready` (it answers), `error` (it ends, and not with exit code 0), `exit` (it ends in any way)
//! - `open`: whether kernels may refuse such a start: then an end tells nothing, and silence is no more than a warning
//!
//! What shows once only may be an accident of the machine: the session starts such a kernel again, and it has to show again.

use super::Check;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::{Compiler, one_or_many};
use crate::oracle::repeats::Proviso;
use crate::oracle::report::Report;
use crate::spec::reader::{Item, Reader};
use crate::trace::{Event, Exited, KernelStarted, ScenarioOutcome, Why};

/// How often an end has to show.
const CONFIRMED: u64 = 2;

const WANTS: [&str; 3] = ["ready", "error", "exit"];

struct Start {
    odd: Vec<String>,
    want: Vec<String>,
    open: bool,
}

pub(super) fn compile(reader: &Reader<'_>, _: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let odd = reader.required("odd").and_then(|item| one_or_many(&item));
    let want = reader.required("want").and_then(|item| wants(&item));
    let open = reader.optional("open").and_then(Item::bool).unwrap_or(false);
    Some(Box::new(Start { odd: odd?, want: want?, open }))
}

fn wants(item: &Item<'_>) -> Option<Vec<String>> {
    let wants = one_or_many(item)?;
    if let Some(unknown) = wants.iter().find(|want| !WANTS.contains(&want.as_str())) {
        item.unknown("end of a start", unknown, WANTS);
        return None;
    }
    Some(wants)
}

/// What came of a start.
enum Outcome<'a> {
    Ready,
    Ended(&'a Exited),
    Silent,
}

impl Outcome<'_> {
    fn is(&self, want: &str) -> bool {
        match self {
            Self::Ready => want == "ready",
            Self::Ended(exited) => want == "exit" || (want == "error" && exited.code != Some(0)),
            Self::Silent => false,
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Ready => "it answers as if nothing were wrong".to_owned(),
            Self::Ended(Exited { code: Some(code), .. }) => format!("it ended with exit code {code}"),
            Self::Ended(Exited { signal: Some(signal), .. }) => format!("it ended by signal {signal}"),
            Self::Ended(_) => "it ended".to_owned(),
            Self::Silent => "it lives and does not answer".to_owned(),
        }
    }
}

impl Check for Start {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        let Some((line, started)) = started(episode) else { return };
        let Some(start) = started.start.as_ref().filter(|start| self.odd.contains(&start.odd)) else { return };
        let Some(outcome) = outcome(episode, line, start.then_exit) else { return report.inconclusive() };
        let refused = self.open && matches!(outcome, Outcome::Ended(_));
        if refused || self.want.iter().any(|want| outcome.is(want)) {
            if !refused {
                report.exercised();
            }
            return;
        }
        report.exercised();
        let place = format!("{}: {}", start.odd, outcome.words());
        let proviso = Proviso { doubtful: true, mild: self.open, ..Proviso::times(CONFIRMED) };
        report.provisional(proviso, episode, About::Line(line), &place, || {
            format!("a kernel was started with {}, and {}", start.odd, outcome.words())
        });
    }

    fn is_about_starts(&self) -> bool {
        true
    }
}

/// The start of the episode's kernel, with its line.
fn started(episode: &Episode) -> Option<(u64, &KernelStarted)> {
    episode.events.iter().find_map(|happened| match &happened.event {
        Event::KernelStarted(started) => Some((happened.line, started)),
        _ => None,
    })
}

/// What came of a start, where the session waited long enough to tell.
fn outcome(episode: &Episode, line: u64, then_exit: bool) -> Option<Outcome<'_>> {
    let later = || episode.events.iter().filter(move |happened| happened.line > line);
    let killed = later().find(|happened| matches!(&happened.event, Event::Signalled(signal) if signal.purpose == "cleanup"));
    let killed = killed.map_or(u64::MAX, |happened| happened.line);
    let ended = later().filter(|happened| happened.line < killed).find_map(|happened| match &happened.event {
        Event::Exited(exited) => Some(exited),
        _ => None,
    });
    let answered = episode.has_replied();
    let is_over = |event: &Event| match event {
        Event::Settled(settled) => !answered && settled.why == Why::Deadline,
        Event::ScenarioEnded(ended) => answered && ended.outcome == ScenarioOutcome::Completed,
        _ => false,
    };
    match ended {
        Some(exited) if then_exit || !answered => Some(Outcome::Ended(exited)),
        _ if answered && !then_exit => Some(Outcome::Ready),
        _ if !later().any(|happened| is_over(&happened.event)) => None,
        _ if answered => Some(Outcome::Ready),
        _ => Some(Outcome::Silent),
    }
}
