//! Nobody writes lines of their own into the log, or commands for the terminal that shows it.

use coder_testkit::Fault;
use http::StatusCode;

use crate::support::{Browser, House, PORTAL, message};
use crate::{listening, logged};

/// A line of its own, a terminal's command, a turn of direction, and more than anybody reads.
const FORGED: &str = "x%0D%0A2026-01-01%20INFO%20signed%20in%1B%5B2J%E2%80%AEevil";

fn assert_harmless(what: &str, text: &str) {
    for bad in ['\r', '\u{1b}', '\u{202e}', '\u{7}'] {
        assert!(!text.contains(bad), "{what}: {text:?}");
    }
    assert!(text.chars().count() < 1500, "{what}: {} characters", text.chars().count());
}

/// Checks that a login that fails is one line of the audit log, and one of its request.
fn assert_audited_and_refused(what: &str, lines: &str) {
    assert_eq!(lines.lines().count(), 2, "{lines}");
    for line in lines.lines() {
        assert_harmless(what, line);
    }
}

#[tokio::test(start_paused = true)]
async fn text_from_outside_gives_one_harmless_line() {
    let (log, _listening) = listening();
    let house = House::current();
    let long = "y".repeat(8000);
    for query in [
        format!("env={FORGED}{long}"),
        format!("env=development&origin=https://{long}.example.com"),
        format!("env=development&origin={FORGED}"),
    ] {
        let response = Browser::new().start_with(&house.auth, &query).await;
        assert_ne!(response.status(), StatusCode::FOUND);
        let lines = logged(&log);
        assert_eq!(lines.lines().count(), 1, "{lines}");
        assert_harmless(&query, &lines);
        assert_harmless(&query, std::str::from_utf8(response.body()).unwrap());
    }
    for parameter in ["error", "error_description"] {
        let mut browser = Browser::new();
        let authorize = browser.start(&house).await;
        let state = authorize.query_pairs().find(|(name, _)| name == "state").unwrap().1;
        let mut back = url::Url::parse(PORTAL).unwrap();
        back.set_path("/api/auth/coder/handler/frame");
        back.set_query(Some(&format!("state={state}&{parameter}={FORGED}{long}&error=e")));
        let told = message(&browser.call_back(&house.auth, &back).await);
        assert_harmless(parameter, told["error"]["message"].as_str().unwrap());
        assert_audited_and_refused(parameter, &logged(&log));
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_stranger_says_does_not_look_like_a_field_of_the_log() {
    let (log, _listening) = listening();
    let house = House::current();
    let mut browser = Browser::new();
    let authorize = browser.start(&house).await;
    let state = authorize.query_pairs().find(|(name, _)| name == "state").unwrap().1;
    let mut back = url::Url::parse(PORTAL).unwrap();
    back.set_path("/api/auth/coder/handler/frame");
    let said = r#"no causes=[] INFO signed in user="alice""#;
    back.query_pairs_mut()
        .append_pair("state", &state)
        .append_pair("error", "x")
        .append_pair("error_description", said);
    logged(&log);
    browser.call_back(&house.auth, &back).await;
    let lines = logged(&log);
    assert!(lines.contains(r#"error="Authentication failed, no causes=[]"#), "{lines}");
    assert!(lines.contains(r#"user=\"alice\""#), "what it quotes is escaped: {lines}");
}

#[tokio::test(start_paused = true)]
async fn words_of_coder_give_one_harmless_line() {
    let (log, _listening) = listening();
    let long = "y".repeat(8000);
    for (path, status) in
        [("/oauth2/tokens", 500), ("/api/v2/users/me", 500), ("/api/v2/users/me", 401)]
    {
        let house = House::current();
        let alice = house.coder.add_user("alice");
        let (mut browser, callback) = house.consented(&alice).await;
        let words = format!("User is not active\r\nINFO\u{1b}[2J\u{202e}{long}");
        let body = serde_json::json!({ "message": words, "detail": words }).to_string();
        let status = StatusCode::from_u16(status).unwrap();
        let body: &'static str = Box::leak(body.into_boxed_str());
        house.coder.fail_next(Fault::answer(status, "application/json", body).on(path).times(9));
        logged(&log);
        let told = message(&browser.call_back(&house.auth, &callback).await);
        assert_harmless(path, told["error"]["message"].as_str().unwrap());
        assert_audited_and_refused(path, &logged(&log));
    }
}
