//! Holds the fake against the answers of real Coders.

use std::io;

use coder_conformance::accepted::{Accepted, Played, Verdict};
use coder_conformance::run::replay_on_fake;
use coder_conformance::sections::Part;
use coder_testkit::Version;
use tokio::task::JoinSet;

/// Plays a part on a fake of its own; `None` when the part of this release was not recorded.
async fn play(version: Version, part: Part) -> io::Result<Option<Played>> {
    let outcome = replay_on_fake(version, part).await?;
    Ok(outcome.map(|outcome| Played::new(version.number(), part, outcome)))
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

    let accepted = Accepted::read_all().unwrap();
    assert!(accepted.iter().all(|accepted| !accepted.reason.is_empty()), "each needs a reason");
    let verdict = Verdict::new(&accepted, &played);
    assert!(verdict.is_fine(), "{verdict}");
}
