//! Finds kernelspecs as jupyter does: by the name of their directory, without regard to case, the first place first.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::kernelspec::{KernelSpec, KernelSpecError, name_of};
use super::places::{Place, Surroundings, places};

/// How like the wanted one a name must be to be offered, from 0 to 1.
const ALIKE: f64 = 0.6;
/// Names offered at most.
const OFFERED: usize = 3;

/// A kernelspec by its name; the first of this name, as others are never used.
#[derive(Debug)]
pub struct Found {
    /// Its name, in lower case.
    pub name: String,
    /// Its directory.
    pub dir: PathBuf,
    /// What it says, or why it can't be used.
    pub spec: Result<KernelSpec, KernelSpecError>,
}

/// Why no kernelspec was found.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// None has this name.
    #[error("no kernelspec named {name:?}{}\nlooked in:{}", offer(nearest), list(looked))]
    NoSuchKernel {
        /// The name.
        name: String,
        /// Names that are like it, best first.
        nearest: Vec<String>,
        /// Where was looked.
        looked: Vec<PathBuf>,
    },
    /// It is there and can't be used.
    #[error(transparent)]
    Unusable(#[from] KernelSpecError),
}

/// All kernelspecs, by name; those that can't be used too.
#[must_use]
pub fn list_kernels(surroundings: &Surroundings) -> Vec<Found> {
    directories(&places(surroundings)).into_iter().map(|(name, dir)| Found { name, spec: KernelSpec::read(&dir), dir }).collect()
}

/// The kernelspec of that name, or at that path: its directory, or its kernel.json. What holds a slash is a path.
///
/// # Errors
///
/// If there is none, with the nearest names and where was looked; or if it can't be used, with all that is wrong.
pub fn find_kernel(name: &str, surroundings: &Surroundings) -> Result<KernelSpec, FindError> {
    if name.contains('/') || name == "kernel.json" {
        let path = Path::new(name);
        let file = path.file_name().is_some_and(|file| file == "kernel.json") && !path.is_dir();
        let dir = if file { path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new(".")) } else { path };
        return Ok(KernelSpec::read(dir)?);
    }
    let places = places(surroundings);
    let mut found = directories(&places);
    match found.remove(&name.to_lowercase()) {
        Some(dir) => Ok(KernelSpec::read(&dir)?),
        None => Err(FindError::NoSuchKernel {
            name: name.to_owned(),
            nearest: nearest(name, found.keys()),
            looked: places.into_iter().map(|place| place.dir).collect(),
        }),
    }
}

/// The directory that each name stands for.
fn directories(places: &[Place]) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    for place in places {
        // A place that is not there, or not for us to read, holds nothing for jupyter either.
        let Ok(entries) = std::fs::read_dir(&place.dir) else {
            continue;
        };
        let mut dirs: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        // Two that differ in case alone: which one jupyter takes is up to the file system; here it is always the same.
        dirs.sort();
        for dir in dirs.into_iter().filter(|dir| dir.join("kernel.json").is_file()) {
            found.entry(name_of(&dir)).or_insert(dir);
        }
    }
    found
}

fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a String>) -> Vec<String> {
    let name = name.to_lowercase();
    let alike = |other: &str| {
        let contains = !name.is_empty() && (other.contains(&name) || name.contains(other));
        strsim::jaro_winkler(&name, other).max(if contains { 0.9 } else { 0.0 })
    };
    let mut scored: Vec<(f64, &String)> = names.map(|other| (alike(other), other)).filter(|(score, _)| *score >= ALIKE).collect();
    scored.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    scored.into_iter().take(OFFERED).map(|(_, other)| other.clone()).collect()
}

fn offer(nearest: &[String]) -> String {
    if nearest.is_empty() { String::new() } else { format!(", but {}", nearest.join(", ")) }
}

