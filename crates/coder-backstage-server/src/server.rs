//! Sockets: listening, serving, and stopping.

use std::io;
use std::num::NonZeroUsize;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::serve::Listener;
use coder_config::Listen;
use coder_core::{TokioRuntime, with_causes};
use coder_portal::Portal;
use coder_workspaces::index::IndexStore;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::{HttpService, Service as _, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;

use crate::compression;
use crate::failure::Failure;
use crate::places::Places;
use crate::protocol::Protocol;
use crate::socket::Socket;
use crate::telemetry::Peer;

/// The time limit of HTTP/1.1 for the head of a request, and for the idle time between two requests.
/// It is longer than the minute after which load balancers drop a connection, so that they never use
/// one that has just been closed. A connection over HTTP/2 may idle as long as its client answers
/// pings; it gives way when places are short.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);

/// The interval at which a client over HTTP/2 is asked for a sign of life, and the time limit of its
/// answer.
const PING_EVERY: Duration = Duration::from_secs(30);
const PONG_TIMEOUT: Duration = Duration::from_secs(20);

/// The greatest number of requests at a time over one connection of HTTP/2. A reverse proxy sends those
/// of many people over one.
const STREAMS: u32 = 512;

/// The greatest size of the headers of a request over HTTP/2, in bytes. A query may have 32 kB.
const MAX_HEADERS: u32 = 64 * 1024;

/// The greatest part of an answer over HTTP/2 that waits for a client, in bytes.
const SEND_BUFFER: usize = 64 * 1024;

/// The time limit of a TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long what is under way may take to end once the server is asked to stop: requests first, then
/// the work that outlives them. A rotation that Coder answers late takes 11 seconds, and orchestrators
/// kill a process after 30.
const GRACE: Duration = Duration::from_secs(25);

/// How many connections are served at a time by default: half of the descriptors that
/// most systems give to a process. The other half is for Coder and the store.
pub(crate) const CONNECTIONS: NonZeroUsize = NonZeroUsize::new(512).unwrap();

/// Starts to listen. Without a host that is every address of the machine, over IPv6 and IPv4 where
/// the system has both.
///
/// # Errors
///
/// When the place is taken, or is none of this machine.
pub(crate) async fn bind(listen: &Listen) -> Result<TcpListener, Failure> {
    bind_as(listen, "backend.listen").await
}

/// Starts to listen as [`bind`] does, at the place that this key of the configuration names.
///
/// # Errors
///
/// As [`bind`] fails.
pub(crate) async fn bind_as(listen: &Listen, key: &'static str) -> Result<TcpListener, Failure> {
    let bound = match listen.host.as_deref() {
        Some(host) => TcpListener::bind((host, listen.port)).await,
        None => match TcpListener::bind(("::", listen.port)).await {
            Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
                TcpListener::bind(("0.0.0.0", listen.port)).await
            }
            bound => bound,
        },
    };
    bound.map_err(|source| Failure::Listen { listen: listen.clone(), key, source })
}

/// Service and the limits of its connections.
pub(crate) struct Serving {
    pub(crate) routes: Router,
    pub(crate) portal: Portal,
    /// The certificate that is shown to clients. Without it the server speaks plain http.
    pub(crate) tls: Option<TlsAcceptor>,
    /// Where the portal's work runs.
    pub(crate) runtime: TokioRuntime,
    /// How many connections there may be at a time. Others wait until one of them ends.
    pub(crate) connections: NonZeroUsize,
    /// Where the index of workspaces is kept between two runs.
    pub(crate) index: Option<Arc<dyn IndexStore>>,
}

/// Serves the routes and sweeps the portal until `stop` ends; then what is under way is finished,
/// also the work whose caller has gone: a token pair that Coder has just replaced is stored.
pub(crate) async fn run(
    listener: TcpListener,
    serving: Serving,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let Serving { routes, portal, tls, runtime, connections, index } = serving;
    let routes = compression::compressed(routes);
    let streams = portal.clone();
    let reading = tokio::spawn(portal.index_reader(index)).abort_handle();
    let stop = async move {
        stop.await;
        streams.drain();
        streams.close_streams();
        reading.abort();
    };
    let sweeping = tokio::spawn(portal.auth().sweeper());
    let stopped_at = serve(listener, routes, tls, connections, stop).await;
    sweeping.abort();
    let tasks = runtime.unfinished();
    if tasks > 0 {
        tracing::info!(tasks, "waiting for work that is under way");
    }
    if timeout_at(stopped_at + GRACE, runtime.idle()).await.is_err() {
        let tasks = runtime.unfinished();
        tracing::warn!(tasks, "some work did not end in time and was cut off");
    }
}

