//! The answer to a check from outside, whatever the path: how its request has arrived.

use std::time::Duration;

use bytes::Bytes;
use coder_auth::http::json;
use coder_core::Body;
use futures_util::{StreamExt as _, stream};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use http::{HeaderMap, Request, Response, StatusCode};
use serde::{Deserialize, Serialize};

use crate::state::PortalState;

/// The header with the ticket of a check.
pub(crate) const TICKET: HeaderName = HeaderName::from_static("coder-backstage-check");
/// The header that asks for a stream, whose last event comes after so many seconds.
pub(crate) const HOLD: HeaderName = HeaderName::from_static("coder-backstage-check-hold");
/// The data of the last event.
pub(crate) const HELD: &str = "held";
/// The longest time that a stream is held, in seconds.
const MAX_HOLD: u64 = 120;

const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// A request as it has arrived.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Arrival {
    pub(crate) path: String,
    pub(crate) host: Option<String>,
    pub(crate) forwarded_host: Option<String>,
    pub(crate) forwarded_proto: Option<String>,
    pub(crate) forwarded_for: Option<String>,
}

impl Arrival {
    fn new(request: &Request<Bytes>) -> Self {
        let headers = request.headers();
        // HTTP/2 tells the host within the URI.
        let authority = request.uri().authority().map(|authority| authority.to_string());
        Self {
            path: request.uri().path().to_owned(),
            host: text(headers, &HOST).or(authority),
            forwarded_host: text(headers, &FORWARDED_HOST),
            forwarded_proto: text(headers, &FORWARDED_PROTO),
            forwarded_for: text(headers, &FORWARDED_FOR),
        }
    }
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

impl PortalState {
    /// Answers a request with the ticket of a check; `None` for every other request.
    ///
    /// The sealing keys make the ticket, so nobody learns anything here who could not read all that is
    /// stored.
    pub(crate) fn arrival(&self, request: &Request<Bytes>) -> Option<Response<Body>> {
        let ticket = request.headers().get(&TICKET)?.to_str().ok()?;
        if !self.auth.admits_check(ticket) {
            return None;
        }
        let arrival = Arrival::new(request);
        let hold = text(request.headers(), &HOLD).and_then(|seconds| seconds.parse().ok());
        Some(match hold {
            None => json(StatusCode::OK, &arrival),
            Some(seconds) => self.held(&arrival, Duration::from_secs(MAX_HOLD.min(seconds))),
        })
    }

    /// Answers with a stream as those of events are: one at once, and one after a silence.
    fn held(&self, arrival: &Arrival, hold: Duration) -> Response<Body> {
        let first = serde_json::to_string(arrival).unwrap_or_default();
        let runtime = std::sync::Arc::clone(&self.world.runtime);
        let last = stream::once(async move {
            runtime.sleep(hold).await;
            event(HELD)
        });
        let events = stream::iter([event(&first)]).chain(last).map(Ok);
        let mut response = Response::new(Body::from_stream(events));
        for (name, value) in [
            (CONTENT_TYPE, "text/event-stream"),
            (CACHE_CONTROL, "no-store"),
            // As in every stream of events.
            (BUFFERING, "no"),
        ] {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

fn event(data: &str) -> Bytes {
    format!("data: {data}\n\n").into()
}
