//! `cargo xtask conformance`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use coder_testkit::Version;

/// Asks a Coder, real or fake, what real ones were asked.
#[derive(Parser)]
#[command(bin_name = "cargo xtask conformance")]
struct Arguments {
    /// A release of the fake, such as `V2_36`.
    #[arg(long, value_name = "RELEASE", value_parser = release)]
    fake: Version,
    /// Serves the fake with its world on this port, and writes the seed file.
    #[arg(long, value_name = "PORT")]
    serve: u16,
    /// Switches the fake's OAuth2 provider off.
    #[arg(long)]
    provider_off: bool,
    /// Where the seed file is written.
    #[arg(long, value_name = "FILE", default_value = "target/conformance-seed.json")]
    seed: PathBuf,
}

fn release(text: &str) -> Result<Version, String> {
    let known = |version: &Version| format!("{version:?}").eq_ignore_ascii_case(text);
    Version::ALL.into_iter().find(known).ok_or_else(|| {
        let all: Vec<String> = Version::ALL.iter().map(|version| format!("{version:?}")).collect();
        format!("no such release; there are {}", all.join(", "))
    })
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let serving = coder_conformance::serve::serve(
        arguments.fake,
        !arguments.provider_off,
        arguments.serve,
        &arguments.seed,
    );
    match serving.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
