//! Where large frames and long lines go: files that have no name.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::wire::Body;
use crate::wire::spool::{Filling, Spooler, Store};

/// The most files that are open at a time. A message beyond these is held in memory: a program has only so many descriptors, and kernels
/// and sockets need them too.
const MOST_FILES: usize = 64;

/// Makes files in a directory. That of a run's results is a good one: it has room, as the trace there holds the same bytes, and they
/// outlive nothing there, while a system's own place for such files may be kept in memory.
#[derive(Debug, Clone)]
pub struct Spools(Arc<Dir>);

#[derive(Debug)]
struct Dir {
    path: PathBuf,
    /// Shared with all files that are open.
    open: Arc<()>,
}

/// A file with what counts it.
#[derive(Debug)]
struct Counted {
    file: File,
    _open: Arc<()>,
}

impl Spools {
    /// Files in that directory, or in the system's own where none can be made there. Where they can't be made at all, all is held.
    #[must_use]
    pub fn in_dir(dir: &Path) -> Self {
        Self(Arc::new(Dir { path: dir.to_owned(), open: Arc::default() }))
    }

    /// A frame that holds these pieces in a file of its own; `None` where there is no room for one.
    pub fn put<P: AsRef<[u8]>>(&self, pieces: impl IntoIterator<Item = P>) -> Option<Body> {
        let mut filling = Filling::new(self.store()?);
        pieces.into_iter().try_for_each(|piece| filling.add(piece.as_ref())).ok()?;
        Some(Body::Spooled(filling.into()))
    }
}

impl Spooler for Spools {
    fn store(&self) -> Option<Box<dyn Store>> {
        let Dir { path, open } = &*self.0;
        if Arc::strong_count(open) > MOST_FILES {
            return None;
        }
        let file = tempfile::tempfile_in(path).or_else(|_| tempfile::tempfile()).ok()?;
        Some(Box::new(Counted { file, _open: Arc::clone(open) }))
    }
}

impl Store for Counted {
    fn write(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        self.file.write(bytes, at)
    }

    fn read(&self, into: &mut [u8], at: u64) -> io::Result<()> {
        self.file.read(into, at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_only_so_many_files_at_a_time() {
        let spools = Spools::in_dir(&std::env::temp_dir());
        let many = vec![spools.clone(); 2 * MOST_FILES];
        let mut files: Vec<_> = many.iter().filter_map(Spooler::store).collect();
        assert_eq!(files.len(), MOST_FILES);
        files.pop();
        assert!(spools.store().is_some());
    }
}
