//! Reasons to refuse a request.

use coder_core::{Origin, cleaned, quoted};
use http::StatusCode;

/// Reasons to refuse a request. The texts are Backstage's, letter by letter, where Backstage has
/// one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The query has no `env`.
    #[error("Must specify 'env' query to select environment")]
    MissingEnvironment,
    /// The environment is not configured.
    #[error("No configuration available for the '{}' environment of this provider.", cleaned(.0))]
    UnknownEnvironment(String),
    /// The configuration of the environment is incomplete.
    #[error("Auth provider registered for 'coder' is misconfigured. {}", cleaned(.reason))]
    Misconfigured {
        /// Instruction for the operator, as text.
        reason: String,
    },
    /// The callback has no `state`.
    #[error("the answer is missing the OAuth state; start the login again from the portal")]
    MissingState,
    /// The `state` was not made by this server.
    #[error("the OAuth state is invalid; start the login again from the portal")]
    InvalidState,
    /// The browser does not hold the attempt that `state` names: another browser started it, its
    /// ten minutes are over, or it was used before.
    #[error(
        "this login attempt is not known to your browser or was used already; start the login again from the portal"
    )]
    UnknownAttempt,
    /// The portal is reached over plain http, where browsers refuse its cookies.
    #[error(
        "your browser keeps no login of this portal, because it is reached by plain http; its operator has to serve it by https, or to set `coder.session.dangerouslyAllowHttp`"
    )]
    PlainHttp,
    /// The login attempt is older than ten minutes.
    #[error(
        "this login attempt took longer than 10 minutes; start the login again from the portal"
    )]
    ExpiredAttempt,
    /// The callback came from another authorization server than the login was started at.
    #[error(
        "this answer is not from the Coder deployment that the login was begun at; start the login again from the portal"
    )]
    OtherServer,
    /// The callback has neither a code nor an error.
    #[error("Unexpected redirect")]
    UnexpectedCallback,
    /// The origin is not that of an http or https URL.
    #[error("App origin is invalid, failed to parse")]
    InvalidOrigin,
    /// The origin may not use this login.
    #[error("Origin '{}' is not allowed", cleaned(.0.as_str()))]
    OriginNotAllowed(Origin),
    /// The request was made by a page of another site.
    #[error("requests from other sites are not allowed")]
    CrossSite,
    /// A WebSocket is opened without an `Origin`.
    #[error("a WebSocket is opened by a page of the portal, with its `Origin`")]
    MissingOrigin,
    /// The browser does not say which site has sent it to the page.
    #[error(
        "your browser does not say where this request comes from (`Sec-Fetch-Site`); use a current browser, and serve the portal by https"
    )]
    UnknownSite,
    /// The `redirectUrl` is missing, or points outside the portal.
    #[error("`redirectUrl` must be a page of the portal or of an allowed origin")]
    InvalidRedirectUrl,
    /// A parameter has two values (RFC 6749 §3.1).
    #[error("the parameter {} is given more than once; give it once", quoted(.0))]
    RepeatedParameter(String),
    /// The query or the form is longer than 32 kB.
    #[error("the parameters of the request are longer than 32 kB")]
    TooLong,
    /// The login asks for too many scopes.
    #[error("a login may ask for at most 50 scopes, in at most 1 kB; ask for fewer")]
    TooManyScopes,
    /// The header `X-Requested-With: XMLHttpRequest` is missing.
    #[error("Invalid X-Requested-With header")]
    MissingRequestedWith,
    /// The request does not name JSON as the type of its body.
    #[error("the request body must be JSON, sent with `Content-Type: application/json`")]
    NotJson,
    /// The body is not JSON, or not the JSON that the route takes.
    #[error(
        "the request body is not the JSON that this route takes{} (line {line}, column {column})",
        expected.as_ref().map(|expected| format!(": {expected}")).unwrap_or_default()
    )]
    UnreadableJson {
        /// Field that is missing, or what the route takes at this place; `None` when the body is no
        /// JSON.
        expected: Option<String>,
        /// Line of the first mistake, counted from 1.
        line: usize,
        /// Column of the first mistake, counted from 1.
        column: usize,
    },
    /// The body is larger than 64 kB.
    #[error("the request body is larger than 64 kB")]
    BodyTooLarge,
}

impl RequestError {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::MissingEnvironment
            | Self::MissingState
            | Self::UnexpectedCallback
            | Self::InvalidOrigin
            | Self::InvalidRedirectUrl
            | Self::RepeatedParameter(_)
            | Self::TooLong
            | Self::TooManyScopes
            | Self::UnreadableJson { .. } => StatusCode::BAD_REQUEST,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MissingRequestedWith => StatusCode::UNAUTHORIZED,
            Self::InvalidState
            | Self::UnknownAttempt
            | Self::PlainHttp
            | Self::ExpiredAttempt
            | Self::OtherServer
            | Self::OriginNotAllowed(_)
            | Self::CrossSite
            | Self::MissingOrigin
            | Self::UnknownSite => StatusCode::FORBIDDEN,
            Self::UnknownEnvironment(_) | Self::Misconfigured { .. } => StatusCode::NOT_FOUND,
        }
    }
}
