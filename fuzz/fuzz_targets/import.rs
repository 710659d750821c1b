#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rdpwatch::config::import::oracle::import(bytes));
