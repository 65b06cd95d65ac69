//! Where kernelspecs are looked for, in jupyter's order.
//!
//! Source: `jupyter_path` of jupyter_core and `KernelSpecManager` of jupyter_client. They run inside a Python and take its
//! `sys.prefix` as the environment; we run in none, and take the prefixes, in this order, of the Python that the `jupyter` on
//! PATH names in its first line, of `VIRTUAL_ENV`, of `CONDA_PREFIX`, and of the `python3` or `python` on PATH. So what
//! `jupyter kernelspec list` finds is found here, by the same precedence, and an environment without jupyter counts too.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

/// What discovery depends on: given, so that it can be tested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surroundings {
    /// Environment variables.
    pub variables: BTreeMap<String, String>,
    /// The data directories of the system, first one first.
    pub system: Vec<PathBuf>,
}

impl Surroundings {
    /// Those of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let lossless = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self { variables: lossless.collect(), system: vec!["/usr/local/share/jupyter".into(), "/usr/share/jupyter".into()] }
    }

    /// A variable that is set and not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn home(&self) -> PathBuf {
        let home = self.get("HOME").map(PathBuf::from).or_else(std::env::home_dir).unwrap_or_default();
        home.canonicalize().unwrap_or(home)
    }

    /// The first executable file of that name on PATH.
    pub(super) fn on_path(&self, name: &str) -> Option<PathBuf> {
        let path = self.get("PATH")?;
        std::env::split_paths(path).map(|dir| dir.join(name)).find(|file| is_executable(file))
    }
}

/// One directory whose subdirectories may be kernelspecs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The directory, which need not exist.
    pub dir: PathBuf,
    /// Why it is looked at.
    pub origin: Origin,
}

/// Why a directory is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// `JUPYTER_PATH` names it.
    JupyterPath,
    /// It is the user's.
    User,
    /// It belongs to a Python environment.
    Environment,
    /// It is the system's.
    System,
    /// It is IPython's, of old.
    Ipython,
}

/// All places, the first to be looked at first.
#[must_use]
pub fn places(surroundings: &Surroundings) -> Vec<Place> {
    let prefixes = environment_prefixes(surroundings);
    let mut found = Vec::new();
    if let Some(paths) = surroundings.get("JUPYTER_PATH") {
        found.extend(paths.split(':').map(|path| (PathBuf::from(path.trim_end_matches('/')), Origin::JupyterPath)));
    }
    let user = user_dirs(surroundings, prefixes.first()).into_iter().map(|dir| (dir, Origin::User));
    let environment = prefixes
        .iter()
        .map(|prefix| prefix.join("share/jupyter"))
        .filter(|dir| !surroundings.system.contains(dir))
        .map(|dir| (dir, Origin::Environment));
    if prefers_environment(surroundings, prefixes.first()) {
        found.extend(environment.chain(user));
    } else {
        found.extend(user.chain(environment));
    }
    found.extend(surroundings.system.iter().map(|dir| (dir.clone(), Origin::System)));
    let ipython = surroundings.get("IPYTHONDIR").map_or_else(|| surroundings.home().join(".ipython"), PathBuf::from);
    found.push((ipython, Origin::Ipython));
    let mut places: Vec<Place> = Vec::new();
    for (dir, origin) in found {
        let dir = dir.join("kernels");
        if places.iter().all(|place| place.dir != dir) {
            places.push(Place { dir, origin });
        }
    }
    places
}

/// The prefixes of the Python environments around us, the one that jupyter itself would take first.
pub(super) fn environment_prefixes(surroundings: &Surroundings) -> Vec<PathBuf> {
    let jupyter = surroundings.on_path("jupyter").and_then(|script| interpreter_of(&script, surroundings));
    let python = surroundings.on_path("python3").or_else(|| surroundings.on_path("python"));
    let mut prefixes: Vec<PathBuf> = Vec::new();
    let candidates = [
        jupyter.as_deref().and_then(prefix_of),
        surroundings.get("VIRTUAL_ENV").map(PathBuf::from),
        surroundings.get("CONDA_PREFIX").map(PathBuf::from),
        python.as_deref().and_then(prefix_of),
    ];
    for prefix in candidates.into_iter().flatten() {
        if !prefixes.contains(&prefix) {
            prefixes.push(prefix);
        }
    }
    prefixes
}