/// Speaks HTTP/1.1 and HTTP/2. Says when it was asked to stop.
async fn serve(
    mut listener: TcpListener,
    routes: Router,
    tls: Option<TlsAcceptor>,
    connections: NonZeroUsize,
    stop: impl Future<Output = ()>,
) -> Instant {
    let http = Http::new();
    // Closed when no more requests are taken.
    let (open, closed) = watch::channel(());
    let places = Places::new(connections);
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        while connections.try_join_next().is_some() {}
        // One waits here for a place; the others wait in the system's queue, and cost nothing.
        let next = async {
            let (stream, peer) = Listener::accept(&mut listener).await;
            (stream, Peer(peer), places.take().await)
        };
        let (stream, peer, place) = tokio::select! {
            next = next => next,
            () = &mut stop => break,
        };
        let (seat, routes) = (place.seat(), TowerToHyperService::new(routes.clone()));
        let socket = Socket::new(stream, place.seat());
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            let (under_way, answer) = (seat.begin(), routes.call(request));
            async move {
                let answer = answer.await;
                drop(under_way);
                answer
            }
        });
        let attended = attend(http.clone(), socket, tls.clone(), service, closed.clone());
        connections.spawn(async move {
            tokio::select! {
                () = attended => {}
                () = place.given_up() => {}
            }
        });
    }
    let stopped_at = Instant::now();
    drop((listener, open));
    let done = async { while connections.join_next().await.is_some() {} };
    if timeout_at(stopped_at + GRACE, done).await.is_err() {
        tracing::warn!("some requests did not end in time and were cut off");
    }
    stopped_at
}

/// The two versions of HTTP, with their bounds.
#[derive(Clone)]
struct Http {
    one: http1::Builder,
    two: http2::Builder<TokioExecutor>,
}

impl Http {
    fn new() -> Self {
        let mut one = http1::Builder::new();
        one.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
        let mut two = http2::Builder::new(TokioExecutor::new());
        two.timer(TokioTimer::new())
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PONG_TIMEOUT)
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(MAX_HEADERS)
            .max_send_buf_size(SEND_BUFFER);
        Self { one, two }
    }
}

/// Answers what comes over a new connection, after the handshake of TLS where there is one.
async fn attend<S>(
    http: Http,
    mut socket: Socket,
    tls: Option<TlsAcceptor>,
    service: S,
    mut closed: watch::Receiver<()>,
) where
    S: HttpService<Incoming, ResBody = Body, Future: Send> + Send + 'static,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let Some(tls) = tls else {
        let began = timeout(HEAD_TIMEOUT, Protocol::of_client(&mut socket));
        let protocol = tokio::select! {
            protocol = began => protocol,
            // Nothing was asked yet.
            _ = closed.changed() => return,
        };
        return match protocol {
            Ok(Ok(protocol)) => answer(http, protocol, socket, service, closed).await,
            Ok(Err(error)) => {
                tracing::debug!(error = with_causes(&error), "a connection broke");
            }
            Err(_) => tracing::debug!("a client did not begin in time"),
        };
    };
    // On the heap, so that a connection without TLS takes no more room than it needs.
    let handshake = Box::pin(timeout(HANDSHAKE_TIMEOUT, tls.accept(socket)));
    let secured = tokio::select! {
        secured = handshake => secured,
        // Nothing was asked yet.
        _ = closed.changed() => return,
    };
    match secured {
        Ok(Ok(stream)) => {
            let protocol = Protocol::of_handshake(&stream);
            Box::pin(answer(http, protocol, stream, service, closed)).await;
        }
        Ok(Err(error)) => {
            tracing::debug!(error = with_causes(&error), "a client did not agree on TLS");
        }
        Err(_) => tracing::debug!("a client did not agree on TLS in time"),
    }
}

/// Answers what comes over one connection.
async fn answer<S>(
    http: Http,
    protocol: Protocol,
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    service: S,
    closed: watch::Receiver<()>,
) where
    S: HttpService<Incoming, ResBody = Body, Future: Send> + Send + 'static,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let stream = TokioIo::new(stream);
    let ended = match protocol {
        Protocol::Http1 => {
            let connection = http.one.serve_connection(stream, service).with_upgrades();
            until_closed(connection, |connection| connection.graceful_shutdown(), closed).await
        }
        // On the heap, so that a connection of HTTP/1.1 takes no more room than it needs.
        Protocol::Http2 => {
            let connection = http.two.serve_connection(stream, service);
            let served =
                until_closed(connection, |connection| connection.graceful_shutdown(), closed);
            Box::pin(served).await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error = with_causes(&error), "a connection broke");
    }
}

