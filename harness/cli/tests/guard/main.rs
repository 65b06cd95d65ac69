//! Kernels behind the guard: small real processes that end, hang, flood, escape, and lose their ports.

mod bench;
mod ends;
mod escapes;
mod starts;
