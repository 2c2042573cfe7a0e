//! Whole journeys while Coder does not serialise requests to its token endpoint.

use std::time::Duration;

use coder_testkit::{FakeCoder, FakeUser, Version};
use futures_util::future::join_all;
use http::StatusCode;

use crate::support::{Browser, House, message};

const DAY: Duration = Duration::from_secs(24 * 3600);
const MINUTE: Duration = Duration::from_secs(60);

/// Each seed orders the requests in another way, and lets others of them lose.
const SEEDS: u64 = 6;

/// Makes a house for every release and every seed.
fn racing() -> impl Iterator<Item = (String, House)> {
    Version::ALL.into_iter().filter(|version| *version >= Version::V2_25).flat_map(|version| {
        (0..SEEDS).map(move |seed| {
            let coder = FakeCoder::builder().version(version).races(seed);
            (format!("{version}, seed {seed}"), House::at(coder, |environment| environment))
        })
    })
}

/// Signs in one browser after the other.
async fn signed_in(house: &House, people: &[&FakeUser]) -> Vec<Browser> {
    let mut browsers = Vec::new();
    for person in people {
        browsers.push(house.signed_in(person).await);
    }
    browsers
}

/// Refreshes every browser at two replicas at once, and expects one living token for each of them.
async fn refreshed_at_once(case: &str, house: &House, browsers: &[&Browser]) {
    let replica = house.replica();
    let here = join_all(browsers.iter().map(|browser| browser.refresh(house)));
    let there = join_all(browsers.iter().map(|browser| browser.refresh(&replica)));
    let (here, there) = tokio::join!(here, there);
    for (here, there) in here.iter().zip(&there) {
        assert!(house.coder.is_live(here.access_token()), "{case}: {here:?}");
        assert_eq!(here.access_token(), there.access_token(), "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_browser_stays_signed_in_however_token_requests_overlap() {
    for (case, house) in racing() {
        let (alice, bob) = (house.coder.add_user("alice"), house.coder.add_user("bob"));
        let browsers = signed_in(&house, &[&alice, &alice, &bob, &bob]).await;
        let all: Vec<&Browser> = browsers.iter().collect();
        refreshed_at_once(&case, &house, &all).await;
        house.advance(DAY - 5 * MINUTE);
        refreshed_at_once(&case, &house, &all).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_beside_a_rotation_leaves_every_browser_a_living_token() {
    for (case, house) in racing() {
        let alice = house.coder.add_user("alice");
        let first = house.signed_in(&alice).await;
        house.advance(DAY - 5 * MINUTE);
        let (_, second) = tokio::join!(first.refresh(&house), house.signed_in(&alice));
        refreshed_at_once(&case, &house, &[&first, &second]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_callback_that_comes_to_two_replicas_at_once_signs_in_once() {
    for (case, house) in racing() {
        let alice = house.coder.add_user("alice");
        let (browser, callback) = house.consented(&alice).await;
        let replica = house.replica();
        let (mut one, mut other) = (browser.clone(), browser);
        let (here, there) = tokio::join!(
            one.call_back(&house.auth, &callback),
            other.call_back(&replica, &callback),
        );
        let refused = [message(&here), message(&there)].map(|told| told.get("error").is_some());
        assert_ne!(refused[0], refused[1], "{case}: one of both");
        let winner = if refused[0] { other } else { one };
        refreshed_at_once(&case, &house, &[&winner]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_person_suspended_while_tokens_rotate_is_out_and_in_again_once_active() {
    for (case, house) in racing() {
        let (alice, bob) = (house.coder.add_user("alice"), house.coder.add_user("bob"));
        let browsers = signed_in(&house, &[&alice, &alice, &bob]).await;
        house.advance(DAY - 5 * MINUTE);
        let suspended = async {
            tokio::task::yield_now().await;
            house.coder.suspend(&alice);
        };
        let (first, second, bobs) = (&browsers[0], &browsers[1], &browsers[2]);
        tokio::join!(
            first.refresh(&house),
            bobs.refresh(&house),
            second.refresh(&house),
            suspended
        );
        house.advance(10 * MINUTE);
        for browser in [first, second] {
            let answer = browser.refresh(&house).await;
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{case}: {answer:?}");
        }
        refreshed_at_once(&case, &house, &[bobs]).await;
        house.coder.activate(&alice);
        let third = house.signed_in(&alice).await;
        refreshed_at_once(&case, &house, &[first, second, &third]).await;
    }
}
