//! `cargo xtask conformance`.
#![expect(clippy::print_stdout, reason = "a chore talks to the person who started it")]

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use coder_conformance::accepted::{Accepted, Played, Verdict};
use coder_conformance::replay::{Outcome, Recording, recorded_releases, replay};
use coder_conformance::run;
use coder_conformance::sections::Part;
use coder_conformance::serve::{Fake, serve};
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
    /// Lets requests to the served fake overlap as they do at Coder, decided by this seed.
    #[arg(long, value_name = "SEED", requires = "serve")]
    races: Option<u64>,
    /// Asks the server that this seed file describes. The differences of `accepted.json` are no
    /// failures.
    #[arg(long, value_name = "FILE", conflicts_with = "fake")]
    world: Option<PathBuf>,
    /// The recorded release to compare with, such as `2.36.0`; by default the server's own.
    #[arg(long, value_name = "RELEASE", requires = "world")]
    release: Option<String>,
    /// Asks only this part. May be repeated. Without it, all parts are asked and the journeys
    /// taken; of a server, `off` only by name, since its provider must be off for that.
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
    let arguments = Arguments::parse();
    let mut failures = Failures::default();
    if let Some((version, port)) = arguments.fake.zip(arguments.serve) {
        let (provider, races) = (!arguments.provider_off, arguments.races);
        let fake = Fake { version, provider, races, slow_deletions: true };
        let ready = |seed: &Seed| {
            println!("{version} at {}; the seed file is {}", seed.base, arguments.seed.display());
        };
        let served = serve(fake, port, &arguments.seed, ready).await;
        failures.check("serving the fake", served);
    } else if let Some(world) = &arguments.world {
        if let Some(seed) = failures.check("reading the seed file", read_seed(world)) {
            ask(&mut failures, &seed, &arguments).await;
        }
    } else {
        every_release_of_the_fake(&mut failures, &arguments).await;
    }
    failures.end()
}

/// The steps that have failed so far. No step is left out because an earlier one has failed.
#[derive(Default)]
struct Failures(Vec<String>);

impl Failures {
    /// Returns the value of a step; notes and prints why there is none.
    fn check<T>(&mut self, step: &str, outcome: Result<T, impl Display>) -> Option<T> {
        match outcome {
            Ok(value) => Some(value),
            Err(reason) => {
                println!("{step}: {reason}");
                self.0.push(step.to_owned());
                None
            }
        }
    }

    /// Prints a line with the steps that have failed, if there are any.
    fn end(self) -> ExitCode {
        if self.0.is_empty() {
            return ExitCode::SUCCESS;
        }
        eprintln!("error: {} failed: {}", self.0.len(), self.0.join(", "));
        ExitCode::FAILURE
    }
}

impl Arguments {
    /// Returns the parts to ask. Of a server, the part `off` is asked only by name.
    fn parts(&self) -> Vec<Part> {
        if !self.part.is_empty() {
            return self.part.clone();
        }
        let is_asked = |part: &Part| self.world.is_none() || *part != Part::Off;
        Part::ALL.into_iter().filter(is_asked).collect()
    }

    fn takes_journeys(&self) -> bool {
        self.part.is_empty()
    }
}

fn read_seed(file: &Path) -> io::Result<Seed> {
    let text = std::fs::read(file).map_err(|reason| {
        io::Error::new(reason.kind(), format!("cannot read `{}`: {reason}", file.display()))
    })?;
    serde_json::from_slice(&text).map_err(|reason| {
        io::Error::other(format!("`{}` is not a seed file: {reason}", file.display()))
    })
}

/// Asks each release of the fake, compares with what is accepted, and ends with the table of what
/// works there.
async fn every_release_of_the_fake(failures: &mut Failures, arguments: &Arguments) {
    let mut table = Table::default();
    let mut played = Vec::new();
    for version in Version::ALL {
        for part in arguments.parts() {
            let step = format!("{version} {part}");
            let outcome = run::replay_on_fake(version, part).await;
            if let Some(outcome) = failures.check(&step, outcome).flatten() {
                println!("{step}: {} of {} alike", outcome.alike(), outcome.compared);
                played.push(Played::new(version.number(), part, outcome));
            }
        }
        if arguments.takes_journeys()
            && let Some(taken) =
                failures.check(&format!("the journeys on {version}"), run::on_fake(version).await)
        {
            table.add(version, taken);
        }
    }
    if let Some(mut accepted) = failures.check("reading accepted.json", Accepted::read_all()) {
        accepted.retain(|accepted| arguments.parts().contains(&accepted.part));
        let verdict = Verdict::new(&accepted, &played);
        failures.check("the comparison", if verdict.is_fine() { Ok(()) } else { Err(verdict) });
    }
    if arguments.takes_journeys() {
        println!("\n{table}");
    }
    for surprise in table.surprises() {
        failures.check::<()>(&surprise, Err("not what is expected of this release"));
    }
}

/// Asks a server, and takes the journeys there.
async fn ask(failures: &mut Failures, seed: &Seed, arguments: &Arguments) {
    let server = Server::new(seed.clone(), &run_name(std::process::id())).await;
    let Some(server) = failures.check("the server", server) else { return };
    let release = match &arguments.release {
        Some(release) => release.clone(),
        None => match failures.check("the release", server.release().await) {
            Some(release) => release,
            None => return,
        },
    };
    drop(server);
    let accepted = failures.check("reading accepted.json", Accepted::read_all());
    let mut recorded = false;
    for part in arguments.parts() {
        let step = format!("{part} of {release}");
        let recording = failures.check(&step, Recording::read(&release, part)).flatten();
        if let Some(recording) = recording {
            recorded = true;
            let outcome = ask_part(failures, seed, part, &recording, &step).await;
            let Some(outcome) = outcome else { continue };
            println!("{step}: {} of {} alike", outcome.alike(), outcome.compared);
            let played = [Played::new(&release, part, outcome)];
            let verdict = Verdict::new(accepted.as_deref().unwrap_or_default(), &played);
            if !verdict.differences.is_empty() {
                let differences = verdict.differences.join("\n");
                failures.check::<()>(&step, Err(format!("not as it was recorded:\n{differences}")));
            }
        }
    }
    if !recorded {
        let known = recorded_releases().join(", ");
        let reason = format!("nothing was recorded of this release; `--release` takes {known}");
        failures.check::<()>(&release, Err(reason));
    }
    if !arguments.takes_journeys() {
        return;
    }
    let (taken, kept) = run::journeys(seed, arguments.restart.as_deref()).await;
    for (journey, outcome) in taken {
        if failures.check(&journey.to_string(), outcome).is_some() {
            println!("{journey}: ok");
        }
    }
    kept.iter().for_each(|kept| println!("the server keeps {kept}"));
}

/// Asks one part, and prints what the server keeps of it.
async fn ask_part(
    failures: &mut Failures,
    seed: &Seed,
    part: Part,
    recording: &Recording,
    step: &str,
) -> Option<Outcome> {
    let server = Server::new(seed.clone(), &run_name(std::process::id())).await;
    let mut server = failures.check(step, server)?;
    let outcome = replay(&mut server, part, recording).await;
    for kept in server.clean_up().await {
        println!("the server keeps {kept}");
    }
    Some(outcome)
}
