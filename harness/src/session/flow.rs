//! How much has come in: a kernel that sends without end must cost neither our memory nor our time.

/// Messages taken in for one scenario at most; the largest scenarios see some ten thousand.
pub(super) const MESSAGES: u64 = 50_000;
/// Bytes taken in for one scenario at most.
pub(super) const BYTES: u64 = 256 << 20;

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

    /// Counts a message of this size, whatever of it was kept.
    pub(super) fn count(&mut self, bytes: u64) {
        self.messages += 1;
        self.bytes += bytes;
    }

    pub(super) fn messages(&self) -> u64 {
        self.messages
    }

    pub(super) fn is_flood(&self) -> bool {
        self.messages > MESSAGES || self.bytes > BYTES
    }
}
