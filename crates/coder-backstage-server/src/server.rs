//! Sockets: listening, serving, and stopping.

use std::io;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use coder_config::Listen;
use coder_portal::Portal;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::failure::Failure;

/// How often what has expired is removed.
const SWEEP_EVERY: Duration = Duration::from_secs(5 * 60);

/// How long a client may take for the head of a request, and a connection may idle between two:
/// longer than the minute after which load balancers drop it, so that they never use one that has
/// just been closed.
const HEAD_WITHIN: Duration = Duration::from_secs(75);

/// How long requests that are being answered may take to end once the server is asked to stop.
const GRACE: Duration = Duration::from_secs(10);

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

/// Serves `routes` and sweeps `portal` until `stop` ends; then the requests at hand are finished.
pub(crate) async fn run(
    listener: TcpListener,
    routes: Router,
    portal: Portal,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    tokio::select! {
        () = serve(listener, routes, stop) => {}
        () = sweep(portal) => {}
    }
}

/// Speaks HTTP/1.1, which is what a reverse proxy speaks to it.
async fn serve(mut listener: TcpListener, routes: Router, stop: impl Future<Output = ()>) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    // Closed when no more requests are taken.
    let (open, closed) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            (stream, _) = Listener::accept(&mut listener) => {
                let service = TowerToHyperService::new(routes.clone());
                let connection = http.serve_connection(TokioIo::new(stream), service);
                connections.spawn(attend(connection.with_upgrades(), closed.clone()));
            }
            Some(_) = connections.join_next() => {}
            () = &mut stop => break,
        }
    }
    drop((listener, open));
    let done = async { while connections.join_next().await.is_some() {} };
    if timeout(GRACE, done).await.is_err() {
        tracing::warn!("some requests did not end in time and were cut off");
    }
}

type Connection = http1::UpgradeableConnection<TokioIo<TcpStream>, TowerToHyperService<Router>>;

/// Answers what comes over one connection.
async fn attend(connection: Connection, mut closed: watch::Receiver<()>) {
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = closed.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}

/// Ends sessions and logins whose time is over, for ever.
async fn sweep(portal: Portal) {
    loop {
        tokio::time::sleep(SWEEP_EVERY).await;
        if let Err(error) = portal.auth().sweep().await {
            tracing::warn!(%error, "expired sessions could not be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// What a client reads until the server hangs up, after it has sent this.
    async fn answer_to(sent: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let routes = Router::new().route("/", get(async || "hello"));
        tokio::spawn(serve(listener, routes, std::future::pending()));
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
    async fn an_idle_connection_is_closed_after_its_answer() {
        let answer = answer_to("GET / HTTP/1.1\r\nHost: portal\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"), "{answer}");
    }
}
