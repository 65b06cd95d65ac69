//! The kernel that is meant: a kernelspec's, a command's, a running one, or the reference kernel.

use anyhow::Context;
use harness::session::kernel::{CONNECTION_FILE, Command, ConnectionFile, InterruptMode, Surroundings, Target, find_kernel};

use reports::reproducer::Kernel;

use super::RunArgs;
use crate::config;
use crate::usage::Usage;

/// The kernel that is meant, and how it is treated.
pub(crate) struct Chosen {
    pub(crate) target: Target,
    pub(crate) interrupt_mode: InterruptMode,
    /// Name of the kernelspec, if it is one's.
    pub(crate) kernelspec: Option<String>,
    /// Whether it is the one that we bring along.
    is_reference: bool,
}

impl Chosen {
    /// Finds the kernel; whatever can be known to be wrong before it is started is a usage error.
    pub(crate) fn of(args: &RunArgs) -> anyhow::Result<Self> {
        let wanted = args.interrupt_mode.map(|mode| match mode {
            config::InterruptMode::Signal => InterruptMode::Signal,
            config::InterruptMode::Message => InterruptMode::Message,
        });
        if let Some(path) = &args.existing {
            ConnectionFile::existing(path).map_err(|error| Usage::error(error.to_string()))?;
            // It has no process that we know of.
            let interrupt_mode = wanted.unwrap_or(InterruptMode::Message);
            let target = Target::Existing { path: path.clone(), interrupt_mode };
            return Ok(Self { target, interrupt_mode, kernelspec: None, is_reference: false });
        }
        let mut command = command(args)?;
        if let Some(mode) = wanted {
            command.interrupt_mode = mode;
        }
        let kernelspec = command.kernelspec.as_ref().map(|(name, _)| name.clone());
        let is_reference = args.kernel.is_none() && args.command.is_empty();
        Ok(Self { interrupt_mode: command.interrupt_mode, kernelspec, target: Target::Command(command), is_reference })
    }

    /// Names the kernel in a report, where no process was ever started that the trace would tell of.
    pub(crate) fn name(&self, target: &mut reports::run::Target) {
        if target.command.is_empty()
            && let Target::Command(command) = &self.target
        {
            target.command.clone_from(&command.argv);
            target.kernelspec.clone_from(&self.kernelspec);
        }
    }

    /// The kernel as a reproducer names it.
    pub(crate) fn kernel(&self) -> Kernel {
        match (&self.kernelspec, &self.target) {
            (Some(name), _) => Kernel::Kernelspec(name.clone()),
            (None, _) if self.is_reference => Kernel::Reference,
            (None, Target::Command(command)) => Kernel::Command(command.argv.clone()),
            (None, Target::Existing { .. }) => Kernel::Command(Vec::new()),
        }
    }

    /// Whether it was running before us.
    pub(crate) fn is_joined(&self) -> bool {
        matches!(self.target, Target::Existing { .. })
    }
}

fn command(args: &RunArgs) -> anyhow::Result<Command> {
    let surroundings = Surroundings::of_process();
    match &args.kernel {
        Some(name) => {
            let spec = find_kernel(name, &surroundings).map_err(|error| Usage::error(error.to_string()))?;
            Ok(Command::from_kernelspec(&spec, &surroundings))
        }
        None if args.command.is_empty() => reference_kernel(),
        None => Command::from_argv(args.command.clone()).map_err(|error| Usage::error(error.to_string())),
    }
}

/// The reference kernel is a command of this program itself.
fn reference_kernel() -> anyhow::Result<Command> {
    let own = std::env::current_exe().context("cannot find kernelcheck's own file")?;
    let own = own.to_str().context("the path of kernelcheck's own file is not UTF-8")?;
    Ok(Command::from_argv([own, "fixture-kernel", CONNECTION_FILE].map(str::to_owned).to_vec())?)
}
