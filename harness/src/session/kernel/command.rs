//! The command that starts a kernel, with all its templates filled in but for the connection file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::Value;

use super::kernelspec::{InterruptMode, KernelSpec};
use super::places::{Surroundings, environment_prefixes, is_executable};

/// The template for the connection file's path; it may stand anywhere in an argument.
pub const CONNECTION_FILE: &str = "{connection_file}";

static TEMPLATE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\{([A-Za-z0-9_]+)\}").expect("a valid pattern"));
static VARIABLE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\$(?:(\$)|([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})").expect("a valid pattern"));
static PYTHON: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^python(3(\.[0-9]+)?)?$").expect("a valid pattern"));

/// What is started, and how it wants to be treated.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// Program and arguments; [`CONNECTION_FILE`] is still to be filled in.
    pub argv: Vec<String>,
    /// Variables that are set beside those that we have.
    pub env: BTreeMap<String, String>,
    /// Its working directory; ours without one.
    pub cwd: Option<PathBuf>,
    /// How its cells are interrupted.
    pub interrupt_mode: InterruptMode,
    /// Name and kernel.json of the kernelspec, if it comes from one.
    pub kernelspec: Option<(String, Value)>,
}

/// Why a command can't be used.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// There is nothing to run.
    #[error("no command to start a kernel with")]
    Empty,
    /// The kernel would not learn where to listen.
    #[error("no argument holds {CONNECTION_FILE}, so the kernel can't learn where to listen: {}", .0.join(" "))]
    NoConnectionFile(Vec<String>),
}

impl Command {
    /// Fills in a kernelspec's templates as jupyter_client does.
    ///
    /// `{resource_dir}` is the kernelspec's directory and `{prefix}` the prefix that it lies under (`PREFIX/share/jupyter/…`),
    /// else that of the Python environment around us; unknown templates stay. jupyter_client takes a leading `python`,
    /// `python3` or `python3.X` for the Python that it runs in; here it is the one in that prefix, and where there is none,
    /// the one on PATH. `~` is the home directory, and `$VAR` and `${VAR}` in `env` come from the environment.
    #[must_use]
    pub fn from_kernelspec(spec: &KernelSpec, surroundings: &Surroundings) -> Self {
        let prefix = prefix_of(&spec.dir).or_else(|| environment_prefixes(surroundings).into_iter().next());
        let fill = |argument: &String| fill_templates(argument, &spec.dir, prefix.as_deref());
        let mut argv: Vec<String> = spec.argv.iter().map(fill).map(|argument| expand_home(argument, surroundings)).collect();
        let python = argv.first().zip(prefix.as_deref()).and_then(|(program, prefix)| python_in(prefix, program));
        if let (Some(program), Some(python)) = (argv.first_mut(), python) {
            *program = python;
        }
        let env = spec.env.iter().map(|(name, value)| (name.clone(), substitute(value, surroundings)));
        Self {
            argv,
            env: env.collect(),
            cwd: None,
            interrupt_mode: spec.interrupt_mode,
            kernelspec: Some((spec.name.clone(), spec.raw.clone())),
        }
    }

    /// A command as it was given on our own command line.
    ///
    /// # Errors
    ///
    /// If it is empty, or no argument holds [`CONNECTION_FILE`].
    pub fn from_argv(argv: Vec<String>) -> Result<Self, CommandError> {
        if argv.is_empty() {
            return Err(CommandError::Empty);
        }
        if !argv.iter().any(|argument| argument.contains(CONNECTION_FILE)) {
            return Err(CommandError::NoConnectionFile(argv));
        }
        Ok(Self { argv, env: BTreeMap::new(), cwd: None, interrupt_mode: InterruptMode::Signal, kernelspec: None })
    }

    /// The arguments with the path of the connection file.
    pub(super) fn with_connection_file(&self, path: &Path) -> Vec<String> {
        self.argv.iter().map(|argument| argument.replace(CONNECTION_FILE, &path.to_string_lossy())).collect()
    }
}

/// `PREFIX` of `PREFIX/share/jupyter/kernels/NAME`.
fn prefix_of(dir: &Path) -> Option<PathBuf> {
    let kernels = dir.parent()?;
    kernels.ends_with("share/jupyter/kernels").then(|| kernels.ancestors().nth(3).map(Path::to_owned))?
}

fn fill_templates(argument: &str, resource_dir: &Path, prefix: Option<&Path>) -> String {
    let fill = |found: &Captures<'_>| match (&found[1], prefix) {
        ("resource_dir", _) => resource_dir.to_string_lossy().into_owned(),
        ("prefix", Some(prefix)) => prefix.to_string_lossy().into_owned(),
        _ => found[0].to_owned(),
    };
    TEMPLATE.replace_all(argument, fill).into_owned()
}

