//! The bodies of requests: which are read, and how much of them.

use std::time::Duration;

use bytes::Bytes;
use coder_auth::http::{ErrorResponse, MAX_BODY, has_media_type};
use coder_core::{Body, Runtime, TransportErrorKind, timeout};
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, StatusCode};

/// The time limit for a client to send its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// The kind of body that a route takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyKind {
    /// No body, or an empty one.
    Nothing,
    /// A form of a page (`application/x-www-form-urlencoded`).
    Form,
    /// A document in JSON (`application/json`).
    Json,
}

impl BodyKind {
    /// Returns the greatest length of the body, in bytes.
    const fn limit(self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Form | Self::Json => MAX_BODY,
        }
    }

    /// Returns the media type of the body.
    const fn media_type(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Form => Some("application/x-www-form-urlencoded"),
            Self::Json => Some("application/json"),
        }
    }

    fn too_large(self) -> BodyError {
        match self {
            Self::Nothing => BodyError::NotTaken,
            Self::Form | Self::Json => BodyError::TooLarge,
        }
    }
}

/// Reasons why a body was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("this route takes no request body")]
    NotTaken,
    #[error("the request body is larger than 64 kB")]
    TooLarge,
    #[error("the request body must be of the type {0}")]
    OtherType(&'static str),
    #[error("the request body did not arrive within 10 seconds")]
    Slow,
    #[error("the request body could not be read to its end")]
    Broken,
}

impl From<BodyError> for ErrorResponse {
    fn from(refused: BodyError) -> Self {
        let status = match refused {
            BodyError::NotTaken | BodyError::Broken => StatusCode::BAD_REQUEST,
            BodyError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            BodyError::OtherType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            BodyError::Slow => StatusCode::REQUEST_TIMEOUT,
        };
        Self::new(status, refused.to_string())
    }
}

/// Reads the body of a request to a route that `takes` this kind. A body that its headers rule out
/// is refused before a byte is read.
pub(crate) async fn read(
    takes: BodyKind,
    headers: &HeaderMap,
    body: Body,
    runtime: &dyn Runtime,
) -> Result<Bytes, BodyError> {
    if body.size() == Some(0) {
        return Ok(Bytes::new());
    }
    let announced =
        headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let announced = body.size().or(announced);
    // A chunked body (RFC 9112 §7.1) has no length: its first byte too many ends the reading.
    if announced.is_some_and(|length: u64| length > takes.limit() as u64) {
        return Err(takes.too_large());
    }
    if let Some(media_type) = takes.media_type()
        && !has_media_type(headers, media_type)
    {
        return Err(BodyError::OtherType(media_type));
    }
    match timeout(runtime, BODY_TIMEOUT, body.collect(takes.limit())).await {
        Some(Ok(bytes)) => Ok(bytes),
        Some(Err(error)) if error.kind() == TransportErrorKind::TooLarge => Err(takes.too_large()),
        Some(Err(_)) => Err(BodyError::Broken),
        None => Err(BodyError::Slow),
    }
}
