use std::time::Duration;

use coder_testkit::Fault;
use http::StatusCode;

use crate::storage::later;
use crate::support::{Browser, House, message, versions};

const DAY: Duration = Duration::from_secs(24 * 3600);
const MINUTE: Duration = Duration::from_secs(60);

fn token_requests(house: &House) -> usize {
    house.coder.count("POST", "/oauth2/tokens")
}

#[tokio::test(start_paused = true)]
async fn a_second_browser_keeps_the_first_one_signed_in() {
    for version in versions() {
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
        assert_eq!(browser.refresh(&house).await.status(), StatusCode::OK);
    }
    assert_eq!(house.coder.requests().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_dying_token_is_rotated_once_for_everyone_who_needs_it() {
    for version in versions() {
        let house = House::new(version);
        let alice = house.coder.add_user("alice");
        let browsers = [house.signed_in(&alice).await, house.signed_in(&alice).await];
        let replica = house.replica();
        // Through 2.26 the refresh token dies with the access token.
        house.advance(DAY - 5 * MINUTE);
        let before = token_requests(&house);
        let refreshes = (0..50).map(|number| {
            let auth = if number % 3 == 0 { &replica } else { &house.auth };
            browsers[number % 2].refresh(auth)
        });
        let answers = futures_util::future::join_all(refreshes).await;
        for answer in &answers {
            assert_eq!(answer.status(), StatusCode::OK, "{version}: {answer:?}");
            assert!(house.coder.is_live(answer.access_token()), "{version}");
        }
        assert_eq!(token_requests(&house) - before, 1, "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_tabs_of_one_browser_sign_in_and_refresh_side_by_side() {
    for version in versions() {
        let house = House::new(version);
        let alice = house.coder.add_user("alice");
        let mut browser = Browser::new();
        let tabs = [browser.start(&house).await, browser.start(&house).await];
        for authorize in &tabs {
            let callback = house.coder.approve(authorize, &alice).unwrap();
            let message = message(&browser.call_back(&house.auth, &callback).await);
            assert_eq!(message.get("error"), None, "{version}: {message}");
        }
        house.advance(DAY - 5 * MINUTE);
        let before = token_requests(&house);
        let (one, other) =
            futures_util::future::join(browser.refresh(&house), browser.refresh(&house)).await;
        assert_eq!(one.access_token(), other.access_token(), "{version}");
        assert!(house.coder.is_live(one.access_token()), "{version}");
        assert_eq!(token_requests(&house) - before, 1, "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_that_one_replica_has_started_another_one_ends_for_both() {
    for version in versions() {
        let house = House::new(version);
        let alice = house.coder.add_user("alice");
        let replica = house.replica();
        let (mut browser, callback) = house.consented(&alice).await;
        let mut copy = browser.clone();
        let signed_in = message(&browser.call_back(&replica, &callback).await);
        assert_eq!(signed_in.get("error"), None, "{version}: {signed_in}");
        let token = browser.refresh(&house).await.access_token().to_owned();
        assert_eq!(browser.refresh(&replica).await.access_token(), token, "{version}");
        let replayed = message(&copy.call_back(&house.auth, &callback).await);
        assert_ne!(replayed.get("error"), None, "{version}: an attempt is used once anywhere");
        browser.clone().log_out(&house).await;
        let after = browser.refresh(&replica).await;
        assert_eq!(after.status(), StatusCode::UNAUTHORIZED, "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_in_the_middle_of_a_login_signs_nobody_out_and_the_login_ends() {
    for version in versions() {
        let mut house = House::new(version);
        let alice = house.coder.add_user("alice");
        let first = house.signed_in(&alice).await;
        let mut second = Browser::new();
        let authorize = second.start(&house).await;
        house.restart();
        assert_eq!(first.refresh(&house).await.status(), StatusCode::OK, "{version}");
        let callback = house.coder.approve(&authorize, &alice).unwrap();
        let message = message(&second.call_back(&house.auth, &callback).await);
        assert_eq!(message.get("error"), None, "{version}: {message}");
        house.advance(DAY - 5 * MINUTE);
        house.restart();
        for browser in [&first, &second] {
            let answer = browser.refresh(&house).await;
            assert!(house.coder.is_live(answer.access_token()), "{version}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_suspended_user_is_out_within_ten_minutes() {
    for version in versions() {
        let house = House::new(version);
        let alice = house.coder.add_user("alice");
        let browser = house.signed_in(&alice).await;
        house.coder.suspend(&alice);
        house.advance(10 * MINUTE);
        for _ in 0..2 {
            let answer = browser.refresh(&house).await;
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{version}");
            assert!(answer.message().contains("suspended"), "{version}: {}", answer.message());
        }
        house.coder.activate(&alice);
        let answer = browser.refresh(&house).await;
        assert_eq!(answer.status(), StatusCode::OK, "{version}: and in again");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_the_account_is_an_answer_and_only_silence_is_none() {
    let json = |status, message: &str| {
        let body = serde_json::json!({ "message": message }).to_string();
        Fault::answer(status, "application/json; charset=utf-8", body)
    };
    // As real Coders say it.
    let suspended = "User is not active (status = \"suspended\"). Contact an admin.";
    let refusals = [
        json(StatusCode::UNAUTHORIZED, suspended),
        json(StatusCode::FORBIDDEN, "Token audience validation failed"),
    ];
    let silences = [
        json(StatusCode::INTERNAL_SERVER_ERROR, "Internal error fetching user."),
        Fault::bad_gateway(),
        Fault::rate_limited(1),
        Fault::answer(StatusCode::FORBIDDEN, "text/html", "<html>blocked by the proxy</html>"),
        Fault::connection_refused(),
        Fault::silence(),
    ];
    let refreshed = async |fault: Fault, times: usize| {
        let house = House::current();
        let alice = house.coder.add_user("alice");
        let browser = house.signed_in(&alice).await;
        let before = token_requests(&house);
        house.advance(MINUTE);
        house.coder.fail_next(fault.on("/api/v2/users/me").times(times));
        let status = browser.refresh(&house).await.status();
        assert_eq!(token_requests(&house), before, "nothing is rotated for it");
        (status, house, browser)
    };
    for (number, fault) in refusals.into_iter().enumerate() {
        let (status, house, browser) = refreshed(fault, 1).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "refusal {number}");
        // What was refused comes back with the account.
        assert_eq!(browser.refresh(&house).await.status(), StatusCode::OK, "refusal {number}");
    }
    for (number, fault) in silences.into_iter().enumerate() {
        assert_eq!(refreshed(fault, 9).await.0, StatusCode::OK, "silence {number}");
    }
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
    for version in versions() {
        let house = House::new(version);
        let alice = house.coder.add_user("alice");
        let (mut first, mut second) =
            (house.signed_in(&alice).await, house.signed_in(&alice).await);
        let token = second.refresh(&house).await.access_token().to_owned();
        assert_eq!(first.log_out(&house).await.status(), StatusCode::OK);
        assert!(first.cookies.is_empty(), "{:?}", first.cookies.keys());
        assert_eq!(second.refresh(&house).await.access_token(), token, "{version}");
        assert_eq!(second.log_out(&house).await.status(), StatusCode::OK);
        assert!(!house.coder.is_live(&token), "{version}");
        assert_eq!(second.refresh(&house).await.status(), StatusCode::UNAUTHORIZED, "{version}");
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
    assert_eq!(thief.refresh(&house).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn signing_in_as_another_user_ends_the_old_session_and_its_grant() {
    let house = House::current();
    let (alice, bob) = (house.coder.add_user("alice"), house.coder.add_user("bob"));
    let mut browser = house.signed_in(&alice).await;
    let former = browser.clone();
    let alices_token = browser.refresh(&house).await.access_token().to_owned();
    browser.sign_in(&house, &house.coder, &bob).await;
    assert_eq!(browser.refresh(&house).await.json()["profile"]["email"], "bob@example.com");
    assert_eq!(former.refresh(&house).await.status(), StatusCode::UNAUTHORIZED);
    assert!(!house.coder.is_live(&alices_token));
}

#[tokio::test(start_paused = true)]
async fn when_coder_forgets_the_grant_one_login_revives_every_session() {
    for version in versions() {
        let house = House::new(version);
        let alice = house.coder.add_user("alice");
        let (first, second) = (house.signed_in(&alice).await, house.signed_in(&alice).await);
        house.advance(DAY - 5 * MINUTE);
        house.coder.fail_next(Fault::answer_lost().on("/oauth2/tokens"));
        let answer = first.refresh(&house).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{version}: it was lost");
        assert_eq!(answer.retry_after(), Some("5"), "{version}");
        let answer = first.refresh(&house).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{version}: and with it the pair");
        assert!(answer.message().contains("sign in again"), "{}", answer.message());
        let answer = second.refresh(&house).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{version}");
        let third = house.signed_in(&alice).await;
        for browser in [&first, &second, &third] {
            let answer = browser.refresh(&house).await;
            assert!(house.coder.is_live(answer.access_token()), "{version}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn sessions_end_when_idle_and_in_any_case_after_thirty_days() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let idle = house.signed_in(&alice).await;
    house.advance(7 * DAY);
    assert_eq!(idle.refresh(&house).await.status(), StatusCode::UNAUTHORIZED);
    let busy = house.signed_in(&alice).await;
    for _ in 0..29 {
        house.advance(DAY);
        assert_eq!(busy.refresh(&house).await.status(), StatusCode::OK);
    }
    house.advance(DAY);
    assert_eq!(busy.refresh(&house).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn the_sweeper_ends_idle_sessions_and_revokes_their_grants() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    house.auth.sweep().await.unwrap();
    assert_eq!(browser.refresh(&house).await.status(), StatusCode::OK);
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

/// Returns how many turns the second of two waits for the first.
fn delays() -> impl Iterator<Item = usize> {
    std::iter::successors(Some(0), |turns| Some(later(*turns))).take_while(|turns| *turns < 16)
}

/// Lets detached work end: the paused clock moves only when nobody has anything to do.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_callback_dropped_at_any_await_point_loses_no_grant() {
    let (mut dropped, mut polls) = (0, 0);
    loop {
        let house = House::current();
        let alice = house.coder.add_user("alice");
        let first = house.signed_in(&alice).await;
        let (mut second, callback) = house.consented(&alice).await;
        let finished = at_most(polls, second.call_back(&house.auth, &callback)).await;
        settle().await;
        // The exchange has killed the first browser's pair; the new one must be in its place.
        let answer = first.refresh(&house).await;
        assert_eq!(answer.status(), StatusCode::OK, "dropped after {polls} polls: {answer:?}");
        assert!(house.coder.is_live(answer.access_token()), "dropped after {polls} polls");
        if finished.is_some() {
            break;
        }
        dropped += 1;
        polls = later(polls);
    }
    assert!(dropped > 1, "the callback waits more than {dropped} times");
}

#[tokio::test(start_paused = true)]
async fn a_refresh_dropped_at_any_await_point_loses_no_grant() {
    let (mut dropped, mut polls) = (0, 0);
    loop {
        let house = House::current();
        let alice = house.coder.add_user("alice");
        let browser = house.signed_in(&alice).await;
        house.advance(DAY);
        let finished = at_most(polls, browser.refresh(&house)).await;
        settle().await;
        let answer = browser.refresh(&house).await;
        assert_eq!(answer.status(), StatusCode::OK, "dropped after {polls} polls: {answer:?}");
        assert!(house.coder.is_live(answer.access_token()), "dropped after {polls} polls");
        if finished.is_some() {
            break;
        }
        dropped += 1;
        polls = later(polls);
    }
    assert!(dropped > 1, "the refresh waits more than {dropped} times");
}

#[tokio::test(start_paused = true)]
async fn two_logins_of_one_person_at_once_leave_one_live_grant_for_both() {
    for version in versions() {
        for late in delays() {
            let house = House::new(version);
            let alice = house.coder.add_user("alice");
            let (mut one, mut other) = (Browser::new(), Browser::new());
            let (start_one, start_other) = (one.start(&house).await, other.start(&house).await);
            // Each approval ends the other's code, so the second one is approved after the first
            // code has been exchanged; how far the first login has come then varies.
            let first = house.coder.approve(&start_one, &alice).unwrap();
            let slow = one.call_back(&house.auth, &first);
            let fast = async {
                for _ in 0..late {
                    tokio::task::yield_now().await;
                }
                let second = house.coder.approve(&start_other, &alice).unwrap();
                other.call_back(&house.auth, &second).await
            };
            futures_util::future::join(slow, fast).await;
            // The login whose pair the other one has killed meanwhile is told to sign in again.
            let mut signed_in = 0;
            for browser in [&one, &other] {
                if browser.cookies.contains_key("__Host-coder-session") {
                    let answer = browser.refresh(&house).await;
                    assert_eq!(answer.status(), StatusCode::OK, "{version}, {late}: {answer:?}");
                    assert!(house.coder.is_live(answer.access_token()), "{version}, {late}");
                    signed_in += 1;
                }
            }
            assert!(signed_in > 0, "{version}, {late}: the last login succeeds");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_while_the_old_pair_is_rotated_keeps_the_live_one() {
    for version in versions() {
        for late in delays() {
            let house = House::new(version);
            let alice = house.coder.add_user("alice");
            let first = house.signed_in(&alice).await;
            house.advance(DAY - 5 * MINUTE);
            let (mut second, callback) = house.consented(&alice).await;
            let login = async {
                for _ in 0..late {
                    tokio::task::yield_now().await;
                }
                second.call_back(&house.auth, &callback).await
            };
            futures_util::future::join(first.refresh(&house), login).await;
            for browser in [&first, &second] {
                let answer = browser.refresh(&house).await;
                assert_eq!(answer.status(), StatusCode::OK, "{version}, {late}: {answer:?}");
                assert!(house.coder.is_live(answer.access_token()), "{version}, {late}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_that_was_overtaken_by_another_one_joins_its_grant() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let (mut slow, mut fast) = (Browser::new(), Browser::new());
    let authorize = slow.start(&house).await;
    let callback = house.coder.approve(&authorize, &alice).unwrap();
    // Coder has confirmed the slow login's pair, but the answer is still on its way when the fast
    // login replaces the pair at Coder, and is stored.
    let let_go = house.hold_answer("/api/v2/users/me");
    let overtaking = async {
        settle().await;
        fast.sign_in(&house, &house.coder, &alice).await;
        let_go.send(()).unwrap();
    };
    futures_util::future::join(slow.call_back(&house.auth, &callback), overtaking).await;
    let (slow, fast) = (slow.refresh(&house).await, fast.refresh(&house).await);
    assert_eq!(slow.access_token(), fast.access_token());
    assert!(house.coder.is_live(slow.access_token()));
}

#[tokio::test(start_paused = true)]
async fn a_rotation_that_was_overtaken_by_a_login_gives_way() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let first = house.signed_in(&alice).await;
    house.advance(DAY - 5 * MINUTE);
    let let_go = house.hold_answer("/oauth2/tokens");
    let overtaking = async {
        settle().await;
        let second = house.signed_in(&alice).await;
        let_go.send(()).unwrap();
        second
    };
    let (answer, second) = futures_util::future::join(first.refresh(&house), overtaking).await;
    assert_eq!(answer.status(), StatusCode::OK, "{answer:?}");
    for browser in [&first, &second] {
        let answer = browser.refresh(&house).await;
        assert!(house.coder.is_live(answer.access_token()), "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_announced_life_is_always_there_and_never_above_what_is_left() {
    for version in versions() {
        for seconds in [1, 2, 25, 599, 601, 86_400] {
            let lifetime = Duration::from_secs(seconds);
            let coder = version.coder().session_lifetime(lifetime);
            let house = House::at(coder, |environment| environment);
            let alice = house.coder.add_user("alice");
            let mut browser = Browser::new();
            let message = browser.sign_in(&house, &house.coder, &alice).await;
            let mut announced = vec![message["response"]["providerInfo"].clone()];
            house.advance(lifetime / 3);
            announced.push(browser.refresh(&house).await.json()["providerInfo"].clone());
            for provider in announced {
                let life = provider["expiresInSeconds"].as_u64();
                let life = life.unwrap_or_else(|| panic!("{version}, {seconds} s: {provider}"));
                assert!(life >= 1 && life <= seconds, "{version}, {seconds} s: {life}");
            }
        }
    }
}
