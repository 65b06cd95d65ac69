//! Packs the files below `specs/` into one, which is embedded. Packed they take a sixth of the room, in the binary and in the memory of a run,
//! which reads each of them once.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

const SPECS: &str = "../specs";
/// The packer's own measure of effort, out of ten.
const EFFORT: u8 = 9;

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed={SPECS}");
    let mut files = Vec::new();
    append(Path::new(SPECS), "", &mut files)?;
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo tells where to write"));
    fs::write(out.join("specs.packed"), miniz_oxide::deflate::compress_to_vec(&files, EFFORT))
}

/// Appends each file of a directory: a line with its path, a line with its length, its bytes.
fn append(dir: &Path, below: &str, files: &mut Vec<u8>) -> io::Result<()> {
    let mut entries = fs::read_dir(dir)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = format!("{below}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            append(&entry.path(), &format!("{path}/"), files)?;
        } else {
            let bytes = fs::read(entry.path())?;
            files.extend(format!("{path}\n{}\n", bytes.len()).into_bytes());
            files.extend(bytes);
        }
    }
    Ok(())
}
