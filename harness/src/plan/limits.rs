//! What a plan may ask for at most: one that comes from a file may be anybody's.

use super::{Action, Bytes, Plan};

/// Steps of a plan.
const STEPS: usize = 100_000;
/// Clients of a plan.
const CLIENTS: usize = 1000;
/// Messages of one step.
const REPEAT: u32 = 1_000_000;
/// Connections of one step, each a descriptor of ours.
const PEERS: u32 = 500;
/// The longest pause, in seconds.
const PAUSE: f64 = 600.0;

impl Plan {
    /// Tells what is too much about it, or can't be done.
    ///
    /// # Errors
    ///
    /// In a sentence, with the step.
    pub fn check(&self) -> Result<(), String> {
        if self.steps.len() > STEPS || self.clients.len() > CLIENTS {
            return Err(format!("the plan has more than {STEPS} steps or {CLIENTS} clients"));
        }
        if !self.clients.iter().any(|client| client == "a") {
            return Err("the plan has no client `a`, who is always there".to_owned());
        }
        if let Some(wrong) = self.start.iter().flat_map(|start| start.mistakes()).next() {
            return Err(format!("start: {wrong}"));
        }
        for (number, step) in self.steps.iter().enumerate() {
            let wrong = match &step.action {
                Action::Send(outgoing) if outgoing.repeat > REPEAT => Some(format!("sends more than {REPEAT} messages")),
                Action::Tcp { peers, .. } if *peers > PEERS => Some(format!("opens more than {PEERS} connections")),
                Action::Pause(seconds) if !(0.0..=PAUSE).contains(seconds) => Some(format!("pauses for {seconds} s, wanted 0 to {PAUSE}")),
                Action::Connect { identity: Some(Bytes(identity)), .. } if !(1..=255).contains(&identity.len()) || identity[0] == 0 => {
                    Some("has an identity that ZeroMQ does not allow".to_owned())
                }
                _ => None,
            };
            if let Some(wrong) = wrong {
                return Err(format!("steps[{number}] {wrong}"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Step;

    #[test]
    fn what_is_too_much_is_told_with_its_step() {
        let plan = |action| {
            let step = Step { name: None, client: "a".to_owned(), action, facts: Default::default() };
            Plan::of("a/b".to_owned(), vec!["a".to_owned()], vec![step])
        };
        assert_eq!(plan(Action::Pause(1.0)).check(), Ok(()));
        let crowd = Action::Tcp { channel: crate::wire::Channel::Shell, bytes: Vec::new(), peers: PEERS + 1, stay: true };
        for bad in [Action::Pause(1e9), Action::Pause(f64::NAN), crowd] {
            assert!(plan(bad).check().is_err_and(|wrong| wrong.starts_with("steps[0] ")));
        }
        assert!(Plan { clients: Vec::new(), ..plan(Action::Disconnect) }.check().is_err());
    }
}
