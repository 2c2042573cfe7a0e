use std::sync::Arc;
use std::time::Duration;

use coder_core::{Clock, Secret};
use coder_testkit::{Fault, Version};
use http::StatusCode;
use serde_json::Value;
use url::Url;

use crate::support::{Browser, House, PORTAL, base_options, message, versions};

fn error(message: &Value) -> &str {
    message["error"]["message"].as_str().unwrap_or_else(|| panic!("{message}"))
}

async fn start_error(house: &House, query: &str) -> (StatusCode, String) {
    let answer = Browser::new().start_with(&house.auth, query).await;
    (answer.status(), answer.message().to_owned())
}

#[tokio::test(start_paused = true)]
async fn an_environment_that_is_missing_or_unknown_is_named() {
    let house = House::current();
    assert_eq!(
        start_error(&house, "").await,
        (StatusCode::BAD_REQUEST, "Must specify 'env' query to select environment".to_owned())
    );
    let (status, text) = start_error(&house, "env=staging").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(text.starts_with("No configuration available for the '"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_parameter_that_is_given_twice_is_refused() {
    let house = House::current();
    for (query, name) in [
        ("env=development&env=staging", "env"),
        ("env=development&scope=a&scope=b", "scope"),
        ("env=development&origin=https://portal.example.com&origin=https://x.example", "origin"),
    ] {
        let started = Browser::new().start_with(&house.auth, query).await;
        let text = String::from_utf8_lossy(started.body()).into_owned();
        let text = percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned();
        assert_ne!(started.status(), StatusCode::FOUND, "{query}");
        assert!(
            text.contains(&format!("the parameter `{name}` is given more than once")),
            "{text}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_misconfigured_environment_says_what_to_mend_and_leaves_the_others_alone() {
    let house = House::current();
    let reason = "missing `auth.providers.coder.staging.clientSecret`";
    let auth = house.portal(
        base_options()
            .environment("development", house.environment())
            .misconfigured_environment("staging", reason),
    );
    let refused = Browser::new().start_with(&auth, "env=staging").await;
    assert_eq!(refused.status(), StatusCode::NOT_FOUND);
    assert!(refused.message().contains(reason), "{}", refused.message());
    let started = Browser::new().start_with(&auth, "env=development").await;
    assert_eq!(started.status(), StatusCode::FOUND);
}

const HOUR: Duration = Duration::from_secs(3600);

/// Signs in while this goes wrong, and gives what the person reads.
async fn read_after(house: &House, fault: Fault) -> String {
    let alice = house.coder.add_user("alice");
    let (mut browser, callback) = house.consented(&alice).await;
    house.coder.fail_next(fault);
    let message = message(&browser.call_back(&house.auth, &callback).await);
    assert!(browser.cookies.is_empty(), "no session came of it");
    error(&message).to_owned()
}

#[tokio::test(start_paused = true)]
async fn whatever_the_token_endpoint_answers_the_person_reads_what_to_do() {
    let tokens = |fault: Fault| fault.on("/oauth2/tokens");
    let json = |status: u16, body: &'static str| {
        Fault::answer(StatusCode::from_u16(status).unwrap(), "application/json", body)
    };
    for (fault, expected) in [
        (Fault::login_page(), "something other than Coder answered"),
        (Fault::bad_gateway(), "something other than Coder answered"),
        (Fault::sso_redirect(), "something other than Coder answered"),
        (Fault::rate_limited(30), "Coder is busy"),
        (Fault::connection_refused().times(9), "Coder could not be reached"),
        (Fault::answer_lost(), "Coder could not be reached"),
        (Fault::silence(), "Coder could not be reached"),
        (Fault::body_stalls(), "Coder could not be reached"),
        (json(200, "null"), "answered something that is no token"),
        (json(200, "{}"), "answered something that is no token"),
        (json(200, "{\"access_token\":1}"), "answered something that is no token"),
        (
            json(500, "{\"message\":\"Failed to exchange token\",\"detail\":\"sql\"}"),
            "Failed to exchange token",
        ),
        (json(400, "{\"error\":\"invalid_grant\"}"), "does not accept this login any more"),
        (json(401, "{\"error\":\"invalid_client\"}"), "clientId and clientSecret"),
    ] {
        let house = House::current();
        let text = read_after(&house, tokens(fault.clone())).await;
        assert!(text.contains(expected), "{fault:?}: {text}");
        assert!(!text.contains("sql"), "details are for the operator: {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pair_whose_user_cannot_be_found_out_is_revoked() {
    let house = House::current();
    let text = read_after(&house, Fault::bad_gateway().on("/api/v2/users/me").times(9)).await;
    assert!(text.contains("something other than Coder answered"), "{text}");
    assert_eq!(house.coder.count("POST", "/oauth2/revoke"), 1);
}

/// Signs in and out while every revocation is answered like this, lets a sweep follow every ten
/// minutes for so many days, and gives how often Coder was asked to revoke.
async fn revocations_asked_for(house: &House, fault: Fault, days: u32) -> usize {
    let alice = house.coder.add_user("alice");
    let mut browser = house.signed_in(&alice).await;
    house.coder.fail_next(fault.on("/oauth2/revoke").times(100_000));
    house.coder.forget_requests();
    assert_eq!(browser.log_out(house).await.status(), StatusCode::OK);
    for _ in 0..days * 24 * 6 {
        house.advance(Duration::from_secs(600));
        house.auth.sweep().await.unwrap();
    }
    assert_eq!(house.coder.count_pairs(&alice), 1, "the test's own premise");
    house.coder.count("POST", "/oauth2/revoke")
}

/// Checks the tries at the logout, and then by the sweeper for a day, in which an operator may mend
/// it.
#[tokio::test(start_paused = true)]
async fn a_revocation_that_coder_refuses_is_tried_for_a_day_and_given_up() {
    let json = "application/json";
    for (status, body) in [
        (400, "{\"error\":\"invalid_request\"}"),
        (401, "{\"error\":\"invalid_client\"}"),
        (404, "{\"message\":\"Route not found.\"}"),
    ] {
        let house = House::current();
        let refusal = Fault::answer(StatusCode::from_u16(status).unwrap(), json, body);
        assert_eq!(revocations_asked_for(&house, refusal, 2).await, 1 + 24 * 6, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_revocation_that_coder_does_not_answer_is_never_given_up() {
    let json = "application/json";
    for fault in [
        Fault::bad_gateway(),
        Fault::rate_limited(1),
        Fault::answer(StatusCode::REQUEST_TIMEOUT, json, "{\"message\":\"too slow\"}"),
    ] {
        let house = House::current();
        let told = format!("{fault:?}");
        assert!(revocations_asked_for(&house, fault, 2).await > 2 * 24 * 6, "{told}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hiccup_of_users_me_is_tried_again() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let (mut browser, callback) = house.consented(&alice).await;
    house.coder.fail_next(Fault::bad_gateway().on("/api/v2/users/me"));
    let message = message(&browser.call_back(&house.auth, &callback).await);
    assert_eq!(message.get("error"), None, "{message}");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_switched_off_is_called_that() {
    for version in versions() {
        let house = House::new(version);
        let alice = house.coder.add_user("alice");
        let (mut browser, callback) = house.consented(&alice).await;
        house.coder.set_oauth2_provider(false);
        let message = message(&browser.call_back(&house.auth, &callback).await);
        assert!(error(&message).contains("is switched off"), "{version}: {message}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_release_that_says_so_beforehand_is_not_even_visited() {
    let house = House::current();
    house.coder.set_oauth2_provider(false);
    let query = format!("env=development&origin={PORTAL}");
    let message = message(&Browser::new().start_with(&house.auth, &query).await);
    assert!(error(&message).contains("CODER_OAUTH2_PROVIDER_ENABLE=true"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn a_wrong_client_secret_is_the_operators_to_mend() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let secret = Secret::new("coder_aaaaaaaaaa_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    let environment = coder_auth::EnvironmentOptions::new(
        house.coder.url().clone(),
        &*house.app.client_id,
        secret,
    );
    let auth = house.portal(base_options().environment("development", environment));
    let mut browser = Browser::new();
    // Coder does not say beforehand that the secret is wrong.
    house.coder.fail_next(Fault::bad_gateway().on("/oauth2/tokens"));
    let authorize = browser.start_with(&auth, "env=development").await.location();
    let callback = house.coder.approve(&authorize, &alice).unwrap();
    let message = message(&browser.call_back(&auth, &callback).await);
    assert!(error(&message).contains("clientId and clientSecret"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn scopes_are_never_dropped_silently_when_the_release_is_not_known() {
    let house =
        House::with(Version::V2_38, |coder| coder.scopes(["user:read_personal".to_owned()]));
    house.coder.fail_next(Fault::connection_refused().on("/api/v2/buildinfo").times(9));
    let message = message(&Browser::new().start_with(&house.auth, "env=development").await);
    let text = error(&message);
    assert!(text.contains("not certain that it honours the configured scopes"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_login_without_scopes_needs_no_answer_of_buildinfo() {
    let house = House::current();
    house.coder.fail_next(Fault::connection_refused().on("/api/v2/buildinfo").times(9));
    let response = Browser::new().start_with(&house.auth, "env=development").await;
    assert_eq!(response.status(), StatusCode::FOUND);
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_is_down_does_not_end_the_session() {
    for version in versions() {
        let house = House::new(version);
        let alice = house.coder.add_user("alice");
        let browser = house.signed_in(&alice).await;
        for fault in [
            Fault::connection_refused(),
            Fault::answer_lost(),
            Fault::silence(),
            Fault::bad_gateway(),
            Fault::login_page(),
            Fault::sso_redirect(),
            Fault::rate_limited(60),
        ] {
            house.advance(Duration::from_secs(601));
            // As often as it is tried again.
            house.coder.fail_next(fault.clone().on("/api/v2/users/me").times(9));
            let answer = browser.refresh(&house).await;
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{version}, {fault:?}");
            assert!(answer.retry_after().is_some(), "{version}, {fault:?}");
            let mut up_again = browser.refresh(&house).await;
            while up_again.status() != StatusCode::OK {
                assert_eq!(
                    up_again.status(),
                    StatusCode::SERVICE_UNAVAILABLE,
                    "{version}, {fault:?}"
                );
                up_again = browser.refresh(&house).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_app_deleted_in_coder_is_the_operators_to_mend() {
    for version in versions() {
        let house = House::new(version);
        let alice = house.coder.add_user("alice");
        let browser = house.signed_in(&alice).await;
        house.coder.delete_app(&house.app);
        house.advance(HOUR);
        let answer = browser.refresh(&house).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{version}: {answer:?}");
        assert!(answer.message().contains("clientId and clientSecret"), "{}", answer.message());
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_deleted_in_coder_takes_its_tokens_along_and_is_the_operators_to_mend() {
    for version in versions() {
        let house = House::new(version);
        let alice = house.coder.add_user("alice");
        let browser = house.signed_in(&alice).await;
        house.coder.delete_app_secret(&house.app);
        house.advance(HOUR);
        let answer = browser.refresh(&house).await;
        // Before 2.38 a rotation does not look at the secret, so all it finds is that the pair is gone.
        let expected = match *version {
            Version::V2_38 => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::UNAUTHORIZED,
        };
        assert_eq!(answer.status(), expected, "{version}: {answer:?}");
        let started = Browser::new().start_with(&house.auth, "env=development").await;
        let message = message(&started);
        assert!(
            error(&message).contains("does not accept its clientSecret"),
            "{version}: {message}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_that_coder_sends_to_the_callback_is_told_with_its_code() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let mut browser = Browser::new();
    let query = "env=development&scope=openid";
    let authorize: Url = browser.start_with(&house.auth, query).await.location();
    let callback = house.coder.approve(&authorize, &alice).unwrap();
    let message = message(&browser.call_back(&house.auth, &callback).await);
    let text = error(&message);
    assert!(
        text.starts_with("Authentication failed, ") && text.ends_with("(invalid_scope)"),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_suspended_user_does_not_get_in() {
    for version in versions() {
        let house = House::new(version);
        let alice = house.coder.add_user("alice");
        let (mut browser, callback) = house.consented(&alice).await;
        house.coder.suspend(&alice);
        let message = message(&browser.call_back(&house.auth, &callback).await);
        assert!(error(&message).contains("suspended"), "{version}: {message}");
        assert!(browser.cookies.is_empty(), "{version}");
    }
}

/// The portal's clock, so far from Coder's.
struct Skewed(coder_testkit::TestClock, jiff::SignedDuration);

impl Clock for Skewed {
    fn now(&self) -> jiff::Timestamp {
        self.0.now() + self.1
    }
}

#[tokio::test(start_paused = true)]
async fn clocks_that_differ_by_hours_sign_nobody_out() {
    for version in versions() {
        for hours in [-25, -1, 1, 25] {
            let house = House::new(version);
            let alice = house.coder.add_user("alice");
            let skewed = Skewed(house.clock.clone(), jiff::SignedDuration::from_hours(hours));
            let auth = house.portal_at(Arc::new(skewed));
            let mut browser = Browser::new();
            let started = browser.start_with(&auth, "env=development").await;
            let callback = house.coder.approve(started.location(), &alice).unwrap();
            let signed_in = message(&browser.call_back(&auth, &callback).await);
            assert_eq!(signed_in.get("error"), None, "{version}, {hours} h: {signed_in}");
            // Through 2.26 the refresh token dies with the access token, by Coder's clock.
            for _ in 0..30 {
                house.advance(HOUR);
                let answer = browser.refresh(&auth).await;
                assert_eq!(answer.status(), StatusCode::OK, "{version}, {hours} h: {answer:?}");
                assert!(house.coder.is_live(answer.access_token()), "{version}, {hours} h");
            }
        }
    }
}
