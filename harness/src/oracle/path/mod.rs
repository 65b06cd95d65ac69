//! Paths: how a rule names a value of a message, of the request behind it, of the reply, or of the kernel.
//!
//! `content.execution_state`, `header.version`, `parent.msg_id`, `metadata`, `prefix.count`, `buffers`, `type`, `channel`,
//! `client`, `step`, `fact.stdout`, `malformed`, `role` and `bracket`; each may follow `request.` (the message to the kernel that is the parent) or `reply.`
//! (its first reply). The role of a message to the kernel is `request`, `notice`, `reply` or `unknown`; its bracket is `none`, `busy`,
//! `idle` or `both`, as its client saw it; it has `asked` if the kernel sent an input_request for it; it is `aborted` if a failure before it may have kept it from being run, `interleaved`
//! if another execution was run while it was, `interrupted` if an interrupt was sent before it was answered, `after_failure` if an execution of the
//! episode had failed before it was, and `planned` unless it ended otherwise than the plan expects. `headless` are the facts of a message to the
//! kernel without an id, of which a later one without a parent may come. `kernel.…` is the kernel's start event, as in `kernel.interrupt_mode`; `info.…` is the content of its latest
//! `kernel_info_reply`. Behind a part come keys, `[]` for each item, `[0]` for one, `{}` for each
//! member, and `#` for how many there are: `content.traceback[]`, `content.matches.#`.

mod steps;

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use compact_str::ToCompactString;

use super::episode::Episode;
use super::seen::Seen;
use crate::wire::{Body, Json, PartName};
pub(crate) use steps::length;
use steps::{Step, member, split, take, take_all};

/// A compiled path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    text: String,
    of: Of,
    root: Root,
    steps: Vec<Step>,
    many: bool,
}

/// Whose value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Message,
    Request,
    Reply,
    Kernel,
    Info,
}

/// What a value is the same for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    /// All messages of an episode.
    Episode,
    /// All messages of a request, and those that belong to none.
    Request,
    /// One message.
    Message,
}

/// Where in a message a path begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Root {
    Part(PartName),
    Type,
    Channel,
    Client,
    Step,
    Fact,
    Prefix,
    Buffers,
    Malformed,
    Visible,
    Role,
    Bracket,
    Aborted,
    Interleaved,
    Interrupted,
    AfterFailure,
    Planned,
    Asked,
    Headless,
    Whole,
}

/// The names that may begin a path, behind `request.` and `reply.` too.
const ROOTS: &[(&str, Root)] = &[
    ("header", Root::Part(PartName::Header)),
    ("parent", Root::Part(PartName::Parent)),
    ("metadata", Root::Part(PartName::Metadata)),
    ("content", Root::Part(PartName::Content)),
    ("type", Root::Type),
    ("channel", Root::Channel),
    ("client", Root::Client),
    ("step", Root::Step),
    ("fact", Root::Fact),
    ("prefix", Root::Prefix),
    ("buffers", Root::Buffers),
    ("malformed", Root::Malformed),
    ("visible", Root::Visible),
    ("role", Root::Role),
    ("bracket", Root::Bracket),
    ("aborted", Root::Aborted),
    ("interleaved", Root::Interleaved),
    ("interrupted", Root::Interrupted),
    ("after_failure", Root::AfterFailure),
    ("planned", Root::Planned),
    ("asked", Root::Asked),
    ("headless", Root::Headless),
];

/// Why a text is no path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnknownRoot(pub String);

impl Path {
    /// Reads a path.
    pub(crate) fn parse(text: &str) -> Result<Self, UnknownRoot> {
        let (of, rest) = match text.split_once('.') {
            Some(("request", rest)) => (Of::Request, rest),
            Some(("reply", rest)) => (Of::Reply, rest),
            Some(("kernel", rest)) => (Of::Kernel, rest),
            Some(("info", rest)) => (Of::Info, rest),
            _ => (Of::Message, text),
        };
        if matches!(of, Of::Kernel | Of::Info) {
            return Ok(Self::new(text, of, Root::Whole, split(rest)));
        }
        let end = rest.find(['.', '[', '{']).unwrap_or(rest.len());
        let (name, tail) = rest.split_at(end);
        let Some((_, root)) = ROOTS.iter().find(|(known, _)| *known == name) else {
            return Err(UnknownRoot(name.to_owned()));
        };
        Ok(Self::new(text, of, *root, split(tail.strip_prefix('.').unwrap_or(tail))))
    }

    fn new(text: &str, of: Of, root: Root, steps: Vec<Step>) -> Self {
        let many = steps.iter().any(|step| matches!(step, Step::Items | Step::Members));
        Self { text: text.to_owned(), of, root, steps, many }
    }

