//! The door to the network: the fake behind a socket of this machine.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use coder_core::{Body, BoxFuture, DeploymentUrl, Runtime, TransportError};
use futures_util::TryStreamExt as _;
use futures_util::future::{Either, select};
use http::{Request, Response};
use http_body_util::{BodyExt as _, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use crate::fault::Outcome;
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

    /// The fake behind the socket: add users, look at requests, let things go wrong.
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
async fn serve(
    listener: TcpListener,
    coder: FakeCoder,
    mut stopped: oneshot::Receiver<Infallible>,
) {
    let connections = GracefulShutdown::new();
    let mut tasks = JoinSet::new();
    loop {
        while tasks.try_join_next().is_some() {}
        let accept = std::pin::pin!(listener.accept());
        match select(accept, &mut stopped).await {
            Either::Left((Ok((stream, _)), _)) => {
                greet(stream, coder.clone(), &connections, &mut tasks);
            }
            // Out of file descriptors, for instance: the next one may work.
            Either::Left((Err(_), _)) => tokio::task::yield_now().await,
            Either::Right(_) => break,
        }
    }
    drop(listener);
    // What is still open afterwards (a stream, a silent answer) ends with its task.
    let _ = tokio::time::timeout(GRACE, connections.shutdown()).await;
}

fn greet(
    stream: TcpStream,
    coder: FakeCoder,
    connections: &GracefulShutdown,
    tasks: &mut JoinSet<()>,
) {
    let service = service_fn(move |request| answer(coder.clone(), request));
    let connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let watched = connections.watch(connection);
    tasks.spawn(async move {
        // Broken connections are what faults are for.
        let _ = watched.await;
    });
}

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

/// The answer; an error closes the connection.
async fn answer(
    coder: FakeCoder,
    request: Request<Incoming>,
) -> Result<Response<WireBody>, TransportError> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|error| {
        TransportError::new(coder_core::TransportErrorKind::Interrupted).caused_by(error)
    })?;
    match coder.exchange(Request::from_parts(head, body.to_bytes())) {
        Outcome::Answered(reply) => Ok(reply.into_response().map(wire_body)),
        Outcome::Broken(kind) => Err(TransportError::new(kind)),
        Outcome::Silent => std::future::pending().await,
    }
}

fn wire_body(body: Body) -> WireBody {
    StreamBody::new(body.map_ok(Frame::data)).boxed_unsync()
}
