//! A kernelspec: what `kernel.json` says about how to start a kernel.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Map, Value};

/// Bytes of a kernel.json that are read; real ones have some hundred.
const SIZE_LIMIT: u64 = 1 << 20;

/// How a running cell is interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum InterruptMode {
    /// SIGINT to the kernel's process group.
    Signal,
    /// `interrupt_request` on the control channel.
    Message,
}

impl InterruptMode {
    /// The name in a kernelspec.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Signal => "signal",
            Self::Message => "message",
        }
    }
}

/// A kernelspec that can be started. Fields that it lacks have jupyter_client's defaults; [`raw`](Self::raw) tells what is there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KernelSpec {
    /// The directory's name in lower case, by which it is found.
    pub name: String,
    /// The directory of kernel.json, which is `{resource_dir}`.
    pub dir: PathBuf,
    /// The command, with its templates.
    pub argv: Vec<String>,
    /// For people; may be empty.
    pub display_name: String,
    /// The language; may be empty.
    pub language: String,
    /// `signal` if it does not say.
    pub interrupt_mode: InterruptMode,
    /// Variables to be set, with their templates.
    pub env: BTreeMap<String, String>,
    /// Free data.
    pub metadata: Map<String, Value>,
    /// The protocol version that it claims; may be empty.
    pub kernel_protocol_version: String,
    /// The file, whole.
    pub raw: Value,
}

/// Why a kernel.json can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KernelSpecError {
    /// It can't be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is not JSON.
    #[error("{path}: not JSON: {source}")]
    NotJson {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// Fields are wrong.
    #[error("{path}: {}", mistakes.join("; "))]
    Wrong {
        /// The file.
        path: PathBuf,
        /// All of them, each as `field: wanted …, found …`.
        mistakes: Vec<String>,
    },
}

impl KernelSpec {
    /// Reads the kernel.json of a directory.
    ///
    /// Fields may be missing, but for argv; those that are there must be of their type. Of what is refused here,
    /// jupyter_client lists a kernelspec without argv, or with values in argv or env that are no strings, and trips over
    /// it when it starts the kernel.
    ///
    /// # Errors
    ///
    /// With all that is wrong at once.
    pub fn read(dir: &Path) -> Result<Self, KernelSpecError> {
        let path = dir.join("kernel.json");
        let text = match super::read_text(&path, SIZE_LIMIT) {
            Ok(text) => text,
            Err(source) => return Err(KernelSpecError::Read { path, source }),
        };
        let raw: Value = match serde_json::from_str(&text) {
            Ok(raw) => raw,
            Err(source) => return Err(KernelSpecError::NotJson { path, source }),
        };
        let mut fields = Fields::new(&raw);
        let spec = Self {
            name: name_of(dir),
            dir: std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned()),
            argv: fields.argv(),
            display_name: fields.text("display_name"),
            language: fields.text("language"),
            interrupt_mode: fields.interrupt_mode(),
            env: fields.env(),
            metadata: fields.object("metadata"),
            kernel_protocol_version: fields.text("kernel_protocol_version"),
            raw: raw.clone(),
        };
        if fields.mistakes.is_empty() { Ok(spec) } else { Err(KernelSpecError::Wrong { path, mistakes: fields.mistakes }) }
    }
}

/// The name by which the kernelspec in a directory is found.
pub(super) fn name_of(dir: &Path) -> String {
    let named = dir.file_name().map(ToOwned::to_owned);
    // A path such as `.` has no name of its own.
    let named = named.or_else(|| dir.canonicalize().ok()?.file_name().map(ToOwned::to_owned));
    named.unwrap_or_default().to_string_lossy().to_lowercase()
}

/// The fields of a kernel.json, and what was wrong with those that were read.
struct Fields<'a> {
    object: Option<&'a Map<String, Value>>,
    mistakes: Vec<String>,
}

impl<'a> Fields<'a> {
    fn new(raw: &'a Value) -> Self {
        let mut fields = Self { object: raw.as_object(), mistakes: Vec::new() };
        if fields.object.is_none() {
            fields.mistakes.push(format!("wanted an object, found {}", kind_of(raw)));
        }
        fields
    }

