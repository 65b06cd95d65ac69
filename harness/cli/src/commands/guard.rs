//! `kernelcheck guard -- ARGV…`: the process between a run and its kernel. Only a run calls it.

use std::ffi::OsString;
use std::process::ExitCode;

use harness::session::kernel::guard_main;

/// Its name, and all arguments that a run gives it before `--`.
pub(crate) const NAME: &str = "guard";

/// Runs the guard if the arguments, with the program's name, ask for it. No thread may run yet.
pub(crate) fn if_asked(arguments: &[OsString]) -> Option<ExitCode> {
    let own = arguments.get(1..).filter(|own| own.first().is_some_and(|name| name == NAME))?;
    let code = guard_main(own);
    Some(u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from))
}
