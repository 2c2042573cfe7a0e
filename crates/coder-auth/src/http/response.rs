//! Responses in Backstage's shapes.

use std::time::Duration;

use bytes::Bytes;
use coder_core::{Body, cleaned, cleaned_to, with_causes, without_causes};
use http::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER, SET_COOKIE,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{Method, Request, Response, StatusCode};
use serde::Serialize;
use url::Url;

use crate::error::{AuthError, AuthErrorKind, BugError, error_name};
use crate::http::cookies::clear_former_refresh_tokens;
use crate::session::error::SessionError;

/// The greatest length of an error in the log and in a response, in characters.
const MAX_MESSAGE: usize = 800;
/// The number of headers that a response has at most, as a rule.
const HEADERS: usize = 12;

/// Returns a response with `body` as JSON, which no cache may keep.
///
/// A body that cannot be written is a fault of this program: it is logged, and the response is 500.
pub fn json(status: StatusCode, body: &impl Serialize) -> Response<Body> {
    let (status, text) = match serde_json::to_vec(body) {
        Ok(text) => (status, Bytes::from(text)),
        Err(error) => {
            let error = BugError::unwritable(error);
            tracing::error!(error = with_causes(&error), "an answer was not written");
            let text =
                br#"{"error":{"name":"Error","message":"the server has a fault of its own"}}"#;
            (StatusCode::INTERNAL_SERVER_ERROR, Bytes::from_static(text))
        }
    };
    json_text(status, text)
}

/// Returns a response with JSON that is written already, which no cache may keep.
pub(crate) fn json_text(status: StatusCode, text: Bytes) -> Response<Body> {
    let mut response = with_room(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Returns a response without content, which no cache may keep.
pub fn empty(status: StatusCode) -> Response<Body> {
    let mut response = with_room(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Returns a response with room for the headers of a route and of the portal.
fn with_room(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    response.headers_mut().reserve(HEADERS);
    response
}

/// Returns a response that sends the browser to `url` (302).
pub(crate) fn redirect(url: Url) -> Response<Body> {
    let mut response = empty(StatusCode::FOUND);
    // A serialised URL is ASCII without control characters: always a valid header.
    if let Ok(location) = HeaderValue::try_from(String::from(url)) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// Adds cookies that remove those of a former backend, as far as the request has brought them.
pub(crate) fn clear_former_cookies(response: &mut Response<Body>, asked: &HeaderMap) {
    for cookie in clear_former_refresh_tokens(asked) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}

/// An error as Backstage's backends answer it: a status, the name that belongs to the status, and a
/// message for people.
///
/// The causes of the error are for the log alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorResponse {
    status: StatusCode,
    message: String,
    retry_after: Option<Duration>,
    /// The error and its causes, for the log alone.
    log: Log,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Log {
    error: String,
    causes: Vec<String>,
    /// Mark of the answer that every signed-out visitor gets.
    is_usual: bool,
}

impl ErrorResponse {
    /// Creates an error of this status. The message is shown to people and must hold no secret.
    ///
    /// A message may quote text of a stranger. So invisible characters are replaced, and the
    /// message is cut to 800 characters.
    pub fn new(status: StatusCode, message: impl AsRef<str>) -> Self {
        let message = cleaned_to(MAX_MESSAGE, message.as_ref());
        let log = Log { error: message.clone(), causes: Vec::new(), is_usual: false };
        Self { status, message, retry_after: None, log }
    }

    /// Creates an error of this status with the text of `error` as its message. The texts of its
    /// sources go to the log only.
    pub fn from_error(status: StatusCode, error: &dyn std::error::Error) -> Self {
        let mut response = Self::new(status, without_causes(error));
        let mut source = error.source();
        while let Some(cause) = source {
            response.log.causes.push(without_causes(cause));
            source = cause.source();
        }
        response
    }

    /// Sets how long to wait before trying again (RFC 9110 §10.2.3). It is sent in whole seconds,
    /// at least 1.
    #[must_use]
    pub fn retry_after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }

    /// Replaces the message for people. The log keeps the original text.
    #[must_use]
    pub fn message(mut self, message: impl AsRef<str>) -> Self {
        self.message = cleaned_to(MAX_MESSAGE, message.as_ref());
        self
    }

    /// Returns the status of the response.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Makes the response to a request with this method.
    ///
    /// `url` is the path of the request below its router, without the query, because the query of a
    /// callback holds the code.
    pub fn to_response(&self, method: &Method, url: &str) -> Response<Body> {
        let mut response = json(
            self.status,
            &serde_json::json!({
                "error": { "name": error_name(self.status), "message": self.message },
                "request": { "method": cleaned(method.as_str()), "url": cleaned(url) },
                "response": { "statusCode": self.status.as_u16() },
            }),
        );
        if let Some(wait) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        response
    }

    /// Writes the error and its causes to the operator's log.
    pub fn log<T>(&self, request: &Request<T>) {
        let Log { error, causes, is_usual } = &self.log;
        let method = cleaned(request.method().as_str());
        let path = cleaned(request.uri().path());
        // A text, which the log writes in quotes: what a stranger said within it stays within it.
        if self.status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(%method, path, error, ?causes, "the request met a fault of ours");
        } else if self.status == StatusCode::SERVICE_UNAVAILABLE {
            tracing::warn!(%method, path, error, ?causes, "the request could not be served");
        } else if *is_usual {
            tracing::debug!(%method, path, error, ?causes, "the request was refused");
        } else {
            tracing::info!(%method, path, error, ?causes, "the request was refused");
        }
    }
}

impl From<&AuthError> for ErrorResponse {
    fn from(error: &AuthError) -> Self {
        let mut response = Self::from_error(error.status(), error).retry_after(error.retry_after());
        response.log.is_usual =
            matches!(error.kind(), AuthErrorKind::Session(SessionError::Missing));
        response
    }
}

impl From<AuthError> for ErrorResponse {
    fn from(error: AuthError) -> Self {
        Self::from(&error)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn an_answer_that_cannot_be_written_is_a_fault_of_ours_and_no_empty_success() {
        // A key that is no string cannot stand in JSON.
        let unwritable = BTreeMap::from([(vec![1], "x")]);
        let response = json(StatusCode::OK, &unwritable);
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_ne!(response.body().size(), Some(0));
    }
}