    fn get(&self, field: &str) -> Option<&'a Value> {
        self.object?.get(field)
    }

    fn argv(&mut self) -> Vec<String> {
        const WANTED: &str = "a list of strings, at least one";
        match self.get("argv") {
            Some(Value::Array(items)) if !items.is_empty() => {
                let strings = items.iter().enumerate().map(|(at, item)| self.string(&format!("argv[{at}]"), item));
                strings.collect()
            }
            None if self.object.is_none() => Vec::new(),
            other => {
                let found = other.map_or("nothing", |other| if other.is_array() { "an empty list" } else { kind_of(other) });
                self.mistake("argv", WANTED, found);
                Vec::new()
            }
        }
    }

    fn text(&mut self, field: &str) -> String {
        self.get(field).map_or_else(String::new, |value| self.string(field, value))
    }

    fn string(&mut self, field: &str, value: &Value) -> String {
        if let Value::String(text) = value {
            return text.clone();
        }
        self.mistake(field, "a string", kind_of(value));
        String::new()
    }

    fn interrupt_mode(&mut self) -> InterruptMode {
        let found = match self.get("interrupt_mode") {
            None => return InterruptMode::Signal,
            Some(Value::String(mode)) if mode.eq_ignore_ascii_case("signal") => return InterruptMode::Signal,
            Some(Value::String(mode)) if mode.eq_ignore_ascii_case("message") => return InterruptMode::Message,
            Some(Value::String(mode)) => format!("{mode:?}"),
            Some(other) => kind_of(other).to_owned(),
        };
        self.mistake("interrupt_mode", "\"signal\" or \"message\"", &found);
        InterruptMode::Signal
    }

    fn env(&mut self) -> BTreeMap<String, String> {
        let variables = self.object("env");
        variables.iter().map(|(name, value)| (name.clone(), self.string(&format!("env.{name}"), value))).collect()
    }

    fn object(&mut self, field: &str) -> Map<String, Value> {
        match self.get(field) {
            None => Map::new(),
            Some(Value::Object(object)) => object.clone(),
            Some(other) => {
                self.mistake(field, "an object", kind_of(other));
                Map::new()
            }
        }
    }

    fn mistake(&mut self, field: &str, wanted: &str, found: &str) {
        self.mistakes.push(format!("{field}: wanted {wanted}, found {found}"));
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a bool",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<KernelSpec, String> {
        let dir = tempfile::tempdir().expect("a directory");
        let dir = dir.path().join("My-Kernel");
        std::fs::create_dir(&dir).expect("writable");
        std::fs::write(dir.join("kernel.json"), text).expect("writable");
        KernelSpec::read(&dir).map_err(|error| error.to_string().replace(&dir.display().to_string(), "DIR"))
    }

    #[test]
    fn defaults_are_those_of_jupyter_client() {
        let spec = read(r#"{"argv": ["k", "{connection_file}"], "interrupt_mode": "Message"}"#).expect("enough");
        assert_eq!((spec.name.as_str(), spec.display_name.as_str(), spec.language.as_str()), ("my-kernel", "", ""));
        assert_eq!(spec.interrupt_mode, InterruptMode::Message);
        assert_eq!((spec.env, spec.metadata), (BTreeMap::new(), Map::new()));
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let text = r#"{"argv": ["k", 7], "display_name": null, "interrupt_mode": "sig", "env": {"A": 1}, "metadata": []}"#;
        assert_eq!(
            read(text).expect_err("wrong"),
            "DIR/kernel.json: argv[1]: wanted a string, found a number; display_name: wanted a string, found null; \
             interrupt_mode: wanted \"signal\" or \"message\", found \"sig\"; env.A: wanted a string, found a number; \
             metadata: wanted an object, found a list"
        );
    }

    #[test]
    fn what_is_no_kernelspec_is_named() {
        assert_eq!(read("[]").expect_err("wrong"), "DIR/kernel.json: wanted an object, found a list");
        assert_eq!(
            read(r#"{"argv": []}"#).expect_err("wrong"),
            "DIR/kernel.json: argv: wanted a list of strings, at least one, found an empty list"
        );
        assert!(read("{").expect_err("wrong").starts_with("DIR/kernel.json: not JSON: EOF"));
        assert!(KernelSpec::read(Path::new("/nowhere")).expect_err("missing").to_string().starts_with("cannot read /nowhere/kernel.json"));
    }
}
