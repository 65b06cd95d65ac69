//! What a plan quotes from messages of the kernel: those that it refers to are kept, and sent on in the place of the references.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::plan::{Action, MessageReference, Outgoing, Plan, Source, Step};
use crate::trace::Facts;

/// The messages of one scenario that its plan refers to.
#[derive(Debug, Default)]
pub(super) struct Quoted {
    wanted: BTreeSet<(Source, String)>,
    /// Each with its `header` and `content`.
    came: BTreeMap<(Source, String), Value>,
}

/// A reference to a value that never came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Missing(pub(super) String);

impl Quoted {
    /// Forgets the scenario before, and notes what this one refers to.
    pub(super) fn begin(&mut self, plan: &Plan) {
        *self = Self::default();
        for step in &plan.steps {
            each_reference(step, &mut |reference| {
                self.wanted.insert((reference.source, reference.step.to_owned()));
            });
        }
    }

    /// Whether the plan refers to such a message.
    pub(super) fn wants(&self, source: Source, step: &str) -> bool {
        !self.wanted.is_empty() && self.wanted.contains(&(source, step.to_owned()))
    }

    /// Keeps a message: the first reply to a step, and its latest input request.
    pub(super) fn keep(&mut self, source: Source, step: &str, message: Value) {
        let key = (source, step.to_owned());
        match source {
            Source::Reply | Source::Message => _ = self.came.entry(key).or_insert(message),
            Source::InputRequest => _ = self.came.insert(key, message),
        }
    }

    /// The steps whose replies this one quotes.
    pub(super) fn replies_for(&self, step: &Step) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        if !self.wanted.is_empty() {
            each_reference(step, &mut |reference| {
                if reference.source == Source::Reply {
                    names.insert(reference.step.to_owned());
                }
            });
        }
        names
    }

    /// The message of a step as it goes out.
    pub(super) fn fill<'a>(&self, outgoing: &'a Outgoing) -> Result<Cow<'a, Outgoing>, Missing> {
        if self.wanted.is_empty() {
            return Ok(Cow::Borrowed(outgoing));
        }
        let mut filled = outgoing.clone();
        filled.parts_mut().try_for_each(|value| self.fill_value(value))?;
        Ok(Cow::Owned(filled))
    }

    /// What is known of a step; without what would follow from a message that never came.
    pub(super) fn fill_facts<'a>(&self, facts: &'a Facts) -> Cow<'a, Facts> {
        if self.wanted.is_empty() {
            return Cow::Borrowed(facts);
        }
        let mut filled = facts.clone();
        filled.retain(|_, value| self.fill_value(value).is_ok());
        Cow::Owned(filled)
    }

    fn fill_value(&self, value: &mut Value) -> Result<(), Missing> {
        match value {
            Value::String(text) => {
                if let Some(reference) = MessageReference::parse(text) {
                    *value = self.find(reference).ok_or_else(|| Missing(text.clone()))?;
                }
                Ok(())
            }
            Value::Array(items) => items.iter_mut().try_for_each(|item| self.fill_value(item)),
            Value::Object(members) => members.values_mut().try_for_each(|member| self.fill_value(member)),
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
        }
    }

    fn find(&self, reference: MessageReference<'_>) -> Option<Value> {
        let message = self.came.get(&(reference.source, reference.step.to_owned()))?;
        reference.find(message).cloned()
    }
}

fn each_reference<'a>(step: &'a Step, visit: &mut dyn FnMut(MessageReference<'a>)) {
    let Action::Send(outgoing) = &step.action else { return };
    for value in outgoing.parts().chain(step.facts.values()) {
        MessageReference::each_in(value, visit);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::{Object, Owed};
    use crate::wire::Channel;

    fn object(value: &Value) -> Object {
        value.as_object().expect("an object").clone()
    }

    fn asks(content: &Value, header: &Value) -> Outgoing {
        let honest = Outgoing::honest(Channel::Shell, "execute_request", object(content), Owed::nothing());
        Outgoing { header: object(header), ..honest }
    }

    fn quoted(outgoing: &Outgoing, facts: &Facts) -> Quoted {
        let action = Action::Send(Box::new(outgoing.clone()));
        let step = Step { name: Some("run".to_owned()), client: "a".to_owned(), action, facts: facts.clone() };
        let mut quoted = Quoted::default();
        quoted.begin(&Plan::of("group/name".to_owned(), Vec::new(), vec![step]));
        quoted
    }

    #[test]
    fn references_become_what_came() {
        let outgoing =
            asks(&json!({"code": "1", "list": [["$reply.make.content.ids.1"]]}), &json!({"subshell_id": "$reply.make.content.ids.0"}));
        let mut quoted = quoted(&outgoing, &Facts::new());
        assert!(quoted.wants(Source::Reply, "make") && !quoted.wants(Source::InputRequest, "make"));
        quoted.keep(Source::Reply, "make", json!({"content": {"ids": ["x", 2]}}));
        quoted.keep(Source::Reply, "make", json!({"content": {"ids": ["later", 0]}}));
        let filled = quoted.fill(&outgoing).expect("all came").into_owned();
        assert_eq!(filled, asks(&json!({"code": "1", "list": [[2]]}), &json!({"subshell_id": "x"})));
    }

    #[test]
    fn what_never_came_is_named() {
        let outgoing = asks(&json!({"code": "1"}), &json!({"subshell_id": "$reply.make.content.id"}));
        let mut quoted = quoted(&outgoing, &Facts::new());
        let missing = Err(Missing("$reply.make.content.id".to_owned()));
        assert_eq!(quoted.fill(&outgoing), missing);
        quoted.keep(Source::Reply, "make", json!({"content": {"status": "error"}}));
        assert_eq!(quoted.fill(&outgoing), missing);
    }

    #[test]
    fn a_fact_about_what_never_came_is_left_out() {
        let listed = ("listed".to_owned(), json!(["$reply.one.content.id", "$reply.two.content.id"]));
        let facts = Facts::from([listed, ("known".to_owned(), json!(true)), ("path".to_owned(), json!("$reply.one.content.id"))]);
        let mut quoted = quoted(&asks(&json!({}), &json!({})), &facts);
        quoted.keep(Source::Reply, "one", json!({"content": {"id": "x"}}));
        let left = Facts::from([("known".to_owned(), json!(true)), ("path".to_owned(), json!("x"))]);
        assert_eq!(*quoted.fill_facts(&facts), left);
    }

    #[test]
    fn of_input_requests_the_latest_counts() {
        let outgoing = asks(&json!({"id": "$input_request.ask.header.msg_id"}), &json!({}));
        let mut quoted = quoted(&outgoing, &Facts::new());
        quoted.keep(Source::InputRequest, "ask", json!({"header": {"msg_id": "first"}}));
        quoted.keep(Source::InputRequest, "ask", json!({"header": {"msg_id": "second"}}));
        assert_eq!(quoted.fill(&outgoing).expect("it came").content, object(&json!({"id": "second"})));
    }
}
