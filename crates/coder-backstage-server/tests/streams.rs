//! Streams of events, from the real server.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a failed test may panic anywhere")]

#[expect(dead_code, reason = "each test of the server uses its part")]
mod serving;

use std::sync::Arc;

use coder_core::SystemClock;
use coder_testkit::FakeCoder;
use reqwest::{Client, Response, Version};
use serving::{House, Process};

/// Reads until the stream has said this.
async fn heard(stream: &mut Response, text: &str) -> String {
    let mut heard = String::new();
    while !heard.contains(text) {
        let chunk = stream.chunk().await.unwrap();
        let chunk = chunk.unwrap_or_else(|| panic!("it ends without `{text}`: {heard}"));
        heard += std::str::from_utf8(&chunk).unwrap();
    }
    heard
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_ends_its_streams_with_a_word_and_does_not_wait_for_them() {
    let house = House::new(FakeCoder::builder().clock(Arc::new(SystemClock))).await;
    let alice = house.coder().add_user("alice");
    let workspace = house.coder().add_workspace(&alice, "dev").create();
    let directory = tempfile::tempdir().unwrap();
    house.configure(directory.path(), "{}");
    let process = Process::start(directory.path(), |_| {});
    let url = process.url(&format!("/api/coder/v1/live?workspaces={workspace}"));

    // A reverse proxy speaks HTTP/2 without TLS, which it knows of the server.
    let proxy = Client::builder().http2_prior_knowledge().no_proxy().build().unwrap();
    let browser = Client::builder().no_proxy().build().unwrap();
    let mut streams = Vec::new();
    for (client, version) in
        [(proxy.clone(), Version::HTTP_2), (proxy, Version::HTTP_2), (browser, Version::HTTP_11)]
    {
        let request = client.get(&url).header("coder-session-token", alice.session_token.expose());
        // A stream is never compressed: nothing of it may be held back.
        let request = request.header("accept-encoding", "gzip");
        let mut stream = request.send().await.unwrap();
        assert_eq!(stream.version(), version);
        assert_eq!(stream.headers().get("content-encoding"), None);
        heard(&mut stream, "event: workspace\n").await;
        streams.push(stream);
    }
    let watch = format!("/api/v2/workspaces/{workspace}/watch");
    assert_eq!(house.coder().count("GET", &watch), 1, "one for all of alice's pages");
    process.terminate();
    for stream in &mut streams {
        heard(stream, r#""reason":"shutdown""#).await;
        while let Some(rest) = stream.chunk().await.unwrap() {
            assert!(rest.is_empty(), "nothing comes after the end: {rest:?}");
        }
    }
    let log = process.ended();
    assert!(!log.contains("cut off"), "{log}");
}
