use coder_testkit::Version;
use http::StatusCode;

use crate::support::{Browser, House, PORTAL, base_options, message, posted, versions};

#[tokio::test(start_paused = true)]
async fn a_person_signs_in_on_every_release_from_2_25_on() {
    for version in versions() {
        let house = House::new(version);
        let alice = house.coder.add_user("alice");
        let mut browser = Browser::new();
        let message = browser.sign_in(&house, &house.coder, &alice).await;
        let response = &message["response"];
        assert_eq!(response["profile"]["email"], "alice@example.com", "{version}: {message}");
        let token = response["providerInfo"]["accessToken"].as_str().unwrap();
        assert!(house.coder.is_live(token), "{version}");
        assert_eq!(response["providerInfo"]["expiresInSeconds"], 3600, "{version}");
        let answer = browser.refresh(&house).await;
        assert_eq!(answer.status(), StatusCode::OK, "{version}: {answer:?}");
        assert_eq!(answer.access_token(), token, "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_browser_is_sent_to_coder_with_pkce_and_nothing_a_release_would_refuse() {
    let house = House::current();
    let authorize = Browser::new().start(&house).await;
    assert_eq!(authorize.path(), "/oauth2/authorize");
    let mut names: Vec<String> = authorize.query_pairs().map(|(name, _)| name.into()).collect();
    names.sort();
    let expected = [
        "client_id",
        "code_challenge",
        "code_challenge_method",
        "redirect_uri",
        "response_type",
        "state",
    ];
    assert_eq!(names, expected);
    let method = authorize.query_pairs().find(|(name, _)| name == "code_challenge_method");
    assert_eq!(method.unwrap().1, "S256");
}

#[tokio::test(start_paused = true)]
async fn a_release_without_pkce_is_called_too_old_before_the_browser_goes_there() {
    let house = House::new(Version::V2_24);
    let response = Browser::new()
        .start_with(&house.auth, "env=development&origin=https://portal.example.com")
        .await;
    assert_eq!(
        message(&response)["error"]["message"],
        "Authentication failed, Coder 2.24.6 is too old for this portal; version 2.25 or newer is \
         needed"
    );
}

#[tokio::test(start_paused = true)]
async fn the_session_cookie_is_a_handle_and_the_attempt_is_cleared() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    let names: Vec<&str> = browser.cookies.keys().map(String::as_str).collect();
    assert_eq!(names, ["__Host-coder-session"]);
    let handle = &browser.cookies["__Host-coder-session"];
    assert_eq!(handle.len(), 43, "256 bits as base64url");
    assert!(!house.coder.is_live(handle));
}

#[tokio::test(start_paused = true)]
async fn the_popup_posts_to_the_origin_the_login_was_started_from() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let (mut browser, callback) = house.consented(&alice).await;
    let response = browser.call_back(&house.auth, &callback).await;
    assert_eq!(posted(&response).1, PORTAL);
    assert_eq!(response.headers()["cache-control"], "no-store");
}

#[tokio::test(start_paused = true)]
async fn the_redirect_flow_ends_on_the_page_it_was_started_for() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let mut browser = Browser::new();
    let query =
        "env=development&flow=redirect&redirectUrl=https%3A%2F%2Fportal.example.com%2Fx%3Fa%3D1";
    let authorize = browser.start_with(&house.auth, query).await.location();
    let callback = house.coder.approve(&authorize, &alice).unwrap();
    let response = browser.call_back(&house.auth, &callback).await;
    assert_eq!(response.status(), StatusCode::FOUND);
    assert_eq!(response.headers()["location"], "https://portal.example.com/x?a=1");
    assert_eq!(browser.refresh(&house).await.status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn scopes_are_asked_for_where_coder_honours_them_and_only_there() {
    for (version, expected) in
        [(Version::V2_37, None), (Version::V2_38, Some("user:read_personal workspace:read"))]
    {
        let house = House::with(version, |coder| coder.scopes(["user:read_personal".to_owned()]));
        let query = "env=development&scope=workspace:read,user:read_personal";
        let mut browser = Browser::new();
        let authorize = browser.start_with(&house.auth, query).await.location();
        let scope = authorize.query_pairs().find(|(name, _)| name == "scope");
        assert_eq!(scope.as_ref().map(|(_, scope)| &**scope), expected, "{version}");
        let alice = house.coder.add_user("alice");
        let callback = house.coder.approve(&authorize, &alice).unwrap();
        let message = message(&browser.call_back(&house.auth, &callback).await);
        let granted = &message["response"]["providerInfo"]["scope"];
        assert_eq!(granted, "user:read_personal workspace:read", "{version}: {message}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_later_login_asks_for_what_the_grant_has_already() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let mut browser = Browser::new();
    for (asked, expected) in [
        ("workspace:read%20user:read_personal", "workspace:read user:read_personal"),
        ("user:read_personal%20template:read", "user:read_personal template:read workspace:read"),
    ] {
        let query = format!("env=development&scope={asked}");
        let authorize = browser.start_with(&house.auth, &query).await.location();
        let scope = authorize.query_pairs().find(|(name, _)| name == "scope").unwrap().1;
        assert_eq!(scope, expected);
        let callback = house.coder.approve(&authorize, &alice).unwrap();
        let message = message(&browser.call_back(&house.auth, &callback).await);
        assert_eq!(message["response"]["providerInfo"]["scope"], expected, "{message}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_access_token_can_stay_on_the_server() {
    let house = House::current();
    let auth = house.portal(
        base_options()
            .environment("development", house.environment())
            .access_token(coder_auth::AccessTokenPolicy::Server),
    );
    let alice = house.coder.add_user("alice");
    let mut browser = Browser::new();
    let authorize = browser.start_with(&auth, "env=development").await.location();
    let callback = house.coder.approve(&authorize, &alice).unwrap();
    let message = message(&browser.call_back(&auth, &callback).await);
    let refreshed = browser.refresh(&auth).await;
    for response in [&message["response"], refreshed.json()] {
        assert_eq!(response["profile"]["email"], "alice@example.com");
        let token = response["providerInfo"]["accessToken"].as_str().unwrap();
        assert!(token.starts_with("coder-session.") && !house.coder.is_live(token), "{response}");
    }
}
