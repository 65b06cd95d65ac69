//! `kernelcheck.toml`: every option of the command line, in a file of the working directory.
//!
//! What stands on the command line goes before. Every mistake is told at once, with its line and the nearest known key.

use std::path::{Path, PathBuf};

use harness::spec::nearest;
use harness::trace::WireKind;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use crate::args::{Color, Common, Format, Knowing, Reporting, Selecting};
use crate::usage::Usage;

/// The name of the file.
pub(crate) const FILE: &str = "kernelcheck.toml";
/// The JSON Schema of the file.
pub(crate) const SCHEMA: &str = include_str!("../schema/config.schema.json");

macro_rules! config {
    ($($key:literal => $field:ident: $type:ty,)*) => {
        /// What the file says.
        #[derive(Debug, Clone, PartialEq, Default)]
        pub(crate) struct Config { $(pub(crate) $field: Option<$type>,)* }

        /// All keys.
        pub(crate) const KEYS: &[&str] = &[$($key),*];

        impl Config {
            fn set(&mut self, key: &str, value: Spanned<DeValue<'_>>) -> Result<(), String> {
                match key {
                    $($key => self.$field = Some(typed(value)?),)*
                    _ => return Err(unknown(key)),
                }
                Ok(())
            }
        }
    };
}

config! {
    "kernel" => kernel: String,
    "command" => command: Vec<String>,
    "existing" => existing: PathBuf,
    "transport" => transport: Transport,
    "wire" => wire: Wire,
    "interrupt-mode" => interrupt_mode: InterruptMode,
    "profile" => profile: String,
    "baseline" => baseline: PathBuf,
    "select" => select: Vec<String>,
    "skip" => skip: Vec<String>,
    "jobs" => jobs: u16,
    "seed" => seed: u32,
    "fresh" => fresh: bool,
    "deadline-scale" => deadline_scale: f64,
    "out" => out: PathBuf,
    "format" => format: Vec<Format>,
    "strict" => strict: bool,
    "timings" => timings: bool,
    "specs" => specs: PathBuf,
    "verbose" => verbose: bool,
    "quiet" => quiet: bool,
    "color" => color: Color,
}

/// How channels are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Transport {
    /// By TCP on the loopback interface
    Tcp,
    /// By Unix sockets
    Ipc,
}

/// Whose ZeroMQ is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Wire {
    /// libzmq's, as every real front end does
    Zmq,
    /// kernelcheck's own, which notes in the trace what a kernel does against ZMTP
    Zmtp,
}

impl From<Wire> for WireKind {
    fn from(wire: Wire) -> Self {
        match wire {
            Wire::Zmq => Self::Zmq,
            Wire::Zmtp => Self::Zmtp,
        }
    }
}

/// How a running cell is interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum InterruptMode {
    /// SIGINT to the kernel's process group
    Signal,
    /// interrupt_request on the control channel
    Message,
}

impl Config {
    /// What the file of the working directory says; nothing if there is none.
    pub(crate) fn of_working_directory() -> anyhow::Result<Self> {
        match std::fs::read_to_string(Path::new(FILE)) {
            Ok(text) => Self::read(&text).map_err(|mistakes| Usage::error(mistakes.join("\n"))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Usage::error(format!("cannot read {FILE}: {error}"))),
        }
    }

    fn read(text: &str) -> Result<Self, Vec<String>> {
        let (table, errors) = DeTable::parse_recoverable(text);
        let at = |offset: usize| text[..offset.min(text.len())].matches('\n').count() + 1;
        let mut mistakes: Vec<String> = errors
            .iter()
            .map(|error| format!("{FILE}:{}: {}", at(error.span().map_or(0, |span| span.start)), error.message().replace('\n', ", ")))
            .collect();
        let mut config = Self::default();
        if mistakes.is_empty() {
            let mut entries: Vec<_> = table.into_inner().into_iter().collect();
            entries.sort_by_key(|(key, _)| key.span().start);
            for (key, value) in entries {
                let line = at(key.span().start);
                if let Err(mistake) = config.set(key.get_ref(), value) {
                    mistakes.push(format!("{FILE}:{line}: {mistake}"));
                }
            }
            mistakes.extend(config.contradictions());
        }
        if mistakes.is_empty() { Ok(config) } else { Err(mistakes) }
    }

    fn contradictions(&self) -> Option<String> {
        let targets = [("kernel", self.kernel.is_some()), ("command", self.command.is_some()), ("existing", self.existing.is_some())];
        let given: Vec<&str> = targets.into_iter().filter(|(_, given)| *given).map(|(key, _)| key).collect();
        (given.len() > 1).then(|| format!("{FILE}: {} name different kernels; keep one", given.join(" and ")))
    }
}

