//! The last step before the kernel's own program: this process makes itself what a kernel's process should be, then becomes it.
//!
//! It is a program of its own because between `fork` and `exec` of another program nothing of this could be done in safe code.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{Signal, getppid, set_parent_process_death_signal, setsid};

use super::orders::Start;

/// Takes a [`Start`] from stdin, and becomes the kernel. Only a failure comes back: it is written where the order came
/// from, which is closed without a word when the kernel's program runs.
pub(super) fn become_kernel(argv: &[OsString]) -> i32 {
    // The kernel's stdin takes the place of ours, so what is left of our line stands elsewhere and ends with the exec.
    let Ok(line) = fcntl_dupfd_cloexec(std::io::stdin().as_fd(), 3) else {
        return 127;
    };
    let mut line = UnixStream::from(line);
    let failure = prepare(argv, &mut line).map_or_else(|error| error, |mut command| command.exec());
    // If the guard is gone too, nobody is left to be told.
    let _ = line.write_all(failure.to_string().as_bytes());
    127
}

/// Jupyter's managers start a kernel so: in a session of its own, with a closed pipe as stdin, and with its parent's id in
/// `JPY_PARENT_PID`. Kernels compare that with the parent they see, so it must be the guard's.
fn prepare(argv: &[OsString], line: &mut UnixStream) -> std::io::Result<Command> {
    let mut order = String::new();
    BufReader::new(&mut *line).read_line(&mut order)?;
    let start: Start = serde_json::from_str(&order)?;
    let (program, arguments) = argv.split_first().ok_or_else(|| std::io::Error::other("no command"))?;
    setsid()?;
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let parent = getppid().ok_or_else(|| std::io::Error::other("the guard is gone"))?;
    let stdin = if start.stdin_null { Stdio::null() } else { Stdio::from(std::io::pipe()?.0) };
    let mut command = Command::new(program);
    command.args(arguments).env("JPY_PARENT_PID", parent.as_raw_nonzero().to_string()).envs(&start.env).stdin(stdin);
    if let Some(cwd) = &start.cwd {
        command.current_dir(cwd);
    }
    Ok(command)
}
