//! Replays the inputs that are kept for a target, as any other test does.

use std::fs;
use std::path::PathBuf;

/// Gives each input of `corpus/NAME` to the body of the target.
pub(crate) fn replay(name: &str, target: fn(&[u8])) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let entries = fs::read_dir(folder).expect("the corpus is there");
    let mut replayed = 0;
    for entry in entries {
        let path = entry.expect("the folder can be listed").path();
        target(&fs::read(path).expect("an input can be read"));
        replayed += 1;
    }
    assert!(replayed >= 10, "{replayed} inputs");
}
