//! The in-process door and the faults one meets there.

use std::time::Duration;

use bytes::Bytes;
use coder_client::models::WorkspaceStatus;
use coder_client::operations::{CreateWorkspaceBuild, GetUser};
use coder_core::{Transport as _, TransportErrorKind};
use coder_testkit::{FakeCoder, Fault, Pace};
use futures_util::{FutureExt as _, StreamExt as _};
use http::{Method, Request, StatusCode};

const URL: &str = "https://coder.test/api/v2/buildinfo";

fn get(url: &str) -> Request<Bytes> {
    Request::get(url).body(Bytes::new()).unwrap()
}

async fn status(coder: &FakeCoder) -> u16 {
    coder.send(get(URL)).await.unwrap().status().as_u16()
}

async fn broken(coder: &FakeCoder) -> TransportErrorKind {
    coder.send(get(URL)).await.unwrap_err().kind()
}

#[tokio::test]
async fn requests_are_answered_and_recorded() {
    let coder = FakeCoder::new();
    let answer = coder.send(get(&format!("{URL}?secret=x"))).await.unwrap();
    assert_eq!(answer.headers()["x-coder-build-version"], "v2.38.0");
    let requests = coder.requests();
    assert!(requests[0].is("GET", "/api/v2/buildinfo"));
    assert_eq!(requests[0].query, "secret=x");
    assert_eq!(format!("{requests:?}"), "[GET /api/v2/buildinfo?secret=…]");
    assert_eq!(coder.count("GET", "/api/v2/buildinfo"), 1);
    coder.forget_requests();
    assert_eq!(coder.count("GET", "/api/v2/buildinfo"), 0);
}

#[tokio::test]
async fn another_origin_is_not_this_deployment() {
    let coder = FakeCoder::new();
    for elsewhere in ["https://evil.test/api/v2/buildinfo", "http://coder.test/", "/api/v2"] {
        let error = coder.send(get(elsewhere)).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Connect, "{elsewhere}");
    }
    assert!(coder.requests().is_empty());
}

#[tokio::test]
async fn a_deployment_behind_a_path_is_asked_below_it() {
    let coder = FakeCoder::builder().url("https://apps.test/coder").build();
    let answer = coder.send(get("https://apps.test/coder/api/v2/buildinfo")).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(coder.requests()[0].is("GET", "/api/v2/buildinfo"));
}

#[tokio::test]
async fn two_deployments_share_no_secrets() {
    let one = FakeCoder::new().add_user("alice");
    let other = FakeCoder::builder().url("https://other.test").build().add_user("alice");
    assert_ne!(one.id, other.id);
    assert_ne!(one.session_token.expose(), other.session_token.expose());
}

#[tokio::test]
async fn answers_of_things_in_front_of_coder() {
    let coder = FakeCoder::new();
    coder.fail_next(Fault::rate_limited(30));
    let limited = coder.send(get(URL)).await.unwrap();
    assert_eq!(
        (limited.status().as_u16(), &limited.headers()["retry-after"]),
        (429, &"30".parse().unwrap())
    );

    for (fault, expected, content_type) in [
        (Fault::bad_gateway(), 502, "text/html"),
        (Fault::login_page(), 200, "text/html; charset=utf-8"),
    ] {
        coder.fail_next(fault);
        let answer = coder.send(get(URL)).await.unwrap();
        assert_eq!(answer.status(), expected);
        assert_eq!(answer.headers()["content-type"], content_type);
    }
    coder.fail_next(Fault::sso_redirect());
    let redirect = coder.send(get(URL)).await.unwrap();
    assert_eq!(redirect.status(), 302);
    assert!(redirect.headers()["location"].to_str().unwrap().starts_with("https://sso."));
    assert_eq!(status(&coder).await, 200, "each fault happens once");
}

#[tokio::test]
async fn faults_have_an_address_and_a_number() {
    let coder = FakeCoder::new();
    coder.fail_next(Fault::bad_gateway().on("/oauth2"));
    coder.fail_next(Fault::bad_gateway().method(Method::POST));
    assert_eq!(status(&coder).await, 200);
    coder.fail_next(Fault::bad_gateway().on("/api/v2/build").times(2));
    assert_eq!([status(&coder).await, status(&coder).await, status(&coder).await], [502, 502, 200]);
}

#[tokio::test]
async fn connections_break_before_or_after_the_work() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let logout = || {
        Request::post("https://coder.test/api/v2/users/logout")
            .header("coder-session-token", alice.session_token.expose())
            .body(Bytes::new())
            .unwrap()
    };
    coder.fail_next(Fault::connection_refused());
    assert_eq!(broken(&coder).await, TransportErrorKind::Connect);
    coder.fail_next(Fault::request_lost());
    let lost = coder.send(logout()).await.unwrap_err();
    assert_eq!(lost.kind(), TransportErrorKind::Interrupted);
    assert!(coder.is_live(alice.session_token.expose()), "Coder has not seen the request");
    coder.fail_next(Fault::answer_lost());
    let lost = coder.send(logout()).await.unwrap_err();
    assert_eq!(lost.kind(), TransportErrorKind::Interrupted);
    assert!(!coder.is_live(alice.session_token.expose()), "Coder has done its work");
}

