//! kernelcheck tells whether a Jupyter kernel keeps the messaging protocol.

mod args;
mod baseline;
mod commands;
mod config;
mod deliver;
mod input;
mod judge;
mod out_dir;
mod output;
mod progress;
mod reproducers;
mod terminal;
mod usage;
mod way;

use std::ffi::OsString;
use std::process::ExitCode;

use args::{Cli, Command};
use config::Config;

/// A run is to fit beside the kernel it plays with: what a scenario took is given back to the system after it, which glibc's
/// allocator does late and in parts.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    // Before all else: the guard must be one thread, and is no command for people.
    if let Some(code) = commands::guard::if_asked(&arguments) {
        return code;
    }
    let cli = Cli::of(arguments);
    match dispatch(cli) {
        Ok(code) => code.into(),
        Err(error) => usage::report(&error).into(),
    }
}

/// Runs the command and gives the exit code for the process.
fn dispatch(mut cli: Cli) -> anyhow::Result<u8> {
    cli.common.fill(&Config::of_working_directory()?);
    let common = cli.common;
    match cli.command {
        Command::Run(args) => commands::run::run(args, &common),
        Command::Fuzz(args) => commands::fuzz::fuzz(*args, &common),
        Command::Judge(args) => commands::judge::judge(args, &common),
        Command::Replay(args) => commands::replay::replay(args, &common),
        Command::Shrink(args) => commands::shrink::shrink(args, &common),
        Command::List(args) => commands::list::list(&args, &common),
        Command::Explain(args) => commands::explain::explain(&args, &common),
        Command::Kernels(args) => commands::kernels::kernels(&args),
        Command::Schema(args) => commands::schema::schema(&args, &common),
        Command::Selftest(args) => commands::selftest::selftest(&args, &common),
        Command::FixtureKernel(args) => commands::fixture_kernel::fixture_kernel(&args),
    }
}
