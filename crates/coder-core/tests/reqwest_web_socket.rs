//! WebSockets of the reqwest transport, with a server of tungstenite's at the other end.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a failed test may panic anywhere")]

use std::net::SocketAddr;

use coder_core::{
    ReqwestTransport, Transport, TransportError, TransportErrorKind, WebSocket, WebSocketHandshake,
    WebSocketMessage, WebSocketResponse,
};
use futures_util::{SinkExt as _, StreamExt as _};
use http::Request;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::handshake::server::{Request as Asked, Response as Answer};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

/// Takes one connection and gives the header it asked with, and the open socket.
async fn accept(listener: TcpListener) -> (String, WebSocketStream<TcpStream>) {
    let (connection, _) = listener.accept().await.unwrap();
    let mut token = String::new();
    #[expect(clippy::result_large_err, reason = "the library wants it so")]
    let look = |asked: &Asked, answer: Answer| {
        let header = asked.headers().get("coder-session-token");
        token = header.unwrap().to_str().unwrap().to_owned();
        Ok(answer)
    };
    let socket = accept_hdr_async(connection, look).await.unwrap();
    (token, socket)
}

async fn open(address: SocketAddr) -> Result<WebSocketResponse, TransportError> {
    let request = Request::get(format!("http://{address}/watch-ws?token=none"))
        .header("coder-session-token", "canary")
        .body(())
        .unwrap();
    ReqwestTransport::new("test/1.0").unwrap().open_web_socket(request).await
}

/// Opens both ends of a socket.
async fn both_ends() -> (WebSocket, WebSocketStream<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (answer, (token, server)) = tokio::join!(open(address), accept(listener));
    assert_eq!(token, "canary");
    match answer.unwrap() {
        WebSocketResponse::Open(socket) => (socket, server),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn text_and_bytes_go_both_ways_until_the_peer_closes() {
    let (mut socket, mut server) = both_ends().await;
    server.send(Message::text("one")).await.unwrap();
    server.send(Message::Ping(vec![1].into())).await.unwrap();
    server.send(Message::binary(vec![2])).await.unwrap();
    let next = socket.next().await.unwrap().unwrap();
    assert_eq!(next, WebSocketMessage::Text("one".to_owned()));
    assert_eq!(socket.next().await.unwrap().unwrap(), WebSocketMessage::Ping, "a sign of life");
    let next = socket.next().await.unwrap().unwrap();
    assert_eq!(next, WebSocketMessage::Binary(vec![2].into()));

    socket.send(WebSocketMessage::Text("three".to_owned())).await.unwrap();
    assert_eq!(server.next().await.unwrap().unwrap(), Message::Pong(vec![1].into()));
    assert_eq!(server.next().await.unwrap().unwrap(), Message::text("three"));

    let close = CloseFrame { code: CloseCode::Normal, reason: "done".into() };
    server.close(Some(close)).await.unwrap();
    let close = WebSocketMessage::Close { code: 1000, reason: "done".to_owned() };
    assert_eq!(socket.next().await.unwrap().unwrap(), close);
    assert!(socket.next().await.is_none());
}

/// Reads the head of an answer, byte by byte so that nothing behind it is lost.
async fn answer_head(connection: &mut TcpStream) -> http::Response<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(connection.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.trim_end().lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    let mut answer = http::Response::builder().status(status);
    for (name, value) in lines.map(|line| line.split_once(": ").unwrap()) {
        answer = answer.header(name, value);
    }
    answer.body(()).unwrap()
}

#[tokio::test]
async fn a_transport_of_ones_own_opens_web_sockets_by_the_handshake() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let client = async {
        let request = Request::get(format!("http://{address}/watch-ws"));
        let request = request.header("coder-session-token", "canary").body(()).unwrap();
        let handshake = WebSocketHandshake::new(request).unwrap();
        let mut connection = TcpStream::connect(address).await.unwrap();
        let mut head = format!("GET /watch-ws HTTP/1.1\r\nhost: {address}\r\n");
        for (name, value) in handshake.request().headers() {
            head += &format!("{name}: {}\r\n", value.to_str().unwrap());
        }
        connection.write_all((head + "\r\n").as_bytes()).await.unwrap();
        let answer = answer_head(&mut connection).await;
        assert!(handshake.is_accepted(&answer).unwrap());
        WebSocket::from_upgraded(connection).await
    };
    let (mut socket, (token, mut server)) = tokio::join!(client, accept(listener));
    assert_eq!(token, "canary");
    server.send(Message::text("hello")).await.unwrap();
    let hello = socket.next().await.unwrap().unwrap();
    assert_eq!(hello, WebSocketMessage::Text("hello".to_owned()));
}

#[test]
fn a_handshake_is_accepted_only_with_the_proof_that_it_was_read() {
    let request = Request::get("https://coder.test/watch-ws").body(()).unwrap();
    let handshake = WebSocketHandshake::new(request).unwrap();
    let answer = |status: u16, accept: &str| {
        let answer = http::Response::builder().status(status).header("upgrade", "websocket");
        answer.header("sec-websocket-accept", accept).body(()).unwrap()
    };
    assert!(!handshake.is_accepted(&answer(403, "")).unwrap());
    assert!(handshake.is_accepted(&answer(101, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")).is_err());
}

#[tokio::test]
async fn a_connection_that_breaks_is_no_end() {
    let (mut socket, server) = both_ends().await;
    drop(server);
    let error = socket.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Interrupted);
    assert!(socket.next().await.is_none());
}

#[tokio::test]
async fn a_dropped_socket_closes_the_connection() {
    let (socket, mut server) = both_ends().await;
    drop(socket);
    assert!(server.next().await.unwrap().is_err());
}

#[tokio::test]
async fn a_message_beyond_all_bounds_is_refused() {
    let (mut socket, mut server) = both_ends().await;
    let flood = tokio::spawn(async move { server.send(Message::text("x".repeat(17 << 20))).await });
    let error = socket.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::TooLarge);
    drop(socket);
    // It could not be sent to its end.
    let _ = flood.await.unwrap();
}

/// Answers one request with these bytes.
async fn answering(answer: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut asked = vec![0; 4096];
        assert_ne!(connection.read(&mut asked).await.unwrap(), 0);
        connection.write_all(answer.as_bytes()).await.unwrap();
    });
    address
}

