//! What plans are made of: message types, snippets, and odd messages, as far as this kernel's profile and features allow.

use std::collections::BTreeMap;

use harness::spec::{Action, Await, Direction, Payload, Profile, Role, Scenario, Send, Spec, Status, Step};
use harness::wire::Channel;

use super::values::{Right, Wrong, right_values, wrong_values};

/// Snippets that do one thing, depend on nothing that was run before, and leave no trouble behind.
const PLAIN: &[&str] = &[
    "hello",
    "stderr",
    "alternate",
    "partial",
    "writes",
    "counter",
    "unicode",
    "result",
    "quiet",
    "comment",
    "multi",
    "several_results",
    "display",
    "print_then_display",
    "display_update",
    "clear_output",
    "clear_output_wait",
    "json_display",
    "png_display",
    "set_marker",
    "add_marker",
    "comm_open",
    "comm_register",
    "comm_register_printing",
];
/// Those that fail.
const FAILING: &[&str] = &["error", "syntax_error", "output_then_error", "raise_odd", "nested_error"];
/// Those that only an interrupt ends.
const ENDLESS: &[&str] = &["loop", "blocking_sleep"];
/// Those that ask for input, with their answers; the fact `value` is the answer where there is one.
const ASKING: &[(&str, &[&str])] = &[
    ("input", &["Ada"]),
    ("two_inputs", &["A", "B"]),
    ("password", &["swordfish"]),
    ("input_empty_prompt", &[""]),
    ("input_unicode_prompt", &["Ünü 𝐛"]),
];
/// Requests that end the kernel, hit what others run, or want a debugger's whole session; what is made of them has a block of its own.
const APART: &[&str] = &["shutdown_request", "interrupt_request", "debug_request", "create_subshell_request", "delete_subshell_request"];
/// What an odd message out of a scenario holds at most, in bytes.
const ODD_BYTES: usize = 64 << 10;
/// How often it is sent at most.
const ODD_REPEATS: u32 = 20;

/// All of it.
pub struct Stock {
    requests: Vec<String>,
    channels: BTreeMap<String, Channel>,
    pub(super) right: BTreeMap<String, Vec<Right>>,
    pub(super) wrong: Vec<(String, Wrong)>,
    pub(super) plain: Vec<&'static str>,
    pub(super) failing: Vec<&'static str>,
    pub(super) endless: Vec<&'static str>,
    pub(super) asking: Vec<(&'static str, &'static [&'static str])>,
    /// Odd messages out of scenarios, each complete in itself.
    pub(super) odd: Vec<Step>,
    pub(super) sleeps: bool,
    pub(super) subshells: bool,
    /// The comm target that echoes, where the profile can register one.
    pub(super) target: Option<String>,
}

impl Stock {
    pub(super) fn of(spec: &Spec, profile: Option<&Profile>, features: &[String]) -> Self {
        let has = |name: &str| profile.is_some_and(|profile| profile.snippets.contains_key(name));
        let given = |names: &[&'static str]| names.iter().copied().filter(|name| has(name)).collect::<Vec<_>>();
        let to_kernel = spec.messages.values().filter(|message| message.direction != Direction::ToClient);
        let takes_requests = |channel: &Channel| matches!(channel, Channel::Shell | Channel::Control);
        let known = to_kernel.filter(|message| takes_requests(&message.channels[0]) && message.status != Status::Removed);
        let known: Vec<_> = known.filter(|message| message.feature.as_ref().is_none_or(|feature| features.contains(feature))).collect();
        let asked = known.iter().filter(|message| message.role == Role::Request && !APART.contains(&message.name.as_str()));
        let wrong = known.iter().filter(|message| !APART.contains(&message.name.as_str()));
        let odd = spec.scenarios.iter().filter(|scenario| is_ordinary(scenario, features)).flat_map(|scenario| &scenario.steps);
        Self {
            requests: asked.map(|message| message.name.clone()).collect(),
            channels: known.iter().map(|message| (message.name.clone(), message.channels[0])).collect(),
            right: known.iter().map(|message| (message.name.clone(), right_values(message))).collect(),
            wrong: wrong.flat_map(|message| wrong_values(message).into_iter().map(|wrong| (message.name.clone(), wrong))).collect(),
            plain: given(PLAIN),
            failing: given(FAILING),
            endless: given(ENDLESS),
            asking: ASKING.iter().copied().filter(|(name, _)| has(name)).collect(),
            odd: odd.filter(|step| is_odd_alone(step) && step.snippets().into_iter().all(&has)).cloned().collect(),
            sleeps: has("sleep"),
            subshells: features.iter().any(|feature| feature == "kernel subshells"),
            target: profile.and_then(|profile| profile.snippets.get("comm_register")?.fact("target")?.as_str().map(str::to_owned)),
        }
    }

    /// The types of requests that are sent as they are.
    #[must_use]
    pub fn requests(&self) -> &[String] {
        &self.requests
    }

    /// Where messages of a type go.
    pub(super) fn channel(&self, message_type: &str) -> Channel {
        self.channels.get(message_type).copied().unwrap_or(Channel::Shell)
    }
}

/// Whether the steps of a scenario mean the same on any kernel that is started as usual.
fn is_ordinary(scenario: &Scenario, features: &[String]) -> bool {
    let announced = scenario.feature.as_ref().is_none_or(|feature| features.contains(feature));
    scenario.start.is_none() && scenario.wire.is_none() && announced
}

/// Whether a step is odd by itself, whatever was done before it, and of a size that can be sent often.
fn is_odd_alone(step: &Step) -> bool {
    let is_odd = step.facts.iter().any(|(name, _)| name == "odd");
    let depends = step.facts.iter().any(|(name, _)| ["interrupted", "asks", "behind", "event"].contains(&name.as_str()));
    let is_small = match &step.action {
        Action::Send(send) => is_lone(send) && step.needed_steps().is_empty() && size(send) <= ODD_BYTES,
        Action::Frames { frames, .. } => frames.iter().map(length).sum::<usize>() <= ODD_BYTES,
        _ => false,
    };
    is_odd && !depends && is_small
}

fn is_lone(send: &Send) -> bool {
    let plain = send.snippet.as_deref().is_none_or(|name| PLAIN.contains(&name));
    let ends = send.then_exit || APART.contains(&send.message_type.as_str());
    // An answer that nobody asked for is one to whoever asks next, and one under an id of its own is a twin.
    let meddles = send.message_type == "input_reply" || send.header.contains_key("msg_id");
    // With nothing to wait for it is passed over; what comes of it later is another matter.
    let unwaited = send.wait_for == Await::Later;
    plain && !ends && !meddles && !unwaited && send.answers.is_empty() && send.repeat <= ODD_REPEATS
}

fn size(send: &Send) -> usize {
    let json = [&send.content, &send.metadata, &send.header, &send.parent];
    let json: usize = json.into_iter().flat_map(|part| part.values()).map(|value| value.to_string().len()).sum();
    let raw = send.raw.values().chain(send.splice.values()).flatten();
    json + raw.chain(&send.buffers).chain(&send.idents).map(length).sum::<usize>()
}

fn length(payload: &Payload) -> usize {
    match payload {
        Payload::Text(text) => text.len(),
        Payload::Repeat { text, times } => text.len() * *times as usize,
        Payload::Bytes(bytes) => bytes.len(),
    }
}