/// Serves a connection; when no more requests are taken, those under way are finished.
async fn until_closed<C: Future<Output = hyper::Result<()>>>(
    connection: C,
    shut_down: impl FnOnce(Pin<&mut C>),
    mut closed: watch::Receiver<()>,
) -> hyper::Result<()> {
    let mut connection = pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => ended,
        _ = closed.changed() => {
            shut_down(connection.as_mut());
            connection.await
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use std::future::pending;

    use axum::extract::Request;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::sync::{Notify, oneshot};
    use tokio_rustls::rustls;
    use tokio_rustls::rustls::server::ResolvesServerCertUsingSni;

    use super::*;

    /// Sends a text and returns the answer, up to the end of the connection.
    async fn answer_to(sent: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let routes = Router::new().route("/", get(async || "hello"));
        tokio::spawn(serve(listener, routes, None, CONNECTIONS, pending()));
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(sent.as_bytes()).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        answer
    }

    // The paused clock moves on as soon as nobody has anything to do.
    #[tokio::test(start_paused = true)]
    async fn a_client_that_never_ends_its_request_is_hung_up_on() {
        for sent in ["", "P", "GET / HTTP/1.1\r\nHost: portal\r\nX-Slow: "] {
            let answer = answer_to(sent).await;
            assert!(!answer.contains("hello"), "{sent:?}: {answer}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_never_agrees_on_tls_is_hung_up_on_before_its_request_is_due() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let config = rustls::ServerConfig::builder().with_no_client_auth();
        let config = config.with_cert_resolver(Arc::new(ResolvesServerCertUsingSni::new()));
        let tls = TlsAcceptor::from(Arc::new(config));
        tokio::spawn(serve(listener, Router::new(), Some(tls), CONNECTIONS, pending()));
        let began = Instant::now();
        let mut client = TcpStream::connect(address).await.unwrap();
        // The beginning of a record that never ends.
        client.write_all(&[0x16, 3, 1, 2, 0]).await.unwrap();
        assert_eq!(client.read(&mut [0; 16]).await.unwrap(), 0);
        assert!(began.elapsed() < HEAD_TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_connection_is_closed_after_its_answer() {
        let answer = answer_to("GET / HTTP/1.1\r\nHost: portal\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"), "{answer}");
    }

    /// Returns the number that the server answers with, over this connection.
    async fn count(client: &mut TcpStream) -> String {
        client.write_all(b"GET / HTTP/1.1\r\nHost: portal\r\n\r\n").await.unwrap();
        counted(client).await
    }

    async fn counted(client: &mut TcpStream) -> String {
        let mut answer = String::new();
        while !answer.ends_with('#') {
            answer.push(char::from(client.read_u8().await.unwrap()));
        }
        answer.rsplit('\n').next().unwrap().to_owned()
    }

    #[tokio::test]
    async fn one_port_speaks_both_versions_of_http() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let routes = Router::new()
            .route("/", get(async |request: Request| format!("{:?}", request.version())));
        tokio::spawn(serve(listener, routes, None, CONNECTIONS, pending()));
        let ask = async |client: reqwest::ClientBuilder| {
            let client = client.no_proxy().build().unwrap();
            client.get(format!("http://{address}/")).send().await.unwrap().text().await.unwrap()
        };
        assert_eq!(ask(reqwest::Client::builder()).await, "HTTP/1.1");
        assert_eq!(ask(reqwest::Client::builder().http2_prior_knowledge()).await, "HTTP/2.0");
    }

    #[tokio::test]
    async fn a_request_over_http_2_ends_before_a_server_that_stops() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let routes = Router::new().route(
            "/",
            get({
                let (begun, go_on) = (Arc::clone(&begun), Arc::clone(&go_on));
                async move || {
                    begun.notify_one();
                    go_on.notified().await;
                    "done"
                }
            }),
        );
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async { drop(stopped.await) };
        let serving = tokio::spawn(serve(listener, routes, None, CONNECTIONS, stopped));
        let client = reqwest::Client::builder().http2_prior_knowledge().no_proxy().build().unwrap();
        let asked = tokio::spawn(client.get(format!("http://{address}/")).send());
        begun.notified().await;
        stop.send(()).unwrap();
        // The port is closed as soon as no more requests are taken.
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        go_on.notify_one();
        assert_eq!(asked.await.unwrap().unwrap().text().await.unwrap(), "done");
        serving.await.unwrap();
    }

    #[tokio::test]
    async fn a_connection_above_the_number_waits_until_another_one_ends() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let routes = Router::new().route(
            "/",
            get(async move || format!("{}#", asked.fetch_add(1, Ordering::SeqCst) + 1)),
        );
        tokio::spawn(serve(listener, routes, None, NonZeroUsize::MIN, pending()));

        let mut first = TcpStream::connect(address).await.unwrap();
        assert_eq!(count(&mut first).await, "1#");
        let mut second = TcpStream::connect(address).await.unwrap();
        second.write_all(b"GET / HTTP/1.1\r\nHost: portal\r\n\r\n").await.unwrap();
        for number in 2..20 {
            assert_eq!(count(&mut first).await, format!("{number}#"), "the second one waits");
        }
        drop(first);
        assert_eq!(counted(&mut second).await, "20#");
    }

    #[tokio::test]
    async fn the_answer_arrives_although_the_body_of_the_request_is_never_read() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let routes = Router::new().route("/", get(async || "hello"));
        tokio::spawn(serve(listener, routes, None, CONNECTIONS, pending()));
        let mut client = TcpStream::connect(address).await.unwrap();
        let length = 1 << 20;
        let head = format!("GET / HTTP/1.1\r\nHost: portal\r\nContent-Length: {length}\r\n\r\n");
        client.write_all(head.as_bytes()).await.unwrap();
        client.write_all(&vec![b'x'; length]).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("hello"), "{answer}");
    }
}
