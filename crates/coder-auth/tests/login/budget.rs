//! What strangers cause at Coder leaves room for those who are signed in.

use std::time::Duration;

use coder_testkit::{FakeCoder, Fault, Version};
use http::StatusCode;
use url::Url;

use crate::support::{Browser, CALLBACK, House, message};

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
    assert_eq!(refreshed.status, StatusCode::OK, "{refreshed:?}");
    assert!(house.coder.count("POST", "/oauth2/tokens") <= 42);
}

#[tokio::test(start_paused = true)]
async fn the_nil_user_and_one_with_an_endless_name_sign_nobody_in() {
    let nil = "00000000-0000-0000-0000-000000000000".to_owned();
    let house = House::current();
    let alice = house.coder.add_user("alice");
    for (id, username) in [(nil, "alice".to_owned()), (alice.id.to_string(), "a".repeat(5000))] {
        let mut browser = Browser::new();
        let authorize = browser.start(&house).await;
        let callback = house.coder.approve(&authorize, &alice).unwrap();
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
async fn a_token_that_is_said_to_live_for_ever_lives_ten_years_at_most() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let mut browser = Browser::new();
    let authorize = browser.start(&house).await;
    let callback = house.coder.approve(&authorize, &alice).unwrap();
    let tokens = serde_json::json!({
        "access_token": "a", "token_type": "bearer", "expires_in": u32::MAX,
    });
    let answer = Fault::answer(StatusCode::OK, "application/json", tokens.to_string());
    house.coder.fail_next(answer.on("/oauth2/tokens"));
    let user = serde_json::json!({
        "id": alice.id.to_string(), "username": "alice", "name": "x", "email": "a@example.com",
        "avatar_url": "", "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z", "last_seen_at": "2026-01-01T00:00:00Z",
        "status": "active", "login_type": "password",
    });
    let answer = Fault::answer(StatusCode::OK, "application/json", user.to_string());
    house.coder.fail_next(answer.on("/api/v2/users/me"));
    let told = message(&browser.call_back(&house.auth, &callback).await);
    let life = told["response"]["providerInfo"]["expiresInSeconds"].as_i64();
    let life = life.unwrap_or_else(|| panic!("{told}"));
    assert!((1..=316_224_000).contains(&life), "{life}");
}
