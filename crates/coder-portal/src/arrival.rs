//! The answer to a check from outside, whatever the path: how its request has arrived.

use std::time::Duration;

use bytes::Bytes;
use coder_auth::http::{ErrorResponse, Event, EventStream, json};
use coder_core::Body;
use futures_util::future::{Either, ready, select};
use futures_util::{StreamExt as _, stream};
use http::header::{HOST, HeaderName};
use http::{HeaderMap, Request, Response, StatusCode};
use serde::{Deserialize, Serialize};

use crate::frame;
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
    /// Whoever answers at the portal's address gets a ticket, and that may be somebody else. Such a
    /// ticket is of little use: for five minutes its holder learns how requests of its own arrive, that
    /// is what the proxies in front add to them, and may hold some of 16 streams. Nothing of a
    /// person is told, and nothing is changed. A ticket for one host only would not help the check,
    /// which has to find out what host arrives.
    pub(crate) fn arrival(&self, request: &Request<Bytes>) -> Option<Response<Body>> {
        let ticket = request.headers().get(&TICKET)?.to_str().ok()?;
        if !self.auth.admits_check(ticket) {
            return None;
        }
        let arrival = Arrival::new(request);
        let hold = text(request.headers(), &HOLD).and_then(|seconds| seconds.parse().ok());
        Some(match hold {
            None => json(StatusCode::OK, &arrival),
            Some(seconds) => {
                let held = self.held(&arrival, Duration::from_secs(MAX_HOLD.min(seconds)));
                held.unwrap_or_else(|error| frame::error(&error, request, &self.auth))
            }
        })
    }

    /// Answers with a stream as those of events are: one at once, and one after a silence. The second
    /// one does not come when the portal's streams have to end.
    fn held(&self, arrival: &Arrival, hold: Duration) -> Result<Response<Body>, ErrorResponse> {
        let seat = self.held_streams.take().ok_or_else(|| {
            let text = "too many checks hold a stream at this portal; try again in a while";
            let error = ErrorResponse::new(StatusCode::SERVICE_UNAVAILABLE, text);
            error.retry_after(Some(Duration::from_secs(MAX_HOLD)))
        })?;
        // Texts can always be written.
        let first = Event::new(serde_json::to_string(arrival).unwrap_or_default());
        let (sleep, closed) = (self.world.runtime.sleep(hold), self.closing.closed());
        let last = stream::once(async move {
            let _seat = seat;
            match select(sleep, closed).await {
                Either::Left(((), _)) => Some(Event::new(HELD)),
                Either::Right(((), _)) => None,
            }
        });
        let last = last.filter_map(ready);
        let events = EventStream::new(&self.world, stream::iter([first]).chain(last));
        // A comment would break the silence.
        Ok(events.keep_alive(Duration::from_secs(2 * MAX_HOLD)).into_response())
    }
}
