//! What goes over the wire, letter by letter.

use std::fmt::Write as _;

use http::Request;

use crate::support::{Answer, House, PORTAL, ask, visitor};

/// Writes an answer as text: status, headers in order of their names, body.
fn text(answer: &Answer) -> String {
    let mut text = format!("{}\n", answer.status());
    let mut headers: Vec<_> = answer.headers().iter().collect();
    headers.sort_by_key(|(name, _)| name.as_str());
    for (name, value) in headers {
        writeln!(text, "{name}: {}", value.to_str().unwrap()).unwrap();
    }
    match serde_json::from_slice::<serde_json::Value>(answer.body()) {
        Ok(json) => write!(text, "\n{json:#}").unwrap(),
        Err(_) => write!(text, "\n{}", std::str::from_utf8(answer.body()).unwrap()).unwrap(),
    }
    text
}

#[tokio::test(start_paused = true)]
async fn the_routes_answer_as_they_always_have() {
    let mut settings = insta::Settings::clone_current();
    // What is drawn at random looks the same in every run but says nothing.
    settings.add_filter(r"[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", "[token]");
    settings.add_filter(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "[id]");
    settings.add_filter(
        r#"(state=|code_challenge=|attempt-[^=]+=|"accessToken": ")[A-Za-z0-9_-]+"#,
        "$1[random]",
    );
    settings.add_filter(r"attempt-[A-Za-z0-9_-]+=", "attempt-[random]=");
    let _guard = settings.bind_to_scope();
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let workspace = house.coder.add_workspace(&alice, "mine").template("devcontainers");
    workspace.parameter("custom_repo", "https://github.com/acme/python-project").running().create();
    let mut browser = visitor();
    let start = format!("/api/auth/coder/start?env=production&origin={PORTAL}&flow=popup");
    insta::assert_snapshot!("start", text(&browser.navigate(&house, &start).await));
    let browser = house.signed_in(&alice).await;
    for (name, target) in [
        ("refresh", "/api/auth/coder/refresh?env=production"),
        ("entities", "/api/coder/v1/entities"),
        ("workspaces", "/api/coder/v1/entities/component/default/python-project/workspaces"),
        (
            "workspaces_without_a_repository",
            "/api/coder/v1/entities/component/default/no-repository/workspaces",
        ),
        ("unknown_route", "/api/auth/github/start"),
        ("health", "/.backstage/health/v1/readiness"),
    ] {
        insta::assert_snapshot!(name, text(&browser.ajax(&house, "GET", target).await));
    }
    let out = browser.ajax(&house, "POST", "/api/auth/coder/logout?env=production").await;
    insta::assert_snapshot!("logout", text(&out));
    let refused = browser.ajax(&house, "GET", "/api/auth/coder/refresh?env=production").await;
    insta::assert_snapshot!("refresh_after_logout", text(&refused));
}

#[tokio::test(start_paused = true)]
async fn a_preflight_is_answered_for_allowed_pages_only() {
    let house = House::new();
    let preflight = |origin: &str| {
        Request::options("/api/auth/coder/refresh?env=production")
            .header("origin", origin)
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "x-requested-with")
    };
    insta::assert_snapshot!("preflight", text(&ask(&house.portal, preflight(PORTAL)).await));
    let foreign = ask(&house.portal, preflight("https://evil.example")).await;
    assert!(!foreign.headers().keys().any(|name| name.as_str().starts_with("access-control")));
}

#[tokio::test(start_paused = true)]
async fn the_description_is_for_everybody_and_says_nothing_about_anybody() {
    let house = House::new();
    let described = ask(&house.portal, Request::get("/api/coder/v1/openapi.json")).await;
    assert_eq!(described.status(), http::StatusCode::OK);
    assert_eq!(described.headers()["cache-control"], "public, max-age=300");
    assert_eq!(described.json()["openapi"], "3.1.0");
    let checked_in = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    assert_eq!(described.text(), std::fs::read_to_string(checked_in).unwrap());
    assert!(house.coder.requests().is_empty(), "Coder was not asked");
}
