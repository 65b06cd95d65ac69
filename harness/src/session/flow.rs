//! How much has come in: a kernel that sends without end must cost neither our memory nor our time.

use crate::wire::Frame;

/// Messages taken in for one scenario at most; the largest scenarios see some tens of thousands.
const MESSAGES: u64 = 200_000;
/// Bytes taken in for one scenario at most.
const BYTES: u64 = 256 << 20;

/// Counts what one scenario brought.
#[derive(Debug, Default)]
pub(super) struct Flow {
    messages: u64,
    bytes: u64,
}

impl Flow {
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    pub(super) fn count(&mut self, frames: &[Frame]) {
        self.messages += 1;
        self.bytes += frames.iter().map(|frame| frame.len() as u64).sum::<u64>();
    }

    pub(super) fn messages(&self) -> u64 {
        self.messages
    }

    pub(super) fn is_flood(&self) -> bool {
        self.messages > MESSAGES || self.bytes > BYTES
    }
}