    /// The names a path may begin with.
    pub(crate) fn roots() -> impl Iterator<Item = &'static str> {
        ["request", "reply", "kernel", "info"].into_iter().chain(ROOTS.iter().map(|(name, _)| *name))
    }

    /// The field of the content that the path leads to or through, and of whose content: of the message itself (`false`) or of
    /// the request or reply (`true`).
    #[must_use]
    pub(crate) fn content_field(&self) -> Option<(bool, &str)> {
        let other = self.of != Of::Message;
        match (self.root, self.steps.first()) {
            (Root::Part(PartName::Content), Some(Step::Key(key))) => Some((other, key)),
            _ => None,
        }
    }

    /// Whether the part of the message that it leads into could be read: what is no object has no members to look at, and what
    /// our own limit cut off is not known.
    pub(crate) fn is_readable(&self, episode: &Episode, message: usize) -> bool {
        let Root::Part(name) = self.root else { return true };
        let seen = &episode.messages[message];
        match self.of {
            Of::Message => !seen.is_cut(name) && seen.part(name).is_some_and(|part| self.steps.is_empty() || part.is_object()),
            Of::Reply => {
                let reply = episode.request_of(message).and_then(|request| request.reply());
                reply.is_none_or(|reply| !episode.messages[reply].is_cut(name))
            }
            _ => true,
        }
    }

    /// What its value is the same for.
    pub(crate) fn scope(&self) -> Scope {
        match (self.of, self.root) {
            (Of::Kernel | Of::Info, _) => Scope::Episode,
            (Of::Request | Of::Reply, _) => Scope::Request,
            (
                Of::Message,
                Root::Visible
                | Root::Role
                | Root::Bracket
                | Root::Aborted
                | Root::Interleaved
                | Root::Interrupted
                | Root::AfterFailure
                | Root::Planned
                | Root::Asked,
            ) => Scope::Request,
            (Of::Message, _) => Scope::Message,
        }
    }

    /// Whether it leads into a message, and not into what is known of the kernel.
    pub(crate) fn is_of_message(&self) -> bool {
        !matches!(self.of, Of::Kernel | Of::Info)
    }

    /// Whether it leads into the envelope: the header, the parent header, or the frames around the parts.
    pub(crate) fn is_of_envelope(&self) -> bool {
        matches!(self.root, Root::Part(PartName::Header | PartName::Parent) | Root::Prefix | Root::Buffers)
    }

    /// The values that the path leads to; with `[]` and `{}` several, or none.
    #[must_use]
    pub(crate) fn values<'a>(&self, episode: &'a Episode, message: usize) -> Vec<Cow<'a, Json>> {
        if !self.many {
            return self.value(episode, message).into_iter().collect();
        }
        let mut found: Vec<Cow<'a, Json>> = self.begin(episode, message).into_iter().collect();
        for step in &self.steps {
            found = found.into_iter().flat_map(|value| take_all(step, value)).collect();
        }
        found
    }

    /// The one value that the path leads to, the first of several.
    #[must_use]
    pub(crate) fn value<'a>(&self, episode: &'a Episode, message: usize) -> Option<Cow<'a, Json>> {
        if self.many {
            return self.values(episode, message).into_iter().next();
        }
        // Most paths by far lead to a member of a part, or a few members down from there.
        let part = match self.root {
            Root::Part(name) => Some(self.whose(episode, message)?.part(name)?),
            Root::Fact => Some(&*self.whose(episode, message)?.known),
            _ => None,
        };
        if let Some(part) = part {
            let keys = self.steps.iter().take_while(|step| matches!(step, Step::Key(_))).count();
            let (keys, rest) = self.steps.split_at(keys);
            let value = keys.iter().try_fold(part, member)?;
            return rest.iter().try_fold(Cow::Borrowed(value), |value, step| take(step, value));
        }
        if let Some(count) = self.count_of_frames(episode, message) {
            return Some(Cow::Owned(count));
        }
        self.steps.iter().try_fold(self.begin(episode, message)?, |value, step| take(step, value))
    }

    /// The answer to `buffers.#` and `prefix.#`, for which no frame need be looked into.
    fn count_of_frames(&self, episode: &Episode, message: usize) -> Option<Json> {
        let frames = match self.root {
            Root::Prefix => |seen: &Seen| seen.prefix.len(),
            Root::Buffers => |seen: &Seen| seen.buffers.len(),
            _ => return None,
        };
        let counts = matches!(self.steps.as_slice(), [Step::Count]);
        counts.then(|| self.whose(episode, message).map(frames)).flatten().map(|count| Json::Number(count.to_compact_string()))
    }

    /// The message whose value it is.
    fn whose<'a>(&self, episode: &'a Episode, message: usize) -> Option<&'a Seen> {
        match self.of {
            Of::Message => Some(&episode.messages[message]),
            Of::Request => Some(episode.asked(episode.request_of(message)?)),
            Of::Reply => Some(&episode.messages[episode.request_of(message)?.reply()?]),
            Of::Kernel | Of::Info => None,
        }
    }

    fn begin<'a>(&self, episode: &'a Episode, message: usize) -> Option<Cow<'a, Json>> {
        match self.of {
            Of::Message | Of::Request | Of::Reply => self.start(episode, self.whose(episode, message)?),
            Of::Kernel => episode.kernel.started.as_ref().map(|started| Cow::Borrowed(&*started.known)),
            Of::Info => episode.kernel.info.as_deref().map(Cow::Borrowed),
        }
    }

    /// Whether the path can lead to several values.
    #[must_use]
    pub(crate) fn is_many(&self) -> bool {
        self.many
    }

    fn start<'a>(&self, episode: &'a Episode, seen: &'a Seen) -> Option<Cow<'a, Json>> {
        let request = || episode.requests.get(seen.request?);
        let word = |text: &str| Some(Cow::Borrowed(word(text)));
        Some(match self.root {
            Root::Part(name) => Cow::Borrowed(seen.part(name)?),
            Root::Type => Cow::Borrowed(seen.header()?.get("msg_type").filter(|name| name.as_str().is_some())?),
            Root::Channel => return word(seen.channel.name()),
            Root::Client => Cow::Owned(Json::String((&*seen.client).into())),
            Root::Step => Cow::Owned(Json::String(seen.step.as_deref()?.into())),
            Root::Fact => Cow::Borrowed(&seen.known),
            Root::Prefix => Cow::Owned(frames(&seen.prefix)),
            Root::Buffers => Cow::Owned(frames(&seen.buffers)),
            Root::Malformed => truth(!seen.malformations.is_empty()),
            Root::Visible => truth(request().is_none_or(|request| request.visible)),
            Root::Role => return word(request()?.role.name()),
            Root::Bracket => return word(request()?.bracket()),
            Root::Aborted => truth(request()?.maybe_aborted),
            Root::Interleaved => truth(request()?.interleaved),
            Root::Interrupted => truth(episode.is_interrupted(request()?)),
            Root::AfterFailure => truth(episode.follows_failure(request()?)),
            Root::Planned => truth(ends_as_planned(episode, seen)?),
            Root::Asked => truth(!request()?.inputs.is_empty()),
            Root::Headless => Cow::Borrowed(&episode.messages[seen.headless?].known),
            Root::Whole => return None,
        })
    }
}

