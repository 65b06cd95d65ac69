//! `kernelcheck fixture-kernel`: the reference kernel, or one with a seeded defect, as a process of its own.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use fixture_kernel::{Defect, Hostile, Personality, Variant};

/// Be the reference kernel
#[derive(Debug, Args)]
pub(crate) struct FixtureKernelArgs {
    /// The connection file
    connection_file: PathBuf,
    /// Have this seeded defect
    #[arg(long, value_name = "NAME", group = "personality")]
    defect: Option<Defect>,
    /// Be different in this way, and right; may be given several times
    #[arg(long, value_name = "NAME", group = "personality")]
    variant: Vec<Variant>,
    /// Do harm
    #[arg(long, value_name = "NAME", group = "personality")]
    hostile: Option<Hostile>,
}

/// Is a kernel until it ends.
pub(crate) fn fixture_kernel(args: &FixtureKernelArgs) -> anyhow::Result<u8> {
    let personality = match (args.defect, args.variant.as_slice(), args.hostile) {
        (Some(defect), ..) => Personality::Defect(defect),
        (.., Some(hostile)) => Personality::Hostile(hostile),
        (None, [], None) => Personality::Honest,
        (None, variants, None) => Personality::Variants(variants.to_vec()),
    };
    fixture_kernel::run(&args.connection_file, personality).context("the reference kernel can't start")
}
