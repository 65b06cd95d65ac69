//! Reproducers: a finding with the plan that showed it, in a file of its own that plays without scenario, profile and spec.
//!
//! ```text
//! trace ─▶ Collector ─▶ Collected (plan, answers) ─┬─▶ Reproducer ─▶ file ─▶ played again ─▶ Comparison
//!                                 finding ─────────┘
//! ```

use std::collections::{BTreeMap, BTreeSet, HashMap};

use harness::oracle::{Kind, Verdict};
use harness::plan::Plan;
use harness::trace::{Event, Received, Record};
use harness::wire::{Channel, Json, Limits, PartName, decode_some};
use serde::{Deserialize, Serialize};

use crate::run::{Finding, Run};

/// The version of the format.
pub const VERSION: u32 = 1;

/// What came for each step of a plan: channel, message type, and status or state, each once.
pub type Answers = BTreeMap<String, BTreeSet<String>>;

/// A finding, and all that is needed to see it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reproducer {
    /// [`VERSION`].
    pub reproducer: u32,
    /// Version of kernelcheck that wrote it.
    pub kernelcheck: String,
    /// Against which kernel.
    pub kernel: Kernel,
    /// What that kernel calls itself, with its version.
    pub implementation: String,
    /// Profile whose snippets stand in the plan.
    pub profile: Option<String>,
    /// `tcp` or `ipc`.
    pub transport: String,
    /// `zmq` or `zmtp`.
    #[serde(default)]
    pub wire: String,
    /// `signal` or `message`.
    pub interrupt_mode: String,
    /// Seed of the session's random choices.
    pub seed: u64,
    /// What is to be seen.
    pub finding: Expected,
    /// The steps at which it showed; none where it is no matter of a step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<String>,
    /// The messages in which it showed, in the trace notation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excerpt: Vec<String>,
    /// What is to be played.
    pub plan: Plan,
    /// What came for each step when it was found.
    pub answers: Answers,
}

/// The kernel of a reproducer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kernel {
    /// A kernelspec's, by name.
    Kernelspec(String),
    /// A command's. It is a record only: who replays the file of somebody else must say for himself what is to be run.
    Command(Vec<String>),
    /// The reference kernel that kernelcheck brings along.
    Reference,
}

/// The finding of a reproducer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Id of the rule.
    pub rule: String,
    /// `warn` or `fail`.
    pub verdict: Verdict,
    /// What it is.
    pub kind: Kind,
    /// The kind of lockup; only of lockups.
    pub lockup: Option<String>,
    /// Its place in the protocol's state.
    pub place: String,
    /// What was seen.
    pub title: String,
    /// `k/n`: it showed in k of n plays.
    pub reliability: Option<String>,
}

impl Expected {
    /// The finding of a run.
    #[must_use]
    pub fn of(finding: &Finding) -> Self {
        Self {
            rule: finding.rule.clone(),
            verdict: finding.verdict,
            kind: finding.kind,
            lockup: finding.lockup.clone(),
            place: finding.place.clone(),
            title: finding.title.clone(),
            reliability: finding.reliability.clone(),
        }
    }

    fn is(&self, finding: &Finding) -> bool {
        (&self.rule, self.kind, &self.lockup, &self.place) == (&finding.rule, finding.kind, &finding.lockup, &finding.place)
    }

    /// Whether a finding is of the same matter: the same rule's, or as grave an end of the kernel.
    fn is_like(&self, finding: &Finding) -> bool {
        self.rule == finding.rule || (finding.kind != Kind::Deviation)
    }
}

/// How a replay came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The finding is there again.
    Reproduced,
    /// There is another finding of the same rule, or a lockup or crash.
    Different,
    /// There is nothing like it.
    Gone,
}

impl Outcome {
    /// As it is told.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reproduced => "reproduced",
            Self::Different => "different",
            Self::Gone => "gone",
        }
    }
}

/// Sets what was to be seen beside what a replay showed: how it came out, and the findings that tell so.
#[must_use]
pub fn compare<'a>(expected: &Expected, run: &'a Run) -> (Outcome, Vec<&'a Finding>) {
    let all = |wanted: &dyn Fn(&Finding) -> bool| run.findings.iter().filter(|finding| wanted(finding)).collect::<Vec<_>>();
    let same = all(&|finding| expected.is(finding));
    if !same.is_empty() {
        return (Outcome::Reproduced, same);
    }
    let like = all(&|finding| expected.is_like(finding));
    if like.is_empty() { (Outcome::Gone, like) } else { (Outcome::Different, like) }
}

