//! The probe ladder: after a missed answer each channel is asked, by the client that was there and over the sockets that it
//! has, because a new connection can heal what is wrong. What is told is what was seen; nothing is done to the process.

use std::time::{Duration, Instant};

use super::kernel::{Progress, snapshot};
use super::ledger::Owed;
use super::{Session, SessionError};
use crate::trace::{Event, Expectation, Facts, Ladder, Probed, own_steps};
use crate::wire::Channel;

/// The channels of the ladder, in the order in which they are asked.
const RUNGS: [Channel; 3] = [Channel::Heartbeat, Channel::Control, Channel::Shell];

/// The share of one CPU above which a process counts as working, in percent.
const WORKING_PERCENT: u32 = 10;
/// The share above which one that answers nothing counts as spinning.
const SPINNING_PERCENT: u32 = 80;

/// One look at how the process fares.
#[derive(Debug)]
pub(super) struct Look {
    at: Instant,
    progress: Progress,
}

impl Session {
    /// Forgets earlier looks: a new wait begins.
    pub(super) fn attend(&mut self) {
        self.look = None;
    }

    /// Looks at the process, if that was not done since something last came.
    pub(super) fn look_once(&mut self) {
        if self.look.as_ref().is_none_or(|look| look.at < self.last_news) {
            self.look = self.take_look();
        }
    }

    /// Whether the process worked since the last look; the first look can't tell, and asks for another.
    pub(super) fn kernel_works(&mut self) -> bool {
        let Some(now) = self.take_look() else { return false };
        let worked =
            |before: &Look| before.cpu_percent(&now) >= WORKING_PERCENT || now.progress.output_bytes > before.progress.output_bytes;
        let works = self.look.as_ref().is_none_or(worked);
        self.look = Some(now);
        works
    }

    fn take_look(&self) -> Option<Look> {
        self.process.as_ref().map(|process| Look { at: Instant::now(), progress: process.progress() })
    }

    /// Asks each channel, and records what answered and how the process fares.
    pub(super) fn climb(&mut self, owed: &Owed, missing: &[Expectation]) -> Result<(), SessionError> {
        let before = self.take_look();
        let snapshot = self.process.as_ref().and_then(|process| snapshot(process.pid()));
        let mut asked = Vec::new();
        for channel in RUNGS {
            let id = match channel {
                Channel::Heartbeat => {
                    // Bytes of its own, by which its echo is told from a late one.
                    let bytes = format!("kernelcheck {}", self.flow.messages());
                    self.beat(&owed.client, bytes.as_bytes(), Some(own_steps::PROBE), &Facts::new())?
                }
                _ => self.ask(&owed.client, channel, own_steps::PROBE)?,
            };
            asked.push((channel, id));
        }
        let answers = self.hear(&owed.client, &asked, owed.channel)?;
        if answers.contains(&(Channel::Shell, true)) {
            // What the probes woke may still be on its way, and is no answer that never comes.
            self.linger(Instant::now() + self.deadlines.optional())?;
        }
        let spins = before.zip(self.take_look()).is_some_and(|(before, after)| before.cpu_percent(&after) >= SPINNING_PERCENT);
        // Code that the user runs may well take the CPU.
        let spins = spins && !self.ledger.runs_code();
        let has_answered = |channel: Channel| answers.iter().any(|(other, answered)| *other == channel && *answered);
        // A cell that runs keeps shell from answering, and is no sign that anything is stuck, where control is served.
        let shell_waits = owed.channel == Channel::Control && self.ledger.runs_code() && has_answered(Channel::Control);
        let answered = |channel: Channel| has_answered(channel) || (channel == Channel::Shell && shell_waits);
        // One that ends at last, woken by the probes, was stuck all the same.
        let died = self.has_exited() && !missing.contains(&Expectation::Exit);
        let kind = if died { "dead" } else { kind(owed, missing, &answered, spins) };
        self.recorder.record(Event::Ladder(Ladder {
            id: owed.id.clone(),
            missing: missing.to_vec(),
            kind: kind.to_owned(),
            evidence: serde_json::to_value(snapshot).unwrap_or_default(),
        }));
        self.recorder.flush()?;
        Ok(())
    }

