//! The reqwest transport over real sockets.
#![expect(clippy::unwrap_used, reason = "a failed test may panic anywhere")]

use std::net::SocketAddr;

use bytes::Bytes;
use coder_core::{Body, ReqwestTransport, Transport, TransportError, TransportErrorKind};
use futures_util::{StreamExt as _, stream};
use http::{Request, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// Answers one connection with these bytes, and gives what was asked.
async fn answer_once(answer: &'static str) -> (SocketAddr, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut asked = vec![0; 4096];
        let length = socket.read(&mut asked).await.unwrap();
        socket.write_all(answer.as_bytes()).await.unwrap();
        asked.truncate(length);
        String::from_utf8_lossy(&asked).into_owned()
    });
    (address, server)
}

fn get(address: SocketAddr, path: &str) -> Request<Bytes> {
    Request::get(format!("http://{address}{path}")).body(Bytes::new()).unwrap()
}

fn transport() -> ReqwestTransport {
    ReqwestTransport::new("coder-core-test/1").unwrap()
}

#[tokio::test]
async fn it_sends_what_it_is_given_and_says_who_it_is() {
    let (address, server) = answer_once("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await;
    let answer = transport().send(get(address, "/path?query")).await.unwrap();
    assert_eq!(answer.into_body().collect(16).await.unwrap(), "hi");
    let asked = server.await.unwrap();
    assert!(asked.starts_with("GET /path?query HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("user-agent: coder-core-test/1\r\n"), "{asked}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let (address, _) = answer_once(
        "HTTP/1.1 302 Found\r\nlocation: https://evil.example/\r\ncontent-length: 0\r\n\r\n",
    )
    .await;
    let answer = transport().send(get(address, "/")).await.unwrap();
    assert_eq!(answer.status(), StatusCode::FOUND);
}

#[tokio::test]
async fn a_connection_that_is_refused_was_not_processed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = transport().send(get(address, "/?token=canary")).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Refused);
    assert!(!error.may_have_been_processed() && error.is_transient());
    let told = coder_core::with_causes(&error);
    assert!(told.contains("Connection refused"), "{told}");
    assert!(!format!("{error} {error:?}").contains("canary"));
}

#[tokio::test]
async fn an_unknown_host_is_told_with_its_cause() {
    let request = Request::get("http://coder.invalid/?token=canary").body(Bytes::new()).unwrap();
    let error = transport().send(request).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::UnknownHost);
    assert!(!error.may_have_been_processed() && error.is_transient());
    let told = coder_core::with_causes(&error);
    assert!(told.contains("failed to lookup"), "{told}");
    assert!(!told.contains("canary"), "{told}");
}

#[tokio::test]
async fn an_answer_that_is_no_http_is_told() {
    let (address, _) = answer_once("SSH-2.0-OpenSSH_9.6\r\n").await;
    let error = transport().send(get(address, "/?token=canary")).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Protocol);
    assert!(error.may_have_been_processed() && !error.is_transient());
}

#[cfg(feature = "rustls")]
#[tokio::test]
async fn a_peer_without_tls_is_told_and_not_asked_again() {
    let (address, _) = answer_once("HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let url = format!("https://{address}/?token=canary");
    let request = Request::get(url).body(Bytes::new()).unwrap();
    let error = transport().send(request).await.unwrap_err();
    let told = coder_core::with_causes(&error);
    assert_eq!(error.kind(), TransportErrorKind::Tls, "{told}");
    assert!(!error.may_have_been_processed() && !error.is_transient());
    assert!(!told.contains("canary"), "{told}");
}

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
#[tokio::test]
async fn https_without_tls_is_told_in_one_sentence() {
    let request = Request::get("https://127.0.0.1:9/?token=canary").body(Bytes::new()).unwrap();
    let error = transport().send(request).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Unsupported);
    assert!(!error.may_have_been_processed() && !error.is_transient());
    let told = coder_core::with_causes(&error);
    assert!(told.contains("switch on the feature `rustls` or `native-tls`"), "{told}");
    assert!(!told.contains("canary"), "{told}");
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_answer_is_an_interruption() {
    let (address, _) = answer_once("").await;
    let error = transport().send(get(address, "/?token=canary")).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Interrupted);
    assert!(error.may_have_been_processed() && error.is_transient());
    assert!(!format!("{error} {error:?}").contains("canary"));
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_an_interruption() {
    let (address, _) = answer_once("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nhalf").await;
    let answer = transport().send(get(address, "/")).await.unwrap();
    let error = answer.into_body().collect(99).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Interrupted);
    assert!(error.may_have_been_processed());
}