#[tokio::test]
async fn a_silent_peer_never_answers() {
    let coder = FakeCoder::new();
    coder.fail_next(Fault::silence());
    assert!(coder.send(get(URL)).now_or_never().is_none());
}

#[tokio::test]
async fn an_answer_can_be_held_back_and_let_go() {
    let coder = FakeCoder::new();
    let (fault, held) = Fault::hold();
    coder.fail_next(fault);
    assert!(held.reached().now_or_never().is_none());
    let body = coder.send(get(URL)).await.unwrap().into_body();
    held.reached().await;
    let mut reading = std::pin::pin!(body.collect(4096));
    assert!(reading.as_mut().now_or_never().is_none());
    held.release();
    let whole = coder.send(get(URL)).await.unwrap().into_body().collect(4096).await.unwrap();
    assert_eq!(reading.await.unwrap(), whole);
}

#[tokio::test]
async fn a_body_can_stall_or_be_cut() {
    let coder = FakeCoder::new();
    let whole = coder.send(get(URL)).await.unwrap().into_body().collect(4096).await.unwrap().len();

    coder.fail_next(Fault::body_stalls());
    let mut body = coder.send(get(URL)).await.unwrap().into_body();
    assert_eq!(body.next().await.unwrap().unwrap().len(), whole / 2);
    assert!(body.next().now_or_never().is_none());

    coder.fail_next(Fault::body_cut());
    let body = coder.send(get(URL)).await.unwrap().into_body();
    assert_eq!(body.collect(4096).await.unwrap_err().kind(), TransportErrorKind::Interrupted);
}

#[tokio::test]
async fn a_client_of_a_user_speaks_for_that_user_on_the_fakes_clock() {
    let coder = FakeCoder::new();
    let (alice, bob) = (coder.add_user("alice"), coder.add_user("bob"));
    for user in [&alice, &bob] {
        let client = coder.client(user);
        assert_eq!(client.send(&GetUser::me()).await.unwrap().id, user.id);
        assert_eq!(client.world().clock.now(), coder.clock().now());
    }
    coder.advance(Duration::from_secs(3600));
    assert_eq!(coder.world().clock.now(), coder.clock().now());
}

#[tokio::test(start_paused = true)]
async fn code_that_waits_for_a_build_sees_it_end_since_its_pauses_turn_the_clock() {
    let coder = FakeCoder::builder().pace(Pace::RECORDED).build();
    let alice = coder.add_user("alice");
    let dev = coder.add_workspace(&alice, "dev").running().create();
    let client = coder.client(&alice);
    client.send(&CreateWorkspaceBuild::stop(dev)).await.unwrap();
    let start = client.world().clock.now();
    while coder.workspace(dev).latest_build.status != WorkspaceStatus::Stopped {
        client.world().runtime.sleep(Duration::from_secs(1)).await;
    }
    assert!(client.world().clock.now() > start);
}

#[tokio::test(start_paused = true)]
async fn pauses_side_by_side_turn_the_clock_once() {
    let coder = FakeCoder::new();
    let (world, start) = (coder.world(), coder.clock().now());
    let pause = || world.runtime.sleep(Duration::from_secs(10));
    tokio::join!(pause(), pause());
    assert_eq!(coder.clock().now().duration_since(start).as_secs(), 10);
}

#[tokio::test]
async fn a_slow_answer_begins_when_its_time_has_passed_on_the_fakes_clock() {
    let coder = FakeCoder::new();
    coder.fail_next(Fault::delay(Duration::from_secs(10)));
    let mut answer = Box::pin(coder.send(get(URL)));
    assert!(answer.as_mut().now_or_never().is_none());
    coder.advance(Duration::from_secs(9));
    assert!(answer.as_mut().now_or_never().is_none(), "nine seconds are too few");
    coder.advance(Duration::from_secs(1));
    assert_eq!(answer.now_or_never().unwrap().unwrap().status(), 200);
    assert_eq!(status(&coder).await, 200, "the next answer comes at once");
}

#[tokio::test(start_paused = true)]
async fn whoever_has_a_time_limit_does_not_wait_for_a_slow_answer() {
    let coder = FakeCoder::new();
    let client = coder.client(&coder.add_user("alice")).with_timeout(Duration::from_secs(5));
    coder.fail_next(Fault::delay(Duration::from_secs(60)).times(usize::MAX));
    let error = client.send(&GetUser::me()).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
}

#[tokio::test]
async fn an_api_error_is_one_of_coders_own() {
    let coder = FakeCoder::new();
    let client = coder.client(&coder.add_user("alice"));
    coder.fail_next(Fault::api_error(StatusCode::FORBIDDEN, "Your plan has no users."));
    let error = client.send(&GetUser::me()).await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::FORBIDDEN));
    assert!(error.to_string().contains("Your plan has no users."), "{error}");
}
