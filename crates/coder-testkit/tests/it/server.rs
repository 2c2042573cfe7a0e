//! The fake behind a socket.

use bytes::Bytes;
use coder_core::{Body, ReqwestTransport, Transport as _, TransportError};
use coder_testkit::{FakeCoder, FakeServer, Fault};
use futures_util::{FutureExt as _, StreamExt as _};
use http::{Request, Response};

async fn start() -> FakeServer {
    FakeServer::start(FakeCoder::builder()).await.unwrap()
}

async fn get(server: &FakeServer, path: &[&str]) -> Result<Response<Body>, TransportError> {
    let url = server.coder().url().endpoint(path.iter().copied());
    let request = Request::get(url.as_str()).body(Bytes::new()).unwrap();
    ReqwestTransport::new("test/1.0").unwrap().send(request).await
}

#[tokio::test]
async fn it_answers_under_its_own_url() {
    let server = start().await;
    assert!(server.coder().url().as_str().starts_with("http://127.0.0.1:"));
    let answer = get(&server, &["api", "v2", "buildinfo"]).await.unwrap();
    assert_eq!(answer.headers()["x-coder-build-version"], "v2.38.0");
    let body = answer.into_body().collect(4096).await.unwrap();
    let info: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(info["dashboard_url"], server.coder().url().as_str());
    assert_eq!(server.coder().count("GET", "/api/v2/buildinfo"), 1);
}

#[tokio::test]
async fn several_live_beside_each_other() {
    let (one, other) = (start().await, start().await);
    assert_ne!(one.coder().url(), other.coder().url());
    assert_eq!(get(&one, &["healthz"]).await.unwrap().status(), 200);
    assert_eq!(get(&other, &["healthz"]).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_dropped_server_is_gone() {
    let server = start().await;
    let coder = server.coder().clone();
    server.stop().await;
    let request = Request::get(coder.url().as_str()).body(Bytes::new()).unwrap();
    let error = ReqwestTransport::new("test/1.0").unwrap().send(request).await.unwrap_err();
    assert!(!error.may_have_been_processed(), "{error:?}");
}

#[tokio::test]
async fn faults_break_real_connections() {
    let server = start().await;
    for fault in [Fault::request_lost(), Fault::answer_lost(), Fault::connection_refused()] {
        server.coder().fail_next(fault);
        let error = get(&server, &["healthz"]).await.unwrap_err();
        assert!(error.may_have_been_processed(), "{error:?}");
    }
    server.coder().fail_next(Fault::body_cut());
    let cut = get(&server, &["api", "v2", "buildinfo"]).await.unwrap();
    assert!(cut.into_body().collect(4096).await.is_err());

    server.coder().fail_next(Fault::body_stalls());
    let stalled = get(&server, &["api", "v2", "buildinfo"]).await.unwrap();
    let mut body = stalled.into_body();
    assert!(body.next().await.unwrap().is_ok());
    assert!(body.next().now_or_never().is_none());

    server.coder().fail_next(Fault::bad_gateway());
    assert_eq!(get(&server, &["healthz"]).await.unwrap().status(), 502);
    assert_eq!(get(&server, &["healthz"]).await.unwrap().status(), 200);
}
