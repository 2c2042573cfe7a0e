//! Holds the fake against the answers of real Coders.

use std::net::SocketAddr;
use std::{fs, io};

use coder_conformance::accepted::{Accepted, Played, Verdict};
use coder_conformance::replay::{Recording, replay};
use coder_conformance::sections::Part;
use coder_conformance::serve::Deployment;
use coder_conformance::server::{Server, run_name};
use coder_testkit::Version;
use tokio::task::JoinSet;

/// Plays a part on a fake of its own; `None` when the part of this release was not recorded.
async fn play(version: Version, part: Part) -> io::Result<Option<Played>> {
    let release = version.number();
    let Some(recording) = Recording::read(release, part)? else { return Ok(None) };
    let free = SocketAddr::from(([127, 0, 0, 1], 0));
    let deployment = Deployment::start(version, part != Part::Off, free, free).await?;
    let server = Server::new(deployment.seed().clone(), &run_name(1)).await;
    let mut server = server.map_err(io::Error::other)?;
    let outcome = replay(&mut server, part, &recording).await;
    drop(server);
    deployment.stop().await;
    Ok(Some(Played::new(release, part, outcome)))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_release_answers_as_it_was_recorded_but_for_what_is_accepted() {
    let mut playing = JoinSet::new();
    for version in Version::ALL {
        for part in Part::ALL {
            playing.spawn(play(version, part));
        }
    }
    let mut played: Vec<Played> =
        playing.join_all().await.into_iter().filter_map(Result::unwrap).collect();
    played.sort_by_key(|played| (played.part, played.release.clone()));
    assert!(!played.is_empty());

    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/accepted.json");
    let accepted: Vec<Accepted> = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    assert!(accepted.iter().all(|accepted| !accepted.reason.is_empty()), "each needs a reason");
    let verdict = Verdict::new(&accepted, &played);
    assert!(verdict.is_fine(), "{verdict}");
}
