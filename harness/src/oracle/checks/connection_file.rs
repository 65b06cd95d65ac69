//! `connection-file`: what has become of the connection file that the kernel was given.
//!
//! - `want`: `kept` (it is there, and says what was written into it), or `secret` (nobody else may read it, and the process did not write its
//!   key to its output)
//!
//! Told of kernels that we started as usual, after their first scenario and after their end.

use super::Check;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::spec::reader::Reader;
use crate::trace::{Event, FileSeen};

/// The permission bits of those who do not own the file.
const OTHERS: u32 = 0o077;

struct File {
    secret: bool,
}

pub(super) fn compile(reader: &Reader<'_>, _: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let item = reader.required("want")?;
    let secret = match item.clone().str()? {
        "secret" => true,
        "kept" => false,
        other => {
            item.unknown("state of a connection file", other, ["kept", "secret"]);
            return None;
        }
    };
    Some(Box::new(File { secret }))
}

impl Check for File {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        for happened in &episode.events {
            let Event::FileSeen(seen) = &happened.event else { continue };
            report.exercised();
            for wrong in if self.secret { leaks(seen) } else { losses(seen) } {
                report.deviation(episode, About::Line(happened.line), &wrong, || wrong.clone());
            }
        }
    }
}

fn losses(seen: &FileSeen) -> Vec<String> {
    let gone = seen.gone.then(|| "the connection file is gone".to_owned());
    let changed = seen.changed.then(|| "the connection file does not say any more what was written into it".to_owned());
    gone.into_iter().chain(changed).collect()
}

fn leaks(seen: &FileSeen) -> Vec<String> {
    let open = seen.mode.filter(|mode| mode & OTHERS != 0).map(|mode| format!("the connection file has mode {mode:o}, and had 600"));
    open.into_iter().chain(seen.key_in.iter().map(|place| format!("the key was written to {place}"))).collect()
}
