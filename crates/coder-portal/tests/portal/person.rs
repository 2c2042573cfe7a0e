//! Who the caller is, and the end of the connection.

use http::StatusCode;

use crate::support::{House, Page, ask, link};

#[tokio::test(start_paused = true)]
async fn the_caller_is_told_who_they_are_and_what_they_may_do() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let page = Page::open(&house, &alice).await;
    let me = page.get("/me").await;
    assert_eq!(me.status(), StatusCode::OK, "{}", me.text());
    assert_eq!(me.json()["username"], "alice");
    assert_eq!(me.json()["identity"]["userEntityRef"], "user:default/alice");
    assert_eq!(me.json()["may"]["createWorkspaces"], true);
    assert_eq!(me.json()["may"]["seeAllWorkspaces"], false);
    assert_eq!(page.cost(), ["POST /api/v2/authcheck"]);
    let owner = house.coder.add_owner("olga");
    let request = http::Request::get("/api/coder/v1/me")
        .header("coder-session-token", owner.session_token.expose());
    let theirs = ask(&house.portal, request).await;
    assert_eq!(theirs.json()["may"]["seeAllWorkspaces"], true, "{}", theirs.text());
    // The catalog of the example does not know this user.
    assert_eq!(theirs.json()["identity"], serde_json::Value::Null);
    assert!(
        theirs.json()["noIdentity"].as_str().unwrap().contains("unable to resolve user identity")
    );
}

#[tokio::test(start_paused = true)]
async fn a_person_who_disconnects_is_signed_out_and_known_no_more() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let page = Page::open(&house, &alice).await;
    let out = page.ask("DELETE", "/connection", "").await;
    assert_eq!(out.status(), StatusCode::NO_CONTENT, "{}", out.text());
    assert!(out.headers().contains_key("set-cookie"));
    assert_eq!(house.coder.count("POST", "/oauth2/revoke"), 1);
    assert_eq!(page.get("/me").await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_disconnected_by_a_page_of_another_site() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    let target = "/api/coder/v1/connection";
    let bare = ask(&house.portal, browser.request("DELETE", target)).await;
    assert_eq!(bare.status(), StatusCode::UNAUTHORIZED);
    let foreign = browser.request("DELETE", target).header("origin", "https://evil.example");
    let foreign = ask(&house.portal, foreign.header("x-requested-with", "XMLHttpRequest")).await;
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    let mine = browser.script_request("GET", "/api/coder/v1/me");
    assert_eq!(ask(&house.portal, mine).await.status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_request_with_a_session_that_it_may_not_end_ends_nothing() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    let refresh = browser.script_request("GET", "/api/auth/coder/refresh?env=production");
    let token = ask(&house.portal, refresh).await.identity_token().to_owned();
    link(&browser, &house.portal, &alice.session_token).await;
    let target = "/api/coder/v1/connection";
    let out = browser.request("DELETE", target).header("authorization", format!("Bearer {token}"));
    let out = ask(&house.portal, out).await;
    assert_eq!(out.status(), StatusCode::UNAUTHORIZED, "{}", out.text());
    let mine = browser.script_request("GET", "/api/coder/v1/me");
    assert_eq!(ask(&house.portal, mine).await.status(), StatusCode::OK);
    let linked = ask(&house.portal, browser.script_request("GET", "/api/coder/v1/link")).await;
    assert_eq!(linked.json()["username"], "alice", "{}", linked.text());
}

#[tokio::test(start_paused = true)]
async fn an_identity_token_without_the_cookie_ends_the_sessions_of_its_login() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let (browser, other) = (house.signed_in(&alice).await, house.signed_in(&alice).await);
    let refresh = browser.script_request("GET", "/api/auth/coder/refresh?env=production");
    let token = ask(&house.portal, refresh).await.identity_token().to_owned();
    house.coder.forget_requests();
    let out = http::Request::delete("/api/coder/v1/connection")
        .header("authorization", format!("Bearer {token}"));
    let out = ask(&house.portal, out).await;
    assert_eq!(out.status(), StatusCode::NO_CONTENT, "{}", out.text());
    for browser in [browser, other] {
        let mine = ask(&house.portal, browser.script_request("GET", "/api/coder/v1/me")).await;
        assert_eq!(mine.status(), StatusCode::UNAUTHORIZED, "{}", mine.text());
    }
    assert_eq!(house.coder.count("POST", "/oauth2/revoke"), 1);
}
