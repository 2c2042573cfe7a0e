//! The port of metrics: `GET /metrics`, and nothing else.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use coder_config::ServerConfig;
use coder_core::with_causes;
use coder_portal::Portal;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::Metrics;
use super::scrape::Now;
use crate::connection::HEAD_TIMEOUT;
use crate::failure::Failure;
use crate::server;

/// The media type of OpenMetrics' text.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The number of connections that are served at a time. Few programs read metrics.
const CONNECTIONS: usize = 16;

/// The pause after a connection could not be accepted, most often since descriptors are used up.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

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
    listener: TcpListener,
    metrics: Arc<Metrics>,
    portal: impl Fn() -> Portal + Send + Sync + 'static,
) -> Infallible {
    let portal = Arc::new(portal);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        // Never closed, so there is always a place at some time.
        let place = Arc::clone(&places).acquire_owned().await.ok();
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::debug!(error = with_causes(&error), "a reader of metrics did not arrive");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let (metrics, portal) = (Arc::clone(&metrics), Arc::clone(&portal));
        tokio::spawn(async move {
            attend(stream, metrics, &*portal).await;
            drop(place);
        });
    }
}

/// Answers what comes over one connection.
async fn attend(stream: TcpStream, metrics: Arc<Metrics>, portal: &(impl Fn() -> Portal + Sync)) {
    let service = service_fn(|request: Request<Incoming>| {
        let metrics = Arc::clone(&metrics);
        async move { Ok::<_, Infallible>(answer(&request, &metrics, &portal()).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    if let Err(error) = http.serve_connection(TokioIo::new(stream), service).await {
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
