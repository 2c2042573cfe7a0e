//! Nobody is a caller whose credential was not confirmed by whoever issued it.

use std::time::Duration;

use bytes::Bytes;
use coder_testkit::Fault;
use http::header::{COOKIE, ORIGIN};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use crate::support::{House, PORTAL, send};

const ENTITY: &str = "/api/coder/v1/entities/component/default/python-project/workspaces";
const WITHOUT_REPOSITORY: &str =
    "/api/coder/v1/entities/component/default/no-repository/workspaces";

#[tokio::test(start_paused = true)]
async fn a_made_up_credential_opens_no_route_in_whichever_way_it_comes() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    house.signed_in(&alice).await;
    let cookie = format!("__Host-coder-session={}", "A".repeat(43));
    // A token of the shape of ours, signed by nobody.
    let identity =
        "Bearer eyJhbGciOiJFUzI1NiIsImtpZCI6IngifQ.eyJzdWIiOiJ1c2VyOmRlZmF1bHQvYWxpY2UifQ.AAAA";
    let ways: [(&str, &[(&str, &str)]); 4] = [
        ("a Coder token", &[("coder-session-token", "made-up-0123456789")]),
        ("an identity token", &[("authorization", identity)]),
        ("no token at all", &[("authorization", "Bearer made-up")]),
        (
            "a session",
            &[("cookie", &cookie), ("x-requested-with", "XMLHttpRequest"), ("origin", PORTAL)],
        ),
    ];
    let mut let_in = Vec::new();
    for (way, headers) in ways {
        for (method, target) in [
            ("GET", "/api/coder/v1/entities"),
            ("GET", "/api/coder/v1/entities?env=production"),
            ("GET", ENTITY),
            ("GET", WITHOUT_REPOSITORY),
            ("GET", "/api/coder/v1/link"),
            ("POST", "/api/coder/v1/link"),
            ("DELETE", "/api/coder/v1/link"),
            ("GET", "/api/auth/v1/userinfo"),
        ] {
            let mut request = http::Request::builder().method(method).uri(target);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let mut body = Bytes::new();
            if method == "POST" {
                request = request.header("content-type", "application/json");
                body = Bytes::from_static(br#"{"token":"made-up-0123456789"}"#);
            }
            let answer = send(&house.portal, request, body).await;
            if answer.status() != StatusCode::UNAUTHORIZED {
                let_in.push(format!("{way}: {method} {target}: {}", answer.status()));
            }
        }
    }
    assert!(let_in.is_empty(), "{let_in:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_route_of_ones_own_knows_within_20_seconds_who_asks() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    let (session, handle) = browser.cookies.first_key_value().unwrap();
    let headers = HeaderMap::from_iter([
        (COOKIE, format!("{session}={handle}").parse().unwrap()),
        (HeaderName::from_static("x-requested-with"), HeaderValue::from_static("XMLHttpRequest")),
        (ORIGIN, HeaderValue::from_static(PORTAL)),
    ]);
    house.coder.fail_next(Fault::silence().times(usize::MAX));
    // Coder is asked whether the user still may, and the token is due.
    house.coder.advance(Duration::from_secs(2 * 3600));
    let asked = tokio::time::Instant::now();
    let answer = house.portal.caller(&headers).await.unwrap_err();
    // The clock is paused: this is the time that was waited for, not the machine's.
    assert!(asked.elapsed() <= Duration::from_secs(20), "{:?}", asked.elapsed());
    let response = answer.to_response(&Method::GET, "/api/me");
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(response.headers().contains_key("retry-after"));
}