/// The steps that are answered differently: what only came before, and what only came now.
#[must_use]
pub fn differing_steps(before: &Answers, now: &Answers) -> Vec<(String, Vec<String>, Vec<String>)> {
    let none = BTreeSet::new();
    let steps: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let differing = steps.into_iter().filter_map(|step| {
        let (before, now) = (before.get(step).unwrap_or(&none), now.get(step).unwrap_or(&none));
        let only = |one: &BTreeSet<String>, other: &BTreeSet<String>| one.difference(other).cloned().collect::<Vec<_>>();
        (before != now).then(|| (step.clone(), only(before, now), only(now, before)))
    });
    differing.collect()
}

/// What a trace holds of the play in which a finding shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Collected {
    /// The plan.
    pub plan: Plan,
    /// What came for its steps.
    pub answers: Answers,
    /// The steps that the lines belong to which were asked for.
    pub steps: Vec<String>,
}

/// Reads a trace for the plays of certain scenarios.
#[derive(Debug, Default)]
pub struct Collector {
    wanted: Vec<Wanted>,
    current: Option<Play>,
    last: Option<Collected>,
}

/// What is looked for, and what was found of it.
#[derive(Debug)]
struct Wanted {
    scenario: String,
    /// The first is in its play.
    lines: Vec<u64>,
    steps: Vec<String>,
    found: Option<Collected>,
}

#[derive(Debug)]
struct Play {
    scenario: String,
    since: u64,
    plan: Plan,
    answers: Answers,
    /// The step of each message id.
    steps: HashMap<String, String>,
}

impl Collector {
    /// Looks for the plays of these scenarios that these lines are in, the first of each being the one that counts.
    #[must_use]
    pub fn new(wanted: impl IntoIterator<Item = (String, Vec<u64>)>) -> Self {
        let wanted = wanted.into_iter().map(|(scenario, lines)| Wanted { scenario, lines, steps: Vec::new(), found: None });
        Self { wanted: wanted.collect(), ..Self::default() }
    }

    /// Takes in a record.
    pub fn observe(&mut self, record: &Record, line: u64) {
        match &record.event {
            Event::ScenarioStarted(started) => {
                self.close(line);
                let is_wanted = |wanted: &Wanted| wanted.scenario == started.name && wanted.is_behind(line);
                if self.wanted.iter().any(is_wanted)
                    && let Ok(plan) = serde_json::from_value(started.plan.clone())
                {
                    let (answers, steps) = (Answers::new(), HashMap::new());
                    self.current = Some(Play { scenario: started.name.clone(), since: line, plan, answers, steps });
                }
            }
            Event::ScenarioEnded(_) => self.close(line),
            event => {
                let Some(play) = &mut self.current else { return };
                let step = play.observe(event);
                let is_of = |wanted: &&mut Wanted| wanted.scenario == play.scenario && wanted.lines.contains(&line);
                for wanted in self.wanted.iter_mut().filter(is_of) {
                    wanted.steps.extend(step.clone().filter(|step| !wanted.steps.contains(step)));
                }
            }
        }
    }

    /// The last play of a wanted scenario.
    #[must_use]
    pub fn last(mut self) -> Option<Collected> {
        self.close(u64::MAX);
        self.last
    }

    /// What was found, in the order in which it was asked for.
    #[must_use]
    pub fn finish(mut self) -> Vec<Option<Collected>> {
        self.close(u64::MAX);
        self.wanted.into_iter().map(|wanted| wanted.found).collect()
    }

    fn close(&mut self, line: u64) {
        let Some(play) = self.current.take() else { return };
        for wanted in &mut self.wanted {
            let is_in = wanted.scenario == play.scenario && wanted.lines.first().is_some_and(|at| (play.since..=line).contains(at));
            if wanted.found.is_none() && is_in {
                let steps = std::mem::take(&mut wanted.steps);
                wanted.found = Some(Collected { plan: play.plan.clone(), answers: play.answers.clone(), steps });
            }
        }
        self.last = Some(Collected { plan: play.plan, answers: play.answers, steps: Vec::new() });
    }
}

