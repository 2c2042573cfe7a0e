//! What strangers, other browsers and odd Coders try at the running server.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test may panic anywhere"
)]

#[expect(dead_code, reason = "each test of the server uses its part")]
mod serving;

use std::sync::Arc;
use std::time::Duration;

use coder_core::SystemClock;
use coder_testkit::{FakeCoder, Fault};
use http::StatusCode;
use reqwest::Method;
use serving::{Browser, House, Process, access_token};
use tempfile::TempDir;

/// A Coder of the real time, and the directory of a portal with this `coder` section.
async fn house(coder: &str) -> (House, TempDir) {
    let house = House::new(FakeCoder::builder().clock(Arc::new(SystemClock))).await;
    let directory = tempfile::tempdir().unwrap();
    house.configure(directory.path(), coder);
    (house, directory)
}

fn serve(directory: &TempDir) -> Process {
    Process::start(directory.path(), |_| {})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_made_up_credential_opens_nothing() {
    let (_house, directory) = house("{}").await;
    let server = serve(&directory);
    let stranger = Browser::new();
    for (name, value) in [
        ("coder-session-token", "made-up-0123456789"),
        ("authorization", "Bearer made-up"),
        ("cookie", "coder-session=made-up"),
    ] {
        let request = stranger.request(Method::GET, &server, "/api/coder/v1/entities");
        let answer = request.header(name, value).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_line_of_the_log_stays_within_its_own() {
    let (house, directory) = house("{}").await;
    let server = serve(&directory);
    let alice = house.coder().add_user("alice");
    let browser = Browser::new();
    const FORGED: &str = "x%0d%0a2026-01-01%20INFO%20forged%1b%5b2J%e2%80%ae";
    let long = "x".repeat(20_000);
    for path in [
        format!("/api/auth/coder/start?env={FORGED}"),
        format!("/api/coder/v1/entities?env={FORGED}"),
        format!("/api/coder/v1/entities/component/default/{FORGED}/workspaces"),
        format!("/api/auth/coder/start?env={long}"),
        format!("/api/coder/v1/entities/component/default/{long}/workspaces"),
    ] {
        let request = browser.request(Method::GET, &server, &path);
        let request = request.header("coder-session-token", alice.session_token.expose());
        assert_eq!(request.send().await.unwrap().status(), StatusCode::NOT_FOUND, "{path}");
    }
    let log = server.logged("forged").await;
    assert!(!log.lines().any(|line| line.starts_with("2026-01-01 INFO")), "{log}");
    let unseen = |character: char| character.is_control() && character != '\n';
    assert!(!log.contains(unseen) && !log.contains('\u{202e}'), "{log:?}");
    assert!(log.lines().all(|line| line.chars().count() < 2000), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_out_everywhere_stays_signed_out_after_the_next_login() {
    let (house, directory) = house("{ session: { logout: grant } }").await;
    let server = serve(&directory);
    let alice = house.coder().add_user("alice");
    let phone = Browser::signed_in(&house, &server, &alice).await;
    let laptop = Browser::signed_in(&house, &server, &alice).await;
    let logout = "/api/auth/coder/logout?env=development";
    let answer = phone.request(Method::POST, &server, logout).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(laptop.refresh_until_refused(&server).await.status(), StatusCode::UNAUTHORIZED);
    let phone = Browser::signed_in(&house, &server, &alice).await;
    let token = access_token(phone.refresh(&server).await).await;
    assert!(house.coder().is_live(&token));
    assert_eq!(laptop.refresh_until_refused(&server).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_login_of_a_browser_keeps_itself() {
    let (house, directory) = house("{ session: { logout: grant } }").await;
    let server = serve(&directory);
    let alice = house.coder().add_user("alice");
    let mut browser = Browser::signed_in(&house, &server, &alice).await;
    let authorize = browser.start(&server).await;
    let callback = house.coder().approve(&authorize, &alice).unwrap();
    browser.call_back(&server, &callback).await;
    let token = access_token(browser.refresh(&server).await).await;
    assert!(house.coder().is_live(&token));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coder_that_names_another_person_gives_nobody_that_persons_session() {
    let (house, directory) = house("{}").await;
    let server = serve(&directory);
    let (alice, bob) = (house.coder().add_user("alice"), house.coder().add_user("bob"));
    // So short that a refresh rotates at once, and asks Coder whose the new pair is.
    house.coder().set_session_lifetime(Duration::from_secs(1));
    let browser = Browser::signed_in(&house, &server, &alice).await;
    let bobs = serde_json::json!({
        "id": bob.id.to_string(), "username": "bob", "email": "bob@example.com", "status": "active",
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
        "last_seen_at": "2026-01-01T00:00:00Z", "login_type": "password", "name": "Bob",
        "organization_ids": [], "roles": [],
    });
    let answer = Fault::answer(StatusCode::OK, "application/json", bobs.to_string());
    house.coder().fail_next(answer.on("/api/v2/users/me").times(usize::MAX));
    let answer = browser.refresh_until_refused(&server).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    let told = answer.text().await.unwrap();
    assert!(!told.contains("bob@example.com"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_ends_what_the_cookie_names_whichever_environment_it_says() {
    let (house, directory) = house("{}").await;
    // Another application of the same deployment.
    let staging = format!(
        "auth: {{ providers: {{ coder: {{ staging: {{ clientId: id, clientSecret: s,
      deploymentUrl: '{}' }} }} }} }}\n",
        house.coder().url()
    );
    std::fs::write(directory.path().join("app-config.local.yaml"), staging).unwrap();
    let server = serve(&directory);
    let alice = house.coder().add_user("alice");
    let browser = Browser::signed_in(&house, &server, &alice).await;
    let logout = "/api/auth/coder/logout?env=staging";
    let answer = browser.request(Method::POST, &server, logout).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    // With the cookie that it was told to forget.
    assert_eq!(browser.refresh_until_refused(&server).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(house.coder().count_pairs(&alice), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_beside_a_rotation_is_final() {
    let (house, directory) = house("{}").await;
    let server = serve(&directory);
    let alice = house.coder().add_user("alice");
    house.coder().set_session_lifetime(Duration::from_secs(1));
    let browser = Browser::signed_in(&house, &server, &alice).await;
    let (fault, held) = Fault::hold();
    house.coder().fail_next(fault.on("/oauth2/tokens"));
    let rotating = tokio::spawn(browser.refresh_until_refused(&server));
    held.reached().await;
    let logout = "/api/auth/coder/logout?env=development";
    let answer = browser.request(Method::POST, &server, logout).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    held.release();
    assert_eq!(rotating.await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(house.coder().count_pairs(&alice), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_that_may_read_answers_gets_no_login() {
    let (_house, directory) = house("{}").await;
    let cors = "backend: { cors: { origin: 'https://partner.example' } }\n";
    std::fs::write(directory.path().join("app-config.local.yaml"), cors).unwrap();
    let server = serve(&directory);
    let start = "/api/auth/coder/start?env=development&origin=https://partner.example";
    let answer = Browser::new().request(Method::GET, &server, start).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
}