fn typed<T: DeserializeOwned>(value: Spanned<DeValue<'_>>) -> Result<T, String> {
    T::deserialize(ValueDeserializer::from(value)).map_err(|error| error.message().replace('\n', ", "))
}

fn unknown(key: &str) -> String {
    let hint = nearest::hint(key, KEYS.iter().copied());
    format!("unknown key `{key}`{}", hint.map(|hint| format!(" ({hint})")).unwrap_or_default())
}

/// Puts what the file says where the command line says nothing.
pub(crate) fn fill<T: Clone>(option: &mut Option<T>, config: &Option<T>) {
    if option.is_none() {
        option.clone_from(config);
    }
}

impl Common {
    /// Takes from the file what the command line does not say.
    pub(crate) fn fill(&mut self, config: &Config) {
        fill(&mut self.color, &config.color);
        fill(&mut self.specs, &config.specs);
        if !self.verbose && !self.quiet {
            self.verbose = config.verbose.unwrap_or_default();
            self.quiet = config.quiet.unwrap_or_default();
        }
    }
}

impl Selecting {
    /// Takes from the file what the command line does not say.
    pub(crate) fn fill(&mut self, config: &Config) {
        if self.select.is_empty() {
            self.select = config.select.clone().unwrap_or_default();
        }
        if self.skip.is_empty() {
            self.skip = config.skip.clone().unwrap_or_default();
        }
    }
}

impl Knowing {
    /// Takes from the file what the command line does not say. What writes a file is not for every run, and so no key of it.
    pub(crate) fn fill(&mut self, config: &Config) {
        if self.write_baseline.is_none() {
            fill(&mut self.baseline, &config.baseline);
        }
    }
}

impl Reporting {
    /// Takes from the file what the command line does not say.
    pub(crate) fn fill(&mut self, config: &Config) {
        if self.format.is_empty() {
            self.format = config.format.clone().unwrap_or_default();
        }
        self.strict |= config.strict.unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;
    use serde_json::Value;

    use crate::args::Cli;

    use super::{Color, Config, Format, KEYS, SCHEMA, Transport};

    const ALL: &str = r#"
kernel = "python3"
transport = "ipc"
wire = "zmtp"
interrupt-mode = "message"
profile = "python"
baseline = "baseline.toml"
select = ["status"]
skip = ["EXEC-01"]
jobs = 2
seed = 7
fresh = true
deadline-scale = 2.5
out = "results"
format = ["junit", "text"]
strict = true
timings = true
specs = "specs"
verbose = false
quiet = true
color = "never"
"#;

    #[test]
    fn every_option_can_be_given() {
        let config = Config::read(ALL).expect("all keys are known");
        assert_eq!((config.kernel.as_deref(), config.transport, config.color), (Some("python3"), Some(Transport::Ipc), Some(Color::Never)));
        assert_eq!((config.format, config.jobs, config.seed), (Some(vec![Format::Junit, Format::Text]), Some(2), Some(7)));
        let command = Config::read("command = [\"k\", \"{connection_file}\"]").expect("a command");
        assert_eq!(command.command, Some(vec!["k".to_owned(), "{connection_file}".to_owned()]));
    }

    #[test]
    fn every_mistake_is_told_with_its_line() {
        let mistakes = Config::read("stict = true\njobs = \"two\"\n\nkernel = \"a\"\nexisting = \"b\"\n[format]\n").expect_err("wrong");
        assert_eq!(
            mistakes,
            [
                "kernelcheck.toml:1: unknown key `stict` (did you mean `strict`?)",
                "kernelcheck.toml:2: invalid type: string \"two\", expected u16",
                "kernelcheck.toml:6: invalid type: map, expected a sequence",
                "kernelcheck.toml: kernel and existing name different kernels; keep one",
            ]
        );
        assert_eq!(Config::read("a = \n").expect_err("no value").len(), 1);
    }

    #[test]
    fn the_keys_are_the_options_of_a_run() {
        let program = Cli::command();
        let run = program.find_subcommand("run").expect("it is a command");
        let options = run.get_arguments().chain(program.get_arguments()).filter_map(clap::Arg::get_long);
        // What writes a file is not for every run.
        let options: BTreeSet<&str> = options.filter(|option| *option != "write-baseline").chain(["kernel", "command"]).collect();
        assert_eq!(options, KEYS.iter().copied().collect());
    }

    #[test]
    fn the_schema_has_the_keys_and_accepts_what_is_read() {
        let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
        let properties: BTreeSet<&str> = schema["properties"].as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(properties, KEYS.iter().copied().collect());
        let validator = jsonschema::validator_for(&schema).expect("the schema is one");
        let instance: Value = toml::from_str(ALL).expect("TOML");
        assert_eq!(validator.validate(&instance).map_err(|error| error.to_string()), Ok(()));
        assert!(!validator.is_valid(&serde_json::json!({"stict": true})));
    }
}
