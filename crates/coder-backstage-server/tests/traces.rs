//! Traces of the real server, at a collector of the test.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a failed test may panic anywhere")]

#[expect(dead_code, reason = "each test of the server uses its part")]
mod serving;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use coder_core::SystemClock;
use coder_testkit::{Answer, FakeCoder};
use serving::browsing::visitor;
use serving::{House, Process};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// Starts a collector that takes OTLP over HTTP; gives its URL, and what it gets.
async fn collector() -> (String, mpsc::UnboundedReceiver<Bytes>) {
    let (take, taken) = mpsc::unbounded_channel();
    let spans = async |State(take): State<mpsc::UnboundedSender<Bytes>>, body: Bytes| {
        take.send(body).unwrap();
    };
    let routes = Router::new().route("/v1/traces", post(spans)).with_state(take);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (url, taken)
}

/// Returns the bytes that a text in hexadecimal digits stands for.
fn bytes(hexadecimal: &str) -> Vec<u8> {
    let digits = hexadecimal.as_bytes().chunks(2);
    digits.map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

fn has(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_goes_on_with_its_trace_and_carries_it_to_coder() {
    let (url, mut taken) = collector().await;
    let house = House::new(FakeCoder::builder().clock(Arc::new(SystemClock))).await;
    let alice = house.coder().add_user("alice");
    let directory = tempfile::tempdir().unwrap();
    house.configure(directory.path(), "{}");
    let process = Process::start(directory.path(), |command| {
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", url).env("OTEL_BSP_SCHEDULE_DELAY", "50");
    });
    let mut browser = visitor();
    let authorize = browser.start(&process).await;
    let callback = house.coder().approve(&authorize, &alice).unwrap();
    let path = format!("{}?{}", callback.path(), callback.query().unwrap());
    house.coder().forget_requests();
    let request =
        browser.request("GET", &path).header("traceparent", format!("00-{TRACE}-{PARENT}-01"));
    let answer = Answer::to(&process, request, "").await;
    assert!(answer.status().is_success());

    let carried: Vec<String> = house
        .coder()
        .requests()
        .iter()
        .map(|request| request.headers["traceparent"].to_str().unwrap().to_owned())
        .collect();
    assert!(carried.len() >= 2, "the exchange and the question for the user: {carried:?}");
    for carried in &carried {
        assert!(carried.starts_with(&format!("00-{TRACE}-")), "{carried}");
        assert!(!carried.contains(PARENT), "the span of this server is in between: {carried}");
    }
    let mut exported = Vec::new();
    let mut expected: Vec<Vec<u8>> = vec![
        bytes(TRACE),
        bytes(PARENT),
        b"GET /api/auth/coder/handler/frame".to_vec(),
        b"POST Exchange".to_vec(),
        b"GET GetUser".to_vec(),
        b"coder-backstage".to_vec(),
    ];
    // Long, for a busy machine.
    let arrived = tokio::time::timeout(Duration::from_secs(60), async {
        while !expected.is_empty() {
            exported.extend(taken.recv().await.unwrap());
            expected.retain(|needle| !has(&exported, needle));
        }
    });
    let arrived = arrived.await;
    assert!(
        arrived.is_ok(),
        "missing: {:?}",
        expected.iter().map(|it| String::from_utf8_lossy(it)).collect::<Vec<_>>()
    );
    for secret in [callback.query().unwrap(), "code=", "alice"] {
        assert!(!has(&exported, secret.as_bytes()), "{secret}");
    }
    process.terminate();
    let log = process.ended();
    assert!(!log.contains("traceparent") && !log.contains("otel"), "{log}");
}