/// `~` and `~/…`; another user's home is left to the kernel.
fn expand_home(argument: String, surroundings: &Surroundings) -> String {
    match (argument.strip_prefix('~'), surroundings.get("HOME")) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => format!("{}{rest}", home.trim_end_matches('/')),
        _ => argument,
    }
}

fn python_in(prefix: &Path, program: &str) -> Option<String> {
    if !PYTHON.is_match(program) {
        return None;
    }
    let names = [program, if program == "python" { "python3" } else { "python" }];
    // `python3.12` names one version, for which no other will do.
    let names = if program.contains('.') { &names[..1] } else { &names[..] };
    let files = names.iter().map(|name| prefix.join("bin").join(name));
    files.into_iter().find(|file| is_executable(file)).map(|file| file.to_string_lossy().into_owned())
}

/// Python's `string.Template.safe_substitute`: what is not known stays.
fn substitute(value: &str, surroundings: &Surroundings) -> String {
    let fill = |found: &Captures<'_>| {
        if found.get(1).is_some() {
            return "$".to_owned();
        }
        let name = found.get(2).or_else(|| found.get(3)).map_or("", |name| name.as_str());
        surroundings.variables.get(name).cloned().unwrap_or_else(|| found[0].to_owned())
    };
    VARIABLE.replace_all(value, fill).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Writes a kernelspec below `PREFIX/share/jupyter/kernels`, where `PREFIX/bin` has the given programs.
    fn command(programs: &[&str], kernel: &Value, variables: &[(&str, &str)]) -> (String, Command) {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().expect("a directory");
        let prefix = root.path().join("p");
        let dir = prefix.join("share/jupyter/kernels/k");
        std::fs::create_dir_all(&dir).expect("writable");
        std::fs::create_dir_all(prefix.join("bin")).expect("writable");
        for program in programs {
            let file = prefix.join("bin").join(program);
            std::fs::write(&file, "").expect("writable");
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("ours");
        }
        std::fs::write(dir.join("kernel.json"), kernel.to_string()).expect("writable");
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let surroundings = Surroundings { variables, system: Vec::new() };
        let spec = KernelSpec::read(&dir).expect("valid");
        (prefix.display().to_string(), Command::from_kernelspec(&spec, &surroundings))
    }

    #[test]
    fn templates_are_filled_wherever_they_stand() {
        let kernel =
            json!({"argv": ["~/k", "--at={prefix}/x{resource_dir}", "{connection_file}", "a={connection_file}", "{other}", "~", "~you"]});
        let (prefix, command) = command(&[], &kernel, &[("HOME", "/home/me")]);
        let dir = format!("{prefix}/share/jupyter/kernels/k");
        let at = format!("--at={prefix}/x{dir}");
        assert_eq!(command.argv, ["/home/me/k", &at, "{connection_file}", "a={connection_file}", "{other}", "/home/me", "~you"]);
        assert_eq!(command.with_connection_file(Path::new("/f.json"))[2..4], ["/f.json", "a=/f.json"]);
    }

    #[test]
    fn python_is_the_one_beside_the_kernelspec() {
        let cases = [
            ("python", vec!["python3"], "p/bin/python3"),
            ("python3", vec!["python3", "python"], "p/bin/python3"),
            ("python3.12", vec!["python3.11"], "python3.12"),
            ("python2", vec!["python2"], "python2"),
            ("pythonic", vec!["pythonic"], "pythonic"),
        ];
        for (program, present, expected) in cases {
            let (prefix, command) = command(&present, &json!({"argv": [program, "{connection_file}"]}), &[]);
            let parent = prefix.trim_end_matches('p');
            assert_eq!(command.argv[0].trim_start_matches(parent), expected, "{program}");
        }
    }

    #[test]
    fn variables_come_from_the_environment_and_unknown_ones_stay() {
        let kernel = json!({"argv": ["k"], "env": {"A": "${X}:$X:$$X:${NO}:$", "B": "plain"}});
        let (_, command) = command(&[], &kernel, &[("X", "1")]);
        let expected = [("A", "1:1:$X:${NO}:$"), ("B", "plain")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(command.env, expected.into());
    }

    #[test]
    fn a_command_must_take_a_connection_file() {
        let error = Command::from_argv(vec!["k".into(), "-f".into()]).expect_err("no template").to_string();
        assert_eq!(error, "no argument holds {connection_file}, so the kernel can't learn where to listen: k -f");
    }
}
