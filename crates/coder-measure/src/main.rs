//! `cargo xtask measure`: what the server's requests cost, beside a bare handler.
#![expect(clippy::print_stdout, reason = "a measurement talks to the person who started it")]

mod bare;
mod bare_proxy;
mod browser;
mod connection;
mod load;
mod outcome;
mod postgres;
mod process;
mod proxy;
mod report;
mod run;
mod streams;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Measures CPU time, latency and memory of a server process.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    #[command(flatten)]
    run: run::RunArguments,
}

#[derive(Subcommand)]
enum Part {
    /// Serves the answers of a file with a bare axum handler. The measurement starts it.
    Bare {
        /// The answers as JSON.
        answers: PathBuf,
    },
    /// Passes requests on to a server. The measurement starts it.
    BareProxy {
        /// The host and port of the server.
        target: String,
    },
    /// Measures requests through the proxy to Coder, beside a bare reverse proxy.
    Proxy(proxy::ProxyArguments),
    /// Measures open streams of events in which nothing happens.
    Streams(streams::StreamsArguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { part, run } = Arguments::parse();
    let done = match part {
        Some(Part::Bare { answers }) => bare::serve(&answers).await,
        Some(Part::BareProxy { target }) => bare_proxy::serve(&target).await,
        Some(Part::Proxy(proxy)) => proxy::run(&proxy).await,
        Some(Part::Streams(streams)) => streams::run(&streams).await,
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
