//! Spools: bytes that are too many to be held in memory, kept elsewhere and gone through by windows.
//!
//! The wire opens no file: a [`Spooler`] gives the places, and a [`Spool`] reads back what was put there.

use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Deref;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use memchr::memmem;

/// Bytes that are read of a spool at once: few enough that an allocator gives the same ones again for the next window, and they stay near
/// the processor.
const WINDOW: usize = 24 << 10;

/// A place for bytes. What was written comes back.
pub trait Store: fmt::Debug + Send + Sync {
    /// Puts all of `bytes` there, from the offset `at` on.
    ///
    /// # Errors
    ///
    /// If there is no room, for instance.
    fn write(&self, bytes: &[u8], at: u64) -> io::Result<()>;

    /// Fills `into` from the offset `at` on.
    ///
    /// # Errors
    ///
    /// If they can't be had.
    fn read(&self, into: &mut [u8], at: u64) -> io::Result<()>;
}

impl Store for File {
    fn write(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        self.write_all_at(bytes, at)
    }

    fn read(&self, into: &mut [u8], at: u64) -> io::Result<()> {
        self.read_exact_at(into, at)
    }
}

/// In memory, of which nothing is spared so: for tests.
impl Store for Mutex<Vec<u8>> {
    fn write(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        let at = usize::try_from(at).map_err(io::Error::other)?;
        let mut held = self.lock().unwrap_or_else(PoisonError::into_inner);
        held.truncate(at);
        held.extend_from_slice(bytes);
        Ok(())
    }

    fn read(&self, into: &mut [u8], at: u64) -> io::Result<()> {
        let at = usize::try_from(at).map_err(io::Error::other)?;
        let held = self.lock().unwrap_or_else(PoisonError::into_inner);
        into.copy_from_slice(&held[at..at + into.len()]);
        Ok(())
    }
}

/// Who has places for bytes.
pub trait Spooler: fmt::Debug + Send + Sync {
    /// One in which there is nothing yet; `None` if the bytes are to be held in memory.
    fn store(&self) -> Option<Box<dyn Store>>;
}

/// Bytes in a store. A clone is the same spool.
///
/// It is to be gone through by [windows](Spool::windows). It derefs to all its bytes as well, so that nobody who knows nothing of spools
/// can see other bytes than there are; then it holds them from there on.
#[derive(Clone)]
pub struct Spool(Arc<Spooled>);

struct Spooled {
    store: Box<dyn Store>,
    len: usize,
    window: usize,
    held: OnceLock<Vec<u8>>,
}

impl Spool {
    /// The first `len` bytes of a store, which are never to change again.
    #[must_use]
    pub fn new(store: Box<dyn Store>, len: usize) -> Self {
        Self(Arc::new(Spooled { store, len, window: WINDOW, held: OnceLock::new() }))
    }

    /// These bytes, with windows of another size: for tests, in which the edges of windows are to fall everywhere.
    #[must_use]
    pub fn of_bytes(bytes: Vec<u8>, window: usize) -> Self {
        let len = bytes.len();
        Self(Arc::new(Spooled { store: Box::new(Mutex::new(bytes)), len, window, held: OnceLock::new() }))
    }

    /// How many bytes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.len == 0
    }

    /// How many bytes are read at once.
    #[must_use]
    pub fn window(&self) -> usize {
        self.0.window
    }

    /// All bytes, a window at a time.
    pub fn windows(&self) -> impl Iterator<Item = Vec<u8>> {
        (0..self.0.len).step_by(self.0.window).map(|at| self.read(at, self.0.window))
    }

    /// As many bytes from `at` on as there are, up to `most`.
    ///
    /// # Panics
    ///
    /// If the store does not give back what was put there.
    #[must_use]
    pub fn read(&self, at: usize, most: usize) -> Vec<u8> {
        read(&*self.0.store, at, most.min(self.0.len.saturating_sub(at)))
    }

    /// Whether these bytes stand in it somewhere, of which there are no more than of a window.
    #[must_use]
    pub fn contains(&self, bytes: &[u8]) -> bool {
        let ahead = bytes.len().saturating_sub(1);
        let mut starts = (0..self.0.len).step_by(self.0.window);
        starts.any(|at| memmem::find(&self.read(at, self.0.window + ahead), bytes).is_some())
    }
}

impl Deref for Spool {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.held.get_or_init(|| self.read(0, self.0.len))
    }
}

impl fmt::Debug for Spool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Spool({} bytes)", self.0.len)
    }
}

/// Bytes on their way into a store.
#[derive(Debug)]
pub struct Filling {
    store: Box<dyn Store>,
    len: usize,
}

impl Filling {
    /// Of an empty store.
    #[must_use]
    pub fn new(store: Box<dyn Store>) -> Self {
        Self { store, len: 0 }
    }

    /// Adds bytes.
    ///
    /// # Errors
    ///
    /// As [`Store::write`]; then nothing was added.
    pub fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.store.write(bytes, self.len as u64)?;
        self.len += bytes.len();
        Ok(())
    }

    /// All that were added, in memory.
    #[must_use]
    pub fn take_back(&self) -> Vec<u8> {
        read(&*self.store, 0, self.len)
    }
}

impl From<Filling> for Spool {
    fn from(Filling { store, len }: Filling) -> Self {
        Self::new(store, len)
    }
}

fn read(store: &dyn Store, at: usize, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    store.read(&mut bytes, at as u64).unwrap_or_else(|error| panic!("a spool gives back what was put into it: {error}"));
    bytes
}
