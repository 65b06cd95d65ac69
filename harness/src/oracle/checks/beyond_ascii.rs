//! `beyond-ascii`: what a kernel does for code in ASCII it does for other code too: positions are counted in code points.
//!
//! - `of`: the replies (a selector)
//! - `require`: wants by path
//!
//! Where the wants held for some request in this life whose `code` is ASCII, they must hold where it is not. A kernel for which they never
//! held is passed over: it may lack the service.

use super::Check;
use super::shape::name_of;
use crate::oracle::episode::Episode;
use crate::oracle::excerpt::About;
use crate::oracle::params::Compiler;
use crate::oracle::path::Path;
use crate::oracle::report::Report;
use crate::oracle::seen::Direction;
use crate::oracle::selector::Selector;
use crate::oracle::want::{At, Held, Want};
use crate::spec::reader::Reader;

struct BeyondAscii {
    of: Selector,
    require: Vec<(Path, Want)>,
    life: u32,
    proven: bool,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let of = compiler.selector(reader.required("of")?, Direction::ToClient)?;
    let require = compiler.wants(reader.required("require")?, of.types.as_deref())?;
    Some(Box::new(BeyondAscii { of, require, life: 0, proven: false }))
}

impl Check for BeyondAscii {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        if self.life != episode.kernel.life {
            (self.life, self.proven) = (episode.kernel.life, false);
        }
        let replies = self.of.select(episode);
        let is_ascii = |message: usize| {
            let code = episode.request_of(message).and_then(|request| episode.asked(request).text("code"));
            code.map(str::is_ascii)
        };
        self.proven |= replies.iter().any(|&message| is_ascii(message) == Some(true) && self.broken(episode, message).is_none());
        for &message in replies.iter().filter(|&&message| self.proven && is_ascii(message) == Some(false)) {
            report.exercised();
            if let Some((path, why)) = self.broken(episode, message) {
                let name = name_of(episode, message);
                let place = format!("{name} {path}");
                report.deviation(episode, About::Message(message), &place, || {
                    format!("{path} of {name} {why}, for code that is not ASCII; for code in ASCII it was right")
                });
            }
        }
    }
}

impl BeyondAscii {
    /// The first want that does not hold, and why.
    fn broken(&self, episode: &Episode, message: usize) -> Option<(String, String)> {
        self.require.iter().find_map(|(path, want)| {
            let held = want.holds(path.value(episode, message).as_deref(), At { episode, message, explain: true });
            let Held::No(why) = held else { return None };
            let path = path.to_string();
            Some((path.strip_prefix("content.").unwrap_or(&path).to_owned(), why))
        })
    }
}
