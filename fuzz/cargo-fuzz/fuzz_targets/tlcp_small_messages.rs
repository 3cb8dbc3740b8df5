#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hefu_fuzz::tlcp::small_messages(data));
