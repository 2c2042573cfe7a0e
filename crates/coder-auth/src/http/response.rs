//! Responses in Backstage's shapes.

use std::time::Duration;

use bytes::Bytes;
use coder_core::{cleaned, cleaned_to};
use http::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use http::{Method, Request, Response, StatusCode};
use serde::Serialize;
use url::Url;

use crate::error::{AuthError, AuthErrorKind, Bug, error_name};

/// The greatest length of an error in the log and in an answer, in characters.
const MAX_MESSAGE: usize = 800;

/// JSON that no cache may keep.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response<Bytes> {
    let (status, text) = match serde_json::to_vec(body) {
        Ok(text) => (status, Bytes::from(text)),
        Err(error) => {
            let error = Bug::unwritable(error);
            tracing::error!(error = %coder_core::with_causes(&error), "an answer was not written");
            let text =
                br#"{"error":{"name":"Error","message":"the server has a fault of its own"}}"#;
            (StatusCode::INTERNAL_SERVER_ERROR, Bytes::from_static(text))
        }
    };
    json_text(status, text)
}

/// JSON that is written already, which no cache may keep.
pub(crate) fn json_text(status: StatusCode, text: Bytes) -> Response<Bytes> {
    let mut response = Response::new(text);
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

/// An error as Backstage's backends answer it: a status, the name that goes with it, and a message
/// for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorAnswer {
    status: StatusCode,
    message: String,
    retry_after: Option<Duration>,
}

impl ErrorAnswer {
    /// An error of this status. The message is shown to people; it must hold no secret. Characters
    /// that nobody sees are replaced and what is longer than 800 characters is cut, since a message
    /// may quote what a stranger wrote.
    pub fn new(status: StatusCode, message: impl AsRef<str>) -> Self {
        Self { status, message: cleaned_to(MAX_MESSAGE, message.as_ref()), retry_after: None }
    }

    /// Adds how long to wait before trying again (RFC 9110 §10.2.3), in whole seconds, at least 1.
    #[must_use]
    pub fn retry_after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }

    /// The response to a request with this method and path. No query goes into it: the callback's
    /// holds the code.
    pub fn to_response(&self, method: &Method, path: &str) -> Response<Bytes> {
        let mut response = json(
            self.status,
            &serde_json::json!({
                "error": { "name": error_name(self.status), "message": self.message },
                "request": {
                    "method": cleaned(method.as_str()),
                    "url": cleaned(path.strip_prefix("/api/auth").unwrap_or(path)),
                },
                "response": { "statusCode": self.status.as_u16() },
            }),
        );
        if let Some(wait) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        response
    }
}

impl From<&AuthError> for ErrorAnswer {
    fn from(error: &AuthError) -> Self {
        Self::new(error.status(), error.to_string()).retry_after(error.retry_after())
    }
}

/// Logs the error and answers it. A failed refresh is called that, as in Backstage.
pub(crate) fn error(error: &AuthError, request: &Request<Bytes>) -> Response<Bytes> {
    log(error, request);
    let path = request.uri().path();
    let mut answer = ErrorAnswer::from(error);
    if path.ends_with("/refresh") && matches!(error.kind(), AuthErrorKind::Session(_)) {
        answer.message = format!("Refresh failed; caused by InputError: {error}");
    }
    answer.to_response(request.method(), path)
}

/// What the operator reads: with the causes, which the browser is not told.
pub(crate) fn log(error: &AuthError, request: &Request<Bytes>) {
    let mut causes = Vec::new();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        causes.push(cleaned_to(MAX_MESSAGE, &cause.to_string()));
        source = cause.source();
    }
    let method = cleaned(request.method().as_str());
    let path = cleaned(request.uri().path());
    // A text, which the log writes in quotes: what a stranger said within it stays within it.
    let error_text = cleaned_to(MAX_MESSAGE, &error.to_string());
    if matches!(error.kind(), AuthErrorKind::Bug(_)) {
        tracing::error!(%method, path, error = error_text, ?causes, "the request met a fault of ours");
    } else if error.is_transient() {
        tracing::warn!(%method, path, error = error_text, ?causes, "the request could not be served");
    } else {
        tracing::info!(%method, path, error = error_text, ?causes, "the request was refused");
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
        assert!(!response.body().is_empty());
    }
}
