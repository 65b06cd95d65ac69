//! Who reads a worker's trace while it is written: a thread of its own, so that judging holds up no playing.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use super::{Progress, tell};
use crate::trace::{Batch, Record, Recorder, Sending};

/// Reads a worker's trace while it is written: an oracle, as a rule.
pub trait Follow: Send {
    /// Takes in records; the first stands on line `line` of the trace. Returns what is new and worth telling at once.
    fn follow(&mut self, line: u64, records: Vec<Record>) -> Vec<String>;
}

/// A follower, and what it is sent.
pub(super) struct Following<F> {
    follower: F,
    batches: Receiver<Batch>,
    tell: Sender<Progress>,
}

/// A follower that has seen all, and how long it took over it.
pub(super) struct Followed<F> {
    pub(super) follower: F,
    pub(super) took: Duration,
}

impl<F: Follow> Following<F> {
    /// Lets `follower` have all that is recorded, as long as the recorder is listened to.
    pub(super) fn of(follower: F, recorder: &Arc<Recorder>, tell: Sender<Progress>) -> (Self, Sending) {
        let (listener, batches) = channel();
        (Self { follower, batches, tell }, recorder.send_to(listener))
    }

    /// Follows to the end.
    pub(super) fn follow(mut self) -> Followed<F> {
        let mut took = Duration::ZERO;
        for (line, records) in self.batches {
            let began = Instant::now();
            let news = self.follower.follow(line, records);
            took += began.elapsed();
            news.into_iter().for_each(|news| tell(&self.tell, Progress::Told(news)));
        }
        Followed { follower: self.follower, took }
    }
}
