//! What strangers cause at Coder leaves room for those who are signed in.

use std::time::Duration;

use coder_testkit::{FakeCoder, Fault, Version};
use futures_util::future::join_all;
use http::StatusCode;
use tokio::time::Instant;
use url::Url;

use crate::support::{Browser, CALLBACK, House, base_options, message};

#[tokio::test(start_paused = true)]
async fn bogus_callbacks_do_not_keep_a_rotation_from_coder() {
    let coder = FakeCoder::builder().version(Version::V2_38).rate_limits(true);
    let house = House::at(coder, |environment| environment);
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    house.advance(Duration::from_secs(24 * 3600));
    house.coder.forget_requests();
    let mut busy = 0;
    for _ in 0..69 {
        let mut stranger = Browser::new();
        let authorize = stranger.start(&house).await;
        let state = authorize.query_pairs().find(|(name, _)| name == "state").unwrap().1;
        let mut callback = Url::parse(CALLBACK).unwrap();
        callback.query_pairs_mut().append_pair("state", &state).append_pair("code", "bogus");
        let told = message(&stranger.call_back(&house.auth, &callback).await);
        assert_ne!(told.get("error"), None, "{told}");
        busy +=
            usize::from(told["error"]["message"].as_str().unwrap().contains("busy with logins"));
        house.advance(Duration::from_millis(478));
    }
    assert!(busy > 30, "{busy}");
    let refreshed = browser.refresh(&house).await;
    assert_eq!(refreshed.status(), StatusCode::OK, "{refreshed:?}");
    assert!(house.coder.count("POST", "/oauth2/tokens") <= 42);
}

#[tokio::test(start_paused = true)]
async fn the_nil_user_and_one_with_an_endless_name_sign_nobody_in() {
    let nil = "00000000-0000-0000-0000-000000000000".to_owned();
    let house = House::current();
    let alice = house.coder.add_user("alice");
    for (id, username) in [(nil, "alice".to_owned()), (alice.id.to_string(), "a".repeat(5000))] {
        let (mut browser, callback) = house.consented(&alice).await;
        let user = serde_json::json!({
            "id": id, "username": username, "name": "x", "email": "alice@example.com",
            "avatar_url": "", "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z", "last_seen_at": "2026-01-01T00:00:00Z",
            "status": "active", "login_type": "password",
        });
        let answer = Fault::answer(StatusCode::OK, "application/json", user.to_string());
        house.coder.fail_next(answer.on("/api/v2/users/me"));
        let told = message(&browser.call_back(&house.auth, &callback).await);
        let error = told["error"]["message"].as_str().unwrap_or_else(|| panic!("{told}"));
        assert!(error.contains("does not say who this is"), "{error}");
        assert!(browser.cookies.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn an_endless_answer_of_the_token_endpoint_signs_nobody_in() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    for (padding, is_read) in [(1024, true), (600 * 1024, false)] {
        let (mut browser, callback) = house.consented(&alice).await;
        let tokens = format!(
            r#"{{"access_token":"a","token_type":"bearer","expires_in":3600{}}}"#,
            " ".repeat(padding)
        );
        let answer = Fault::answer(StatusCode::OK, "application/json", tokens);
        house.coder.fail_next(answer.on("/oauth2/tokens"));
        house.coder.forget_requests();
        let told = message(&browser.call_back(&house.auth, &callback).await);
        assert_ne!(told.get("error"), None, "Coder has never issued this token: {told}");
        let was_used = house.coder.count("GET", "/api/v2/users/me") > 0;
        assert_eq!(was_used, is_read, "{padding} bytes more");
    }
}

/// Counts how often Coder was asked what it can do.
fn questions(house: &House) -> usize {
    house.coder.count("GET", "/api/v2/buildinfo")
}

#[tokio::test(start_paused = true)]
async fn three_hundred_starts_at_a_coder_that_hangs_are_one_question() {
    let house = House::current();
    house.coder.fail_next(Fault::silence().on("/api/v2/buildinfo").times(999));
    let starts = (0..300).map(async |_| Browser::new().start(&house).await);
    join_all(starts).await;
    assert_eq!(questions(&house), 1);
    let before = Instant::now();
    Browser::new().start(&house).await;
    assert_eq!(questions(&house), 1, "the failure is remembered");
    assert_eq!(before, Instant::now(), "and nobody waits for it again");
    house.advance(Duration::from_secs(10));
    Browser::new().start(&house).await;
    assert_eq!(questions(&house), 2, "though not for long");
}

#[tokio::test(start_paused = true)]
async fn what_is_known_of_a_coder_that_hangs_is_used_at_once() {
    let house =
        House::with(Version::V2_38, |coder| coder.scopes(["user:read_personal".to_owned()]));
    Browser::new().start(&house).await;
    house.advance(Duration::from_secs(601));
    house.coder.fail_next(Fault::silence().times(999));
    for round in 0..3 {
        let before = Instant::now();
        let authorize = Browser::new().start(&house).await;
        assert_eq!(before, Instant::now(), "nobody waited in round {round}");
        let scope = authorize.query_pairs().any(|(name, _)| name == "scope");
        assert!(scope, "{authorize}");
        tokio::time::sleep(Duration::from_secs(6)).await;
    }
    assert_eq!(questions(&house), 2, "it is asked again beside the starts, and once");
}

#[tokio::test(start_paused = true)]
async fn environments_of_one_deployment_ask_it_once() {
    let house = House::current();
    let environment = || house.environment();
    let options = base_options()
        .environment("development", environment())
        .environment("production", environment());
    let auth = house.portal(options);
    for name in ["development", "production"] {
        let response = Browser::new().start_with(&auth, &format!("env={name}")).await;
        assert_eq!(response.status(), StatusCode::FOUND);
    }
    assert_eq!(questions(&house), 1);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_does_not_take_the_question_of_the_others_along() {
    let house = House::current();
    let answer = house.hold_answer("/api/v2/buildinfo");
    let (mut first, mut second) = (Browser::new(), Browser::new());
    let mut second = std::pin::pin!(second.start(&house));
    {
        let mut first = std::pin::pin!(first.start(&house));
        for _ in 0..9 {
            assert!(futures_util::poll!(&mut first).is_pending());
            assert!(futures_util::poll!(&mut second).is_pending());
            tokio::task::yield_now().await;
        }
    }
    answer.send(()).unwrap();
    second.await;
    assert_eq!(questions(&house), 1);
}