#[tokio::test]
async fn a_refusal_is_an_answer_with_status_and_body() {
    let address = answering("HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno").await;
    let Ok(WebSocketResponse::Refused(answer)) = open(address).await else { panic!("not refused") };
    assert_eq!(answer.status(), 404);
    assert_eq!(answer.into_body().collect(9).await.unwrap(), "no");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let answer = format!(
        "HTTP/1.1 302 Found\r\nlocation: http://{}/\r\ncontent-length: 0\r\n\r\n",
        elsewhere.local_addr().unwrap()
    );
    let address = answering(answer.leak()).await;
    let Ok(WebSocketResponse::Refused(answer)) = open(address).await else { panic!("not refused") };
    assert_eq!(answer.status(), 302);
}

#[tokio::test]
async fn a_peer_that_switches_to_something_else_is_no_web_socket() {
    let address = answering(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-accept: wrong\r\n\r\n",
    )
    .await;
    let error = open(address).await.expect_err("no proof was given");
    assert_eq!(error.kind(), TransportErrorKind::Other);
}

#[tokio::test]
async fn a_transport_without_web_sockets_says_so() {
    let transport = async |_: Request<bytes::Bytes>| -> Result<_, TransportError> {
        Ok(http::Response::new(coder_core::Body::empty()))
    };
    let request = Request::get("https://coder.test/").body(()).unwrap();
    let error = transport.open_web_socket(request).await.expect_err("closures open none");
    assert_eq!(error.kind(), TransportErrorKind::Unsupported);
    assert!(!error.may_have_been_processed() && !error.is_transient());
    assert_eq!(
        error.to_string(),
        "the transport has no means for this: this transport opens no web sockets"
    );
}
