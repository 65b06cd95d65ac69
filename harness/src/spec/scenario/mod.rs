//! Scenarios: scripted client traffic, as written down; a plan is made of one with a profile.

mod read;
mod read_send;
mod read_steps;
mod reference;
mod start;
mod step;

use std::collections::BTreeSet;

use crate::wire::WireKind;

pub(super) use read::{Known, read};
pub use reference::{MessageReference, SnippetReference, Source};
pub use start::Start;
pub use step::{Action, Await, Connect, Format, Interrupt, Payload, Send, Settle, Sign, Step, Tcp, Then, Wait};

/// A scenario, from `specs/scenarios/GROUP/NAME.toml`.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// The name: that of the file, without its ending.
    pub name: String,
    /// The group: the folder.
    pub group: String,
    /// What happens, in a sentence.
    pub summary: String,
    /// Ids of the rules that it is for.
    pub provokes: Vec<String>,
    /// How many times over the steps are played, one round after the other: for what shows only now and then.
    pub rounds: u32,
    /// Whether it needs a kernel of its own.
    pub fresh: bool,
    /// How that kernel is started, where not as usual.
    pub start: Option<Start>,
    /// Whose ZeroMQ its clients speak, where the run does not say.
    pub wire: Option<WireKind>,
    /// Which of `supported_features` a kernel must announce for it.
    pub feature: Option<String>,
    /// The clients that are connected before the first step: all but those that a step connects.
    pub clients: Vec<String>,
    /// What is done, in order; only where the start is all there is to see there may be nothing.
    pub steps: Vec<Step>,
    /// The file, as the loader found it.
    pub file: String,
}

impl Scenario {
    /// `group/name`, by which traces and reports call it.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}/{}", self.group, self.name)
    }

    /// The step of a name.
    #[must_use]
    pub fn step(&self, name: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.name == name)
    }

    /// The snippets without which it can't be played. Those of optional steps are not among them.
    #[must_use]
    pub fn needed_snippets(&self) -> BTreeSet<&str> {
        let needed = self.steps.iter().filter(|step| !step.optional);
        needed.flat_map(Step::snippets).collect()
    }
}
