//! What the oracle needs to know of the message types: which are requests, which are owed a reply.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::request::Role;
use crate::spec::{self, MessageType};
use crate::wire::Channel;

/// The message types by name; a clone is the same map.
#[derive(Debug, Clone, Default)]
pub(crate) struct Types(pub(super) Arc<BTreeMap<String, TypeFacts>>);

/// What counts of one message type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TypeFacts {
    /// What a message of it to the kernel is.
    pub(crate) role: Role,
    /// The reply's type, for requests.
    pub(crate) pair: Option<String>,
    /// Where it may travel.
    pub(crate) channels: Vec<Channel>,
    /// Whether every kernel must have it.
    pub(crate) required: bool,
}

impl Types {
    /// What is known of a type.
    #[must_use]
    pub(crate) fn get(&self, name: &str) -> Option<&TypeFacts> {
        self.0.get(name)
    }

    /// What a message of this type to the kernel is.
    #[must_use]
    pub(crate) fn role(&self, name: &str) -> Role {
        self.get(name).map_or(Role::Unknown, |facts| facts.role)
    }

    /// All names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl Types {
    /// Of the declared message types.
    #[must_use]
    pub(crate) fn of(messages: &BTreeMap<String, MessageType>) -> Self {
        let facts = |message: &MessageType| {
            let role = match message.role {
                spec::Role::Request if message.direction != spec::Direction::ToClient => Role::Request,
                spec::Role::Notice => Role::Notice,
                spec::Role::Reply if message.direction == spec::Direction::ToKernel => Role::Reply,
                _ => Role::Unknown,
            };
            let required = message.status == spec::Status::Required;
            (message.name.clone(), TypeFacts { role, pair: message.pair.clone(), channels: message.channels.clone(), required })
        };
        Self(Arc::new(messages.values().map(facts).collect()))
    }
}
