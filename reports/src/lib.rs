//! Renderers of a run, one a format. All of them see the same thing, a [`Run`], which is also what `results.json` holds.
//!
//! | file | what it does |
//! |---|---|
//! | [`run`] | the run as data: the shape of `results.json` |
//! | [`observed`] | what a trace tells beside its judgement: the kernel, the scenarios, troubles |
//! | [`assemble`] | a [`Run`] from judgements and what was observed |
//! | [`baseline`] | the deviations that are known, and what a run says of them |
//! | [`replay`] | the command line that plays a finding again |
//! | [`export`] | a reproducer as a program of its own |
//! | [`reproducer`] | a finding with its plan, in a file that plays by itself |
//! | [`json`], [`junit`], [`text`] | the formats |

pub mod assemble;
pub mod baseline;
mod exit_code;
pub mod export;
pub mod json;
pub mod junit;
pub mod observed;
mod plays;
pub mod replay;
pub mod reproducer;
pub mod run;
mod sort;
pub mod text;
pub mod timings;

pub use assemble::{Ingredients, JudgedTraces, assemble};
pub use observed::Observed;
pub use replay::Replay;
pub use run::Run;
