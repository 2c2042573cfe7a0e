//! `cargo xtask …`: every chore of the repository.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::Step;

/// The chores of the repository.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Installs what is missing and runs every check. This is what CI runs.
    Test {
        /// Runs only this step. May be repeated.
        #[arg(long, value_name = "STEP")]
        only: Vec<Step>,
    },
}

fn main() -> ExitCode {
    let Chore::Test { only } = Arguments::parse().chore;
    if xtask::run(&only) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
