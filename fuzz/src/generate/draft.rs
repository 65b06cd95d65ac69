//! A scenario in the making: its steps so far, who is there, and what later steps can use.

use std::collections::BTreeMap;

use fastrand::Rng;
use harness::spec::{Action, Await, Connect, Format, Interrupt, Payload, Scenario, Send, Settle, Sign, Step, Wait};
use harness::wire::Channel;
use serde_json::Value;

use super::stock::Stock;

/// Who may be there from the begin.
const CLIENTS: [&str; 3] = ["a", "b", "c"];

/// What is known of a plan while it is drawn.
pub(super) struct Draft<'a> {
    pub(super) stock: &'a Stock,
    pub(super) rng: Rng,
    /// Open comms, by their ids.
    pub(super) comms: Vec<String>,
    /// Subshells, by the steps that created them.
    pub(super) subshells: Vec<String>,
    /// Whether the echoing target is registered.
    pub(super) has_target: bool,
    /// Whether a cell holds up the shell channel until a step that is still to come: then nothing may wait for an answer there.
    pub(super) blocked: bool,
    name: String,
    steps: Vec<Step>,
    clients: Vec<String>,
    present: Vec<String>,
    guests: u32,
}

impl<'a> Draft<'a> {
    pub(super) fn new(stock: &'a Stock, mut rng: Rng, name: String) -> Self {
        let clients: Vec<String> = CLIENTS[..rng.usize(1..=CLIENTS.len())].iter().map(|&client| client.to_owned()).collect();
        Self {
            stock,
            rng,
            comms: Vec::new(),
            subshells: Vec::new(),
            has_target: false,
            blocked: false,
            name,
            steps: Vec::new(),
            present: clients.clone(),
            clients,
            guests: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.steps.len()
    }

    /// A text that no other plan has: comms outlive the plan that opened them.
    pub(super) fn unique(&self, what: &str) -> String {
        format!("kc-{}-{what}-{}", self.name, self.steps.len())
    }

    /// One of those who are there.
    pub(super) fn someone(&mut self) -> String {
        self.rng.choice(&self.present).cloned().unwrap_or_else(|| CLIENTS[0].to_owned())
    }

    /// One of those who may leave; the first client is always there.
    pub(super) fn guest(&mut self) -> Option<String> {
        let guests: Vec<&String> = self.present.iter().filter(|client| *client != CLIENTS[0]).collect();
        self.rng.choice(guests).cloned()
    }

    /// A step of the first client.
    pub(super) fn add(&mut self, what: &str, action: Action) -> String {
        self.add_by(CLIENTS[0], what, action, Vec::new())
    }

    /// A step with its facts; its name begins as `what` says.
    pub(super) fn add_by(&mut self, client: &str, what: &str, action: Action, facts: Vec<(String, Value)>) -> String {
        let name = format!("{what}-{}", self.steps.len() + 1);
        self.steps.push(Step { name: name.clone(), client: client.to_owned(), action, facts, optional: false });
        name
    }

    /// A message. While the shell channel is held up nobody waits for an answer, on control neither, as a kernel may have one thread for both.
    pub(super) fn send(&mut self, client: &str, what: &str, mut send: Send, facts: &[(&str, Value)]) -> String {
        if self.blocked {
            send.wait_for = Await::Later;
        }
        let facts = facts.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        self.add_by(client, what, Action::Send(Box::new(send)), facts)
    }

    /// Waits for everything.
    pub(super) fn settle(&mut self) {
        self.add("settle", Action::Settle(Settle::All));
    }

    pub(super) fn pause(&mut self, seconds: f64) {
        self.add("pause", Action::Pause(seconds));
    }

    pub(super) fn wait(&mut self, of: &str, message_type: &str) {
        let wait = Wait { of: of.to_owned(), any_parent: false, message_type: message_type.to_owned(), content: Default::default() };
        self.add("wait", Action::Wait(wait));
    }

    pub(super) fn interrupt(&mut self, of: Option<&str>) {
        let interrupt = of.map_or(Interrupt::Kernel, |of| Interrupt::Step(of.to_owned()));
        self.add("interrupt", Action::Interrupt(interrupt));
    }

    /// A client leaves.
    pub(super) fn leave(&mut self, client: &str) {
        self.add_by(client, "leave", Action::Disconnect, Vec::new());
        self.present.retain(|other| other != client);
    }

    /// A client comes that was not there before, perhaps under the identity of one that has left.
    pub(super) fn come(&mut self, same_identity_as: Option<String>) -> String {
        self.guests += 1;
        let client = format!("guest{}", self.guests);
        let connect = Connect {
            topics: vec![Payload::Text(String::new())],
            same_identity_as,
            identity: None,
            channels: vec![Channel::Shell, Channel::Control, Channel::Stdin, Channel::Iopub, Channel::Heartbeat],
            deaf: false,
            welcomed: false,
            cut_off: false,
        };
        self.add_by(&client, "come", Action::Connect(connect), Vec::new());
        self.present.push(client.clone());
        client
    }

    /// Whether somebody waits for an answer at once, or later.
    pub(super) fn awaits(&mut self) -> Await {
        if self.rng.bool() { Await::Settled } else { Await::Later }
    }

    pub(super) fn into_scenario(self, group: &str) -> Scenario {
        Scenario {
            name: self.name,
            group: group.to_owned(),
            summary: "Generated.".to_owned(),
            provokes: Vec::new(),
            rounds: 1,
            fresh: false,
            start: None,
            wire: None,
            feature: None,
            clients: self.clients,
            steps: self.steps,
            file: String::new(),
        }
    }
}

/// A message as the spec's sample has it.
pub(super) fn message(message_type: &str, channel: Channel) -> Send {
    Send {
        message_type: message_type.to_owned(),
        channel,
        snippet: None,
        content: Default::default(),
        without: Vec::new(),
        metadata: Default::default(),
        header: Default::default(),
        without_header: Vec::new(),
        parent: Default::default(),
        without_parent: false,
        buffers: Vec::new(),
        idents: Vec::new(),
        raw: BTreeMap::new(),
        splice: BTreeMap::new(),
        cut_to: None,
        format: Format::Compact,
        sign: Sign::Good,
        wait_for: Await::Settled,
        answers: Vec::new(),
        seconds: None,
        count: None,
        text: None,
        repeat: 1,
        then_exit: false,
    }
}

/// An execution of a snippet.
pub(super) fn execution(snippet: &str) -> Send {
    Send { snippet: Some(snippet.to_owned()), ..message("execute_request", Channel::Shell) }
}
