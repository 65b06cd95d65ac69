//! Selectors: which messages a rule speaks of.

use std::cell::RefCell;

use super::episode::Episode;
use super::path::{Path, Scope};
use super::seen::{Direction, Seen};
use super::want::{At, Held, Want};
use crate::wire::Channel;

/// A set of messages: by direction, channel, type, and any conditions on their values.
#[derive(Debug, Clone)]
pub(crate) struct Selector {
    /// Who they go to; from the kernel unless said otherwise.
    pub(crate) direction: Direction,
    /// Empty for all channels.
    pub(crate) channels: Vec<Channel>,
    /// `None` for all types.
    pub(crate) types: Option<Vec<String>>,
    /// What else must hold, value by value; first what says the same of many.
    pub(crate) conditions: Vec<Condition>,
    /// Whether the copies of an iopub message at further clients count as well.
    pub(crate) copies: bool,
}

/// One value as it must be.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    number: usize,
    /// Which value.
    pub(crate) path: Path,
    /// How it must be.
    pub(crate) want: Want,
    /// What it says the same of.
    pub(super) scope: Scope,
}

/// What is known of the messages of one episode: whether a condition holds for them, asked once for all rules.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// By the condition's number, and then by what it says the same of.
    answers: RefCell<Vec<Vec<Option<bool>>>>,
}

impl Selector {
    /// Whether a message is one of the set.
    #[must_use]
    pub(crate) fn matches(&self, episode: &Episode, message: usize) -> bool {
        let seen = &episode.messages[message];
        seen.direction == self.direction && self.names(seen) && all_hold(&self.conditions, episode, message)
    }

    /// All messages of the set, in the order of the trace.
    #[must_use]
    pub(crate) fn select(&self, episode: &Episode) -> Vec<usize> {
        // What is wanted of the kernel holds for all messages or for none.
        let of_kernel = self.conditions.partition_point(|condition| condition.scope == Scope::Episode);
        let (of_kernel, of_messages) = self.conditions.split_at(of_kernel);
        if !all_hold(of_kernel, episode, 0) {
            return Vec::new();
        }
        let is_one = |message: &usize| {
            let seen = &episode.messages[*message];
            (self.copies || !seen.copy) && self.on_channel(seen) && all_hold(of_messages, episode, *message)
        };
        episode.filtered(self.types.as_deref(), self.direction, is_one)
    }

    /// Those of the given messages that are in the set.
    pub(crate) fn among<'a>(&'a self, episode: &'a Episode, messages: &'a [usize]) -> impl Iterator<Item = usize> + 'a {
        messages.iter().copied().filter(move |&message| self.matches(episode, message))
    }

    /// The set in a few words: `status`, `stream or display_data on iopub`.
    #[must_use]
    pub(crate) fn words(&self) -> String {
        match &self.types {
            Some(types) => types.join(" or "),
            None if self.channels.is_empty() => "message".to_owned(),
            None => format!("{} message", self.channels.iter().map(|channel| channel.name()).collect::<Vec<_>>().join(" or ")),
        }
    }

    fn names(&self, seen: &Seen) -> bool {
        self.on_channel(seen) && self.types.as_ref().is_none_or(|types| types.iter().any(|name| name == seen.msg_type()))
    }

    fn on_channel(&self, seen: &Seen) -> bool {
        self.channels.is_empty() || self.channels.contains(&seen.channel)
    }
}

fn all_hold(conditions: &[Condition], episode: &Episode, message: usize) -> bool {
    conditions.iter().all(|condition| episode.known.of(condition, episode, message))
}

impl Condition {
    /// The value at `path` is as it must be. Conditions that say the same have the same `number`: many rules speak of the same messages.
    pub(crate) fn new(number: usize, path: Path, want: Want) -> Self {
        let scope = path.scope().max(want.scope());
        Self { number, path, want, scope }
    }

    fn holds(&self, episode: &Episode, message: usize) -> bool {
        let at = At { episode, message, explain: false };
        if self.path.is_many() {
            return self.path.values(episode, message).iter().any(|value| self.want.holds(Some(value), at) == Held::Yes);
        }
        self.want.holds(self.path.value(episode, message).as_deref(), at) == Held::Yes
    }
}

impl Known {
    fn of(&self, condition: &Condition, episode: &Episode, message: usize) -> bool {
        let (place, places) = match condition.scope {
            Scope::Message => (message, episode.messages.len()),
            Scope::Request => (episode.messages[message].request.unwrap_or(episode.requests.len()), episode.requests.len() + 1),
            Scope::Episode => (0, 1),
        };
        let known = self.answers.borrow().get(condition.number).and_then(|answers| *answers.get(place)?);
        known.unwrap_or_else(|| {
            let answer = condition.holds(episode, message);
            let mut all = self.answers.borrow_mut();
            if all.len() <= condition.number {
                all.resize(condition.number + 1, Vec::new());
            }
            let answers = &mut all[condition.number];
            if answers.is_empty() {
                answers.resize(places, None);
            }
            answers[place] = Some(answer);
            answer
        })
    }
}
