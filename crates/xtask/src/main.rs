//! `cargo xtask …`: every chore of the repository.

use std::path::PathBuf;
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
        /// Fails where a step is skipped since something cannot be fetched or is not there yet.
        #[arg(long)]
        strict: bool,
    },
    /// Builds the archive that operators install, in `target/archives/`: the server without its demo,
    /// with its units, completions, manual, bill of materials, licences and checksum.
    Dist {
        /// Target of Rust, such as `x86_64-unknown-linux-musl`; without it, this machine's.
        #[arg(long, value_name = "TRIPLE")]
        target: Option<String>,
    },
    /// Formats the JavaScript of the repository.
    FormatJavascript,
    /// Makes the README of each published crate from the crate's documentation.
    Readme,
    /// Gives random inputs to everything that reads what strangers write. Needs Rust's nightly
    /// toolchain.
    Fuzz {
        /// How long each target runs.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// Runs only this target. May be repeated.
        #[arg(long, value_name = "TARGET")]
        only: Vec<String>,
    },
    /// Asks a portal with what a fuzzer makes of `docs/openapi.json`: no request may be answered with a
    /// fault of the server. Needs Python.
    FuzzHttp {
        /// Number of requests for each operation, at most.
        #[arg(long, default_value_t = 100)]
        examples: u32,
    },
    /// Asks a Coder, real or fake, what real ones were asked, and takes the journeys of people.
    /// `cargo xtask conformance --help` lists what it takes.
    #[command(disable_help_flag = true)]
    Conformance {
        /// Handed on as they are.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Plays logins by seeds, with faults, and checks the rules of the login.
    /// `cargo xtask simulate --help` lists what it takes.
    #[command(disable_help_flag = true)]
    Simulate {
        /// Handed on as they are.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Measures the server: requests per CPU-second, latency, memory. `cargo xtask measure --help`
    /// lists what it takes.
    #[command(disable_help_flag = true)]
    Measure {
        /// Handed on as they are.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Serves a whole Backstage with Coder on this machine: the server with a fake Coder, a Backstage
    /// backend, and the app at `http://localhost:3000`.
    Portal,
    /// Builds the npm package `@coder-backstage/core`: a folder that `npm publish` takes.
    Npm,
    /// Writes `docs/coder-api-coverage.md`: each operation of Coder's API, and what the client has
    /// for it. With Coder's API description it takes the operations from there, and compares the
    /// models with it, field by field. The description is not part of this repository: it is
    /// `coderd/apidoc/swagger.json` of Coder's.
    SwaggerCoverage {
        /// Path of the description.
        #[arg(long, value_name = "FILE")]
        swagger: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let done = xtask::rustdoc_json::rustdoc_json().unwrap_or_else(run);
    if done { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Does the chore that the arguments name. Returns whether that succeeded.
fn run() -> bool {
    match Arguments::parse().chore {
        Chore::Test { only, strict } => xtask::run(&only, strict),
        Chore::Dist { target } => xtask::dist(target.as_deref()),
        Chore::FormatJavascript => xtask::format_javascript(),
        Chore::Readme => xtask::readme(),
        Chore::Fuzz { seconds, only } => xtask::fuzz(&only, seconds),
        Chore::FuzzHttp { examples } => xtask::fuzz_http(examples),
        Chore::Conformance { arguments } => xtask::conformance(&arguments),
        Chore::Simulate { arguments } => xtask::simulate(&arguments),
        Chore::Measure { arguments } => xtask::measure(&arguments),
        Chore::Portal => xtask::portal(),
        Chore::Npm => xtask::npm(),
        Chore::SwaggerCoverage { swagger } => {
            let compared = swagger.is_none_or(|file| xtask::swagger_coverage(&file));
            xtask::coverage_table::write() && compared
        }
    }
}
