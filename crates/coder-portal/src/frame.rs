//! The frame of every answer, whichever routes give it: a time limit, the form of errors, headers.

use std::time::Duration;

use bytes::Bytes;
use coder_auth::CoderAuth;
use coder_auth::http::ErrorResponse;
use coder_core::{Body, Runtime, cleaned, timeout};
use http::header::{HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use http::{Method, Request, Response, StatusCode};

use crate::cors::{self, Cors};

/// The time limit of an answer, whatever it waits for: the request's body, Coder, the store.
///
/// Reverse proxies and browsers wait for 30 seconds and longer.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(20);

/// The wait that a client is told after an answer took too long.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Takes the body off a request, which comes later, where a route takes one.
pub(crate) fn split(request: Request<Body>) -> (Request<Bytes>, Body) {
    let (head, body) = request.into_parts();
    (Request::from_parts(head, Bytes::new()), body)
}

/// Bounds the time of an answer, however many requests to Coder it makes.
pub(crate) async fn in_time<T>(
    runtime: &dyn Runtime,
    answer: impl Future<Output = Result<T, ErrorResponse>>,
) -> Result<T, ErrorResponse> {
    timeout(runtime, RESPONSE_TIMEOUT, answer).await.unwrap_or_else(|| Err(too_late()))
}

/// Logs the error of a route, and turns it into an answer.
pub(crate) fn error(
    error: &ErrorResponse,
    asked: &Request<Bytes>,
    auth: &CoderAuth,
) -> Response<Body> {
    error.log(asked);
    error.to_response(asked.method(), auth.local_path(asked.uri().path()))
}

/// Creates Backstage's answer to a request for no route.
pub(crate) fn not_found(method: &Method, path: &str) -> ErrorResponse {
    let (method, path) = (cleaned(method.as_str()), cleaned(path));
    ErrorResponse::new(StatusCode::NOT_FOUND, format!("no route {method} {path}"))
}

/// Adds the headers of every answer, and drops the body where a `HEAD` was asked.
pub(crate) fn finish(
    asked: &Request<Bytes>,
    cors: Option<&Cors>,
    mut response: Response<Body>,
) -> Response<Body> {
    let headers = response.headers_mut();
    cors::vary(headers);
    if let Some(cors) = cors {
        cors.answer(asked, headers);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(X_FRAME_OPTIONS).or_insert(HeaderValue::from_static("sameorigin"));
    if *asked.method() == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    response
}

fn too_late() -> ErrorResponse {
    let message = "the answer took too long; try again in a moment";
    ErrorResponse::new(StatusCode::SERVICE_UNAVAILABLE, message).retry_after(Some(RETRY_AFTER))
}

/// Returns the answer to a preflight, before its headers.
pub(crate) fn no_content() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}
