//! What a self-test plays against: the reference kernel, its right variants, and its defects.

use fixture_kernel::{Defect, Variant};
use harness::session::kernel::InterruptMode;
use harness::spec::nearest;

use crate::usage::Usage;

/// Rules about kernels that are interrupted by message.
const BY_MESSAGE: [&str; 2] = ["INT-02", "INT-03"];
/// The rule about being interrupted by the signal.
const BY_SIGNAL: &str = "INT-01";
/// The name of the kernel that is nothing special.
const REFERENCE: &str = "reference";
/// Between the names of variants that one kernel is to be at once.
const AND: char = '+';

/// One kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    Reference,
    /// Different in each of these ways.
    Variants(Vec<Variant>),
    Defect(Defect),
}

impl Subject {
    /// Its name on the command line.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Reference => REFERENCE.to_owned(),
            Self::Variants(variants) => joined(variants, &AND.to_string(), Variant::name),
            Self::Defect(defect) => defect.name().to_owned(),
        }
    }

    /// What it does, in a sentence.
    pub(super) fn summary(&self) -> String {
        match self {
            Self::Reference => "keeps every rule".to_owned(),
            Self::Variants(variants) => joined(variants, "; ", Variant::summary),
            Self::Defect(defect) => defect.summary().to_owned(),
        }
    }

    /// The rules that it must break, the one that it is made for first.
    pub(super) fn breaks(&self) -> &'static [&'static str] {
        match self {
            Self::Reference | Self::Variants(_) => &[],
            Self::Defect(defect) => defect.breaks(),
        }
    }

    /// How it is interrupted: by message where its defect is one of that alone, else by signal.
    pub(super) fn interrupt_mode(&self) -> InterruptMode {
        let breaks = self.breaks();
        let by_message = breaks.iter().any(|id| BY_MESSAGE.contains(id)) && !breaks.contains(&BY_SIGNAL);
        if by_message { InterruptMode::Message } else { InterruptMode::Signal }
    }

    /// The options of `fixture-kernel` that make it.
    pub(super) fn options(&self) -> Vec<String> {
        let option = |option: &str, name: &str| [option.to_owned(), name.to_owned()];
        match self {
            Self::Reference => Vec::new(),
            Self::Variants(variants) => variants.iter().flat_map(|variant| option("--variant", variant.name())).collect(),
            Self::Defect(defect) => option("--defect", defect.name()).into(),
        }
    }
}

fn joined(variants: &[Variant], between: &str, text: impl Fn(Variant) -> &'static str) -> String {
    variants.iter().map(|variant| text(*variant)).collect::<Vec<_>>().join(between)
}

/// Those of these names; each kernel alone if there are none.
pub(super) fn chosen(names: &[String]) -> anyhow::Result<Vec<Subject>> {
    if names.is_empty() {
        let variants = Variant::ALL.iter().map(|variant| Subject::Variants(vec![*variant]));
        let defects = Defect::ALL.iter().copied().map(Subject::Defect);
        return Ok(std::iter::once(Subject::Reference).chain(variants).chain(defects).collect());
    }
    names.iter().map(|name| named(name)).collect()
}

fn named(name: &str) -> anyhow::Result<Subject> {
    if name == REFERENCE {
        return Ok(Subject::Reference);
    }
    if let Ok(defect) = name.parse() {
        return Ok(Subject::Defect(defect));
    }
    let variant = |name: &str| name.parse().map_err(|_| unknown(name));
    Ok(Subject::Variants(name.split(AND).map(variant).collect::<anyhow::Result<_>>()?))
}

fn unknown(name: &str) -> anyhow::Error {
    let names = std::iter::once(REFERENCE).chain(Variant::ALL.iter().map(|variant| variant.name()));
    let near = nearest::nearest(name, names.chain(Defect::ALL.iter().map(|defect| defect.name())));
    let hint = near.map(|near| format!(" (did you mean `{near}`?)")).unwrap_or_default();
    Usage::error(format!("no defect or variant is called `{name}`{hint}"))
}
