//! The port of metrics: `GET /metrics`, and nothing else.

use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::serve::Listener;
use coder_config::ServerConfig;
use coder_core::with_causes;
use coder_portal::Portal;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

use super::Metrics;
use super::scrape::Now;
use crate::failure::Failure;
use crate::places::{Places, Seat};
use crate::server;
use crate::socket::Socket;

/// The media type of OpenMetrics' text.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The number of connections that are served at a time. Few programs read metrics. Beyond it, the one
/// that has been quiet for longest gives way.
const CONNECTIONS: NonZeroUsize = NonZeroUsize::new(16).unwrap();

/// The time limit for the head of a request. Programs that read metrics send it at once.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// The key that says where metrics are served.
const KEY: &str = "coder.server.metrics.listen";

/// Starts to serve metrics if there is a place for them, to the end of the runtime. `portal` gives the
/// portal that serves at the moment.
///
/// # Errors
///
/// When the place is taken, or is none of this machine.
pub(crate) async fn start(
    config: &ServerConfig,
    metrics: &Arc<Metrics>,
    portal: impl Fn() -> Portal + Send + Sync + 'static,
) -> Result<(), Failure> {
    // All of it: a key that is not read here does not compile.
    let ServerConfig { metrics: listen, trusted_proxies: _ } = config;
    let Some(listen) = listen else { return Ok(()) };
    let listener = server::bind_as(listen, KEY).await?;
    let listen = listener.local_addr().map_err(Failure::Serve)?;
    tracing::info!(%listen, "serving metrics");
    tokio::spawn(serve(listener, Arc::clone(metrics), portal));
    Ok(())
}

async fn serve(
    mut listener: TcpListener,
    metrics: Arc<Metrics>,
    portal: impl Fn() -> Portal + Send + Sync + 'static,
) -> Infallible {
    let portal = Arc::new(portal);
    let places = Places::new(CONNECTIONS);
    loop {
        let (stream, _) = Listener::accept(&mut listener).await;
        let place = places.take().await;
        let (metrics, portal) = (Arc::clone(&metrics), Arc::clone(&portal));
        tokio::spawn(async move {
            let seat = place.seat();
            let socket = Socket::new(stream, Arc::clone(&seat));
            tokio::select! {
                () = attend(socket, &seat, metrics, &*portal) => {}
                () = place.given_up() => {}
            }
        });
    }
}

/// Answers the one request of a connection.
async fn attend(
    socket: Socket,
    seat: &Arc<Seat>,
    metrics: Arc<Metrics>,
    portal: &(impl Fn() -> Portal + Sync),
) {
    let service = service_fn(|request: Request<Incoming>| {
        let metrics = Arc::clone(&metrics);
        let under_way = seat.begin();
        async move {
            let answer = answer(&request, &metrics, &portal()).await;
            drop(under_way);
            Ok::<_, Infallible>(answer)
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).keep_alive(false);
    if let Err(error) = http.serve_connection(TokioIo::new(socket), service).await {
        tracing::debug!(error = with_causes(&error), "a connection broke");
    }
}

async fn answer<B>(request: &Request<B>, metrics: &Metrics, portal: &Portal) -> Response<Body> {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let text = match request.uri().path() {
        "/metrics" if is_read => metrics.text(Now::look(portal).await),
        _ => return of_status(StatusCode::NOT_FOUND),
    };
    let Ok(text) = text else { return of_status(StatusCode::INTERNAL_SERVER_ERROR) };
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(OPEN_METRICS));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn of_status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
