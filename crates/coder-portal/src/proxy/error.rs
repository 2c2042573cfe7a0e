//! Reasons why a request to the proxy has no answer of Coder.

use std::time::Duration;

use coder_auth::http::ErrorResponse;
use coder_auth::{AuthError, AuthErrorKind, SessionError, UpstreamError};
use coder_client::ClientError;
use coder_core::{TransportError, TransportErrorKind};
use http::StatusCode;

use super::answer::AnswerError;
use super::icon::IconError;
use super::request_headers::HeaderError;
use super::seats::SeatError;
use super::target::TargetError;

/// The wait that a page is told when too many connections are open.
const SEAT_FREE_AFTER: Duration = Duration::from_secs(30);

/// Reasons why a request to the proxy has no answer of Coder.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProxyError {
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error(transparent)]
    Header(#[from] HeaderError),
    #[error(transparent)]
    Icon(#[from] IconError),
    #[error(transparent)]
    Answer(#[from] AnswerError),
    #[error(transparent)]
    Seat(#[from] SeatError),
    /// The caller is not identified.
    #[error(transparent)]
    Auth(AuthError),
    /// Coder was not reached, or has not answered.
    #[error("Error occurred while trying to proxy: Coder does not answer; try again in a moment")]
    Away(#[source] TransportError),
    /// The host of an icon was not reached, or has not answered.
    #[error("the host of the icon does not answer; try again in a moment")]
    IconAway(#[source] TransportError),
    /// The transport cannot do what the request needs.
    #[error("this portal cannot pass this request on")]
    Unsupported(#[source] TransportError),
    /// The body is larger than Coder takes.
    #[error("the request body is larger than 100 MB")]
    TooLarge,
    /// The body stopped coming.
    #[error("the request body did not arrive in time; send it again")]
    Slow,
    /// The body ended before its end.
    #[error("the request body could not be read to its end")]
    Broken,
    /// The token was renewed after a body had gone that cannot be sent again.
    #[error("your access to Coder was renewed while this was sent; send it again")]
    Renewed,
    /// The request opens a WebSocket and has a body or another method than `GET`.
    #[error("a WebSocket is opened by a `GET` without a body")]
    NoHandshake,
}

impl From<AuthError> for ProxyError {
    /// Tells a Coder that is away from a caller who is not identified.
    fn from(error: AuthError) -> Self {
        let away =
            if let AuthErrorKind::Upstream(UpstreamError::Other(ClientError::Transport(away))) =
                error.kind()
            {
                TransportError::new(away.kind()).with_source(away.to_string())
            } else if matches!(error.kind(), AuthErrorKind::TooSlow) {
                TransportError::new(TransportErrorKind::Timeout)
            } else {
                return Self::Auth(error);
            };
        Self::Away(away)
    }
}

impl From<TransportError> for ProxyError {
    fn from(error: TransportError) -> Self {
        match error.kind() {
            TransportErrorKind::Unsupported | TransportErrorKind::Request => {
                Self::Unsupported(error)
            }
            TransportErrorKind::Connect
            | TransportErrorKind::UnknownHost
            | TransportErrorKind::Refused
            | TransportErrorKind::Reset
            | TransportErrorKind::Tls
            | TransportErrorKind::Certificate
            | TransportErrorKind::Protocol
            | TransportErrorKind::Timeout
            | TransportErrorKind::Interrupted
            | TransportErrorKind::TooLarge
            | TransportErrorKind::Other => Self::Away(error),
        }
    }
}

impl From<&ProxyError> for ErrorResponse {
    fn from(error: &ProxyError) -> Self {
        let status = match error {
            ProxyError::Seat(seat) => {
                let status = match seat {
                    SeatError::OfPerson => StatusCode::TOO_MANY_REQUESTS,
                    SeatError::Full => StatusCode::SERVICE_UNAVAILABLE,
                };
                return Self::from_error(status, error).retry_after(Some(SEAT_FREE_AFTER));
            }
            ProxyError::Auth(auth) => {
                let response = Self::from(auth);
                let is_nobody =
                    matches!(auth.kind(), AuthErrorKind::Session(SessionError::Missing));
                // Backstage's own word.
                return if is_nobody { response.message("Missing credentials") } else { response };
            }
            ProxyError::Target(TargetError::Ambiguous | TargetError::TokenInQuery)
            | ProxyError::Header(_)
            | ProxyError::NoHandshake
            | ProxyError::Broken => StatusCode::BAD_REQUEST,
            ProxyError::Target(TargetError::Elsewhere | TargetError::Withheld) => {
                StatusCode::FORBIDDEN
            }
            ProxyError::Icon(icon) => icon.status(),
            ProxyError::Answer(answer) => answer.status(),
            ProxyError::Away(_) | ProxyError::IconAway(_) => StatusCode::GATEWAY_TIMEOUT,
            ProxyError::Unsupported(_) => StatusCode::BAD_GATEWAY,
            ProxyError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            ProxyError::Slow => StatusCode::REQUEST_TIMEOUT,
            ProxyError::Renewed => {
                let again = Some(Duration::from_secs(1));
                return Self::from_error(StatusCode::SERVICE_UNAVAILABLE, error).retry_after(again);
            }
        };
        Self::from_error(status, error)
    }
}
