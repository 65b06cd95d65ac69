//! The options of `kernelcheck fuzz`.

use std::path::PathBuf;
use std::time::Duration;

use ::fuzz::campaign::Limits;
use clap::Args;

use crate::args::{Reporting, Selecting};
use crate::commands::run::{RunArgs, positive};
use crate::config::{InterruptMode, Transport, Wire};

/// How long is searched if nothing is said.
const USUAL_TIME: Duration = Duration::from_secs(5 * 60);

/// Search a kernel for lockups, crashes and deviations with traffic that nobody scripted
///
/// Random clients send requests of every type, right and wrong ones, run code of the kernel's language, interrupt it, leave and come back.
/// What they show is made as small as it gets on fresh kernels, and has to show again to be told. The results are those of a run, each
/// finding with a reproducer for `kernelcheck replay`. A seed gives the same plans each time, whatever --jobs is.
#[derive(Debug, Args)]
#[command(override_usage = "kernelcheck fuzz [OPTIONS] [KERNEL]\n       kernelcheck fuzz [OPTIONS] -- COMMAND… {connection_file}")]
pub(crate) struct FuzzArgs {
    /// Name of a kernelspec (`kernelcheck kernels` lists them), or the path of its directory
    #[arg(group = "target")]
    kernel: Option<String>,
    /// A kernel's program and arguments; {connection_file} stands for the path of the connection file
    #[arg(last = true, value_name = "COMMAND", group = "target")]
    command: Vec<String>,
    /// How long is searched, as 90s, 5m or 1h; what was found last is still made smaller [default: 5m, without --runs]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    time: Option<Duration>,
    /// How many plans are played
    #[arg(long, value_name = "N")]
    runs: Option<u64>,
    /// Name or file of the profile, or `none` [default: by the kernel's language]
    #[arg(long, value_name = "NAME|FILE")]
    profile: Option<String>,
    #[command(flatten)]
    selecting: Selecting,
    #[command(flatten)]
    reporting: Reporting,
    /// For traces and results; those of an earlier run are replaced [default: kernelcheck-results]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Kernels that are played with at a time [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Seed of all random choices [default: another one each time, which the report tells]
    #[arg(long, value_name = "N")]
    seed: Option<u32>,
    /// How channels are reached [default: tcp]
    #[arg(long)]
    transport: Option<Transport>,
    /// Whose ZeroMQ is spoken [default: zmq]
    #[arg(long)]
    wire: Option<Wire>,
    /// How a running cell is interrupted [default: the kernelspec's, else signal]
    #[arg(long, value_name = "MODE")]
    interrupt_mode: Option<InterruptMode>,
    /// Multiplies every deadline [default: 1]
    #[arg(long, value_name = "X", value_parser = positive)]
    deadline_scale: Option<f64>,
}

impl FuzzArgs {
    /// When to end.
    pub(super) fn limits(&self) -> Limits {
        Limits { time: self.time.or(self.runs.is_none().then_some(USUAL_TIME)), runs: self.runs }
    }

    /// The options that a run has too.
    pub(super) fn into_run(self) -> RunArgs {
        RunArgs {
            kernel: self.kernel,
            command: self.command,
            profile: self.profile,
            selecting: self.selecting,
            reporting: self.reporting,
            out: self.out,
            jobs: self.jobs,
            seed: self.seed,
            transport: self.transport,
            wire: self.wire,
            interrupt_mode: self.interrupt_mode,
            deadline_scale: self.deadline_scale,
            ..RunArgs::default()
        }
    }
}

/// A time as people write it: `90s`, `5m`, `1h`; a mere number is one of seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let wanted = || "a time is wanted, as 90s, 5m or 1h".to_owned();
    let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    let number: u32 = number.parse().map_err(|_| wanted())?;
    let unit = match unit {
        "" | "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        _ => return Err(wanted()),
    };
    if number == 0 { Err(wanted()) } else { Ok(Duration::from_secs(u64::from(number) * unit)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let read = |text| duration(text).map(|time| time.as_secs());
        assert_eq!([read("90s"), read("5m"), read("1h"), read("7")], [Ok(90), Ok(300), Ok(3600), Ok(7)]);
        for bad in ["", "m", "5 m", "-5s", "1d", "0s", "99999999999s"] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
