#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rdpwatch::proto::oracle::ntlm_challenge(bytes));
