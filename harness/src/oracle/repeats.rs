//! Causes that many rules would tell of. The plainest case is told; what only shows the same again, where more is asked of the kernel, is not.

use super::deeds::is_untroubled_before;
use super::episode::Episode;
use super::request::Request;

/// What a finding comes of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    /// An interrupt ends the process, in this way: where one does, so do several, and those at other moments.
    DeadlyInterrupt(String),
    /// The process lives on after a shutdown that it accepted: where it does so idle, it does so busy.
    NoEnd,
    /// The process is slow to end after a shutdown.
    LateEnd,
    /// Executions never become idle: where one does not by itself, one beside something that must not matter does not either.
    NeverIdle,
    /// `kernel_info_request` on control is not answered by itself: where it is what shows whether control lives, nothing else made control deaf.
    DeafControl,
    /// What a rule is about left the kernel stuck or dead: that it was left half done elsewhere, by the same rule, is of that.
    Harm(String),
    /// Code of this digest fails by itself.
    BrokenCode(u64),
    /// What a rule found lacking was there at another time.
    Seen(String),
}

/// What has to hold of a whole run for a finding to count.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Proviso {
    /// It does not where another finding tells of this cause.
    pub(crate) unless: Option<Cause>,
    /// It has to show as often as this.
    pub(crate) times: u64,
    /// Whether a finding that does not count leaves its rule undecided.
    pub(crate) doubtful: bool,
    /// Whether it is no more than a warning.
    pub(crate) mild: bool,
}

impl Proviso {
    /// That nothing else tells of its cause.
    pub(crate) fn unless(cause: Cause) -> Self {
        Self { unless: Some(cause), times: 1, doubtful: false, mild: false }
    }

    /// That it shows as often as this.
    pub(crate) fn times(times: u64) -> Self {
        Self { unless: None, times, doubtful: false, mild: false }
    }
}

/// A cause as it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Case {
    pub(super) cause: Cause,
    /// Its place among the plain cases, the plainest first; `None` where more is asked of the kernel.
    plain: Option<usize>,
}

/// The rules about one interrupt, of a cell and while idle.
const PLAIN_INTERRUPTS: &[&str] = &["INT-01", "INT-05"];
/// The rule about the end of an idle kernel.
const PLAIN_END: &[&str] = &["LIFE-05"];
/// The rule about `kernel_info_request` on control.
const PLAIN_CONTROL: &[&str] = &["CTRL-02"];
/// The rule about the idle of any request.
const PLAIN_IDLE: &[&str] = &["STAT-02"];

impl Case {
    /// That an interrupt ended the process, as the fittest rule has it.
    pub(super) fn of_interrupt(how: &str, rules: &[String]) -> Self {
        Self { cause: Cause::DeadlyInterrupt(how.to_owned()), plain: place(PLAIN_INTERRUPTS, rules) }
    }

    /// That the process lives on after a shutdown, as the fittest rule has it. What a cell started may hold a process that ends otherwise.
    pub(super) fn of_end(episode: &Episode, rules: &[String], is_idle: bool) -> Self {
        let has_child = episode.sent.iter().any(|&sent| episode.messages[sent].facts.contains_key("child"));
        Self { cause: Cause::NoEnd, plain: place(PLAIN_END, rules).filter(|_| is_idle && !has_child) }
    }

    /// That an execution never became idle, as the fittest rule has it.
    pub(super) fn of_idle(episode: &Episode, request: &Request, rules: &[String]) -> Option<Self> {
        let is_beside = episode.asked(request).facts.contains_key("beside");
        let plain = place(PLAIN_IDLE, rules).filter(|_| !is_beside && request.ladder.is_some());
        let is_one = episode.type_of(request) == "execute_request" && (plain.is_some() || is_beside);
        is_one.then_some(Self { cause: Cause::NeverIdle, plain })
    }

    /// That `kernel_info_request` on control had no answer and control none later, as the fittest rule has it.
    pub(super) fn of_deaf_control(episode: &Episode, request: &Request, rules: &[String]) -> Self {
        let is_untroubled = is_untroubled_before(episode, episode.asked(request).line);
        Self { cause: Cause::DeafControl, plain: place(PLAIN_CONTROL, rules).filter(|_| is_untroubled) }
    }

    /// Whether it is no finding of its own once its cause is told of. Plain executions may lose their idle for several reasons.
    pub(super) fn is_repeated(&self) -> bool {
        !(self.is_plain() && self.cause == Cause::NeverIdle)
    }

    pub(super) fn is_plain(&self) -> bool {
        self.plain.is_some()
    }

    /// What cases are sorted by, the plainest first.
    pub(super) fn rank(&self) -> usize {
        self.plain.unwrap_or(usize::MAX)
    }
}

fn place(plain: &[&str], rules: &[String]) -> Option<usize> {
    plain.iter().position(|rule| rules.first().is_some_and(|fittest| fittest == rule))
}
