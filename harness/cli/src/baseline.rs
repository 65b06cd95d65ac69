//! `--baseline` and `--write-baseline`: known deviations, held against a run.

use std::path::{Path, PathBuf};

use harness::spec::Spec;
use reports::baseline::{Baseline, write};
use reports::{Observed, Run};

use crate::args::{Knowing, Selecting};
use crate::commands::run::signals::say;
use crate::input::read_at_most;
use crate::out_dir::write_whole;
use crate::usage::{NO_VERDICT, Usage};

/// The largest file that is read, in bytes.
const LARGEST: u64 = 16 << 20;

/// What is known before a run, and where what it shows is to be written.
pub(crate) struct Knowledge {
    baseline: Option<Baseline>,
    write_to: Option<PathBuf>,
}

impl Knowledge {
    /// Reads the file; whatever can be known to be wrong before anything is played is a usage error.
    pub(crate) fn of(knowing: &Knowing, selecting: &Selecting, spec: &Spec) -> anyhow::Result<Self> {
        let write_to = knowing.write_baseline.clone();
        if write_to.is_some() && !(selecting.select.is_empty() && selecting.skip.is_empty()) {
            return Err(Usage::error(
                "--write-baseline wants a whole run: with --select or --skip, what was left out would be taken for kept; leave them out, \
                 or edit the file by hand",
            ));
        }
        let dir = write_to.as_deref().and_then(Path::parent).filter(|dir| !dir.as_os_str().is_empty());
        if let Some(dir) = dir.filter(|dir| !dir.is_dir()) {
            return Err(Usage::error(format!("cannot write a baseline into {}: it is no directory", dir.display())));
        }
        let earlier = write_to.as_deref().filter(|path| path.exists());
        let baseline = knowing.baseline.as_deref().or(earlier).map(|path| read(path, spec)).transpose()?;
        Ok(Self { baseline, write_to })
    }

    /// Marks what is known; then writes, where that is wanted, and what was written is known too. A file that can't be made of this run
    /// is told, and no success.
    pub(crate) fn apply(&self, run: &mut Run, observed: &Observed, spec: &Spec, strict: bool) -> anyhow::Result<()> {
        if let Some(baseline) = &self.baseline {
            baseline.apply(run, spec, strict);
        }
        let Some(path) = &self.write_to else { return Ok(()) };
        match write(self.baseline.as_ref(), run, observed, spec, strict) {
            Ok(text) => {
                if let Err(error) = write_whole(path, &text) {
                    say(&format!("{error:#}"));
                    run.exit_code = NO_VERDICT;
                    return Ok(());
                }
                let file = path.display().to_string();
                let written = Baseline::read(&file, &text, spec).map_err(|mistakes| anyhow::anyhow!("{mistakes}"))?;
                written.apply(run, spec, strict);
            }
            Err(obstacles) => {
                say(&format!("{}: {obstacles}", path.display()));
                run.exit_code = run.exit_code.max(1);
            }
        }
        Ok(())
    }
}

fn read(path: &Path, spec: &Spec) -> anyhow::Result<Baseline> {
    let refuse = |what: String| Usage::error(format!("cannot read the baseline {}: {what}", path.display()));
    let text = read_at_most(path, LARGEST).map_err(refuse)?;
    Baseline::read(&path.display().to_string(), &text, spec).map_err(|mistakes| Usage::error(mistakes.to_string()))
}
