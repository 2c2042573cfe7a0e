//! Reasons why a request to the proxy has no answer of Coder.

use coder_auth::http::ErrorResponse;
use coder_auth::{AuthError, AuthErrorKind, SessionError, UpstreamError};
use coder_client::ClientError;
use coder_core::{TransportError, TransportErrorKind};
use http::StatusCode;

use super::answer::AnswerError;
use super::icon::IconError;
use super::request_headers::HeaderError;
use super::target::TargetError;

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
    #[error("the request body did not arrive; no byte came for 10 seconds")]
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
                let again = Some(std::time::Duration::from_secs(1));
                return Self::from_error(StatusCode::SERVICE_UNAVAILABLE, error).retry_after(again);
            }
        };
        Self::from_error(status, error)
    }
}
