#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hefu_fuzz::audit::objc_calls(data));