impl Wanted {
    /// Whether what counts of it is not before this line.
    fn is_behind(&self, line: u64) -> bool {
        self.lines.first().is_some_and(|at| *at >= line)
    }
}

impl Play {
    /// Takes in an event; the step that it belongs to.
    fn observe(&mut self, event: &Event) -> Option<String> {
        match event {
            Event::Sent(sent) => {
                let decoded = decode_some(&sent.frames, &Limits::default(), &[PartName::Header]);
                if let (Some(id), Some(step), true) = (decoded.msg_id(), &sent.step, sent.channel != Channel::Heartbeat) {
                    self.steps.insert(id.to_owned(), step.clone());
                }
                sent.step.clone()
            }
            Event::Received(received) if received.channel != Channel::Heartbeat => self.receive(received),
            Event::Settled(settled) => {
                for what in &settled.missing {
                    self.note(&settled.id, format!("nothing: {what:?}").to_lowercase());
                }
                self.steps.get(&settled.id).cloned()
            }
            _ => None,
        }
    }

    fn receive(&mut self, received: &Received) -> Option<String> {
        let decoded = decode_some(&received.frames, &Limits::default(), &[PartName::Header, PartName::Parent]);
        let parent = decoded.parent_id()?;
        let step = self.steps.get(parent)?.clone();
        let content = decode_some(&received.frames, &Limits::default(), &[PartName::Content]);
        let word = |name: &str| content.content().and_then(|content| content.get(name)).and_then(Json::as_str);
        let state = word("status").or_else(|| word("execution_state")).map(|state| format!(" {state}")).unwrap_or_default();
        let text = format!("{} {}{state}", received.channel, decoded.msg_type().unwrap_or("a message without a type"));
        self.note(parent, text);
        Some(step)
    }

    fn note(&mut self, id: &str, text: String) {
        if let Some(step) = self.steps.get(id) {
            self.answers.entry(step.clone()).or_default().insert(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use harness::trace::Event;
    use harness::trace::notation::parse;

    use super::{Answers, Collected, Collector, differing_steps};

    const TRACE: &str = "\
! scenario a/b
> shell execute_request id=1 step=first
< iopub status parent=1 execution_state=busy
< shell execute_reply parent=1 status=ok
< iopub status parent=1 execution_state=idle
! scenario_end
! scenario a/b
> shell execute_request id=2 step=first
< iopub status parent=2 execution_state=busy
< iopub stream parent=2 name=stdout text=x
< iopub stream parent=2 name=stdout text=y
! settled 2 missing=reply why=deadline
! scenario_end";

    fn collected(line: u64) -> Option<Collected> {
        let mut collector = Collector::new([("a/b".to_owned(), vec![line, line + 2])]);
        for (mut record, line) in parse(TRACE).expect("the text is a trace").into_iter().zip(1..) {
            if let Event::ScenarioStarted(started) = &mut record.event {
                started.plan = serde_json::json!({ "scenario": "a/b", "clients": ["a"], "steps": [] });
            }
            collector.observe(&record, line);
        }
        collector.finish().remove(0)
    }

    fn answers(line: u64) -> Option<Answers> {
        collected(line).map(|found| found.answers)
    }

    #[test]
    fn the_steps_of_the_lines_are_told_once() {
        assert_eq!(collected(3).map(|found| found.steps), Some(vec!["first".to_owned()]));
        assert_eq!(collected(7).map(|found| found.steps), Some(vec!["first".to_owned()]));
    }

    #[test]
    fn the_play_that_the_line_is_in_is_found() {
        let [first, second] = [3, 11].map(|line| answers(line).expect("the line is in a play"));
        assert_eq!(first["first"].iter().collect::<Vec<_>>(), ["iopub status busy", "iopub status idle", "shell execute_reply ok"]);
        assert_eq!(second["first"].iter().collect::<Vec<_>>(), ["iopub status busy", "iopub stream", "nothing: reply"]);
        assert_eq!(answers(99), None);
        let differing = differing_steps(&first, &second);
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        let wanted =
            ("first".to_owned(), words(&["iopub status idle", "shell execute_reply ok"]), words(&["iopub stream", "nothing: reply"]));
        assert_eq!(differing, [wanted]);
    }
}
