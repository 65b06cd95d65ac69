//! What a trace tells beside its judgement: which kernel it was, which scenarios were played, what troubles there were.

use std::time::Duration;

use harness::trace::{Event, KernelStarted, Received, Record, ScenarioEnded};
use harness::wire::{Json, Limits, PartName, decode};

use crate::plays::Plays;
use crate::run::{ScenarioResult, Target, Trouble};

/// Collected record by record, over one trace or several.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observed {
    /// The kernel; what it does not support is known only to its judgement.
    pub target: Target,
    /// What was played, in order; the last outcome of each.
    pub scenarios: Vec<ScenarioResult>,
    /// Troubles that are not the kernel's.
    pub troubles: Vec<Trouble>,
    /// Wall clock at the start of the first trace, RFC 3339.
    pub started: String,
    /// The longest trace's time.
    pub lasted: Duration,
    /// Seed of the first trace.
    pub seed: Option<u64>,
    /// Whether the trace that is being read has had its last line.
    ended: bool,
    introduced: bool,
    /// The `supported_features` of the kernel.
    pub(crate) features: Vec<String>,
    pub(crate) plays: Plays,
}

impl Observed {
    /// Takes in a record.
    pub fn observe(&mut self, record: &Record) {
        self.lasted = self.lasted.max(Duration::from_nanos(record.t));
        self.plays.observe(&record.event);
        match &record.event {
            Event::TraceStarted(started) => {
                self.ended = false;
                if self.seed.is_none() {
                    self.started.clone_from(&started.started);
                    self.seed = Some(started.seed);
                }
            }
            Event::KernelStarted(kernel) => self.kernel(kernel),
            // A scenario may have one of its own, and comes later.
            Event::Connected(connected) if self.target.wire.is_empty() => connected.wire.name().clone_into(&mut self.target.wire),
            Event::Received(received) if !self.introduced => self.introduce(received),
            Event::ScenarioEnded(ended) => self.scenario(ended),
            Event::Error(error) => self.trouble(&error.what, &error.text),
            Event::End(end) => {
                self.ended = true;
                // An error has told of itself.
                if end.why != "completed" && self.troubles.is_empty() {
                    self.trouble("ended_early", &format!("the run ended early: {}", end.why));
                }
            }
            _ => {}
        }
    }

    /// Ends a trace: one that lacks its last line was cut short, and what would have followed is not known.
    pub fn end_trace(&mut self, file: &str) {
        if !self.ended {
            self.trouble("trace_cut", &format!("{file} has no last line: its run did not come to its end"));
        }
    }

    /// Notes a trouble, once.
    pub fn trouble(&mut self, what: &str, text: &str) {
        let trouble = Trouble { what: what.to_owned(), text: text.to_owned() };
        if !self.troubles.contains(&trouble) {
            self.troubles.push(trouble);
        }
    }

    /// Adds what another trace of the same run told.
    pub fn join(&mut self, other: Self) {
        if !self.introduced && (other.introduced || self.seed.is_none()) {
            self.target = other.target;
            self.features = other.features;
            self.introduced = other.introduced;
        }
        if self.seed.is_none() {
            self.started = other.started;
            self.seed = other.seed;
        }
        self.lasted = self.lasted.max(other.lasted);
        self.scenarios.extend(other.scenarios);
        self.plays.join(other.plays);
        for trouble in other.troubles {
            self.trouble(&trouble.what, &trouble.text);
        }
    }

    fn kernel(&mut self, kernel: &KernelStarted) {
        self.target.command.clone_from(&kernel.argv);
        self.target.kernelspec.clone_from(&kernel.kernelspec);
        self.target.transport = kernel.transport.name().to_owned();
        self.target.interrupt_mode.clone_from(&kernel.interrupt_mode);
    }

    /// The first `kernel_info_reply` says who the kernel is.
    fn introduce(&mut self, received: &Received) {
        let decoded = decode(&received.frames, &Limits::default());
        let part = |name| decoded.part(name).value.as_ref();
        let is_info = part(PartName::Header).and_then(|header| header.get("msg_type")?.as_str()) == Some("kernel_info_reply");
        let Some(content) = part(PartName::Content).filter(|_| is_info) else { return };
        let text = |object: Option<&Json>, key: &str| {
            let value = object.and_then(|object| object.get(key)?.as_str());
            value.unwrap_or_default().to_owned()
        };
        let language = content.get("language_info");
        self.target.implementation = text(Some(content), "implementation");
        self.target.implementation_version = text(Some(content), "implementation_version");
        self.target.protocol_version = text(Some(content), "protocol_version");
        self.target.language = text(language, "name");
        self.target.language_version = text(language, "version");
        let features = content.get("supported_features").and_then(Json::as_array).unwrap_or_default();
        self.features = features.iter().filter_map(Json::as_str).map(str::to_owned).collect();
        self.introduced = true;
    }

    fn scenario(&mut self, ended: &ScenarioEnded) {
        let result = ScenarioResult { name: ended.name.clone(), outcome: ended.outcome, reason: ended.reason.clone() };
        match self.scenarios.iter_mut().find(|known| known.name == ended.name) {
            // A scenario is played again to confirm what it showed; the first play is the one that counts.
            Some(_) => {}
            None => self.scenarios.push(result),
        }
    }
}

#[cfg(test)]
mod tests {
    use harness::trace::ScenarioOutcome;
    use harness::trace::notation::parse;

    use super::Observed;

    #[test]
    fn the_kernel_and_its_troubles_are_seen() {
        let trace = r#"
! kernel
> shell kernel_info_request id=1
< shell kernel_info_reply parent=1 implementation=toy implementation_version="1.2" protocol_version="5.5" language_info.name=calc
! scenario status/all
! scenario_end
! error start_failed no spare kernel
! end"#;
        let mut observed = Observed::default();
        for record in parse(trace).expect("the text is a trace") {
            observed.observe(&record);
        }
        observed.end_trace("t");
        let target = &observed.target;
        assert_eq!(
            [&target.implementation, &target.implementation_version, &target.language, &target.protocol_version],
            ["toy", "1.2", "calc", "5.5"]
        );
        let scenarios: Vec<_> = observed.scenarios.iter().map(|one| (one.name.as_str(), one.outcome)).collect();
        assert_eq!(scenarios, [("status/all", ScenarioOutcome::Completed)]);
        let troubles: Vec<_> = observed.troubles.iter().map(|trouble| trouble.what.as_str()).collect();
        assert_eq!(troubles, ["start_failed"]);
    }

    #[test]
    fn a_trace_without_its_last_line_is_a_trouble() {
        let mut observed = Observed::default();
        observed.end_trace("t.jsonl");
        assert_eq!(observed.troubles[0].text, "t.jsonl has no last line: its run did not come to its end");
    }
}
