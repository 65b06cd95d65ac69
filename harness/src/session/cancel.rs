//! The wish to end a run, which every wait hears at once.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Set once, for all who hold a clone.
#[derive(Debug, Clone)]
pub struct Cancel(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    set: AtomicBool,
    wake: OwnedFd,
}

impl Cancel {
    /// Not set. Fails where the system has no descriptor left.
    pub fn new() -> std::io::Result<Self> {
        let wake = rustix::event::eventfd(0, rustix::event::EventfdFlags::CLOEXEC | rustix::event::EventfdFlags::NONBLOCK)?;
        Ok(Self(Arc::new(Inner { set: AtomicBool::new(false), wake })))
    }

    /// Ends all waits.
    pub fn set(&self) {
        self.0.set.store(true, Ordering::SeqCst);
        // The counter can't overflow by ones, and a full one would wake as well.
        let _ = rustix::io::write(&self.0.wake, &1u64.to_ne_bytes());
    }

    /// Whether it was set.
    pub fn is_set(&self) -> bool {
        self.0.set.load(Ordering::SeqCst)
    }

    /// Readable from when it is set on.
    pub(super) fn waker(&self) -> BorrowedFd<'_> {
        self.0.wake.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_clone_hears_it() {
        let cancel = Cancel::new().expect("a descriptor");
        let other = cancel.clone();
        assert!(!other.is_set());
        cancel.set();
        assert!(other.is_set());
        let mut items = [rustix::event::PollFd::from_borrowed_fd(other.waker(), rustix::event::PollFlags::IN)];
        assert_eq!(rustix::event::poll(&mut items, Some(&Default::default())), Ok(1));
    }
}