    /// Takes in what comes until then, or until nothing more can.
    pub(super) fn linger(&mut self, until: Instant) -> Result<(), SessionError> {
        while Instant::now() < until && self.may_hear_more() {
            self.receive(until)?;
        }
        Ok(())
    }

    /// Waits for the answers of the rungs, all at once, and strikes the questions.
    fn hear(&mut self, client: &str, asked: &[(Channel, String)], missed_on: Channel) -> Result<Vec<(Channel, bool)>, SessionError> {
        let began = Instant::now();
        let until = began + self.deadlines.probes();
        let has_answered = |session: &Self, id: &str| {
            session.ledger.get(id).is_some_and(|owed| owed.seen.contains(&Expectation::Reply) || owed.seen.contains(&Expectation::Echo))
        };
        let mut waited = vec![None; asked.len()];
        while (Instant::now() < until || self.behind) && !self.heard_enough(asked, &waited, missed_on) && self.may_hear_more() {
            let soon = Instant::now() + self.deadlines.half();
            self.receive(soon.min(until))?;
            for ((_, id), waited) in asked.iter().zip(&mut waited) {
                if waited.is_none() && has_answered(self, id) {
                    *waited = Some(began.elapsed());
                }
            }
        }
        let mut answers = Vec::new();
        for ((channel, id), waited) in asked.iter().zip(waited) {
            if let Some(owed) = self.ledger.remove(id) {
                self.note_given_up(&owed);
            }
            let took = waited.unwrap_or_else(|| began.elapsed());
            self.recorder.record(Event::Probed(Probed {
                client: client.to_owned(),
                channel: *channel,
                answered: waited.is_some(),
                waited: u64::try_from(took.as_nanos()).unwrap_or(u64::MAX),
                fresh_client: false,
            }));
            answers.push((*channel, waited.is_some()));
        }
        Ok(answers)
    }

    /// Whether all that can be expected to answer has answered. Control is not waited for where it never did, unless it is what this is
    /// about.
    fn heard_enough(&self, asked: &[(Channel, String)], waited: &[Option<Duration>], missed_on: Channel) -> bool {
        let serves = missed_on == Channel::Control || self.habits.serves(Channel::Control) || self.about.claims_at_least((5, 5));
        let done =
            |((channel, _), waited): (&(Channel, String), &Option<Duration>)| waited.is_some() || (*channel == Channel::Control && !serves);
        asked.iter().zip(waited).all(done)
    }
}

impl Look {
    fn cpu_percent(&self, later: &Self) -> u32 {
        let wall = later.at.saturating_duration_since(self.at).as_micros().max(1);
        let cpu = u128::from(later.progress.cpu_ns.saturating_sub(self.progress.cpu_ns)) / 1000;
        u32::try_from(cpu * 100 / wall).unwrap_or(u32::MAX)
    }
}

/// The kind of lockup that the answers speak of: the table of the verdicts in `harness/README.md`.
fn kind(owed: &Owed, missing: &[Expectation], answered: &impl Fn(Channel) -> bool, spins: bool) -> &'static str {
    let (heartbeat, control, shell) = (answered(Channel::Heartbeat), answered(Channel::Control), answered(Channel::Shell));
    if missing.contains(&Expectation::Exit) {
        return "shutdown_stuck";
    }
    if missing.contains(&Expectation::Echo) && !heartbeat && (control || shell) {
        return "heartbeat_lost";
    }
    match (heartbeat, control, shell) {
        (_, _, true) if owed.channel == Channel::Control && !control => "control_stuck",
        (_, _, true) if missing.contains(&Expectation::Reply) || missing.contains(&Expectation::Echo) => "no_reply",
        (_, _, true) => "never_idle",
        (_, _, false) if owed.seen.contains(&Expectation::Input) => "stdin_stuck",
        (_, _, false) if spins && owed.msg_type != "execute_request" => "livelock",
        (false, false, false) => "unresponsive",
        (_, _, false) => "shell_stuck",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_is_a_share_of_the_wall() {
        let at = Instant::now();
        let look = |ms: u64, cpu: u64| Look {
            at: at + Duration::from_millis(ms),
            progress: Progress { cpu_ns: cpu * 1_000_000, output_bytes: 0 },
        };
        assert_eq!(look(0, 0).cpu_percent(&look(1000, 900)), 90);
        assert_eq!(look(0, 500).cpu_percent(&look(1000, 500)), 0);
    }
}
