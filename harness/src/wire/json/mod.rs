//! Strict JSON that can't fail to read: a value as far as there was one, and every departure from RFC 8259 beside it.
//!
//! Common parsers hide what a protocol check must see (duplicate keys, the spelling of numbers) or refuse the whole text
//! for one fault (`NaN`, a lone surrogate, a byte order mark). This one keeps the first and reads past the second.

mod abridge;
mod display;
mod inside;
mod number;
mod problem;
mod scan;
mod stack;
mod strings;
mod text;
mod value;

pub use problem::{Problem, ProblemKind};
pub use text::Text;
pub use value::{Json, Member};

use super::body::View;

/// The deepest nesting that is ever built, whatever [`Limits`] say: values are dropped, compared and shown recursively.
const DEEPEST: usize = 1024;
/// Problems kept of each kind, so that many of one don't hide another; the one that ends the reading is kept besides.
const MAX_OF_KIND: usize = 20;

/// Bounds on what one text may cost us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest text that is read, in bytes. A longer one is not looked into.
    pub max_bytes: usize,
    /// Deepest nesting of arrays and objects; deeper subtrees are skipped. Never above 1024.
    pub max_depth: usize,
    /// Most values in one text, counting containers and scalars.
    pub max_nodes: usize,
}

impl Default for Limits {
    /// 64 MiB, as kernels may send tens of megabytes in one frame, 900 levels, which Python's parser still reads, and a million values.
    fn default() -> Self {
        Self { max_bytes: 64 << 20, max_depth: 900, max_nodes: 1_000_000 }
    }
}

/// What [`parse`] made of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// What could be read. A text that breaks off yields its complete members and items so far.
    pub value: Option<Json>,
    /// What was wrong, by offset; empty for standard JSON. At most the first 20 of each kind, and the one that
    /// ended the reading.
    pub problems: Vec<Problem>,
}

/// Reads one JSON text (RFC 8259, UTF-8). Of one in a spool long strings stay there.
///
/// The reading goes on after a fault wherever the structure is still plain: invalid UTF-8 and lone surrogates become U+FFFD,
/// an unknown escape is read as its letters, a malformed number and `NaN` keep their spelling, a subtree that is too deep
/// becomes `null`. Any other fault ends it.
#[must_use]
pub fn parse<'a>(bytes: impl Into<View<'a>>, limits: &Limits) -> Parsed {
    parse_view(bytes.into(), limits)
}

fn parse_view(bytes: View<'_>, limits: &Limits) -> Parsed {
    if bytes.len() > limits.max_bytes {
        let problem = Problem { kind: ProblemKind::TooLarge, offset: limits.max_bytes, path: String::new() };
        return Parsed { value: None, problems: vec![problem] };
    }
    let limits = Limits { max_depth: limits.max_depth.min(DEEPEST), ..*limits };
    match bytes {
        // Every other part of a message is just this.
        View::Held(b"{}") if limits.max_depth > 0 && limits.max_nodes > 0 => {
            Parsed { value: Some(Json::Object(Vec::new())), problems: Vec::new() }
        }
        View::Held(bytes) => scan::Scanner::new(bytes, &[], limits).scan(),
        View::Spooled(spool) => {
            let abridged = abridge::Abridged::of(spool);
            scan::Scanner::new(&abridged.bytes, &abridged.long, limits).scan()
        }
    }
}

#[cfg(test)]
mod spooled_tests;
#[cfg(test)]
mod tests;
