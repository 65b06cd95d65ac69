//! A frame of which not all has come yet.

use crate::wire::spool::{Filling, Spooler};
use crate::wire::{Body, Spool};

/// What is set aside for a frame before any of it has come, in bytes.
const FIRST_ROOM: usize = 64 << 10;

/// The bytes of a frame as they come, as many as are kept.
#[derive(Debug)]
pub(super) struct Coming {
    bytes: Bytes,
    /// How many more are kept.
    missing: usize,
}

#[derive(Debug)]
enum Bytes {
    Held(Vec<u8>),
    Spooled(Filling),
}

impl Coming {
    /// One of which `kept` bytes are kept, in a spool if one is given and has room.
    pub(super) fn new(kept: usize, spooler: Option<&dyn Spooler>) -> Self {
        let bytes = match spooler.and_then(Spooler::store) {
            Some(store) => Bytes::Spooled(Filling::new(store)),
            None => Bytes::Held(Vec::with_capacity(kept.min(FIRST_ROOM))),
        };
        Self { bytes, missing: kept }
    }

    /// How many bytes of it are in memory.
    pub(super) fn held(&self) -> usize {
        if let Bytes::Held(bytes) = &self.bytes { bytes.len() } else { 0 }
    }

    /// Takes what has come, or as much of it as is kept.
    pub(super) fn take(&mut self, came: &[u8]) {
        let wanted = &came[..came.len().min(self.missing)];
        if let Bytes::Spooled(filling) = &mut self.bytes
            && filling.add(wanted).is_err()
        {
            // Where there is no room it is held after all.
            self.bytes = Bytes::Held(filling.take_back());
        }
        if let Bytes::Held(bytes) = &mut self.bytes {
            if bytes.capacity() - bytes.len() < wanted.len() {
                // Once it is more than a promise, the room for the whole frame, so that it is not moved again and again.
                bytes.reserve_exact(self.missing);
            }
            bytes.extend_from_slice(wanted);
        }
        self.missing -= wanted.len();
    }

    /// All has come.
    pub(super) fn into_body(self) -> Body {
        match self.bytes {
            Bytes::Held(bytes) => Body::Held(bytes),
            Bytes::Spooled(filling) => Body::Spooled(Spool::from(filling)),
        }
    }
}
