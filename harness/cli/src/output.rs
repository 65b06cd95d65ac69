//! Standard output: written in one go; a reader that went away is no error.

use std::io::{ErrorKind, Write};

/// Writes a text to stdout. A closed pipe, as that of `kernelcheck list | head`, ends the output and nothing else.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(anyhow::Error::new(error).context("cannot write to stdout")),
        _ => Ok(()),
    }
}

/// The same for a JSON document.
pub(crate) fn print_json(value: &serde_json::Value) -> anyhow::Result<()> {
    print(&format!("{value:#}\n"))
}
