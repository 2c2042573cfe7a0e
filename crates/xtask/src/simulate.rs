//! Plays logins by seeds.

use crate::command::{command, run};

/// Starts the program of `coder-simulation`, optimised, with these arguments. Returns whether every
/// rule held.
pub fn simulate(arguments: &[String]) -> bool {
    let mut program =
        command("cargo run --quiet --release --package coder-simulation --features databases --");
    match run(program.args(arguments)) {
        Ok(()) => true,
        Err(failure) => {
            println!("{failure}");
            false
        }
    }
}
