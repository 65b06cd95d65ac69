//! Any bytes as the frames of a message; the body is `fuzz::own::decode`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::own::decode::decode_frames(data));
