//! Every request: its id, its client, its span in the log, its line at `debug`, its duration.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use coder_auth::CredentialKind;
use coder_core::{OsRandom, cleaned};
use coder_portal::{MatchedRoute, Portal, RequestId, TrustedProxies};
use tracing::{Instrument as _, Level, Span};

use super::metrics::Metrics;
use super::{Peer, traces};

struct Watch {
    portal: Portal,
    proxies: TrustedProxies,
    metrics: Arc<Metrics>,
}

/// Tells the log and the metrics of each request to `routes`.
pub(crate) fn watched(
    routes: Router,
    portal: Portal,
    proxies: TrustedProxies,
    metrics: Arc<Metrics>,
) -> Router {
    let watch = Arc::new(Watch { portal, proxies, metrics });
    routes.layer(from_fn_with_state(watch, watch_one))
}

async fn watch_one(State(watch): State<Arc<Watch>>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = RequestId::from_headers(request.headers(), &OsRandom).ok();
    let span = span(&watch, id.as_ref(), &request);
    let method = request.method().clone();
    let line = span.in_scope(|| Line::of(&watch, &request));
    let counted = watch.metrics.begin_request(&method);
    let traced = traces::of_request(request.method(), request.headers());
    let answering = next.run(request).instrument(traced.clone());
    let mut answer = answering.instrument(span.clone()).await;
    drop(counted);
    let duration = began.elapsed();
    let (status, route) = (answer.status(), answer.extensions().get::<MatchedRoute>().copied());
    watch.metrics.answered(&method, route, status, duration);
    traces::answered(&traced, &method, route, status);
    if let Some(line) = line {
        let _within = span.enter();
        tracing::debug!(
            target: "coder_backstage::request",
            method = %cleaned(method.as_str()),
            path = line.path,
            status = status.as_u16(),
            duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
            credential = line.credential.name(),
            "answered"
        );
    }
    if let Some(id) = id.as_ref().and_then(RequestId::to_header) {
        answer.headers_mut().insert(RequestId::HEADER, id);
    }
    answer
}

/// Makes the span of a request, whose fields stand in each of its lines.
fn span(watch: &Watch, id: Option<&RequestId>, request: &Request) -> Span {
    let peer = request.extensions().get::<Peer>();
    let client = peer.map(|peer| watch.proxies.client(peer.0.ip(), request.headers()));
    // At the highest level, so that the fields are there whatever the log leaves out.
    tracing::error_span!(
        target: "coder_backstage::request",
        "request",
        request_id = id.map(RequestId::as_str),
        client = client.map(tracing::field::display),
    )
}

/// The facts of a request that its line in the log tells at its end.
struct Line {
    /// The path without the query, which can hold a code.
    path: String,
    credential: CredentialKind,
}

impl Line {
    /// Takes the facts from a request; `None` where the log leaves the line out.
    fn of(watch: &Watch, request: &Request) -> Option<Self> {
        let is_told = tracing::enabled!(target: "coder_backstage::request", Level::DEBUG);
        is_told.then(|| Self {
            path: cleaned(request.uri().path()),
            credential: watch.portal.auth().credential_kind(request.headers()),
        })
    }
}
