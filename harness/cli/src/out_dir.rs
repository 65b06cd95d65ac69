//! The directory of a run: `results.json`, traces, reports and reproducers.
//!
//! A directory that holds what an earlier run wrote is used again, and its files are replaced. One that holds anything else is
//! refused, so that nothing is ever lost but what a run can write again.

use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use tempfile::Builder;

use crate::usage::Usage;

/// Where results go if nothing else is said.
pub(crate) const DEFAULT: &str = "kernelcheck-results";
/// The names of reports.
pub(crate) const RESULTS: &str = "results.json";
pub(crate) const TEXT: &str = "report.txt";
pub(crate) const JUNIT: &str = "junit.xml";

/// A directory that results can be written to.
#[derive(Debug)]
pub(crate) struct OutDir(PathBuf);

impl OutDir {
    /// Makes the directory ready for a new run: it is there, and holds nothing of an earlier one.
    pub(crate) fn for_run(path: &Path) -> anyhow::Result<Self> {
        let dir = Self::open(path)?;
        for old in dir.files()? {
            let old = dir.0.join(old);
            std::fs::remove_file(&old).map_err(|error| Usage::error(format!("cannot replace {}: {error}", old.display())))?;
        }
        Ok(dir)
    }

    /// Makes the directory ready for reports of traces that exist already, perhaps in it.
    pub(crate) fn for_reports(path: &Path) -> anyhow::Result<Self> {
        Self::open(path)
    }

    fn open(path: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(path).map_err(|error| {
            Usage::error(format!("cannot use {} for the results: {error}; name another directory with --out", path.display()))
        })?;
        let dir = Self(path.to_owned());
        if let Some(foreign) = dir.files()?.into_iter().find(|name| !is_ours(name)) {
            return Err(Usage::error(format!(
                "{} holds {foreign}, which is no file of a run: it is left alone; name a new or empty directory with --out",
                path.display()
            )));
        }
        Ok(dir)
    }

    /// The directory.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file whole or not at all.
    pub(crate) fn write(&self, name: &str, text: &str) -> anyhow::Result<()> {
        write_whole(&self.0.join(name), text)
    }

    fn files(&self) -> anyhow::Result<Vec<String>> {
        let unreadable = |error| Usage::error(format!("cannot read {}: {error}", self.0.display()));
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.0).map_err(unreadable)? {
            names.push(entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }
}

/// Writes a file whole or not at all.
pub(crate) fn write_whole(path: &Path, text: &str) -> anyhow::Result<()> {
    let context = || format!("cannot write {}", path.display());
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Unlike other temporary files, this one is for all whom the umask admits.
    let open = Permissions::from_mode(0o666);
    let mut file = Builder::new().permissions(open).tempfile_in(dir).with_context(context)?;
    file.write_all(text.as_bytes()).with_context(context)?;
    file.persist(path).with_context(context)?;
    Ok(())
}

/// Whether a run writes a file of this name.
fn is_ours(name: &str) -> bool {
    let number = name.strip_prefix("trace-").and_then(|rest| rest.strip_suffix(".jsonl"));
    let is_trace = name == "trace.jsonl" || number.is_some_and(|number| number.parse::<u32>().is_ok());
    is_trace || is_reproducer(name) || [RESULTS, TEXT, JUNIT].contains(&name)
}

/// The name of the reproducer of the `number`th finding of a rule.
pub(crate) fn reproducer_name(rule: &str, number: usize) -> String {
    format!("reproducer-{rule}-{number}.json")
}

fn is_reproducer(name: &str) -> bool {
    let middle = name.strip_prefix("reproducer-").and_then(|rest| rest.strip_suffix(".json"));
    let number = middle.and_then(|middle| middle.rsplit_once('-')).map(|(_, number)| number);
    number.is_some_and(|number| number.parse::<u32>().is_ok())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::OutDir;

    #[test]
    fn an_earlier_run_is_replaced_and_nothing_else() {
        let dir = tempfile::tempdir().expect("a directory");
        let out = dir.path().join("a/b");
        OutDir::for_run(&out).expect("made").write("results.json", "old").expect("written");
        fs::write(out.join("trace-2.jsonl"), "old").expect("written");
        OutDir::for_reports(&out).expect("it is a run's");
        assert!(out.join("trace-2.jsonl").exists());
        OutDir::for_run(&out).expect("it is a run's");
        assert_eq!(fs::read_dir(&out).expect("readable").count(), 0);

        fs::write(out.join("thesis.txt"), "dear").expect("written");
        fs::write(out.join("results.json"), "old").expect("written");
        let refused = OutDir::for_run(&out).expect_err("not ours").to_string().replace(&out.display().to_string(), "OUT");
        assert_eq!(refused, "OUT holds thesis.txt, which is no file of a run: it is left alone; name a new or empty directory with --out");
        assert_eq!(fs::read_to_string(out.join("results.json")).expect("kept"), "old");
    }
}