fn list(looked: &[PathBuf]) -> String {
    looked.iter().map(|dir| format!("\n  {}", dir.display())).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use tempfile::TempDir;

    use super::super::places::Origin;
    use super::*;

    /// A tree of directories, and an environment whose paths lie in it.
    struct Tree {
        root: TempDir,
        surroundings: Surroundings,
    }

    impl Tree {
        fn new() -> Self {
            let root = tempfile::tempdir().expect("a directory");
            let system = vec![root.path().join("system")];
            let mut tree = Self { root, surroundings: Surroundings { variables: BTreeMap::new(), system } };
            tree.set("HOME", "home");
            tree.write("home/.keep", "", 0o644);
            tree
        }

        fn path(&self, path: &str) -> PathBuf {
            self.root.path().canonicalize().expect("it is there").join(path)
        }

        fn set(&mut self, name: &str, path: &str) {
            let value = path.split(':').map(|path| self.path(path).display().to_string()).collect::<Vec<_>>().join(":");
            self.surroundings.variables.insert(name.into(), value);
        }

        fn write(&self, path: &str, text: &str, mode: u32) {
            let path = self.path(path);
            std::fs::create_dir_all(path.parent().expect("below the root")).expect("writable");
            std::fs::write(&path, text).expect("writable");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("ours");
        }

        fn kernel(&self, dir: &str) {
            self.write(&format!("{dir}/kernel.json"), r#"{"argv": ["k", "{connection_file}"]}"#, 0o644);
        }

        fn places(&self) -> Vec<(String, Origin)> {
            let root = format!("{}/", self.root.path().canonicalize().expect("it is there").display());
            let shorten = |dir: &Path| dir.display().to_string().replace(&root, "");
            places(&self.surroundings).iter().map(|place| (shorten(&place.dir), place.origin)).collect()
        }
    }

    #[test]
    fn places_come_in_jupyters_order() {
        let mut tree = Tree::new();
        tree.surroundings.system = vec![tree.path("system")];
        tree.set("JUPYTER_PATH", "one/:two");
        tree.set("PATH", "env/bin");
        tree.write("env/bin/python3", "", 0o755);
        let expected = [
            ("one/kernels", Origin::JupyterPath),
            ("two/kernels", Origin::JupyterPath),
            ("home/.local/share/jupyter/kernels", Origin::User),
            ("env/share/jupyter/kernels", Origin::Environment),
            ("system/kernels", Origin::System),
            ("home/.ipython/kernels", Origin::Ipython),
        ];
        assert_eq!(tree.places(), expected.map(|(dir, origin)| (dir.to_owned(), origin)));
    }

    #[test]
    fn a_virtual_environment_of_ones_own_goes_before_the_users_dirs_unless_told_otherwise() {
        let mut tree = Tree::new();
        tree.set("PATH", "env/bin");
        tree.write("env/bin/python3", "", 0o755);
        tree.write("env/pyvenv.cfg", "home = /usr/bin\n", 0o644);
        assert_eq!(tree.places()[0].1, Origin::Environment);
        tree.surroundings.variables.insert("JUPYTER_PREFER_ENV_PATH".into(), "No".into());
        assert_eq!(tree.places()[0].1, Origin::User);
        tree.surroundings.variables.insert("JUPYTER_PREFER_ENV_PATH".into(), "1".into());
        assert_eq!(tree.places()[0].1, Origin::Environment);
    }

    #[test]
    fn jupyters_own_python_goes_before_other_environments() {
        let mut tree = Tree::new();
        tree.set("PATH", "bin");
        tree.set("VIRTUAL_ENV", "active");
        for name in ["tool", "long name"] {
            tree.write(&format!("{name}/bin/python"), "", 0o755);
        }
        let python = tree.path("tool/bin/python");
        tree.write("bin/jupyter", &format!("#!{}\n", python.display()), 0o755);
        assert_eq!(environment_dirs(&tree), ["tool/share/jupyter/kernels", "active/share/jupyter/kernels"]);

        let python = tree.path("long name/bin/python");
        tree.write("bin/jupyter", &format!("#!/bin/sh\n'''exec' \"{}\" \"$0\" \"$@\"\n' '''\n", python.display()), 0o755);
        assert_eq!(environment_dirs(&tree), ["long name/share/jupyter/kernels", "active/share/jupyter/kernels"]);
    }

    fn environment_dirs(tree: &Tree) -> Vec<String> {
        tree.places().into_iter().filter(|(_, origin)| *origin == Origin::Environment).map(|(dir, _)| dir).collect()
    }

    #[test]
    fn the_first_of_a_name_wins_and_the_unusable_are_listed() {
        let mut tree = Tree::new();
        tree.set("JUPYTER_PATH", "one:two");
        tree.kernel("one/kernels/Foo");
        tree.kernel("two/kernels/foo");
        tree.kernel("two/kernels/bar");
        tree.write("one/kernels/bar/kernel.json", "{}", 0o644);
        tree.write("one/kernels/empty/logo.png", "", 0o644);
        let found: Vec<(String, PathBuf, bool)> =
            list_kernels(&tree.surroundings).into_iter().map(|found| (found.name, found.dir, found.spec.is_ok())).collect();
        let expected = [("bar", "one/kernels/bar", false), ("foo", "one/kernels/Foo", true)];
        assert_eq!(found, expected.map(|(name, dir, usable)| (name.to_owned(), tree.path(dir), usable)));
        assert_eq!(find_kernel("FOO", &tree.surroundings).expect("it is there").dir, tree.path("one/kernels/Foo"));
        let error = find_kernel("bar", &tree.surroundings).expect_err("not usable").to_string();
        assert!(error.ends_with("one/kernels/bar/kernel.json: argv: wanted a list of strings, at least one, found nothing"), "{error}");
    }

    #[test]
    fn a_name_that_is_not_there_tells_the_nearest_and_where_was_looked() {
        let mut tree = Tree::new();
        tree.set("JUPYTER_DATA_DIR", "data");
        tree.surroundings.variables.insert("PYTHONNOUSERSITE".into(), "1".into());
        tree.kernel("data/kernels/ipykernel7");
        tree.kernel("data/kernels/zsh");
        let error = find_kernel("ipykernel", &tree.surroundings).expect_err("no such name").to_string();
        let root = tree.root.path().canonicalize().expect("it is there").display().to_string();
        let system = tree.root.path().display().to_string();
        let error = error.replace(&root, "ROOT").replace(&system, "ROOT");
        assert_eq!(
            error,
            "no kernelspec named \"ipykernel\", but ipykernel7\nlooked in:\n  ROOT/data/kernels\n  ROOT/system/kernels\n  ROOT/home/.ipython/kernels"
        );
    }

    #[test]
    fn a_path_is_a_name_too() {
        let tree = Tree::new();
        tree.kernel("anywhere/My");
        let dir = tree.path("anywhere/My");
        for path in [dir.clone(), dir.join("kernel.json")] {
            let spec = find_kernel(&path.display().to_string(), &tree.surroundings).expect("it is there");
            assert_eq!((spec.name.as_str(), &spec.dir), ("my", &dir));
        }
        assert!(
            find_kernel("/nowhere/kernel.json", &tree.surroundings)
                .expect_err("not there")
                .to_string()
                .starts_with("cannot read /nowhere/kernel.json")
        );
    }
}
