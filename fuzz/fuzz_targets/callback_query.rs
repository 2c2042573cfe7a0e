#![no_main]

use coder_backstage_fuzz::coder_auth;

libfuzzer_sys::fuzz_target!(|query: &str| coder_auth::callback_query(query));
