//! What every route answers, to the letter: status, headers and body.

use bytes::Bytes;
use coder_auth::{AccessTokenPolicy, SignIn, UsernameMatchingUserEntityName};
use coder_testkit::{Fault, Version};
use http::Request;
use http::header::CONTENT_TYPE;

use crate::sign_in::{catalog, with_sign_in};
use crate::support::{Answer, Browser, House, PORTAL, base_options, read};

/// Shows the answer as a person can compare it.
pub(crate) fn shown(response: &Answer) -> String {
    let mut lines: Vec<String> = response
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    lines.sort();
    let is_html = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let body = std::str::from_utf8(response.body()).unwrap();
    let body = match serde_json::from_str::<serde_json::Value>(body) {
        Ok(json) => serde_json::to_string_pretty(&json).unwrap(),
        Err(_) if is_html => crate::support::posted(response).0.to_string(),
        Err(_) => body.to_owned(),
    };
    format!("{}\n{}\n\n{body}\n", response.status(), lines.join("\n"))
}

/// Masks what is random or sealed, by what it is.
fn masks() -> insta::internals::SettingsBindDropGuard {
    let mut settings = insta::Settings::clone_current();
    for (random, what) in [
        (r"coder-attempt-[\w-]{22}=[\w-]{99,}", "coder-attempt-<id>=<sealed>"),
        (r"coder-attempt-[\w-]{22}=", "coder-attempt-<id>="),
        (r"coder-session=[\w-]{43}", "coder-session=<handle>"),
        (r"sha256-[\w+/=]{44}", "sha256-<hash>"),
        (r"client_id=[\w-]{36}", "client_id=<uuid>"),
        (r"state=[\w-]{99,}", "state=<sealed>"),
        (r"code_challenge=[\w-]{43}", "code_challenge=<43>"),
        (r#""token":( ?)"[\w-]+\.[\w-]+\.[\w-]+""#, r#""token":$1"<token>""#),
        (r#""accessToken":( ?)"coder-session\.[\w-]+""#, r#""accessToken":$1"<placeholder>""#),
        (r#""accessToken":( ?)"[\w-]+""#, r#""accessToken":$1"<token>""#),
        (r#""kid": "[\w-]+""#, r#""kid": "<uuid>""#),
        (r#""([xy])": "[\w-]{43}""#, r#""$1": "<43>""#),
    ] {
        settings.add_filter(random, what);
    }
    settings.bind_to_scope()
}

/// Makes a portal people sign in to, as Backstage's own client asks it.
fn house() -> House {
    with_sign_in(&SignIn::new(catalog()).resolver(UsernameMatchingUserEntityName::default()))
}

fn ajax(browser: &Browser, method: &str, path: &str) -> Request<Bytes> {
    let request = browser.request(method, path).header("origin", PORTAL);
    request.header("x-requested-with", "XMLHttpRequest").body(Bytes::new()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn start() {
    let _masks = masks();
    let house = house();
    let mut browser = Browser::new();
    let query = format!("scope=workspace%3Aread&origin={PORTAL}&flow=popup&env=development");
    let started = browser.start_with(&house.auth, &query).await;
    insta::assert_snapshot!("start", shown(&started));
    let mut refused = String::new();
    for query in [
        "",
        "env=staging",
        "env=development&origin=https://evil.example",
        "env=development&origin=null",
        "env=development&flow=redirect&redirectUrl=https://evil.example/",
    ] {
        let response = Browser::new().start_with(&house.auth, query).await;
        refused += &format!("# {query}\n{}\n", shown(&response));
    }
    insta::assert_snapshot!("start_refused", refused);
    let old = House::new(Version::V2_24);
    let too_old = Browser::new().start_with(&old.auth, "env=development").await;
    insta::assert_snapshot!("start_too_old", shown(&too_old));
}

#[tokio::test(start_paused = true)]
async fn callback() {
    let _masks = masks();
    let house = house();
    let (alice, stranger) = (house.coder.add_user("alice"), house.coder.add_user("stranger"));
    let mut browser = Browser::new();
    browser.cookies.insert("coder-refresh-token".to_owned(), "of-a-former-backend".to_owned());
    let authorize = browser.start(&house).await;
    let back = house.coder.approve(&authorize, &alice).unwrap();
    let signed_in = browser.call_back(&house.auth, &back).await;
    insta::assert_snapshot!("callback", shown(&signed_in));

    let unknown = browser.call_back(&house.auth, &back).await;
    let mut strangers = Browser::new();
    let authorize = strangers.start(&house).await;
    let back = house.coder.approve(&authorize, &stranger).unwrap();
    let unresolved = strangers.call_back(&house.auth, &back).await;
    let mut declining = Browser::new();
    let authorize = declining.start(&house).await;
    let back = house.coder.deny(&authorize, &alice).unwrap();
    let denied = declining.call_back(&house.auth, &back).await;
    let failed = [unknown, unresolved, denied].map(|response| shown(&response)).join("\n");
    insta::assert_snapshot!("callback_failed", failed);

    let request = Request::get("/api/auth/coder/handler/frame?code=c&state=s");
    let refused = read(house.auth.callback(&request.body(Bytes::new()).unwrap())).await;
    insta::assert_snapshot!("callback_without_a_state_of_ours", shown(&refused));
}

#[tokio::test(start_paused = true)]
async fn callback_of_the_redirect_flow() {
    let _masks = masks();
    let house = house();
    let alice = house.coder.add_user("alice");
    let page = "https%3A%2F%2Fportal.example.com%2Fx%3Fa%3D1%26error%3Dold%23top";
    let query = format!("env=development&flow=redirect&redirectUrl={page}");
    let mut browser = Browser::new();
    let authorize = browser.start_with(&house.auth, &query).await.location();
    let back = house.coder.approve(&authorize, &alice).unwrap();
    let signed_in = browser.call_back(&house.auth, &back).await;
    let authorize = browser.start_with(&house.auth, &query).await.location();
    let back = house.coder.deny(&authorize, &alice).unwrap();
    let denied = browser.call_back(&house.auth, &back).await;
    insta::assert_snapshot!([signed_in, denied].map(|response| shown(&response)).join("\n"));
}

#[tokio::test(start_paused = true)]
async fn refresh() {
    let _masks = masks();
    let house = house();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    let refresh = "/api/auth/coder/refresh?optional&scope=&env=development";
    let refreshed = read(house.auth.refresh(&ajax(&browser, "GET", refresh))).await;
    insta::assert_snapshot!("refresh", shown(&refreshed));
    let sparing = house.portal(
        base_options()
            .environment("development", house.environment())
            .access_token(AccessTokenPolicy::Server),
    );
    let without = read(sparing.refresh(&ajax(&browser, "GET", refresh))).await;
    insta::assert_snapshot!("refresh_without_the_access_token", shown(&without));

    let nobody = read(house.auth.refresh(&ajax(&Browser::new(), "GET", refresh))).await;
    let plain = browser.request("GET", refresh).body(Bytes::new()).unwrap();
    let plain = read(house.auth.refresh(&plain)).await;
    house.advance(std::time::Duration::from_secs(601));
    house.coder.fail_next(Fault::rate_limited(30).times(9));
    let busy = read(house.auth.refresh(&ajax(&browser, "GET", refresh))).await;
    let refused = [nobody, plain, busy].map(|response| shown(&response)).join("\n");
    insta::assert_snapshot!("refresh_refused", refused);
}

#[tokio::test(start_paused = true)]
async fn logout() {
    let _masks = masks();
    let house = house();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    let logout = "/api/auth/coder/logout?env=development";
    let out = read(house.auth.logout(&ajax(&browser, "POST", logout))).await;
    let nobody = read(house.auth.logout(&ajax(&Browser::new(), "POST", logout))).await;
    let foreign = browser
        .request("POST", logout)
        .header("x-requested-with", "XMLHttpRequest")
        .header("origin", "https://evil.example")
        .body(Bytes::new())
        .unwrap();
    let foreign = read(house.auth.logout(&foreign)).await;
    insta::assert_snapshot!([out, nobody, foreign].map(|response| shown(&response)).join("\n"));
}

#[tokio::test(start_paused = true)]
async fn who_signed_in() {
    let _masks = masks();
    let house = house();
    let alice = house.coder.add_user("alice");
    let message = Browser::new().sign_in(&house, &house.coder, &alice).await;
    let token = message["response"]["backstageIdentity"]["token"].as_str().unwrap();
    let ask = |authorization: Option<String>| {
        let request = Request::get("/api/auth/v1/userinfo");
        authorization
            .into_iter()
            .fold(request, |request, value| request.header("authorization", value))
            .body(Bytes::new())
            .unwrap()
    };
    let known = read(house.auth.userinfo(&ask(Some(format!("Bearer {token}"))))).await;
    let unknown = read(house.auth.userinfo(&ask(None))).await;
    let discovery = read(std::future::ready(house.auth.openid_configuration())).await;
    let keys = Request::get("/api/auth/.well-known/jwks.json").body(Bytes::new()).unwrap();
    let keys = read(house.auth.jwks(&keys)).await;
    let answers = [known, unknown, discovery, keys].map(|response| shown(&response));
    insta::assert_snapshot!(answers.join("\n"));
}
