//! Fuzzing ourselves: the bodies of the targets for our own decoders.
//!
//! A body is an ordinary function from bytes to nothing that panics if an invariant breaks, so that a test can replay its
//! corpus on a stable compiler. `targets/` wraps each in six lines for libFuzzer.
//!
//! To look for more than the corpus holds (any stable compiler, with cargo-fuzz), in `targets/`:
//!
//! ```text
//! cargo fuzz run --fuzz-dir . -s none decode corpus/decode ../corpus/decode -- -max_total_time=60
//! cargo fuzz run --fuzz-dir . -s none zmtp corpus/zmtp ../corpus/zmtp -- -max_total_time=60
//! ```
//!
//! What it finds stays in `targets/corpus` and `targets/artifacts`, outside version control; an input that showed a mistake
//! is copied to `corpus/`.

#[cfg(test)]
mod corpus;
pub mod decode;
pub mod zmtp;
