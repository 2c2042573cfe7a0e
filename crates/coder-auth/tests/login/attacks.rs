use std::time::Duration;

use bytes::Bytes;
use coder_testkit::{Fault, Version};
use http::{Request, StatusCode};
use url::Url;

use crate::support::{Answer, Browser, House, PORTAL, message, posted, read, versions};

fn error(message: &serde_json::Value) -> &str {
    message["error"]["message"].as_str().unwrap_or_else(|| panic!("{message}"))
}

#[tokio::test(start_paused = true)]
async fn a_callback_in_a_browser_that_did_not_start_the_login_is_refused() {
    let house = House::current();
    let mallory = house.coder.add_user("mallory");
    let authorize = Browser::new().start(&house).await;
    house.coder.forget_requests();
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
    house.coder.forget_requests();
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
        let (mut browser, callback) = house.consented(&alice).await;
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
    read(house.auth.callback(&request)).await
}

#[tokio::test(start_paused = true)]
async fn a_state_that_is_missing_malformed_or_self_made_is_refused() {
    let house = House::current();
    let missing = call_back_with(&house, "code=x").await;
    assert_eq!(missing.status(), StatusCode::BAD_REQUEST);
    assert!(missing.message().contains("missing the OAuth state"), "{}", missing.message());
    // The last one is a state as the original module makes them: anyone can.
    for state in ["%00", "abc", "AAAA", "6e6f6e63653d78266"] {
        let refused = call_back_with(&house, &format!("code=x&state={state}")).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{state}");
        assert!(refused.message().contains("OAuth state is invalid"), "{}", refused.message());
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_body_does_not_repeat_the_query() {
    let house = House::current();
    let refused = call_back_with(&house, "code=CANARY&state=CANARY").await;
    assert!(!refused.json().to_string().contains("CANARY"), "{}", refused.json());
    assert_eq!(refused.json()["request"]["url"], "/coder/handler/frame");
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
        let response = Browser::new().start_with(&house.auth, &query).await;
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
        let response = Browser::new().start_with(&house.auth, &query).await;
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
        let response = read(house.auth.refresh(&with(&headers))).await;
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
    assert_eq!(read(house.auth.logout(&request)).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(browser.refresh(&house).await.status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_fixed_session_is_replaced_by_the_login() {
    let house = House::current();
    let (alice, mallory) = (house.coder.add_user("alice"), house.coder.add_user("mallory"));
    let mallorys = house.signed_in(&mallory).await;
    let mut victim = mallorys.clone();
    victim.sign_in(&house, &house.coder, &alice).await;
    assert_eq!(victim.refresh(&house).await.json()["profile"]["email"], "alice@example.com");
    assert_eq!(mallorys.refresh(&house).await.status(), StatusCode::UNAUTHORIZED);
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
    assert_eq!(browser.refresh(&auth).await.status(), StatusCode::OK);
    let request = browser
        .request("GET", "/api/auth/coder/refresh?env=production")
        .header("x-requested-with", "XMLHttpRequest")
        .body(Bytes::new())
        .unwrap();
    let refused = read(auth.refresh(&request)).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
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
    let response = read(house.auth.refresh(&request)).await;
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

#[tokio::test(start_paused = true)]
async fn a_code_of_another_login_is_worth_nothing_here() {
    for version in versions() {
        let house = House::new(version);
        let (alice, mallory) = (house.coder.add_user("alice"), house.coder.add_user("mallory"));
        let (mut victim, mut thief) = (Browser::new(), Browser::new());
        let (own, stolen) = (victim.start(&house).await, thief.start(&house).await);
        let own = house.coder.approve(&own, &alice).unwrap();
        let stolen = house.coder.approve(&stolen, &mallory).unwrap();
        let code = |callback: &Url| {
            let code = callback.query_pairs().find(|(name, _)| name == "code");
            code.unwrap().1.into_owned()
        };
        // The victim's state with the code that was made for the other one's PKCE challenge.
        let query = own.query().unwrap().replace(&code(&own), &code(&stolen));
        let mut injected = own.clone();
        injected.set_query(Some(&query));
        let message = message(&victim.call_back(&house.auth, &injected).await);
        assert!(error(&message).contains("does not accept this login"), "{version}: {message}");
        assert!(victim.cookies.is_empty(), "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn coder_refuses_a_login_whose_challenge_was_taken_away() {
    // Before 2.31.1 Coder does without; nobody but Coder could notice.
    for version in versions().filter(|version| *version >= Version::V2_31) {
        let house = House::new(version);
        let alice = house.coder.add_user("alice");
        let mut authorize = Browser::new().start(&house).await;
        let kept: Vec<(String, String)> = authorize
            .query_pairs()
            .filter(|(name, _)| !name.starts_with("code_challenge"))
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        authorize.query_pairs_mut().clear().extend_pairs(kept);
        let refused = house.coder.approve(&authorize, &alice);
        let code = refused.ok().filter(|url| url.query_pairs().any(|(name, _)| name == "code"));
        assert_eq!(code, None, "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_handle_of_anybodys_choice_is_never_adopted() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    for chosen in ["", "x", &"A".repeat(43), "\"quoted\"", "a/../b"] {
        let mut browser = Browser::new();
        browser.cookies.insert("__Host-coder-session".to_owned(), chosen.to_owned());
        let message = browser.sign_in(&house, &house.coder, &alice).await;
        assert_eq!(message.get("error"), None, "{message}");
        assert_ne!(browser.cookies["__Host-coder-session"], chosen);
        assert_eq!(browser.refresh(&house).await.status(), StatusCode::OK);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cookie_that_was_tampered_with_opens_nothing() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let (mut browser, callback) = house.consented(&alice).await;
    let (name, sealed) = browser.cookies.first_key_value().unwrap();
    let cut: String = sealed.chars().skip(1).collect();
    for tampered in [cut.clone(), format!("_{cut}"), format!("{sealed}A")] {
        let mut other = Browser::new();
        other.cookies.insert(name.clone(), tampered);
        let message = message(&other.call_back(&house.auth, &callback).await);
        assert!(error(&message).contains("not known to your browser"), "{message}");
    }
    let signed_in = message(&browser.call_back(&house.auth, &callback).await);
    assert_eq!(signed_in.get("error"), None, "the real one is still good: {signed_in}");
    let handle = browser.cookies["__Host-coder-session"].clone();
    let cut: String = handle.chars().skip(1).collect();
    for tampered in [cut, format!("{handle}A"), handle.to_lowercase()] {
        browser.cookies.insert("__Host-coder-session".to_owned(), tampered);
        assert_eq!(browser.refresh(&house).await.status(), StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cookie_that_a_sibling_domain_can_set_is_not_looked_at() {
    let house = House::current();
    let (alice, mallory) = (house.coder.add_user("alice"), house.coder.add_user("mallory"));
    let mut mallorys = Browser::new();
    let authorize = mallorys.start(&house).await;
    let attempts = mallorys.cookies.clone();
    let callback = house.coder.approve(&authorize, &mallory).unwrap();
    mallorys.call_back(&house.auth, &callback).await;
    let handle = mallorys.cookies["__Host-coder-session"].clone();
    // A browser takes `__Host-` from nobody but this very host; every other name is ignored.
    for prefix in ["", "__Secure-", "__host-", "__Http-"] {
        let mut victim = Browser::new();
        victim.cookies.insert(format!("{prefix}coder-session"), handle.clone());
        for (name, value) in attempts.iter() {
            victim.cookies.insert(name.replace("__Host-", prefix), value.clone());
        }
        assert_eq!(victim.refresh(&house).await.status(), StatusCode::UNAUTHORIZED, "{prefix}");
        let message = message(&victim.call_back(&house.auth, &callback).await);
        assert!(error(&message).contains("not known to your browser"), "{prefix}: {message}");
        victim.sign_in(&house, &house.coder, &alice).await;
        let answer = victim.refresh(&house).await;
        assert_eq!(answer.json()["profile"]["email"], "alice@example.com", "{prefix}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_environment_of_a_login_is_that_of_its_state_whatever_the_query_says() {
    let house = House::current();
    let other = coder_auth::EnvironmentOptions::new(
        "https://evil.example".parse().unwrap(),
        "other",
        coder_core::Secret::new("other"),
    );
    // With several deployments, the redirect URI of each has its environment at the end.
    let registered = crate::support::CALLBACK.parse().unwrap();
    let auth = house.portal(
        crate::support::base_options()
            .environment("development", house.environment().callback_url(registered))
            .environment("production", other),
    );
    let alice = house.coder.add_user("alice");
    let mut browser = Browser::new();
    let started = browser.start_with(&auth, "env=development").await;
    let authorize = started.location();
    let mut callback = house.coder.approve(&authorize, &alice).unwrap();
    callback.query_pairs_mut().append_pair("env", "production");
    let signed_in = message(&browser.call_back(&auth, &callback).await);
    assert_eq!(signed_in.get("error"), None, "{signed_in}");
    assert_eq!(browser.refresh(&auth).await.status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn no_field_of_the_popups_message_can_become_a_script() {
    const HOSTILE: &str = "</script><script>alert(1)</script>'\\\"\u{2028}\u{0}<!--";
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let person = serde_json::json!({
        "id": alice.id.to_string(), "username": HOSTILE, "name": HOSTILE, "email": HOSTILE,
        "avatar_url": HOSTILE, "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z", "last_seen_at": "2026-01-01T00:00:00Z",
        "status": "active", "login_type": "password",
    });
    let tokens = serde_json::json!({
        "access_token": HOSTILE.replace(|c: char| !c.is_ascii_graphic(), ""),
        "token_type": "bearer", "expires_in": 3600, "scope": HOSTILE,
    });
    let json = |body: &serde_json::Value| {
        Fault::answer(StatusCode::OK, "application/json", body.to_string())
    };
    let pages = async |fault: Option<(&str, &serde_json::Value)>, query: Option<&str>| {
        let mut browser = Browser::new();
        let authorize = browser.start(&house).await;
        let mut callback = house.coder.approve(&authorize, &alice).unwrap();
        if let Some((path, body)) = fault {
            house.coder.fail_next(json(body).on(path));
        }
        if let Some(name) = query {
            let state = callback.query_pairs().find(|(name, _)| name == "state").unwrap().1;
            let state = state.into_owned();
            callback.query_pairs_mut().clear().append_pair("state", &state);
            callback.query_pairs_mut().append_pair("error", "server_error");
            callback.query_pairs_mut().append_pair(name, HOSTILE);
        }
        browser.call_back(&house.auth, &callback).await
    };
    let profile = pages(Some(("/api/v2/users/me", &person)), None).await;
    let (told, _) = posted(&profile);
    assert_eq!(told["response"]["profile"]["displayName"], HOSTILE, "{told}");
    assert_eq!(told["response"]["profile"]["email"], HOSTILE);
    assert_eq!(told["response"]["profile"]["picture"], HOSTILE);
    let scope = pages(Some(("/oauth2/tokens", &tokens)), None).await;
    let described = pages(None, Some("error_description")).await;
    let shown = coder_core::cleaned(HOSTILE);
    assert!(posted(&described).0["error"]["message"].as_str().unwrap().contains(&shown));
    let coded = pages(None, Some("error")).await;
    for page in [profile, scope, described, coded] {
        let html = std::str::from_utf8(page.body()).unwrap();
        assert_eq!(html.matches("<script").count(), 1, "{html}");
        assert_eq!(html.matches("</script").count(), 1, "{html}");
        assert_eq!(html.matches('\'').count(), 8, "each literal ends where it should: {html}");
        assert!(!html.contains("alert(1)<") && !html.contains("<!--"), "{html}");
        let script = html.split("<script>").nth(1).unwrap().split("</script>").next().unwrap();
        assert!(script.is_ascii(), "{script}");
    }
}
