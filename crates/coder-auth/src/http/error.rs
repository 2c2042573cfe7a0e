//! What can be wrong with a request.

use coder_core::{Origin, cleaned, quoted};
use http::StatusCode;

/// What is wrong with a request. The texts are Backstage's, letter by letter, where Backstage has
/// one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// No `env` in the query.
    #[error("Must specify 'env' query to select environment")]
    MissingEnvironment,
    /// An `env` that is not configured.
    #[error("No configuration available for the '{}' environment of this provider.", cleaned(.0))]
    UnknownEnvironment(String),
    /// An `env` whose configuration is incomplete.
    #[error("Auth provider registered for 'coder' is misconfigured. {}", cleaned(.reason))]
    Misconfigured {
        /// What the operator has to mend.
        reason: String,
    },
    /// No `state` came back from Coder.
    #[error("the answer is missing the OAuth state; start the login again from the portal")]
    MissingState,
    /// A `state` that this server did not make.
    #[error("the OAuth state is invalid; start the login again from the portal")]
    InvalidState,
    /// The browser does not hold the attempt that `state` names: another browser began it, its ten
    /// minutes are over, or it was used before.
    #[error(
        "this login attempt is not known to your browser or was used already; start the login again from the portal"
    )]
    UnknownAttempt,
    /// The portal is reached by plain http, where browsers do not keep its cookies.
    #[error(
        "your browser keeps no login of this portal, because it is reached by plain http; its operator has to serve it by https, or to set `coder.session.dangerouslyAllowHttp`"
    )]
    PlainHttp,
    /// The attempt is older than ten minutes.
    #[error(
        "this login attempt took longer than 10 minutes; start the login again from the portal"
    )]
    ExpiredAttempt,
    /// The answer came from another authorization server than the login was begun at.
    #[error(
        "this answer is not from the Coder deployment that the login was begun at; start the login again from the portal"
    )]
    OtherServer,
    /// Neither a code nor an error came back.
    #[error("Unexpected redirect")]
    UnexpectedCallback,
    /// An origin that is not a web origin.
    #[error("App origin is invalid, failed to parse")]
    InvalidOrigin,
    /// An origin that may not use this login.
    #[error("Origin '{}' is not allowed", cleaned(.0.as_str()))]
    OriginNotAllowed(Origin),
    /// A page of another site made this request.
    #[error("requests from other sites are not allowed")]
    CrossSite,
    /// No `redirectUrl`, or one outside the portal.
    #[error("`redirectUrl` must be a page of the portal or of an allowed origin")]
    InvalidRedirectUrl,
    /// A parameter that may be given once was given more than once (RFC 6749 §3.1).
    #[error("the parameter {} is given more than once; give it once", quoted(.0))]
    RepeatedParameter(String),
    /// A query or a form of more than 32 kB.
    #[error("the parameters of the request are longer than 32 kB")]
    TooLong,
    /// More scopes than a login may ask for.
    #[error("a login may ask for at most 50 scopes, in at most 1 kB; ask for fewer")]
    TooManyScopes,
    /// `X-Requested-With: XMLHttpRequest` is missing.
    #[error("Invalid X-Requested-With header")]
    MissingRequestedWith,
    /// A body that is not said to be JSON.
    #[error("the request body must be JSON, sent with `Content-Type: application/json`")]
    NotJson,
    /// A body that is not JSON, or not the JSON that the route takes.
    #[error(
        "the request body is not the JSON that this route takes (line {line}, column {column})"
    )]
    UnreadableJson {
        /// The line of the first mistake, counted from 1.
        line: usize,
        /// The column of the first mistake, counted from 1.
        column: usize,
    },
    /// A body of more than 64 kB.
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
            | Self::CrossSite => StatusCode::FORBIDDEN,
            Self::UnknownEnvironment(_) | Self::Misconfigured { .. } => StatusCode::NOT_FOUND,
        }
    }
}
