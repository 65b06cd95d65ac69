//! The program as people and machines call it.

mod baseline;
mod export;
mod info;
mod judge;
mod replay;
mod run;
mod selftest;
mod usage;
mod wire;

use std::path::Path;

use assert_cmd::Command;
use harness::trace::notation::parse;
use tempfile::TempDir;

/// A spec that does not change with the built-in one.
const SPEC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/spec");

/// The program, in an empty directory of its own.
struct Bench {
    dir: TempDir,
}

impl Bench {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a directory") }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("writable");
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Writes a trace that is given in the notation.
    fn trace(&self, name: &str, notation: &str) {
        let records = parse(notation).expect("the text is a trace");
        let lines: Vec<String> = records.iter().map(|record| serde_json::to_string(record).expect("records serialize")).collect();
        self.write(name, &(lines.join("\n") + "\n"));
    }

    /// Reads a results.json, which must be as its schema says.
    fn results(&self, name: &str) -> serde_json::Value {
        let results = serde_json::from_str(&self.read(name)).expect("JSON");
        let schema = serde_json::from_str(&self.call(&["schema", "results"]).stdout).expect("JSON");
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let mistakes: Vec<String> = validator.iter_errors(&results).map(|error| error.to_string()).collect();
        assert_eq!(mistakes, Vec::<String>::new());
        results
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kernelcheck"));
        // No kernelspec of this machine is seen, and nothing hangs for ever.
        let home = self.dir.path();
        command.current_dir(home).env_clear().env("HOME", home).env("PATH", "/usr/bin:/bin").env("JUPYTER_PATH", home.join("jupyter"));
        command.timeout(std::time::Duration::from_secs(120)).args(arguments);
        command
    }

    /// Exit code, stdout and stderr.
    fn call(&self, arguments: &[&str]) -> Called {
        let output = self.command(arguments).output().expect("it runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8").replace(&self.dir.path().display().to_string(), "DIR");
        Called { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// The same by the small spec.
    fn call_by_small_spec(&self, arguments: &[&str]) -> Called {
        self.call(&[&["--specs", SPEC], arguments].concat())
    }
}

/// What a call came to.
#[derive(Debug, PartialEq)]
struct Called {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

/// A kernelspec whose kernel ends at once.
fn install_kernel(bench: &Bench, name: &str) {
    let dir = bench.path("jupyter").join("kernels").join(name);
    std::fs::create_dir_all(&dir).expect("writable");
    let spec = r#"{"argv": ["false", "{connection_file}"], "display_name": "Toy", "language": "calc"}"#;
    std::fs::write(Path::new(&dir).join("kernel.json"), spec).expect("writable");
}
