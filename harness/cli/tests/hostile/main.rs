//! Bad input ends in a finding or an error, in bounded time and memory, with the record kept and no process left.

mod bench;
mod files;
mod frames;
mod processes;
mod run;
mod signals;
mod specs;
mod starts;
