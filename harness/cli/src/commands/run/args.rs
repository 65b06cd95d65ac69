//! The options of `kernelcheck run`.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::args::{Knowing, Reporting, Selecting};
use crate::config::{Config, InterruptMode, Transport, Wire, fill};
use crate::out_dir;
use crate::usage::Usage;

/// Play the scenarios against a kernel and judge what it does
///
/// The kernel is a kernelspec's, a command's after `--`, or one that is running (--existing). Without any of them it is the
/// reference kernel that kernelcheck brings along.
#[derive(Debug, Args, Default)]
#[command(
    override_usage = "kernelcheck run [OPTIONS] [KERNEL]\n       kernelcheck run [OPTIONS] -- COMMAND… {connection_file}\n       kernelcheck run [OPTIONS] --existing FILE"
)]
pub(crate) struct RunArgs {
    /// Name of a kernelspec (`kernelcheck kernels` lists them), or the path of its directory
    #[arg(group = "target")]
    pub(crate) kernel: Option<String>,
    /// A kernel's program and arguments; {connection_file} stands for the path of the connection file
    #[arg(last = true, value_name = "COMMAND", group = "target")]
    pub(crate) command: Vec<String>,
    /// Connection file of a kernel that is running already
    #[arg(long, value_name = "FILE", group = "target")]
    pub(crate) existing: Option<PathBuf>,
    /// Name or file of the profile, or `none` [default: by the kernel's language]
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) profile: Option<String>,
    #[command(flatten)]
    pub(crate) selecting: Selecting,
    #[command(flatten)]
    pub(crate) reporting: Reporting,
    #[command(flatten)]
    pub(crate) knowing: Knowing,
    /// Tell where the time went, in all and for the slowest scenarios
    #[arg(long)]
    pub(crate) timings: bool,
    /// For traces and results; those of an earlier run are replaced [default: kernelcheck-results]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Kernels that are played with at a time [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) jobs: Option<u16>,
    /// Seed of all random choices [default: another one each time, which the report tells]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u32>,
    /// A new kernel for each scenario
    #[arg(long)]
    pub(crate) fresh: bool,
    /// How channels are reached [default: tcp]
    #[arg(long)]
    pub(crate) transport: Option<Transport>,
    /// Whose ZeroMQ is spoken [default: zmq]
    #[arg(long)]
    pub(crate) wire: Option<Wire>,
    /// How a running cell is interrupted [default: the kernelspec's, else signal]
    #[arg(long, value_name = "MODE")]
    pub(crate) interrupt_mode: Option<InterruptMode>,
    /// Multiplies every deadline [default: 1]
    #[arg(long, value_name = "X", value_parser = positive)]
    pub(crate) deadline_scale: Option<f64>,
}

/// A number above 0.
pub(crate) fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err("a number above 0 is wanted".to_owned()),
    }
}

impl RunArgs {
    /// Takes from the file what the command line does not say.
    pub(crate) fn fill(&mut self, config: &Config) -> anyhow::Result<()> {
        if self.kernel.is_none() && self.command.is_empty() && self.existing.is_none() {
            self.kernel.clone_from(&config.kernel);
            self.command = config.command.clone().unwrap_or_default();
            self.existing.clone_from(&config.existing);
        }
        self.selecting.fill(config);
        self.reporting.fill(config);
        self.knowing.fill(config);
        self.timings |= config.timings.unwrap_or_default();
        fill(&mut self.profile, &config.profile);
        fill(&mut self.out, &config.out);
        fill(&mut self.jobs, &config.jobs);
        fill(&mut self.seed, &config.seed);
        fill(&mut self.transport, &config.transport);
        fill(&mut self.wire, &config.wire);
        fill(&mut self.interrupt_mode, &config.interrupt_mode);
        fill(&mut self.deadline_scale, &config.deadline_scale);
        self.fresh |= config.fresh.unwrap_or_default();
        if self.jobs == Some(0) {
            return Err(Usage::error("jobs must be at least 1"));
        }
        positive(&self.deadline_scale().to_string()).map_err(|wanted| Usage::error(format!("deadline-scale: {wanted}")))?;
        Ok(())
    }

    /// The directory for traces and results.
    pub(crate) fn out(&self) -> &Path {
        self.out.as_deref().unwrap_or(Path::new(out_dir::DEFAULT))
    }

    /// What every deadline is multiplied with.
    pub(crate) fn deadline_scale(&self) -> f64 {
        self.deadline_scale.unwrap_or(1.0)
    }
}
