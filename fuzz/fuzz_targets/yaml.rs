#![no_main]

use coder_backstage_fuzz::coder_config;

libfuzzer_sys::fuzz_target!(|text: &str| coder_config::yaml(text));
