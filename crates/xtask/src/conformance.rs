//! Asks a Coder what real ones were asked.

use crate::command::{command, run};

/// Starts the program of `coder-conformance` with these arguments. Returns whether it ended well.
pub fn conformance(arguments: &[String]) -> bool {
    let mut program = command("cargo run --quiet --package coder-conformance --");
    match run(program.args(arguments)) {
        Ok(()) => true,
        Err(failure) => {
            println!("{failure}");
            false
        }
    }
}
