//! The door to the network: the fake behind a socket of this machine.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use coder_core::{
    Body, BoxFuture, DeploymentUrl, Runtime, TransportError, WebSocket, WebSocketMessage,
};
use futures_util::future::{Either, Shared, select};
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _, TryStreamExt as _};
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt as _, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

use crate::wire::fault::Outcome;
use crate::wire::reply::Reply;
use crate::{FakeCoder, FakeCoderBuilder};

/// Answers under way may take this long after the server was dropped.
const GRACE: Duration = Duration::from_secs(1);

/// A [`FakeCoder`] that listens on a free loopback port, until it is dropped.
///
/// ```
/// use coder_core::{ReqwestTransport, Transport as _};
/// use coder_testkit::{FakeCoder, FakeServer};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
/// # runtime.block_on(async {
/// let server = FakeServer::start(FakeCoder::builder()).await?;
/// let health = server.coder().url().endpoint(["healthz"]);
/// let request = http::Request::get(health.as_str()).body(bytes::Bytes::new())?;
/// let answer = ReqwestTransport::new("test/1.0")?.send(request).await?;
/// assert_eq!(answer.status(), 200);
/// # Ok::<_, Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
///
/// [`Fault`](crate::Fault)s break real connections here. A connection cannot be refused once it
/// has been accepted, so `connection_refused` closes it without an answer.
pub struct FakeServer {
    coder: FakeCoder,
    stop: Option<oneshot::Sender<Infallible>>,
    serving: JoinHandle<()>,
}

impl FakeServer {
    /// Starts a fake on a free port of 127.0.0.1. Its URL is its own, whatever the builder says.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start(builder: FakeCoderBuilder) -> io::Result<Self> {
        Self::start_on(builder, SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// Starts a fake on this address of this machine; port 0 is a free one.
    ///
    /// # Errors
    ///
    /// When the address cannot be had.
    pub async fn start_on(builder: FakeCoderBuilder, address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let url = DeploymentUrl::parse(&url).map_err(io::Error::other)?;
        let coder = builder.served_at(url, Arc::new(Tokio(Handle::current()))).build();
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(serve(listener, coder.clone(), stopped));
        Ok(Self { coder, stop: Some(stop), serving })
    }

    /// Returns the fake behind the socket: add users, look at requests, let things go wrong.
    pub fn coder(&self) -> &FakeCoder {
        &self.coder
    }

    /// Takes no more connections, and waits until the open ones are done (a second at most).
    pub async fn stop(mut self) {
        self.stop = None;
        // A panic of the task would have been printed.
        let _ = (&mut self.serving).await;
    }
}

impl fmt::Debug for FakeServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "FakeServer({:?})", self.coder)
    }
}

/// Serves until the other end of `stopped` is dropped.
async fn serve(listener: TcpListener, coder: FakeCoder, stopped: oneshot::Receiver<Infallible>) {
    let mut stopped = stopped.shared();
    let mut tasks = JoinSet::new();
    loop {
        while tasks.try_join_next().is_some() {}
        let accept = std::pin::pin!(listener.accept());
        match select(accept, &mut stopped).await {
            Either::Left((Ok((stream, _)), _)) => {
                tasks.spawn(greet(stream, coder.clone(), stopped.clone()));
            }
            // Out of file descriptors, for instance: the next one may work.
            Either::Left((Err(_), _)) => tokio::task::yield_now().await,
            Either::Right(_) => break,
        }
    }
    drop(listener);
    while tasks.join_next().await.is_some() {}
}

/// Serves one connection. When the server stops, the answer under way may still be given.
async fn greet(stream: TcpStream, coder: FakeCoder, stopped: Stopped) {
    let service = {
        let stopped = stopped.clone();
        service_fn(move |request| answer(coder.clone(), request, stopped.clone()))
    };
    let connection = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    // Broken connections are what faults are for, so nobody wants to know how it ends.
    if let Either::Right(_) = select(connection.as_mut(), stopped).await {
        connection.as_mut().graceful_shutdown();
        let _ = tokio::time::timeout(GRACE, connection).await;
    }
}

/// Ends when the server does.
type Stopped = Shared<oneshot::Receiver<Infallible>>;

/// The runtime the server lives in: its timer tells streams when to look at the clock.
struct Tokio(Handle);

impl Runtime for Tokio {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        drop(self.0.spawn(task));
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let _inside = self.0.enter();
        Box::pin(tokio::time::sleep(duration))
    }
}

type WireBody = UnsyncBoxBody<Bytes, TransportError>;

