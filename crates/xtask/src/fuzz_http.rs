//! Requests that a fuzzer makes of the description of the HTTP API.

use crate::command::{command, run};
use crate::tools;

/// Asks a portal on a socket, in front of a fake Coder, with what `schemathesis` makes of
/// `docs/openapi.json`: `examples` requests for each operation, at most. Returns whether none was
/// answered with a fault of the server, and each answer had the form that the description tells.
pub fn fuzz_http(examples: u32) -> bool {
    if let Err(failure) = tools::schemathesis() {
        println!("{failure}");
        return false;
    }
    let line = "cargo test --quiet --package coder-axum --test fuzz_http -- --ignored --nocapture";
    match run(command(line).env("FUZZ_HTTP_EXAMPLES", examples.to_string())) {
        Ok(()) => true,
        Err(failure) => {
            println!("{failure}");
            false
        }
    }
}
