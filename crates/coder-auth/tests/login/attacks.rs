use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use url::Url;

use crate::support::{Answer, Browser, House, PORTAL, answer, message, posted, versions};

fn error(message: &serde_json::Value) -> &str {
    message["error"]["message"].as_str().unwrap_or_else(|| panic!("{message}"))
}

#[tokio::test(start_paused = true)]
async fn a_callback_in_a_browser_that_did_not_start_the_login_is_refused() {
    let house = House::current();
    let mallory = house.coder.add_user("mallory");
    let authorize = Browser::new().start(&house).await;
    let callback = house.coder.approve(&authorize, &mallory).unwrap();
    let mut victim = Browser::new();
    let message = message(&victim.call_back(&house.auth, &callback).await);
    assert!(error(&message).contains("not known to your browser"), "{message}");
    assert!(victim.cookies.is_empty());
    assert_eq!(house.coder.count("POST", "/oauth2/tokens"), 0, "the code is not even tried");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_is_used_once_even_if_the_browser_keeps_its_cookie() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let mut browser = Browser::new();
    let authorize = browser.start(&house).await;
    let mut copy = browser.clone();
    let callback = house.coder.approve(&authorize, &alice).unwrap();
    assert!(message(&browser.call_back(&house.auth, &callback).await).get("error").is_none());
    let replayed = message(&copy.call_back(&house.auth, &callback).await);
    assert!(error(&replayed).contains("used already"), "{replayed}");
    assert_eq!(house.coder.count("POST", "/oauth2/tokens"), 1);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_ends_after_ten_minutes() {
    for version in versions() {
        let house = House::new(version);
        let alice = house.coder.add_user("alice");
        let mut browser = Browser::new();
        let authorize = browser.start(&house).await;
        let callback = house.coder.approve(&authorize, &alice).unwrap();
        house.advance(Duration::from_secs(600));
        let message = message(&browser.call_back(&house.auth, &callback).await);
        assert!(error(&message).contains("longer than 10 minutes"), "{version}: {message}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_cookie_of_one_attempt_does_not_serve_another() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let (mut one, mut other) = (Browser::new(), Browser::new());
    let authorize = one.start(&house).await;
    other.start(&house).await;
    let callback = house.coder.approve(&authorize, &alice).unwrap();
    // The name of the attempt in the state, with the sealed content of another one.
    let (name, content) = (one.cookies.keys().next(), other.cookies.values().next());
    let mut forged = Browser::new();
    forged.cookies.insert(name.unwrap().clone(), content.unwrap().clone());
    let message = message(&forged.call_back(&house.auth, &callback).await);
    assert!(error(&message).contains("not known to your browser"), "{message}");
}

async fn call_back_with(house: &House, query: &str) -> Answer {
    let path = format!("/api/auth/coder/handler/frame?{query}");
    let request = Request::get(path).body(Bytes::new()).unwrap();
    answer(&house.auth.callback(&request).await)
}

#[tokio::test(start_paused = true)]
async fn a_state_that_is_missing_malformed_or_self_made_is_refused() {
    let house = House::current();
    let missing = call_back_with(&house, "code=x").await;
    assert_eq!(missing.status, StatusCode::BAD_REQUEST);
    assert!(missing.message().contains("missing the OAuth state"), "{}", missing.message());
    // The last one is a state as the original module makes them: anyone can.
    for state in ["%00", "abc", "AAAA", "6e6f6e63653d78266"] {
        let refused = call_back_with(&house, &format!("code=x&state={state}")).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{state}");
        assert!(refused.message().contains("OAuth state is invalid"), "{}", refused.message());
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_body_does_not_repeat_the_query() {
    let house = House::current();
    let refused = call_back_with(&house, "code=CANARY&state=CANARY").await;
    assert!(!refused.json.to_string().contains("CANARY"), "{}", refused.json);
    assert_eq!(refused.json["request"]["url"], "/coder/handler/frame");
}

#[tokio::test(start_paused = true)]
async fn a_login_cannot_be_started_for_a_foreign_origin() {
    let house = House::current();
    for (origin, status) in [
        ("https://evil.example", StatusCode::FORBIDDEN),
        ("http://portal.example.com", StatusCode::FORBIDDEN),
        ("null", StatusCode::BAD_REQUEST),
        ("garbage", StatusCode::BAD_REQUEST),
    ] {
        let query = format!("env=development&origin={origin}");
        let response = Browser::new().start_at(&house.auth, &query).await;
        assert_eq!(response.status(), status, "{origin}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_redirect_url_outside_the_portal_is_refused() {
    let house = House::current();
    for url in [
        "https://evil.example/",
        "javascript:alert(1)",
        "/relative",
        "//evil.example",
        "https://portal.example.com@evil.example/",
        "https://user:pw@portal.example.com/",
        "",
    ] {
        let encoded: String = form_urlencoded::byte_serialize(url.as_bytes()).collect();
        let query = format!("env=development&flow=redirect&redirectUrl={encoded}");
        let response = Browser::new().start_at(&house.auth, &query).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{url}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_cookie_alone_opens_nothing() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    let path = "/api/auth/coder/refresh?env=development";
    let with = |headers: &[(&str, &str)]| {
        headers
            .iter()
            .fold(browser.request("GET", path), |request, (name, value)| {
                request.header(*name, *value)
            })
            .body(Bytes::new())
            .unwrap()
    };
    let ajax = ("x-requested-with", "XMLHttpRequest");
    for (headers, status) in [
        (vec![], StatusCode::UNAUTHORIZED),
        (vec![("x-requested-with", "xmlhttprequest")], StatusCode::UNAUTHORIZED),
        (vec![ajax, ("origin", "https://evil.example")], StatusCode::FORBIDDEN),
        (vec![ajax, ("origin", "null")], StatusCode::BAD_REQUEST),
        (vec![ajax, ("sec-fetch-site", "cross-site")], StatusCode::FORBIDDEN),
        (vec![ajax, ("sec-fetch-site", "same-site")], StatusCode::FORBIDDEN),
        (vec![ajax, ("sec-fetch-site", "same-origin")], StatusCode::OK),
        (vec![ajax, ("origin", PORTAL)], StatusCode::OK),
        (vec![ajax], StatusCode::OK),
    ] {
        let response = house.auth.refresh(&with(&headers)).await;
        assert_eq!(response.status(), status, "{headers:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_foreign_page_cannot_log_the_person_out() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    let request = browser
        .request("POST", "/api/auth/coder/logout?env=development")
        .header("x-requested-with", "XMLHttpRequest")
        .header("origin", "https://evil.example")
        .body(Bytes::new())
        .unwrap();
    assert_eq!(house.auth.logout(&request).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(browser.refresh(&house).await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_fixed_session_is_replaced_by_the_login() {
    let house = House::current();
    let (alice, mallory) = (house.coder.add_user("alice"), house.coder.add_user("mallory"));
    let mallorys = house.signed_in(&mallory).await;
    let mut victim = mallorys.clone();
    victim.sign_in(&house, &alice).await;
    assert_eq!(victim.refresh(&house).await.json["profile"]["email"], "alice@example.com");
    assert_eq!(mallorys.refresh(&house).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn a_session_is_good_in_its_own_environment_only() {
    let house = House::current();
    let auth = house.portal(
        crate::support::base_options()
            .environment("development", house.environment())
            .environment("production", house.environment()),
    );
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    assert_eq!(browser.refresh_at(&auth).await.status, StatusCode::OK);
    let request = browser
        .request("GET", "/api/auth/coder/refresh?env=production")
        .header("x-requested-with", "XMLHttpRequest")
        .body(Bytes::new())
        .unwrap();
    let refused = answer(&auth.refresh(&request).await);
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert!(refused.message().contains("another environment"), "{}", refused.message());
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_of_a_former_backend_is_neither_used_nor_kept() {
    let house = House::current();
    let mut browser = Browser::new();
    browser.cookies.insert("coder-refresh-token".to_owned(), "CANARY".to_owned());
    let request = browser
        .request("GET", "/api/auth/coder/refresh?env=development")
        .header("x-requested-with", "XMLHttpRequest")
        .body(Bytes::new())
        .unwrap();
    let response = house.auth.refresh(&request).await;
    browser.keep(&response);
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert!(browser.cookies.is_empty());
    assert!(house.coder.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_browser_holds_five_attempts_at_most_and_the_oldest_gives_way() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let mut browser = Browser::new();
    let mut started = Vec::new();
    for _ in 0..7 {
        started.push(browser.start(&house).await);
        house.advance(Duration::from_secs(1));
    }
    assert_eq!(browser.cookies.len(), 5);
    let mut end = async |authorize: &Url| {
        let callback = house.coder.approve(authorize, &alice).unwrap();
        let (message, _) = posted(&browser.call_back(&house.auth, &callback).await);
        message.get("error").is_none()
    };
    assert!(!end(&started[1]).await, "the second of seven gave way");
    assert!(end(&started[2]).await, "the third is the oldest that is left");
    assert!(end(&started[6]).await);
}