/// Whether the reply to a message to the kernel has the status that the plan expects, if it expects one.
fn ends_as_planned(episode: &Episode, seen: &Seen) -> Option<bool> {
    let request = episode.requests.get(seen.request?)?;
    let outcome = episode.asked(request).facts.get("outcome").and_then(|outcome| outcome.as_str());
    Some(outcome.is_none_or(|outcome| episode.status_of(request) == outcome))
}

/// The words that paths give most often, so that none has to be made for each message.
static WORDS: LazyLock<Vec<Json>> = LazyLock::new(|| {
    let words = ["shell", "control", "stdin", "iopub", "hb", "request", "notice", "reply", "unknown", "none", "busy", "idle", "both"];
    words.iter().map(|word| Json::String((*word).into())).collect()
});

fn word(text: &str) -> &'static Json {
    WORDS.iter().find(|word| word.as_str() == Some(text)).unwrap_or(&Json::Null)
}

fn truth(value: bool) -> Cow<'static, Json> {
    Cow::Borrowed(if value { &Json::Bool(true) } else { &Json::Bool(false) })
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Frames as text, each byte a character of the same number, so that equal frames are equal values.
fn frames(frames: &[Body]) -> Json {
    Json::Array(frames.iter().map(|frame| Json::String(latin(frame).into())).collect())
}

fn latin(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if bytes.is_ascii() => text.to_owned(),
        _ => bytes.iter().copied().map(char::from).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Path, Scope, UnknownRoot};

    #[test]
    fn a_path_begins_with_a_known_name() {
        let field = |text: &str| Path::parse(text).map(|path| path.content_field().map(|(other, name)| (other, name.to_owned())));
        assert_eq!(field("content.status"), Ok(Some((false, "status".to_owned()))));
        assert_eq!(field("request.content.code"), Ok(Some((true, "code".to_owned()))));
        assert_eq!(field("info.supported_features[]"), Ok(None));
        assert_eq!(field("contents.status"), Err(UnknownRoot("contents".to_owned())));
    }

    #[test]
    fn what_is_known_of_the_kernel_or_the_request_is_the_same_for_many() {
        let scope = |text: &str| Path::parse(text).map(|path| path.scope());
        assert_eq!(scope("kernel.signed"), Ok(Scope::Episode));
        assert_eq!(scope("info.protocol_version"), Ok(Scope::Episode));
        assert_eq!(scope("request.fact.odd"), Ok(Scope::Request));
        assert_eq!(scope("reply.content.status"), Ok(Scope::Request));
        assert_eq!(scope("bracket"), Ok(Scope::Request));
        assert_eq!(scope("fact.odd"), Ok(Scope::Message));
        assert_eq!(scope("headless"), Ok(Scope::Message));
    }
}
