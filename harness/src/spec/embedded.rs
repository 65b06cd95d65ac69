//! The files of the spec that was built in, as `build.rs` packed them.

use super::files::{Files, SpecFile};

static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/specs.packed"));

/// The files, named as they stand in the repository.
pub(super) fn files() -> Files {
    let all = miniz_oxide::inflate::decompress_to_vec(PACKED).expect("what our build packed unpacks");
    let mut files = Vec::new();
    let mut rest = all.as_slice();
    while !rest.is_empty() {
        let path = line(&mut rest).to_owned();
        let length = line(&mut rest).parse().expect("a length stands before each file");
        let (bytes, behind) = rest.split_at(length);
        files.push(SpecFile { path, bytes: bytes.to_vec() });
        rest = behind;
    }
    Files::new("specs", files)
}

/// Takes a line off the text.
fn line<'a>(rest: &mut &'a [u8]) -> &'a str {
    let end = rest.iter().position(|byte| *byte == b'\n').expect("a line stands before each file");
    let (line, behind) = rest.split_at(end);
    *rest = &behind[1..];
    std::str::from_utf8(line).expect("a name is text")
}
