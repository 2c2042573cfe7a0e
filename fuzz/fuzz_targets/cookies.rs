#![no_main]

use coder_backstage_fuzz::coder_auth;

libfuzzer_sys::fuzz_target!(|header: &str| coder_auth::cookies(header));
