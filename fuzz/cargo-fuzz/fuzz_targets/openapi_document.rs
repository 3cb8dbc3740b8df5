#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hefu_fuzz::openapi_document(data));