/// Answers a request; an error closes the connection.
async fn answer(
    coder: FakeCoder,
    mut request: Request<Incoming>,
    stopped: Stopped,
) -> Result<Response<WireBody>, TransportError> {
    let upgrade = hyper::upgrade::on(&mut request);
    let key = request.headers().get(header::SEC_WEBSOCKET_KEY).cloned();
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|error| {
        TransportError::new(coder_core::TransportErrorKind::Interrupted).with_source(error)
    })?;
    let outcome = coder.exchange_in_turn(Request::from_parts(head, body.to_bytes())).await;
    let mut reply = match outcome {
        Outcome::Answered(reply) => reply,
        Outcome::Delayed(delay, reply) => {
            coder.pass(delay).await;
            reply
        }
        Outcome::Broken(kind) => return Err(TransportError::new(kind)),
        Outcome::Silent => std::future::pending().await,
    };
    let in_two_frames = reply.is_in_two_frames();
    let socket = reply.take_web_socket().zip(key);
    let Some((socket, key)) = socket else {
        return Ok(reply.into_response().map(wire_body));
    };
    tokio::spawn(async move {
        if let Ok(connection) = upgrade.await {
            let connection = TokioIo::new(connection);
            let wire = WebSocketStream::from_raw_socket(connection, Role::Server, None);
            let talk = std::pin::pin!(talk(socket, wire.await, in_two_frames));
            select(talk, stopped).await;
        }
    });
    Ok(switching(reply, &key).map(wire_body))
}

fn wire_body(body: Body) -> WireBody {
    StreamBody::new(body.map_ok(Frame::data)).boxed_unsync()
}

/// Makes the answer that turns the connection into a WebSocket (RFC 6455 §4.2.2).
fn switching(reply: Reply, key: &HeaderValue) -> Response<Body> {
    let mut response = reply.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(accept) = HeaderValue::from_str(&derive_accept_key(key.as_bytes())) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    response
}

type Wire = WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>;

/// The time limit for a client's first message. A message that comes at once is read before any event
/// is sent, as at Coder.
const FIRST_MESSAGE_TIMEOUT: Duration = Duration::from_millis(10);

/// Carries messages both ways until one side ends. Without a close on the fake's side the
/// connection is just dropped.
async fn talk(socket: WebSocket, wire: Wire, in_two_frames: bool) {
    let (mut to_fake, mut from_fake) = socket.split();
    let (mut to_client, mut from_client) = wire.split();
    let first_message = tokio::time::timeout(FIRST_MESSAGE_TIMEOUT, from_client.next()).await;
    if let Ok(Some(Ok(message))) = first_message
        && let Some(message) = heard(message)
        && to_fake.send(message).await.is_err()
    {
        return;
    }
    let send = async {
        while let Some(Ok(message)) = from_fake.next().await {
            for part in told(message, in_two_frames) {
                if to_client.send(part).await.is_err() {
                    return;
                }
            }
        }
    };
    let receive = async {
        while let Some(Ok(message)) = from_client.next().await {
            let Some(message) = heard(message) else { continue };
            if to_fake.send(message).await.is_err() {
                return;
            }
        }
    };
    // What the client has said already is heard before anything is told.
    select(std::pin::pin!(receive), std::pin::pin!(send)).await;
}

/// Converts a message of a client to one that the fake hears.
fn heard(message: Message) -> Option<WebSocketMessage> {
    match message {
        Message::Text(text) => Some(WebSocketMessage::Text(text.as_str().to_owned())),
        Message::Binary(bytes) => Some(WebSocketMessage::Binary(bytes)),
        _ => None,
    }
}

/// Returns the frames of a message: a text may come in two frames, of which the second one is empty
/// and ends it (RFC 6455 §5.4).
fn told(message: WebSocketMessage, in_two_frames: bool) -> Vec<Message> {
    match message {
        WebSocketMessage::Text(text) if in_two_frames => {
            let first = frame::Frame::message(text, OpCode::Data(Data::Text), false);
            let last = frame::Frame::message(Bytes::new(), OpCode::Data(Data::Continue), true);
            vec![Message::Frame(first), Message::Frame(last)]
        }
        WebSocketMessage::Text(text) => vec![Message::Text(text.into())],
        WebSocketMessage::Binary(bytes) => vec![Message::Binary(bytes)],
        WebSocketMessage::Ping => vec![Message::Ping(Bytes::new())],
        WebSocketMessage::Close { code, reason } => {
            let frame = CloseFrame { code: code.into(), reason: reason.into() };
            vec![Message::Close(Some(frame))]
        }
    }
}
