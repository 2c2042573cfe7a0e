//! What can go wrong, whose fault it is, and what a browser is told.

use std::sync::Arc;
use std::time::Duration;

use coder_core::{Origin, RandomError};
use http::StatusCode;

use crate::respond::ErrorAnswer;
use crate::sign_in::SignInError;
use crate::store::StoreError;
use crate::upstream::UpstreamError;

/// A failure of this crate. Cheap to clone: many callers may wait for one rotation.
///
/// Its message is safe to show to the person in front of the browser; the details are in
/// [`source`](std::error::Error::source) and belong into the operator's log.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub struct AuthError(Arc<AuthErrorKind>);

/// Every way to fail, by whose fault it is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthErrorKind {
    /// The request is not one this route serves.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The browser has no session, or none that can be used.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The person is known to Coder but not to the portal.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// Coder refused, could not be reached, or answered what it should not.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    /// Our own store of grants and sessions failed.
    #[error("the session store is not available; try again in a moment")]
    Store(#[from] StoreError),
    /// The system gave no randomness.
    #[error("the server cannot create secrets right now; try again in a moment")]
    Random(#[from] RandomError),
    /// A task of this process ended before its work was done: the process is shutting down.
    #[error("the server is shutting down; try again in a moment")]
    Interrupted,
}

/// What is wrong with a request. The texts are Backstage's where Backstage has one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// No `env` in the query.
    #[error("Must specify 'env' query to select environment")]
    MissingEnvironment,
    /// An `env` that is not configured.
    #[error("No configuration available for the '{0}' environment of this provider.")]
    UnknownEnvironment(String),
    /// An `env` whose configuration is incomplete.
    #[error("Auth provider registered for 'coder' is misconfigured. {reason}")]
    Misconfigured {
        /// What the operator has to mend.
        reason: String,
    },
    /// No `state` came back from Coder.
    #[error("Auth response is missing the OAuth state; start the login again from the portal")]
    MissingState,
    /// A `state` that this server did not make.
    #[error("OAuth state is invalid; start the login again from the portal")]
    InvalidState,
    /// The browser does not hold the attempt that `state` names: another browser began it, its ten
    /// minutes are over, or it was used before.
    #[error(
        "This login attempt is not known to your browser or was used already; start the login again from the portal"
    )]
    UnknownAttempt,
    /// The attempt is older than ten minutes.
    #[error(
        "This login attempt took longer than 10 minutes; start the login again from the portal"
    )]
    ExpiredAttempt,
    /// Neither a code nor an error came back.
    #[error("Unexpected redirect")]
    UnexpectedCallback,
    /// An origin that is not a web origin.
    #[error("App origin is invalid, failed to parse")]
    InvalidOrigin,
    /// An origin that may not use this login.
    #[error("Origin '{0}' is not allowed")]
    OriginNotAllowed(Origin),
    /// A page of another site made this request.
    #[error("Requests from other sites are not allowed")]
    CrossSite,
    /// No `redirectUrl`, or one outside the portal.
    #[error("The redirectUrl must be a page of the portal or of an allowed origin")]
    InvalidRedirectUrl,
    /// `X-Requested-With: XMLHttpRequest` is missing.
    #[error("Invalid X-Requested-With header")]
    MissingRequestedWith,
}

/// Why a browser's session cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// There is no session cookie.
    #[error("Missing session cookie")]
    Missing,
    /// The session ended, expired, or never was.
    #[error("The session has ended; sign in again")]
    Ended,
    /// The session belongs to another environment.
    #[error("The session belongs to another environment; sign in to this one")]
    OtherEnvironment,
    /// Coder does not accept the stored tokens any more. One new login revives every session.
    #[error("Coder asks you to sign in again")]
    NeedsLogin,
    /// The identity token is not one of ours, has expired, or has no grant behind it.
    #[error("The Backstage token is not valid here; sign in again")]
    InvalidToken,
}

impl<E: Into<AuthErrorKind>> From<E> for AuthError {
    fn from(error: E) -> Self {
        Self(Arc::new(error.into()))
    }
}

impl AuthError {
    /// What went wrong.
    pub fn kind(&self) -> &AuthErrorKind {
        &self.0
    }

    /// The status of the answer: 4xx only when the caller can mend it, 503 when waiting does.
    pub fn status(&self) -> StatusCode {
        use AuthErrorKind as Kind;
        match self.kind() {
            Kind::Request(error) => error.status(),
            Kind::Session(_) => StatusCode::UNAUTHORIZED,
            Kind::SignIn(error) => error.status(),
            Kind::Upstream(error) if error.is_transient() => StatusCode::SERVICE_UNAVAILABLE,
            Kind::Upstream(error) => error.status(),
            Kind::Store(_) | Kind::Random(_) | Kind::Interrupted => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Backstage's name for an error of this status.
    pub fn name(&self) -> &'static str {
        ErrorAnswer::name(self.status())
    }

    /// Whether the same request may succeed later, and the session is still good.
    pub fn is_transient(&self) -> bool {
        self.status() == StatusCode::SERVICE_UNAVAILABLE
    }

    /// How long to wait before trying again, for a transient failure.
    pub fn retry_after(&self) -> Option<Duration> {
        let asked = match self.kind() {
            AuthErrorKind::Upstream(error) => error.retry_after(),
            _ => None,
        };
        self.is_transient().then(|| asked.unwrap_or(Duration::from_secs(5)))
    }
}

impl RequestError {
    fn status(&self) -> StatusCode {
        match self {
            Self::MissingEnvironment
            | Self::MissingState
            | Self::UnexpectedCallback
            | Self::InvalidOrigin
            | Self::InvalidRedirectUrl => StatusCode::BAD_REQUEST,
            Self::MissingRequestedWith => StatusCode::UNAUTHORIZED,
            Self::InvalidState
            | Self::UnknownAttempt
            | Self::ExpiredAttempt
            | Self::OriginNotAllowed(_)
            | Self::CrossSite => StatusCode::FORBIDDEN,
            Self::UnknownEnvironment(_) | Self::Misconfigured { .. } => StatusCode::NOT_FOUND,
        }
    }
}
