//! The kernel as a process: found, started, watched, and ended with all that it started.
//!
//! | file | what it does |
//! |---|---|
//! | [`places`], [`discovery`], [`kernelspec`] | kernelspecs: where jupyter looks, which is found, what it says |
//! | [`command`], [`connection_file`] | what is started, and on which ports |
//! | [`guard`] | the process between us and the kernel, which outlives neither |
//! | [`launch`] | starting it behind the guard |
//! | [`process`], [`output`], [`exit`] | the running kernel, what it writes, and its end |
//! | [`start`], [`clash`] | a start that is tried again where another program took a port |
//! | [`evidence`] | what the system knows about the kernel's processes |

mod clash;
mod command;
mod connection_file;
mod discovery;
mod evidence;
mod exit;
mod guard;
mod kernelspec;
mod launch;
mod output;
mod places;
mod ports;
mod process;
mod start;

use std::fs::File;
use std::io::{Error, ErrorKind, Read};
use std::path::Path;

pub use clash::{Taken, addresses, speaks_of_clash, taken_port};
pub use command::{CONNECTION_FILE, Command, CommandError};
pub use connection_file::{ConnectionFile, ConnectionFileError, Reach};
pub use discovery::{FindError, Found, find_kernel, list_kernels};
pub use evidence::{ProcessSnapshot, ThreadSnapshot, cpu_time, snapshot};
pub use exit::ExitStatus;
pub(super) use exit::signal_named;
pub use guard::guard_main;
pub use kernelspec::{InterruptMode, KernelSpec, KernelSpecError};
pub use launch::{LaunchError, Launcher, Life};
pub use places::{Origin, Place, Surroundings, places};
pub use process::{KernelProcess, Progress};
pub(super) use start::clash;
pub use start::{Greeted, Greeting, Kernel, Lives, StartError, Starter, Target};

/// The first bytes of a file, at most `limit`.
fn read_start(path: &Path, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A text file that someone else wrote, and that is refused if it is larger than any such file would be.
fn read_text(path: &Path, limit: u64) -> std::io::Result<String> {
    let bytes = read_start(path, limit + 1)?;
    if bytes.len() as u64 > limit {
        return Err(Error::new(ErrorKind::FileTooLarge, format!("larger than {limit} bytes")));
    }
    String::from_utf8(bytes).map_err(|error| Error::new(ErrorKind::InvalidData, format!("not UTF-8: {}", error.utf8_error())))
}
