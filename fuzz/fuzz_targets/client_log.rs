#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rdpwatch::proto::oracle::client_log(bytes));
