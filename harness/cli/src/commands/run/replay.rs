//! The command line by which a run is done again.

use clap::ValueEnum;
use harness::session::kernel::CONNECTION_FILE;
use reports::Replay;

use super::RunArgs;
use crate::args::Common;

/// Where a run that is done again puts its results, so that those at hand are not replaced.
const OUT: &str = "kernelcheck-again";

/// This program as it was called.
pub(crate) fn program() -> String {
    std::env::args().next().unwrap_or_else(|| env!("CARGO_PKG_NAME").to_owned())
}

/// The command line of these options with this seed.
pub(crate) fn replay(args: &RunArgs, common: &Common, seed: u64) -> Replay {
    let mut arguments = vec![program(), "run".to_owned()];
    arguments.extend(args.kernel.clone());
    let mut option = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            arguments.extend([name.to_owned(), value]);
        }
    };
    option("--existing", args.existing.as_ref().map(|path| path.display().to_string()));
    option("--profile", args.profile.clone());
    option("--transport", args.transport.as_ref().and_then(spelled));
    option("--wire", args.wire.as_ref().and_then(spelled));
    option("--interrupt-mode", args.interrupt_mode.as_ref().and_then(spelled));
    option("--deadline-scale", args.deadline_scale.map(|scale| scale.to_string()));
    option("--specs", common.specs.as_ref().map(|dir| dir.display().to_string()));
    option("--seed", Some(seed.to_string()));
    option("--out", Some(OUT.to_owned()));
    if args.fresh {
        arguments.push("--fresh".to_owned());
    }
    Replay { arguments, command: args.command.clone() }
}

/// The command line of a trace's kernel, as far as the trace tells.
pub(crate) fn of_trace(kernelspec: Option<&str>, command: &[String], seed: u64) -> Replay {
    let mut arguments = vec![program(), "run".to_owned()];
    arguments.extend(kernelspec.map(str::to_owned));
    let known = kernelspec.is_some() || command.iter().any(|argument| argument.contains(CONNECTION_FILE));
    if !known {
        arguments.extend(["--existing", "FILE"].map(str::to_owned));
    }
    arguments.extend(["--seed".to_owned(), seed.to_string(), "--out".to_owned(), OUT.to_owned()]);
    let command = if kernelspec.is_none() && known { command.to_vec() } else { Vec::new() };
    Replay { arguments, command }
}

fn spelled<T: ValueEnum>(value: &T) -> Option<String> {
    value.to_possible_value().map(|value| value.get_name().to_owned())
}
