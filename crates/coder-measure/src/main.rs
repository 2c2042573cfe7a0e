//! `cargo xtask measure`: what the server's requests cost, beside a bare handler.
#![expect(clippy::print_stdout, reason = "a measurement talks to the person who started it")]

mod bare;
mod browser;
mod connection;
mod load;
mod outcome;
mod postgres;
mod process;
mod report;
mod run;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Measures CPU time, latency and memory of a server process.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    #[command(flatten)]
    run: RunArguments,
}

/// Arguments of a measurement: its parts, and its length.
#[derive(clap::Args)]
pub(crate) struct RunArguments {
    /// How many connections are open at the same time.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// How often everything is measured, in turn. The table has the medians.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Sends a tenth of the requests, in one round: tells whether it runs, not how fast.
    #[arg(long)]
    short: bool,
    /// Writes the table between the markers of this file, too.
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Part {
    /// Serves the answers of a file with a bare axum handler. The measurement starts it.
    Bare {
        /// The answers as JSON.
        answers: PathBuf,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { part, run } = Arguments::parse();
    let done = match part {
        Some(Part::Bare { answers }) => bare::serve(&answers).await,
        None => run::run(&run).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}
