//! The person presses "Cancel" on Coder's consent page. Up to 2.32 the link there leads to the
//! bare callback, with neither state nor description.

use std::time::Duration;

use coder_testkit::Version;
use http::StatusCode;
use http::header::SET_COOKIE;
use url::Url;

use crate::support::{Browser, CALLBACK, House, PORTAL, message, posted, versions};

const DENIED: &str =
    "Authentication rejected, The resource owner or authorization server denied the request";

/// Returns the link as 2.29.19 and 2.31.14 were seen to write it.
fn cancel() -> Url {
    error("access_denied")
}

fn error(query: &str) -> Url {
    Url::parse(&format!("{CALLBACK}?error={query}")).unwrap()
}

fn text(message: &serde_json::Value) -> &str {
    message["error"]["message"].as_str().unwrap_or_else(|| panic!("{message}"))
}

#[tokio::test(start_paused = true)]
async fn a_denial_is_told_as_one_on_every_release() {
    for version in versions() {
        let house = House::new(version);
        let alice = house.coder.add_user("alice");
        let mut browser = Browser::new();
        let authorize = browser.start(&house).await;
        let callback = match *version {
            Version::V2_25 | Version::V2_29 | Version::V2_31 => cancel(),
            _ => house.coder.deny(&authorize, &alice).unwrap(),
        };
        let (message, origin) = posted(&browser.call_back(&house.auth, &callback).await);
        assert_eq!(text(&message), DENIED, "{version}");
        assert_eq!(message["error"]["name"], "NotAllowedError", "{version}");
        assert_eq!(origin, PORTAL, "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_forces_a_denial_without_a_state_gains_nothing() {
    for version in versions() {
        let house = House::new(version);
        let alice = house.coder.add_user("alice");
        let mut browser = house.signed_in(&alice).await;
        let authorize = browser.start(&house).await;
        let before = browser.cookies.clone();
        let response = browser.call_back(&house.auth, &cancel()).await;
        assert!(!response.headers().contains_key(SET_COOKIE), "{version}");
        assert_eq!(browser.cookies, before, "{version}");
        assert_eq!(browser.refresh(&house).await.status(), StatusCode::OK, "{version}: signed in");
        let callback = house.coder.approve(&authorize, &alice).unwrap();
        let message = message(&browser.call_back(&house.auth, &callback).await);
        assert_eq!(message.get("error"), None, "{version}: the attempt is not used up");
    }
}

#[tokio::test(start_paused = true)]
async fn of_several_attempts_the_newest_is_told() {
    let house = House::new(Version::V2_31);
    let popup = format!("env=development&origin={PORTAL}");
    let redirect = format!("env=development&flow=redirect&redirectUrl={PORTAL}/page?a=b");
    let mut browser = Browser::new();
    browser.start_with(&house.auth, &popup).await;
    house.advance(Duration::from_secs(1));
    browser.start_with(&house.auth, &redirect).await;
    let response = browser.call_back(&house.auth, &cancel()).await;
    assert_eq!(response.status(), StatusCode::FOUND);
    let told = response.location();
    assert!(told.as_str().starts_with(&format!("{PORTAL}/page?a=b&error=")), "{told}");
    house.advance(Duration::from_secs(1));
    browser.start_with(&house.auth, &popup).await;
    assert_eq!(text(&message(&browser.call_back(&house.auth, &cancel()).await)), DENIED);
}

#[tokio::test(start_paused = true)]
async fn a_browser_without_an_attempt_is_told_that_the_state_is_missing() {
    let house = House::new(Version::V2_31);
    let mut late = Browser::new();
    late.start(&house).await;
    house.advance(Duration::from_secs(600));
    for mut browser in [Browser::new(), late] {
        let refused = browser.call_back(&house.auth, &cancel()).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
        assert!(refused.message().contains("missing the OAuth state"), "{}", refused.message());
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_request_without_a_state_says_is_not_shown() {
    let house = House::new(Version::V2_31);
    let mut browser = Browser::new();
    browser.start(&house).await;
    let forced = error("access_denied&error_description=Call+555-0199");
    assert_eq!(text(&message(&browser.call_back(&house.auth, &forced).await)), DENIED);
    let invented = error("call-555-0199");
    let refused = browser.call_back(&house.auth, &invented).await;
    assert!(refused.message().contains("missing the OAuth state"), "{}", refused.message());
    let code = Url::parse(&format!("{CALLBACK}?code=stolen")).unwrap();
    let refused = browser.call_back(&house.auth, &code).await;
    assert!(refused.message().contains("missing the OAuth state"), "{}", refused.message());
}
