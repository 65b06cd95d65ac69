//! kernelcheck's library: it plays client traffic against a Jupyter kernel, records all that happened, and judges it.
//!
//! The layers, lowest first; each may use only those before it (`tests/layers.rs` holds them to it):
//!
//! | layer | what it holds |
//! |---|---|
//! | [`wire`] | frames, signatures, JSON as it was sent, connection files, ZMTP |
//! | [`spec`] | message types, rules, scenarios and profiles, loaded from `specs/` |
//! | [`trace`] | the record of a run: events, their file, their one-line notation |
//! | [`plan`] | what to send and what to wait for, as plain data |
//! | [`session`] | kernels as processes, sockets, and the player of plans |
//! | [`oracle`] | verdicts and findings, from a spec and a trace alone |

pub mod oracle;
pub mod plan;
pub mod session;
pub mod spec;
pub mod trace;
pub mod wire;