#[tokio::test]
async fn a_body_arrives_in_chunks() {
    let (address, _) = answer_once(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n",
    )
    .await;
    let body = transport().send(get(address, "/")).await.unwrap().into_body();
    let all: Vec<Bytes> = body.map(Result::unwrap).collect().await;
    assert_eq!(all.concat(), b"abcd");
}

#[tokio::test]
async fn a_peer_that_says_nothing_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let silent = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        assert_ne!(socket.read(&mut [0; 4096]).await.unwrap(), 0);
        // From here on nothing happens, so a minute passes at once.
        tokio::time::pause();
        socket
    });
    let error = transport().send(get(address, "/?token=canary")).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Timeout);
    assert!(error.may_have_been_processed() && error.is_transient());
    drop(silent.await.unwrap());
}

#[tokio::test]
async fn a_body_that_stops_coming_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stalled = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        assert_ne!(socket.read(&mut [0; 4096]).await.unwrap(), 0);
        socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nhalf").await.unwrap();
        socket
    });
    let mut body = transport().send(get(address, "/")).await.unwrap().into_body();
    let _open = stalled.await.unwrap();
    assert_eq!(body.next().await.unwrap().unwrap(), "half");
    tokio::time::pause();
    let error = body.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Timeout);
}

/// Reads a request to its end and answers it; gives what was asked.
async fn answer_after(end: &'static str) -> (SocketAddr, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(end.as_bytes()) {
            if socket.read_buf(&mut asked).await.unwrap() == 0 {
                break;
            }
        }
        let _ = socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        String::from_utf8_lossy(&asked).into_owned()
    });
    (address, server)
}

fn in_chunks() -> Body {
    Body::from_stream(stream::iter(
        ["one", "two"].map(|text| Ok(Bytes::from_static(text.as_bytes()))),
    ))
}

#[tokio::test]
async fn a_body_is_sent_while_it_is_read_in_chunks_or_with_the_length_that_is_given() {
    let (address, server) = answer_after("\r\n0\r\n\r\n").await;
    let request = Request::post(format!("http://{address}/")).body(in_chunks()).unwrap();
    transport().send_streamed(request).await.unwrap();
    let asked = server.await.unwrap();
    assert!(asked.contains("transfer-encoding: chunked\r\n"), "{asked}");

    let (address, server) = answer_after("onetwo").await;
    let request = Request::post(format!("http://{address}/")).header("content-length", 6);
    transport().send_streamed(request.body(in_chunks()).unwrap()).await.unwrap();
    let asked = server.await.unwrap();
    assert!(asked.contains("content-length: 6\r\n") && !asked.contains("chunked"), "{asked}");
}

#[tokio::test]
async fn a_body_that_cannot_be_read_breaks_the_request_off_with_its_own_error() {
    let (address, _server) = answer_after("never").await;
    let broken =
        [Ok(Bytes::from_static(b"x")), Err(TransportError::new(TransportErrorKind::TooLarge))];
    let request = Request::post(format!("http://{address}/"));
    let request = request.body(Body::from_stream(stream::iter(broken))).unwrap();
    let error = transport().send_streamed(request).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::TooLarge, "{error:?}");
}
