//! Sockets: listening, serving, and stopping.

use std::io;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::serve::Listener;
use coder_config::Listen;
use coder_core::{TokioRuntime, with_causes};
use coder_portal::Portal;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{HttpService, Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;

use crate::failure::Failure;
use crate::places::Places;
use crate::socket::Socket;

/// How long a client may take for the head of a request, and a connection may idle between two:
/// longer than the minute after which load balancers drop it, so that they never use one that has
/// just been closed.
const HEAD_WITHIN: Duration = Duration::from_secs(75);

/// How long a client may take to agree on TLS.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);

/// How long what is under way may take to end once the server is asked to stop: requests first, then
/// the work that outlives them. A rotation that Coder answers late takes 11 seconds, and orchestrators
/// kill a process after 30.
const GRACE: Duration = Duration::from_secs(25);

/// How many connections are served at a time, unless said otherwise: half of the descriptors that
/// most systems give to a process. The other half is for Coder and the store.
pub(crate) const CONNECTIONS: NonZeroUsize = NonZeroUsize::new(512).unwrap();

/// Starts to listen. Without a host that is every address of the machine, over IPv6 and IPv4 where
/// the system has both.
///
/// # Errors
///
/// When the place is taken, or is none of this machine.
pub(crate) async fn bind(listen: &Listen) -> Result<TcpListener, Failure> {
    let bound = match listen.host.as_deref() {
        Some(host) => TcpListener::bind((host, listen.port)).await,
        None => match TcpListener::bind(("::", listen.port)).await {
            Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
                TcpListener::bind(("0.0.0.0", listen.port)).await
            }
            bound => bound,
        },
    };
    bound.map_err(|source| Failure::Listen { listen: listen.clone(), source })
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
}

/// Serves the routes and sweeps the portal until `stop` ends; then what is under way is finished,
/// also the work whose caller has gone: a token pair that Coder has just replaced is stored.
pub(crate) async fn run(
    listener: TcpListener,
    serving: Serving,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let Serving { routes, portal, tls, runtime, connections } = serving;
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

/// Speaks HTTP/1.1, which is what a reverse proxy speaks to it. Says when it was asked to stop.
async fn serve(
    mut listener: TcpListener,
    routes: Router,
    tls: Option<TlsAcceptor>,
    connections: NonZeroUsize,
    stop: impl Future<Output = ()>,
) -> Instant {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    // Closed when no more requests are taken.
    let (open, closed) = watch::channel(());
    let places = Places::new(connections);
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        while connections.try_join_next().is_some() {}
        // One waits here for a place; the others wait in the system's queue, and cost nothing.
        let next = async {
            let stream = Listener::accept(&mut listener).await.0;
            (stream, places.take().await)
        };
        let (stream, place) = tokio::select! {
            next = next => next,
            () = &mut stop => break,
        };
        let (seat, routes) = (place.seat(), TowerToHyperService::new(routes.clone()));
        let socket = Socket::new(stream, place.seat());
        let service = service_fn(move |request| {
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

/// Answers what comes over a new connection, after the handshake of TLS where there is one.
async fn attend<S>(
    http: http1::Builder,
    socket: Socket,
    tls: Option<TlsAcceptor>,
    service: S,
    mut closed: watch::Receiver<()>,
) where
    S: HttpService<Incoming, ResBody = Body>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let Some(tls) = tls else { return answer(http, socket, service, closed).await };
    let handshake = timeout(HANDSHAKE_WITHIN, tls.accept(socket));
    let secured = tokio::select! {
        secured = handshake => secured,
        // Nothing was asked yet.
        _ = closed.changed() => return,
    };
    match secured {
        Ok(Ok(stream)) => answer(http, stream, service, closed).await,
        Ok(Err(error)) => {
            tracing::debug!(error = with_causes(&error), "a client did not agree on TLS");
        }
        Err(_) => tracing::debug!("a client did not agree on TLS in time"),
    }
}

/// Answers what comes over one connection.
async fn answer<S>(
    http: http1::Builder,
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    service: S,
    mut closed: watch::Receiver<()>,
) where
    S: HttpService<Incoming, ResBody = Body>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let connection = http.serve_connection(TokioIo::new(stream), service).with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = closed.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error = with_causes(&error), "a connection broke");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use std::future::pending;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
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
        assert!(began.elapsed() < HEAD_WITHIN);
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
