//! Whole runs: every part and every journey, on one server or on every release of the fake.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use coder_testkit::{SeededRandom, Version};

use crate::journeys::{Journey, Stage, Trouble};
use crate::replay::{Outcome, Recording, replay};
use crate::sections::Part;
use crate::serve::{Deployment, Fake};
use crate::server::{Server, run_name};
use crate::world::Seed;

/// The outcome of each journey.
pub type Taken = Vec<(Journey, Result<(), Trouble>)>;

/// Takes all journeys on a server, each with names of its own, whatever becomes of the others.
/// Returns also what the server keeps of them.
pub async fn journeys(seed: &Seed, restart: Option<&str>) -> (Taken, Vec<String>) {
    let mut taken = Vec::new();
    let mut kept = Vec::new();
    for (number, journey) in (1..).zip(Journey::ALL) {
        let run = run_name(std::process::id() + number);
        let outcome = match stage(seed, &run, restart).await {
            Ok(mut stage) => {
                let outcome = journey.take(&mut stage).await;
                kept.extend(stage.server_mut().clean_up().await);
                outcome
            }
            Err(trouble) => Err(trouble),
        };
        taken.push((journey, outcome));
    }
    (taken, kept)
}

async fn stage(seed: &Seed, run: &str, restart: Option<&str>) -> Result<Stage, Trouble> {
    let server = Server::new(seed.clone(), run).await?;
    Stage::new(server, restart.map(str::to_owned))
}

/// Takes all journeys on this release of the fake.
///
/// # Errors
///
/// When the fake cannot be served.
pub async fn on_fake(version: Version) -> io::Result<Taken> {
    let deployment = serve(Fake { version, provider: true, races: None, slow_deletions: false });
    let deployment = deployment.await?;
    let (taken, _) = journeys(deployment.seed(), None).await;
    deployment.stop().await;
    Ok(taken)
}

/// Replays a part on this release of the fake; `None` when it was not recorded.
///
/// # Errors
///
/// When the fake cannot be served or the recording cannot be read.
pub async fn replay_on_fake(version: Version, part: Part) -> io::Result<Option<Outcome>> {
    let Some(recording) = Recording::read(version.number(), part)? else { return Ok(None) };
    let provider = part != Part::Off;
    let fake = Fake { version, provider, races: None, slow_deletions: true };
    let deployment = serve(fake).await?;
    let server = Server::new(deployment.seed().clone(), &run_name(1)).await;
    let mut server = server.map_err(io::Error::other)?;
    let outcome = replay(&mut server, part, &recording).await;
    drop(server);
    deployment.stop().await;
    Ok(Some(outcome))
}

async fn serve(fake: Fake) -> io::Result<Deployment> {
    let free = SocketAddr::from(([127, 0, 0, 1], 0));
    // The same ids and secrets in every run: nothing depends on how they happen to look.
    let random = Arc::new(SeededRandom::new("conformance"));
    Deployment::start(fake, free, free, random).await
}
