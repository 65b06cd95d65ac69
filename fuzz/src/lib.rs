//! Fuzzing: kernels by traffic that nobody scripted, and ourselves by bytes that nobody should send.
//!
//! ```text
//! seed, Spec, Profile ─▶ generate ─▶ Plan ─▶ campaign: plays and judges batches ─▶ buckets ─▶ shrink ─▶ Found
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | [`generate`] | a plan of a seed and a number, and of nothing else |
//! | [`shrink`] | the smallest plan that still shows the same, over any judge |
//! | [`campaign`] | plays plans by [`harness::session::run`], judges them by the oracle, and keeps one finding a bucket |
//! | [`own`] | the targets for our own decoders |

pub mod campaign;
pub mod generate;
pub mod own;
pub mod shrink;
