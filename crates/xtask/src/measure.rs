//! Measures what requests cost.

use std::env;

use crate::command::{Failure, command, run};

/// Builds the server for release and measures it; hands these arguments on. Returns whether it
/// ended well.
pub fn measure(arguments: &[String]) -> bool {
    match build_and_measure(arguments) {
        Ok(()) => true,
        Err(failure) => {
            println!("{failure}");
            false
        }
    }
}

fn build_and_measure(arguments: &[String]) -> Result<(), Failure> {
    // In one build, so that both programs lie side by side.
    run(&mut command(
        "cargo build --release --package coder-backstage-server --package coder-measure",
    ))?;
    // `cargo run` takes one package only, and would build it with other features.
    let here = env::current_exe()
        .map_err(|reason| Failure::CannotStart { command: "coder-measure".to_owned(), reason })?;
    let target = here.ancestors().nth(2).unwrap_or(&here);
    let program = target.join("release/coder-measure");
    run(command(&program.display().to_string()).args(arguments))
}
