//! Responses in Backstage's shapes.

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use http::{Request, Response, StatusCode};
use serde::Serialize;
use url::Url;

use crate::error::AuthError;

/// JSON that no cache may keep.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response<Bytes> {
    // Only maps with keys that are no strings cannot be written; we have none.
    let text = serde_json::to_vec(body).unwrap_or_default();
    let mut response = Response::new(Bytes::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// An answer without content that no cache may keep.
pub(crate) fn empty(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// 302 to `url`.
pub(crate) fn redirect(url: &Url) -> Response<Bytes> {
    let mut response = empty(StatusCode::FOUND);
    // A serialised URL is ASCII without control characters: always a valid header.
    if let Ok(location) = HeaderValue::from_str(url.as_str()) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// Backstage's error body, and `Retry-After` where waiting helps.
///
/// The URL in it goes without its query: the callback's holds the code.
pub(crate) fn error(error: &AuthError, request: &Request<Bytes>) -> Response<Bytes> {
    let status = error.status();
    log(error, request);
    let path = request.uri().path();
    let mut response = json(
        status,
        &serde_json::json!({
            "error": { "name": error.name(), "message": message(error, path) },
            "request": {
                "method": request.method().as_str(),
                "url": path.strip_prefix("/api/auth").unwrap_or(path),
            },
            "response": { "statusCode": status.as_u16() },
        }),
    );
    if let Some(wait) = error.retry_after() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
    }
    response
}

/// Backstage says what a failed refresh was.
fn message(error: &AuthError, path: &str) -> String {
    if path.ends_with("/refresh") && matches!(error.kind(), crate::AuthErrorKind::Session(_)) {
        format!("Refresh failed; caused by InputError: {error}")
    } else {
        error.to_string()
    }
}

/// What the operator reads: with the causes, which the browser is not told.
pub(crate) fn log(error: &AuthError, request: &Request<Bytes>) {
    let mut causes = Vec::new();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        causes.push(cause.to_string());
        source = cause.source();
    }
    let (method, path) = (request.method(), request.uri().path());
    if error.is_transient() {
        tracing::warn!(%method, path, %error, ?causes, "the request could not be served");
    } else {
        tracing::info!(%method, path, %error, ?causes, "the request was refused");
    }
}
