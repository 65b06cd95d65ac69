//! Strings that stand for something else: `$SNIPPET.KEY` for a value of a profile, `$reply.STEP.PATH` for one that the kernel sent.

use serde_json::Value;

/// A string of a scenario that stands for a value of a snippet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnippetReference<'a> {
    /// The snippet.
    pub snippet: &'a str,
    /// `code`, or one of its facts.
    pub key: &'a str,
}

impl<'a> SnippetReference<'a> {
    /// Reads a string; `None` if it stands for itself.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let (snippet, key) = text.strip_prefix('$')?.split_once('.')?;
        let is_name =
            |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        (is_name(snippet) && is_name(key) && !MessageReference::is_meant(text)).then_some(Self { snippet, key })
    }

    /// Visits every reference in a value.
    pub fn each_in(value: &'a Value, visit: &mut dyn FnMut(Self)) {
        each_string(value, &mut |text| Self::parse(text).into_iter().for_each(&mut *visit));
    }
}

/// A string of a scenario or a plan that stands for a value of a message which the kernel sent on account of an earlier step, and which
/// nobody knows before that message came.
///
/// `$reply.STEP.PATH` is of the first reply to the step, `$input_request.STEP.PATH` of its latest input request, and `$message.STEP.PATH` of the
/// message that the step waited for. The path begins with `header` or `content`; a number in it is the index of an item: `$reply.stopped.content.body.stoppedThreads.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageReference<'a> {
    /// Which message.
    pub source: Source,
    /// The step that it belongs to.
    pub step: &'a str,
    /// The way to the value, from the message down.
    pub path: &'a str,
}

/// Which of the messages that belong to a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The first reply.
    Reply,
    /// The latest input request.
    InputRequest,
    /// The message that the step waited for.
    Message,
}

impl Source {
    const ALL: [Self; 3] = [Self::Reply, Self::InputRequest, Self::Message];

    /// The name that begins a reference.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::InputRequest => "input_request",
            Self::Message => "message",
        }
    }

    /// The source that a string names by its beginning, and what is behind that.
    fn begins(text: &str) -> Option<(Self, &str)> {
        let (name, rest) = text.strip_prefix('$')?.split_once('.')?;
        Self::ALL.into_iter().find(|source| source.name() == name).map(|source| (source, rest))
    }
}

impl<'a> MessageReference<'a> {
    /// Reads a string; `None` if it stands for itself.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let (source, rest) = Source::begins(text)?;
        let (step, path) = rest.split_once('.')?;
        let mut keys = path.split('.');
        let is_of_part = matches!(keys.next(), Some("header" | "content"));
        (!step.is_empty() && is_of_part && keys.all(|key| !key.is_empty())).then_some(Self { source, step, path })
    }

    /// Whether a string begins as a reference does, so that it is a slip of the pen if it is none.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        Source::begins(text).is_some()
    }

    /// The field of the content that the path leads to or through.
    #[must_use]
    pub fn content_field(self) -> Option<&'a str> {
        self.path.strip_prefix("content.")?.split('.').next()
    }

    /// The value that it stands for in a message with `header` and `content`.
    #[must_use]
    pub fn find(self, message: &Value) -> Option<&Value> {
        self.path.split('.').try_fold(message, |value, key| match value {
            Value::Array(items) => items.get(key.parse::<usize>().ok()?),
            value => value.get(key),
        })
    }

    /// The same reference to a step of another name.
    #[must_use]
    pub fn renamed(self, step: &str) -> String {
        format!("${}.{step}.{}", self.source.name(), self.path)
    }

    /// Visits every reference in a value.
    pub fn each_in(value: &'a Value, visit: &mut dyn FnMut(Self)) {
        each_string(value, &mut |text| Self::parse(text).into_iter().for_each(&mut *visit));
    }
}

/// Visits every string in a value.
pub(super) fn each_string<'a>(value: &'a Value, visit: &mut dyn FnMut(&'a str)) {
    match value {
        Value::String(text) => visit(text),
        Value::Array(items) => items.iter().for_each(|item| each_string(item, visit)),
        Value::Object(members) => members.values().for_each(|member| each_string(member, visit)),
        Value::Null | Value::Bool(_) | Value::Number(_) => (),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{MessageReference, SnippetReference, Source};

    #[test]
    fn only_whole_strings_of_the_form_are_references() {
        let reference = SnippetReference { snippet: "two_inputs", key: "value" };
        assert_eq!(SnippetReference::parse("$two_inputs.value"), Some(reference));
        for text in ["$x", "$x.", "$.y", "x.y", "$x.y z", "cost: $x.y", "$X.Y", "$reply.x"] {
            assert_eq!(SnippetReference::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn references_are_found_at_any_depth() {
        let value = serde_json::json!({"a": ["$x.code", "plain"], "b": {"c": "$y.stdout"}});
        let mut found = Vec::new();
        SnippetReference::each_in(&value, &mut |reference| found.push((reference.snippet, reference.key)));
        assert_eq!(found, [("x", "code"), ("y", "stdout")]);
    }
    #[test]
    fn a_value_of_a_message_is_named_by_step_and_path() {
        let reference = MessageReference { source: Source::Reply, step: "debug-info", path: "content.body.stoppedThreads.0" };
        assert_eq!(MessageReference::parse("$reply.debug-info.content.body.stoppedThreads.0"), Some(reference));
        assert_eq!(reference.find(&json!({"content": {"body": {"stoppedThreads": [7]}}})), Some(&json!(7)));
        assert_eq!(reference.find(&json!({"content": {"body": {"stoppedThreads": []}}})), None);
        assert_eq!(reference.content_field(), Some("body"));
        assert_eq!(reference.renamed("debug-info-2"), "$reply.debug-info-2.content.body.stoppedThreads.0");
        let asked = MessageReference { source: Source::InputRequest, step: "ask", path: "header" };
        assert_eq!(MessageReference::parse("$input_request.ask.header"), Some(asked));
        assert_eq!(SnippetReference::parse("$input_request.ask.header"), None);
    }

    #[test]
    fn what_is_no_reference_to_a_message_stands_for_itself() {
        for text in
            ["$reply", "$reply.x", "$reply.x.buffers", "$reply..content.y", "$reply.x.content.", "$answer.x.content.y", "reply.x.content"]
        {
            assert_eq!(MessageReference::parse(text), None, "{text:?}");
        }
        assert!(MessageReference::is_meant("$reply.x.contents.y"));
        assert!(!MessageReference::is_meant("$hello.code"));
    }
}
