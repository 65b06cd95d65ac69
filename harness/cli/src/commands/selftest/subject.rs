//! What a self-test plays against: the reference kernel, its right variants, and its defects.

use fixture_kernel::{Defect, Variant};
use harness::session::kernel::InterruptMode;
use harness::spec::nearest;

use crate::usage::Usage;

/// Rules about kernels that are interrupted by message.
const BY_MESSAGE: [&str; 2] = ["INT-02", "INT-03"];
/// The rule about being interrupted by the signal.
const BY_SIGNAL: &str = "INT-01";

/// One kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    Reference,
    Variant(Variant),
    Defect(Defect),
}

impl Subject {
    /// Its name on the command line.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Variant(variant) => variant.name(),
            Self::Defect(defect) => defect.name(),
        }
    }

    /// What it does, in a sentence.
    pub(super) fn summary(self) -> &'static str {
        match self {
            Self::Reference => "keeps every rule",
            Self::Variant(variant) => variant.summary(),
            Self::Defect(defect) => defect.summary(),
        }
    }

    /// The rules that it must break, the one that it is made for first.
    pub(super) fn breaks(self) -> &'static [&'static str] {
        match self {
            Self::Reference | Self::Variant(_) => &[],
            Self::Defect(defect) => defect.breaks(),
        }
    }

    /// How it is interrupted: by message where its defect is one of that alone, else by signal.
    pub(super) fn interrupt_mode(self) -> InterruptMode {
        let breaks = self.breaks();
        let by_message = breaks.iter().any(|id| BY_MESSAGE.contains(id)) && !breaks.contains(&BY_SIGNAL);
        if by_message { InterruptMode::Message } else { InterruptMode::Signal }
    }

    /// The options of `fixture-kernel` that make it.
    pub(super) fn options(self) -> Vec<String> {
        let option = match self {
            Self::Reference => return Vec::new(),
            Self::Variant(_) => "--variant",
            Self::Defect(_) => "--defect",
        };
        vec![option.to_owned(), self.name().to_owned()]
    }
}

/// Those of these names; all if there are none.
pub(super) fn chosen(names: &[String]) -> anyhow::Result<Vec<Subject>> {
    let variants = Variant::ALL.iter().copied().map(Subject::Variant);
    let defects = Defect::ALL.iter().copied().map(Subject::Defect);
    let all: Vec<Subject> = std::iter::once(Subject::Reference).chain(variants).chain(defects).collect();
    if names.is_empty() {
        return Ok(all);
    }
    let find = |name: &String| {
        let found = all.iter().copied().find(|subject| subject.name() == name);
        found.ok_or_else(|| {
            let hint = nearest::nearest(name, all.iter().map(|subject| subject.name()));
            let hint = hint.map(|near| format!(" (did you mean `{near}`?)")).unwrap_or_default();
            Usage::error(format!("no defect or variant is called `{name}`{hint}"))
        })
    };
    names.iter().map(find).collect()
}
