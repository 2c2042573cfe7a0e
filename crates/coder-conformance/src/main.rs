//! `cargo xtask conformance`.
#![expect(clippy::print_stdout, reason = "a chore talks to the person who started it")]

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use coder_conformance::replay::{Recording, replay};
use coder_conformance::run;
use coder_conformance::sections::Part;
use coder_conformance::serve::serve;
use coder_conformance::server::{Server, run_name};
use coder_conformance::table::Table;
use coder_conformance::world::Seed;
use coder_testkit::Version;

/// Asks a Coder, real or fake, what real ones were asked, and takes the journeys of people. Without
/// arguments it asks every release of the fake.
#[derive(Parser)]
#[command(bin_name = "cargo xtask conformance")]
struct Arguments {
    /// A release of the fake, such as `V2_36`.
    #[arg(long, value_name = "RELEASE", value_parser = release, requires = "serve")]
    fake: Option<Version>,
    /// Serves the fake with its world on this port, and writes the seed file.
    #[arg(long, value_name = "PORT", requires = "fake")]
    serve: Option<u16>,
    /// Switches the fake's OAuth2 provider off.
    #[arg(long)]
    provider_off: bool,
    /// Where the seed file is written.
    #[arg(long, value_name = "FILE", default_value = "target/conformance-seed.json")]
    seed: PathBuf,
    /// Asks the server that this seed file describes.
    #[arg(long, value_name = "FILE", conflicts_with = "fake", requires = "release")]
    world: Option<PathBuf>,
    /// The recorded release to compare with: `2.36.0`.
    #[arg(long, value_name = "RELEASE")]
    release: Option<String>,
    /// Asks only this part. May be repeated. Without it, all parts are asked and the journeys
    /// taken.
    #[arg(long, value_name = "PART", value_parser = part)]
    part: Vec<Part>,
    /// A shell command that restarts this Coder, for the journey of streams over a restart.
    #[arg(long, value_name = "COMMAND", requires = "world")]
    restart: Option<String>,
}

fn release(text: &str) -> Result<Version, String> {
    let known = |version: &Version| format!("{version:?}").eq_ignore_ascii_case(text);
    Version::ALL.into_iter().find(known).ok_or_else(|| {
        let all: Vec<String> = Version::ALL.iter().map(|version| format!("{version:?}")).collect();
        format!("no such release; there are {}", all.join(", "))
    })
}

fn part(text: &str) -> Result<Part, String> {
    let known = |part: &Part| part.to_string() == text;
    Part::ALL
        .into_iter()
        .find(known)
        .ok_or_else(|| "`oauth`, `api`, `workspaces` or `off`".to_owned())
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> io::Result<bool> {
    if let Some((version, port)) = arguments.fake.zip(arguments.serve) {
        serve(version, !arguments.provider_off, port, &arguments.seed).await?;
        return Ok(true);
    }
    let parts = if arguments.part.is_empty() { Part::ALL.to_vec() } else { arguments.part.clone() };
    let Some((world, release)) = arguments.world.zip(arguments.release) else {
        return every_release_of_the_fake(&parts).await;
    };
    let seed: Seed = serde_json::from_slice(&std::fs::read(world)?).map_err(io::Error::other)?;
    let alike = ask(&seed, &release, &parts).await?;
    if !arguments.part.is_empty() {
        return Ok(alike);
    }
    let (taken, kept) = run::journeys(&seed, arguments.restart.as_deref()).await?;
    let all = taken.iter().all(|(_, outcome)| outcome.is_ok());
    for (journey, outcome) in taken {
        match outcome {
            Ok(()) => println!("{journey}: ok"),
            Err(trouble) => println!("{journey}: {trouble}"),
        }
    }
    kept.iter().for_each(|kept| println!("the server keeps {kept}"));
    Ok(all && alike)
}

/// Asks each release of the fake, and ends with the table of what works there.
async fn every_release_of_the_fake(parts: &[Part]) -> io::Result<bool> {
    let mut table = Table::default();
    for version in Version::ALL {
        for part in parts {
            if let Some(outcome) = run::replay_on_fake(version, *part).await? {
                println!("{version} {part}: {} of {} alike", outcome.alike(), outcome.compared);
            }
        }
        table.add(version, run::on_fake(version).await?);
    }
    println!("\n{table}");
    Ok(true)
}

/// Asks a server; whether all answers are the recorded ones.
async fn ask(seed: &Seed, release: &str, parts: &[Part]) -> io::Result<bool> {
    let mut alike = true;
    for part in parts {
        let Some(recording) = Recording::read(release, *part)? else { continue };
        let run = run_name(std::process::id());
        let mut server = Server::new(seed.clone(), &run).await.map_err(io::Error::other)?;
        let outcome = replay(&mut server, *part, &recording).await;
        println!("{part} of {release}:{outcome}");
        for kept in server.clean_up().await {
            println!("the server keeps {kept}");
        }
        alike &= outcome.different.is_empty();
    }
    Ok(alike)
}
