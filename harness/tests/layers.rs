//! Keeps the house: each layer uses only those below it, the oracle does no I/O and reads no clock, the fixture kernel shares
//! the wire alone, and files stay of a size that can be read.

use std::fs;
use std::path::{Path, PathBuf};

/// Lowest first.
const LAYERS: [&str; 6] = ["wire", "spec", "trace", "plan", "session", "oracle"];

/// What would make a judgement depend on more than the spec and the trace.
const IMPURE: [&str; 9] =
    ["std::fs", "std::io", "std::net", "std::env", "std::time", "std::thread", "std::process", "Timestamp::now", "fastrand"];

/// Lines that a file has at most.
const LONGEST: usize = 400;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All Rust files below a directory, with their text.
fn sources(dir: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let entries = fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    for entry in entries {
        let path = entry.expect("a readable directory").path();
        if path.is_dir() && !path.ends_with("target") {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a readable file");
            found.push((path, text));
        }
    }
    found.sort();
    found
}

/// Lines of code, without comments, with their numbers.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().zip(1..).map(|(line, number)| (number, line)).filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// The names `x` of all `prefix::x` in a line.
fn named<'a>(line: &'a str, prefix: &'a str) -> impl Iterator<Item = &'a str> {
    line.match_indices(prefix).map(move |(at, _)| {
        let rest = &line[at + prefix.len()..];
        &rest[..rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())]
    })
}

#[test]
fn each_layer_uses_only_those_below_it() {
    let mut wrong = Vec::new();
    for (rank, layer) in LAYERS.iter().enumerate() {
        let files = sources(&root().join("harness/src").join(layer));
        assert!(!files.is_empty(), "the layer {layer} has no file");
        for (path, text) in files {
            for (number, line) in code(&text) {
                let above =
                    named(line, "crate::").filter(|name| LAYERS.iter().position(|other| other == name).is_some_and(|other| other > rank));
                wrong.extend(above.map(|name| format!("{}:{number}: {layer} uses {name}", path.display())));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_oracle_depends_on_nothing_but_what_it_is_given() {
    let mut wrong = Vec::new();
    for (path, text) in sources(&root().join("harness/src/oracle")) {
        for (number, line) in code(&text) {
            wrong.extend(IMPURE.iter().filter(|name| line.contains(**name)).map(|name| format!("{}:{number}: {name}", path.display())));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_fixture_kernel_shares_the_wire_alone() {
    let mut wrong = Vec::new();
    for (path, text) in sources(&root().join("fixtures/kernels/src")) {
        for (number, line) in code(&text) {
            wrong
                .extend(named(line, "harness::").filter(|name| *name != "wire").map(|name| format!("{}:{number}: {name}", path.display())));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn what_stands_above_the_harness_knows_nothing_of_its_neighbours() {
    let mut wrong = Vec::new();
    let above = [
        ("harness/src", &["fuzz::", "reports::", "fixture_kernel::"][..]),
        ("fuzz/src", &["reports::", "fixture_kernel::"]),
        ("reports/src", &["fuzz::"]),
    ];
    for (part, others) in above {
        for (path, text) in sources(&root().join(part)) {
            for (number, line) in code(&text) {
                let used = line.trim_start().strip_prefix("use ").or_else(|| line.trim_start().strip_prefix("pub use "));
                let stranger = others.iter().filter(|other| used.is_some_and(|used| used.trim_start_matches("::").starts_with(**other)));
                wrong.extend(stranger.map(|other| format!("{}:{number}: {other}", path.display())));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn files_open_with_what_they_are_and_can_be_read() {
    let mut wrong = Vec::new();
    for part in ["harness", "fuzz", "fixtures/kernels", "reports"] {
        for (path, text) in sources(&root().join(part)) {
            if !text.starts_with("//!") {
                wrong.push(format!("{}: does not open with //!", path.display()));
            }
            if text.lines().count() > LONGEST {
                wrong.push(format!("{}: {} lines", path.display(), text.lines().count()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_top_level_holds_what_the_architecture_names() {
    const ENTRIES: [&str; 12] = [
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "Makefile",
        "README.md",
        "fixtures",
        "fuzz",
        "harness",
        "reports",
        "specs",
        "target",
    ];
    let entries = fs::read_dir(root()).expect("a readable directory").map(|entry| entry.expect("readable").file_name());
    let visible = entries.map(|name| name.to_string_lossy().into_owned()).filter(|name| !name.starts_with('.'));
    let strangers: Vec<String> = visible.filter(|name| !ENTRIES.contains(&name.as_str())).collect();
    assert_eq!(strangers, Vec::<String>::new());
}
