//! Any bytes as those of a ZeroMQ peer; the body is `fuzz::own::zmtp`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::own::zmtp::peer(data));
