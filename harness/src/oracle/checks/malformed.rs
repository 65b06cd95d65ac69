//! `malformed`: messages are free of certain faults of layout and JSON.
//!
//! - `kinds`: the faults, by the names below
//! - `on`: the messages; all of the kernel if not given
//! - `parts`: only in these of `header`, `parent_header`, `metadata` and `content`

use super::Check;
use super::shape::name_of;
use crate::oracle::episode::Episode;
use crate::oracle::params::Compiler;
use crate::oracle::report::Report;
use crate::oracle::selector::Selector;
use crate::oracle::words::shorten;
use crate::spec::reader::{Item, Reader};
use crate::wire::{Malformation, MalformationKind, PartName, ProblemKind};

/// A fault by its name.
type Fault = (&'static str, fn(&MalformationKind) -> bool);

/// The names of the faults. What is too long for our own limits is no fault; deeper than they go is what hardly any parser stands.
const NAMES: &[Fault] = &[
    ("no-delimiter", |kind| matches!(kind, MalformationKind::NoDelimiter)),
    ("several-delimiters", |kind| matches!(kind, MalformationKind::SeveralDelimiters)),
    ("spliced", |kind| matches!(kind, MalformationKind::Spliced)),
    ("missing-parts", |kind| matches!(kind, MalformationKind::MissingParts { .. })),
    ("not-an-object", |kind| matches!(kind, MalformationKind::NotAnObject { .. })),
    ("not-json", |kind| matches!(kind, MalformationKind::Json(ProblemKind::NotJson | ProblemKind::Truncated | ProblemKind::Empty))),
    ("trailing-bytes", |kind| matches!(kind, MalformationKind::Json(ProblemKind::TrailingBytes))),
    ("invalid-utf8", |kind| matches!(kind, MalformationKind::Json(ProblemKind::InvalidUtf8))),
    ("byte-order-mark", |kind| matches!(kind, MalformationKind::Json(ProblemKind::ByteOrderMark))),
    ("duplicate-key", |kind| matches!(kind, MalformationKind::Json(ProblemKind::DuplicateKey))),
    ("nan", |kind| matches!(kind, MalformationKind::Json(ProblemKind::NanToken))),
    ("lone-surrogate", |kind| matches!(kind, MalformationKind::Json(ProblemKind::LoneSurrogate))),
    ("too-deep", |kind| matches!(kind, MalformationKind::Json(ProblemKind::TooDeep))),
    ("control-character", |kind| matches!(kind, MalformationKind::Json(ProblemKind::ControlCharacter))),
];

struct Malformed {
    kinds: Vec<Fault>,
    on: Selector,
    parts: Vec<PartName>,
}

pub(super) fn compile(reader: &Reader<'_>, compiler: &Compiler<'_>) -> Option<Box<dyn Check>> {
    let kinds = reader.required("kinds").and_then(kinds);
    let on = compiler.selector_or_all(reader, "on");
    let parts = match reader.optional("parts") {
        Some(item) => parts(item)?,
        None => Vec::new(),
    };
    Some(Box::new(Malformed { kinds: kinds?, on: on?, parts }))
}

fn kinds(item: Item<'_>) -> Option<Vec<Fault>> {
    let found = |name: &String| {
        let kind = NAMES.iter().find(|(known, _)| known == name).copied();
        if kind.is_none() {
            item.unknown("fault", name, NAMES.iter().map(|(known, _)| *known));
        }
        kind
    };
    item.clone().strings()?.iter().map(found).collect()
}

fn parts(item: Item<'_>) -> Option<Vec<PartName>> {
    let found = |name: &String| {
        let part = PartName::ALL.into_iter().find(|part| part.name() == name);
        if part.is_none() {
            item.unknown("part", name, PartName::ALL.iter().map(|part| part.name()));
        }
        part
    };
    item.clone().strings()?.iter().map(found).collect()
}

impl Check for Malformed {
    fn judge(&mut self, episode: &Episode, report: &mut Report<'_>) {
        // Of all messages, also those whose header can't be read.
        for (message, seen) in episode.from_kernel().filter(|(message, seen)| !seen.copy && self.on.matches(episode, *message)) {
            report.exercised();
            // What our own limit cut off looks broken and is not.
            if seen.cut_from.is_none() {
                self.judge_one(episode, message, report);
            }
        }
    }
}

impl Malformed {
    /// One message is told of once, with all that is wrong about it.
    fn judge_one(&self, episode: &Episode, message: usize, report: &mut Report<'_>) {
        let seen = &episode.messages[message];
        let mut faults: Vec<(&str, &Malformation)> = Vec::new();
        for malformation in &seen.malformations {
            let Some(kind) = self.name_of(malformation) else { continue };
            if !faults.iter().any(|(known, other)| *known == kind && other.part == malformation.part) {
                faults.push((kind, malformation));
            }
        }
        if faults.is_empty() {
            return;
        }
        let name = name_of(episode, message);
        let part = |malformation: &Malformation| malformation.part.map(|part| format!(" in {part}")).unwrap_or_default();
        let kinds: Vec<String> = faults.iter().map(|(kind, malformation)| format!("{kind}{}", part(malformation))).collect();
        let place = format!("{name} on {}: {}", seen.channel, kinds.join(", "));
        report.malformation(episode, message, &place, || {
            let details: Vec<String> = faults.iter().map(|(_, malformation)| shorten(&malformation.detail, 120)).collect();
            format!("{name} on {} is malformed: {}", seen.channel, details.join("; "))
        });
    }

    /// The name of a malformation, if it is one of those that are looked for.
    fn name_of(&self, malformation: &Malformation) -> Option<&'static str> {
        let in_part = self.parts.is_empty() || malformation.part.is_some_and(|part| self.parts.contains(&part));
        self.kinds.iter().find(|(_, is)| in_part && is(&malformation.kind)).map(|(name, _)| *name)
    }
}
