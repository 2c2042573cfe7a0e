//! Measures what requests cost.

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
    let packages = "--package coder-backstage-server --package coder-measure";
    run(&mut command(&format!("cargo build --release {packages}")))?;
    let mut program = command(&format!("cargo run --release {packages} --bin coder-measure --"));
    run(program.args(arguments))
}
