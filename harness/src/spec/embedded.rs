//! The files of the spec that was built in.

use include_dir::{Dir, DirEntry, include_dir};

use super::files::{Files, SpecFile};

static SPECS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../specs");

/// The files, named as they stand in the repository.
pub(super) fn files() -> Files {
    let mut files = Vec::new();
    collect(&SPECS, &mut files);
    Files::new("specs", files)
}

fn collect(dir: &'static Dir<'static>, files: &mut Vec<SpecFile>) {
    for entry in dir.entries() {
        match entry {
            DirEntry::Dir(inner) => collect(inner, files),
            DirEntry::File(file) => {
                files.push(SpecFile { path: file.path().to_string_lossy().replace('\\', "/"), bytes: file.contents().into() })
            }
        }
    }
}
