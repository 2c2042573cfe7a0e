//! `GET /api/v2/workspaces/{id}/watch`.

use std::time::Duration;

use bytes::Bytes;
use coder_core::Body;
use coder_testkit::{FakeCoder, FakeUser};
use futures_util::{FutureExt as _, StreamExt as _};
use http::Request;
use serde_json::Value;

/// Opens the stream.
fn watch(coder: &FakeCoder, user: &FakeUser, id: coder_client::WorkspaceId) -> Body {
    let request = Request::get(format!("/api/v2/workspaces/{id}/watch"))
        .header("coder-session-token", user.session_token.expose())
        .body(Bytes::new())
        .unwrap();
    let answer = coder.respond(request);
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    answer.into_body()
}

/// Returns the events that are there without waiting: `ping`, or the status a workspace has.
fn events(stream: &mut Body) -> Vec<String> {
    let mut events = Vec::new();
    while let Some(Some(chunk)) = stream.next().now_or_never() {
        let text = String::from_utf8(chunk.unwrap().to_vec()).unwrap();
        events.push(match text.strip_prefix("event: data\ndata: ") {
            Some(json) => {
                let json: Value = serde_json::from_str(json.trim_end()).unwrap();
                json["latest_build"]["status"].as_str().unwrap().to_owned()
            }
            None => {
                assert_eq!(text, "event: ping\n\n");
                "ping".to_owned()
            }
        });
    }
    events
}

#[test]
fn a_ping_comes_first_then_the_workspace_then_each_change() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let dev = coder.add_workspace(&alice, "dev").stopped().create();
    let mut stream = watch(&coder, &alice, dev);
    assert_eq!(events(&mut stream), ["ping", "stopped"]);
    assert!(events(&mut stream).is_empty(), "nothing has changed");
    coder.start(dev);
    assert_eq!(events(&mut stream), ["pending"]);
    coder.advance(Duration::from_secs(2));
    assert_eq!(events(&mut stream), ["starting"]);
    coder.advance(Duration::from_secs(10));
    assert!(events(&mut stream).is_empty());
    coder.advance(Duration::from_secs(5));
    assert_eq!(events(&mut stream), ["ping"], "fifteen seconds of silence");
    coder.advance(Duration::from_secs(15));
    assert_eq!(events(&mut stream), ["running"], "connecting");
    coder.advance(Duration::from_secs(60));
    assert_eq!(events(&mut stream), ["running"], "ready");
}

#[tokio::test]
async fn whoever_waits_is_woken_by_a_change() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let dev = coder.add_workspace(&alice, "dev").create();
    let mut stream = watch(&coder, &alice, dev);
    events(&mut stream);
    let waiting = tokio::spawn(async move { stream.next().await.unwrap().unwrap() });
    tokio::task::yield_now().await;
    coder.stop(dev);
    let event = waiting.await.unwrap();
    assert!(event.starts_with(b"event: data\n"));
}

#[test]
fn what_one_may_not_see_cannot_be_watched() {
    let coder = FakeCoder::new();
    let (alice, bob) = (coder.add_user("alice"), coder.add_user("bob"));
    let dev = coder.add_workspace(&alice, "dev").create();
    let path = format!("/api/v2/workspaces/{dev}/watch");
    assert_eq!(crate::common::get(&coder, &path, bob.session_token.expose()).status, 404);
}

#[cfg(feature = "server")]
#[tokio::test]
async fn a_stream_goes_over_the_wire_and_ends_with_the_server() {
    use coder_core::{ReqwestTransport, Transport as _};
    use coder_testkit::FakeServer;

    let server = FakeServer::start(FakeCoder::builder()).await.unwrap();
    let coder = server.coder().clone();
    let alice = coder.add_user("alice");
    let dev = coder.add_workspace(&alice, "dev").create();
    let url = format!("{}/api/v2/workspaces/{dev}/watch", coder.url());
    let request = Request::get(url)
        .header("coder-session-token", alice.session_token.expose())
        .body(Bytes::new())
        .unwrap();
    let answer = ReqwestTransport::new("test/1.0").unwrap().send(request).await.unwrap();
    let mut body = answer.into_body();
    let mut received = Vec::new();
    while !received.ends_with(b"}\n\n") {
        received.extend(body.next().await.unwrap().unwrap());
    }
    assert!(received.starts_with(b"event: ping\n\nevent: data\n"));
    coder.stop(dev);
    let change = body.next().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&change).contains("\"pending\""));
    server.stop().await;
    assert!(body.next().await.unwrap().is_err(), "cut off");
}

#[test]
fn nothing_comes_when_a_workspace_falls_asleep_or_becomes_a_favorite() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let dev = coder.add_workspace(&alice, "dev").create();
    let mut stream = watch(&coder, &alice, dev);
    assert_eq!(events(&mut stream), ["ping", "running"]);
    let token = alice.session_token.expose();
    for (method, path, body) in [
        ("PUT", "dormant", r#"{"dormant":true}"#),
        ("PUT", "dormant", r#"{"dormant":false}"#),
        ("PUT", "favorite", ""),
        ("PUT", "ttl", r#"{"ttl_ms":3600000}"#),
    ] {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v2/workspaces/{dev}/{path}"))
            .header("coder-session-token", token)
            .body(Bytes::from_static(body.as_bytes()))
            .unwrap();
        assert!(coder.respond(request).status().is_success(), "{path}");
    }
    assert!(events(&mut stream).is_empty(), "a real Coder is silent");
    coder.stop(dev);
    assert_eq!(events(&mut stream), ["pending"]);
}
