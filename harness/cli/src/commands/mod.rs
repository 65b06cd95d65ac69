//! The commands, one a file: its arguments and what it does. Each gives the exit code for the process.

pub(crate) mod explain;
pub(crate) mod fixture_kernel;
pub(crate) mod fuzz;
pub(crate) mod guard;
pub(crate) mod judge;
pub(crate) mod kernels;
pub(crate) mod list;
pub(crate) mod replay;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod selftest;
pub(crate) mod shrink;
