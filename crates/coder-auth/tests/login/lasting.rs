use std::time::Duration;

use coder_testkit::{Fault, Version};
use http::StatusCode;

use crate::support::{Browser, House};

const DAY: Duration = Duration::from_secs(24 * 3600);
const MINUTE: Duration = Duration::from_secs(60);

fn token_requests(house: &House) -> usize {
    house.coder.count("POST", "/oauth2/tokens")
}

#[tokio::test(start_paused = true)]
async fn a_second_browser_keeps_the_first_one_signed_in() {
    for version in Version::ALL.into_iter().filter(|version| *version >= Version::V2_25) {
        let house = House::new(version);
        let alice = house.coder.add_user("alice");
        let first = house.signed_in(&alice).await;
        let second = house.signed_in(&alice).await;
        let (first, second) = (first.refresh(&house).await, second.refresh(&house).await);
        assert_eq!(first.access_token(), second.access_token(), "{version}");
        assert!(house.coder.is_live(first.access_token()), "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refresh_is_answered_from_the_grant() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    house.coder.forget_requests();
    for _ in 0..20 {
        assert_eq!(browser.refresh(&house).await.status, StatusCode::OK);
    }
    assert_eq!(house.coder.requests().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_dying_token_is_rotated_once_for_everyone_who_needs_it() {
    for version in Version::ALL.into_iter().filter(|version| *version >= Version::V2_25) {
        let house = House::new(version);
        let alice = house.coder.add_user("alice");
        let browsers = [house.signed_in(&alice).await, house.signed_in(&alice).await];
        let replica = house.replica();
        // Through 2.26 the refresh token dies with the access token.
        house.advance(DAY - 5 * MINUTE);
        let before = token_requests(&house);
        let refreshes = (0..50).map(|number| {
            let auth = if number % 3 == 0 { &replica } else { &house.auth };
            browsers[number % 2].refresh_at(auth)
        });
        let answers = futures_util::future::join_all(refreshes).await;
        for answer in &answers {
            assert_eq!(answer.status, StatusCode::OK, "{version}: {answer:?}");
            assert!(house.coder.is_live(answer.access_token()), "{version}");
        }
        assert_eq!(token_requests(&house) - before, 1, "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_suspended_user_is_out_within_ten_minutes() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    house.coder.suspend(&alice);
    house.advance(10 * MINUTE);
    let answer = browser.refresh(&house).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.message().contains("suspended"), "{}", answer.message());
    house.coder.activate(&alice);
    assert_eq!(browser.refresh(&house).await.status, StatusCode::OK, "and in again");
}

#[tokio::test(start_paused = true)]
async fn a_token_in_use_is_not_rotated_while_coder_prolongs_it() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    let before = token_requests(&house);
    for _ in 0..48 {
        house.advance(60 * MINUTE);
        let answer = browser.refresh(&house).await;
        assert!(house.coder.is_live(answer.access_token()), "{answer:?}");
    }
    assert_eq!(token_requests(&house), before, "two days without a rotation");
}

#[tokio::test(start_paused = true)]
async fn a_logout_leaves_the_other_browser_and_the_last_one_revokes() {
    for version in Version::ALL.into_iter().filter(|version| *version >= Version::V2_25) {
        let house = House::new(version);
        let alice = house.coder.add_user("alice");
        let (mut first, mut second) =
            (house.signed_in(&alice).await, house.signed_in(&alice).await);
        let token = second.refresh(&house).await.access_token().to_owned();
        assert_eq!(first.log_out(&house).await.status, StatusCode::OK);
        assert!(first.cookies.is_empty(), "{:?}", first.cookies.keys());
        assert_eq!(second.refresh(&house).await.access_token(), token, "{version}");
        assert_eq!(second.log_out(&house).await.status, StatusCode::OK);
        assert!(!house.coder.is_live(&token), "{version}");
        assert_eq!(second.refresh(&house).await.status, StatusCode::UNAUTHORIZED, "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_handle_is_worthless_after_the_logout() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let mut browser = house.signed_in(&alice).await;
    let thief = browser.clone();
    let _other = house.signed_in(&alice).await;
    browser.log_out(&house).await;
    assert_eq!(thief.refresh(&house).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn signing_in_as_another_user_ends_the_old_session_and_its_grant() {
    let house = House::current();
    let (alice, bob) = (house.coder.add_user("alice"), house.coder.add_user("bob"));
    let mut browser = house.signed_in(&alice).await;
    let former = browser.clone();
    let alices_token = browser.refresh(&house).await.access_token().to_owned();
    browser.sign_in(&house, &bob).await;
    assert_eq!(browser.refresh(&house).await.json["profile"]["email"], "bob@example.com");
    assert_eq!(former.refresh(&house).await.status, StatusCode::UNAUTHORIZED);
    assert!(!house.coder.is_live(&alices_token));
}

#[tokio::test(start_paused = true)]
async fn when_coder_forgets_the_grant_one_login_revives_every_session() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let (first, second) = (house.signed_in(&alice).await, house.signed_in(&alice).await);
    house.advance(DAY);
    house.coder.fail_next(Fault::answer_lost().on("/oauth2/tokens"));
    let answer = first.refresh(&house).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "the answer was lost");
    assert_eq!(answer.retry_after.as_deref(), Some("5"));
    let answer = first.refresh(&house).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "and with it the pair");
    assert!(answer.message().contains("sign in again"), "{}", answer.message());
    assert_eq!(second.refresh(&house).await.status, StatusCode::UNAUTHORIZED);
    let third = house.signed_in(&alice).await;
    for browser in [first, second, third] {
        let answer = browser.refresh(&house).await;
        assert!(house.coder.is_live(answer.access_token()));
    }
}

#[tokio::test(start_paused = true)]
async fn sessions_end_when_idle_and_in_any_case_after_thirty_days() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let idle = house.signed_in(&alice).await;
    house.advance(7 * DAY);
    assert_eq!(idle.refresh(&house).await.status, StatusCode::UNAUTHORIZED);
    let busy = house.signed_in(&alice).await;
    for _ in 0..29 {
        house.advance(DAY);
        assert_eq!(busy.refresh(&house).await.status, StatusCode::OK);
    }
    house.advance(DAY);
    assert_eq!(busy.refresh(&house).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn the_sweeper_ends_idle_sessions_and_revokes_their_grants() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    house.auth.sweep().await.unwrap();
    assert_eq!(browser.refresh(&house).await.status, StatusCode::OK);
    house.advance(7 * DAY + MINUTE);
    house.coder.forget_requests();
    house.auth.sweep().await.unwrap();
    assert_eq!(house.coder.count("POST", "/oauth2/revoke"), 1);
    house.auth.sweep().await.unwrap();
    assert_eq!(house.coder.count("POST", "/oauth2/revoke"), 1);
}

/// Polls a future so many times at the most; `None` when it was dropped unfinished.
async fn at_most<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = std::pin::pin!(future);
    for _ in 0..polls {
        match futures_util::poll!(&mut future) {
            std::task::Poll::Ready(output) => return Some(output),
            std::task::Poll::Pending => tokio::task::yield_now().await,
        }
    }
    None
}

/// Lets detached work end.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_callback_dropped_at_any_await_point_loses_no_grant() {
    let mut dropped = 0;
    for polls in 0.. {
        let house = House::current();
        let alice = house.coder.add_user("alice");
        let first = house.signed_in(&alice).await;
        let mut second = Browser::new();
        let authorize = second.start(&house).await;
        let callback = house.coder.approve(&authorize, &alice).unwrap();
        let finished = at_most(polls, second.call_back(&house.auth, &callback)).await;
        settle().await;
        // The exchange has killed the first browser's pair; the new one must be in its place.
        let answer = first.refresh(&house).await;
        assert_eq!(answer.status, StatusCode::OK, "dropped after {polls} polls: {answer:?}");
        assert!(house.coder.is_live(answer.access_token()), "dropped after {polls} polls");
        if finished.is_some() {
            break;
        }
        dropped += 1;
    }
    assert!(dropped > 3, "the callback waits more than {dropped} times");
}

#[tokio::test(start_paused = true)]
async fn a_refresh_dropped_at_any_await_point_loses_no_grant() {
    let mut dropped = 0;
    for polls in 0.. {
        let house = House::current();
        let alice = house.coder.add_user("alice");
        let browser = house.signed_in(&alice).await;
        house.advance(DAY);
        let finished = at_most(polls, browser.refresh(&house)).await;
        settle().await;
        let answer = browser.refresh(&house).await;
        assert_eq!(answer.status, StatusCode::OK, "dropped after {polls} polls: {answer:?}");
        assert!(house.coder.is_live(answer.access_token()), "dropped after {polls} polls");
        if finished.is_some() {
            break;
        }
        dropped += 1;
    }
    assert!(dropped > 3, "the refresh waits more than {dropped} times");
}
