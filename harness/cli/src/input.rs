//! Files that somebody names on the command line, and that may hold anything.

use std::path::Path;

/// The text of a file of so many bytes at most; or what is wrong with it.
pub(crate) fn read_at_most(path: &Path, largest: u64) -> Result<String, String> {
    let size = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > largest {
        return Err(format!("it has {size} bytes, more than {largest}"));
    }
    std::fs::read_to_string(path).map_err(|error| error.to_string())
}