/// Whether a file exists that we may run.
pub(super) fn is_executable(file: &Path) -> bool {
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// `sys.prefix` of an interpreter: of a virtual environment its directory, though the interpreter there is but a link.
fn prefix_of(interpreter: &Path) -> Option<PathBuf> {
    let near = interpreter.parent()?.parent()?;
    if is_virtual(near) {
        return Some(near.to_owned());
    }
    Some(interpreter.canonicalize().ok()?.parent()?.parent()?.to_owned())
}

fn is_virtual(prefix: &Path) -> bool {
    prefix.join("pyvenv.cfg").is_file()
}

/// The Python that a script's first lines name. Installers write `#!PYTHON`, or, where that would be too long for the
/// system, a shell's first line and `'''exec' PYTHON` in the second.
fn interpreter_of(script: &Path, surroundings: &Surroundings) -> Option<PathBuf> {
    let bytes = super::read_start(script, 4096).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = text.lines();
    let mut words = lines.next()?.strip_prefix("#!")?.split_whitespace();
    let program = Path::new(words.next()?);
    match program.file_name().and_then(OsStr::to_str)? {
        "env" => surroundings.on_path(words.find(|word| !word.starts_with('-'))?),
        "sh" => {
            let rest = lines.next()?.strip_prefix("'''exec' ")?;
            let python = rest.strip_prefix('"').map_or_else(|| rest.split(' ').next(), |quoted| quoted.split('"').next());
            python.map(PathBuf::from)
        }
        _ => Some(program.to_owned()),
    }
}

/// `jupyter_data_dir`, and the share of the Python user site unless it is switched off.
fn user_dirs(surroundings: &Surroundings, prefix: Option<&PathBuf>) -> Vec<PathBuf> {
    let local = || surroundings.home().join(".local");
    let data = match (surroundings.get("JUPYTER_DATA_DIR"), surroundings.get("XDG_DATA_HOME")) {
        (Some(dir), _) => PathBuf::from(dir),
        (None, Some(dir)) => Path::new(dir).join("jupyter"),
        (None, None) => local().join("share/jupyter"),
    };
    let mut dirs = vec![data];
    let isolated = prefix.is_some_and(|prefix| is_virtual(prefix) && !includes_system_packages(prefix));
    if surroundings.get("PYTHONNOUSERSITE").is_none() && !isolated {
        let base = surroundings.get("PYTHONUSERBASE").map_or_else(local, PathBuf::from);
        dirs.push(base.join("share/jupyter"));
    }
    dirs
}

fn includes_system_packages(prefix: &Path) -> bool {
    let settings = std::fs::read_to_string(prefix.join("pyvenv.cfg")).unwrap_or_default();
    settings
        .lines()
        .filter_map(|line| line.split_once('='))
        .any(|(key, value)| key.trim().eq_ignore_ascii_case("include-system-site-packages") && value.trim().eq_ignore_ascii_case("true"))
}

/// `JUPYTER_PREFER_ENV_PATH` decides if it is set, even to nothing; else an environment of the user's own is preferred,
/// virtual or conda's, but not conda's base.
fn prefers_environment(surroundings: &Surroundings, prefix: Option<&PathBuf>) -> bool {
    if let Some(value) = surroundings.variables.get("JUPYTER_PREFER_ENV_PATH") {
        return !["no", "n", "false", "off", "0", "0.0"].contains(&value.to_lowercase().as_str());
    }
    let Some(prefix) = prefix else {
        return false;
    };
    let conda = surroundings.variables.get("CONDA_PREFIX").is_some_and(|conda| prefix.starts_with(conda))
        && surroundings.variables.get("CONDA_DEFAULT_ENV").is_some_and(|name| name != "base");
    let own = prefix.metadata().is_ok_and(|meta| meta.uid() == geteuid().as_raw());
    own && (conda || is_virtual(prefix))
}
