//! What a request may bring along, and how long its answer may take.

use std::time::Duration;

use bytes::Bytes;
use coder_core::{Body, TransportError};
use coder_testkit::Fault;
use futures_util::{StreamExt as _, stream};
use http::{Request, StatusCode};

use crate::support::{House, PORTAL, ask, send, visitor};

const ENTITY: &str = "/api/coder/v1/entities/component/default/python-project/workspaces";
const FORM: &str = "application/x-www-form-urlencoded";

fn with_form(method: &str, target: &str) -> http::request::Builder {
    Request::builder().method(method).uri(target).header("content-type", FORM)
}

#[tokio::test(start_paused = true)]
async fn a_body_where_the_route_takes_none_is_refused_and_never_read_as_parameters() {
    let house = House::new();
    let start = format!("env=production&origin={PORTAL}&flow=popup");
    for (method, target) in [
        ("GET", "/api/auth/coder/start"),
        ("GET", "/api/auth/coder/handler/frame"),
        ("GET", "/api/auth/coder/refresh"),
        ("POST", "/api/auth/coder/refresh"),
        ("POST", "/api/auth/coder/logout"),
        ("GET", "/api/auth/.well-known/jwks.json"),
        ("GET", "/api/auth/.well-known/openid-configuration"),
        ("GET", "/api/auth/v1/userinfo"),
        ("GET", "/.backstage/health/v1/readiness"),
        ("GET", "/api/coder/v1/entities"),
        ("GET", ENTITY),
        ("GET", "/api/coder/v1/link"),
        ("DELETE", "/api/coder/v1/link"),
    ] {
        let answer = send(&house.portal, with_form(method, target), start.clone().into()).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{method} {target}");
        assert_eq!(answer.message(), "this route takes no request body", "{method} {target}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_route_takes_bodies_of_its_own_kind_up_to_64_kilobytes() {
    let house = House::new();
    for (target, kind) in
        [("/api/auth/coder/handler/frame", FORM), ("/api/coder/v1/link", "application/json")]
    {
        let post = |kind: &str| Request::post(target).header("content-type", kind);
        let greatest = send(&house.portal, post(kind), Bytes::from(vec![b'x'; 64 * 1024])).await;
        assert!(greatest.status().is_client_error(), "{target}");
        assert_ne!(greatest.status(), StatusCode::PAYLOAD_TOO_LARGE, "{target}");
        let larger = send(&house.portal, post(kind), Bytes::from(vec![b'x'; 64 * 1024 + 1])).await;
        assert_eq!(larger.status(), StatusCode::PAYLOAD_TOO_LARGE, "{target}");
        let other = send(&house.portal, post("text/plain"), Bytes::from_static(b"x")).await;
        assert_eq!(other.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{target}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_body_is_none() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    let out = browser.ajax(&house, "POST", "/api/auth/coder/logout?env=production").await;
    assert_eq!(out.status(), StatusCode::OK);
    let frame = ask(&house.portal, Request::post("/api/auth/coder/handler/frame")).await;
    assert!(frame.message().contains("missing the OAuth state"), "{}", frame.message());
}

/// Checks every answer to a request that needs Coder, however Coder behaves.
async fn is_answered_within_20_seconds(fault: Fault) {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let workspace = house.coder.add_workspace(&alice, "mine").template("devcontainers");
    workspace.parameter("repo_url", "https://github.com/acme/python-project").running().create();
    let browser = house.signed_in(&alice).await;
    house.coder.fail_next(fault.times(usize::MAX));
    // Coder is asked whether the user still may, and the token is due.
    house.coder.advance(Duration::from_secs(2 * 3600));
    for (method, target) in [
        ("GET", ENTITY),
        ("GET", "/api/auth/coder/refresh?env=production"),
        ("POST", "/api/auth/coder/logout?env=production"),
    ] {
        let asked = tokio::time::Instant::now();
        let answer = browser.ajax(&house, method, target).await;
        // The clock is paused: this is the time that was waited for, not the machine's.
        let waited = asked.elapsed();
        assert!(waited <= Duration::from_secs(20), "{method} {target}: {waited:?}");
        if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
            assert!(answer.headers().contains_key("retry-after"), "{method} {target}");
            assert_eq!(answer.json()["error"]["name"], "ServiceUnavailableError");
        }
    }
    let asked = tokio::time::Instant::now();
    let start = format!("/api/auth/coder/start?env=production&origin={PORTAL}&flow=popup");
    visitor().navigate(&house, &start).await;
    assert!(asked.elapsed() <= Duration::from_secs(20), "start: {:?}", asked.elapsed());
}

#[tokio::test(start_paused = true)]
async fn every_route_answers_within_20_seconds_while_coder_hangs() {
    is_answered_within_20_seconds(Fault::silence()).await;
}

#[tokio::test(start_paused = true)]
async fn every_route_answers_within_20_seconds_while_coder_stops_in_the_middle_of_its_answers() {
    is_answered_within_20_seconds(Fault::body_stalls()).await;
}

#[tokio::test]
async fn an_answer_under_way_needs_little_room_on_a_stack() {
    let house = House::new();
    let request = Request::get("/").body(Bytes::new()).unwrap();
    let room = size_of_val(&house.portal.handle(request));
    assert!(room < 4096, "{room} bytes, several times over in a debug build");
}

#[tokio::test(start_paused = true)]
async fn a_body_of_unknown_length_is_bounded_in_size_and_time() {
    let house = House::new();
    let post = |target: &str, body| {
        let request = with_form("POST", target).body(body).unwrap();
        house.portal.handle::<Body>(request)
    };
    let frame = "/api/auth/coder/handler/frame";
    let chunk = || Ok::<_, TransportError>(Bytes::from_static(b"state=forged&"));
    let one = Body::from_stream(stream::iter([chunk()]));
    assert_eq!(post(frame, one).await.status(), StatusCode::FORBIDDEN, "it was read");

    let endless = Body::from_stream(stream::repeat_with(chunk));
    assert_eq!(post(frame, endless).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let unwanted = Body::from_stream(stream::iter([chunk()]));
    let logout = "/api/auth/coder/logout";
    assert_eq!(post(logout, unwanted).await.status(), StatusCode::BAD_REQUEST);

    let begun = stream::iter([chunk()]).chain(stream::pending());
    let asked = tokio::time::Instant::now();
    let slow = post(frame, Body::from_stream(begun)).await;
    assert_eq!(slow.status(), StatusCode::REQUEST_TIMEOUT);
    assert_eq!(asked.elapsed(), Duration::from_secs(10), "by the paused clock");
}
