//! Errors of the command line: what they are, and what they end with.

use std::io::Write;

/// Exit code of a wrong command line.
pub(crate) const USAGE: u8 = 2;
/// Exit code of a run without a verdict.
pub(crate) const NO_VERDICT: u8 = 4;

/// Something that the caller has to put right before anything can run. It says what is wrong, where, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(String);

impl Usage {
    /// As an error of a command.
    pub(crate) fn error(message: impl Into<String>) -> anyhow::Error {
        Self(message.into()).into()
    }
}

/// Tells an error on stderr, and gives the exit code that it ends with.
pub(crate) fn report(error: &anyhow::Error) -> u8 {
    // Without a stderr there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "kernelcheck: {error:#}");
    if error.is::<Usage>() { USAGE } else { NO_VERDICT }
}
