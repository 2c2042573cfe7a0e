//! The failures of this crate: whose fault they are, and what a browser is told.

use std::sync::Arc;
use std::time::Duration;

use coder_core::RandomError;
use http::StatusCode;

use crate::http::error::RequestError;
use crate::identity::VerifyError;
use crate::routes::error::LinkError;
use crate::session::error::SessionError;
use crate::sign_in::error::SignInError;
use crate::store::error::StoreError;
use crate::upstream::error::UpstreamError;

/// The longest wait that a browser is told, whatever Coder asks for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// A failure of this crate. Cheap to clone, because many callers may wait for one rotation.
///
/// The message is safe to show to the person in front of the browser. The causes are in
/// [`source`](std::error::Error::source) and belong into the operator's log.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub struct AuthError(Arc<AuthErrorKind>);

/// The kinds of failure, by whose fault they are.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthErrorKind {
    /// The request is not one that this route serves.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The request has no session, or one that cannot be used.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The user is known to Coder and has no identity in the portal.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// Coder refused a request, could not be reached, or gave an unexpected answer.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    /// The token cannot be linked.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The keys of a trusted issuer could not be read, so its tokens cannot be verified.
    #[error("the issuer of the token cannot be asked for its keys; try again in a moment")]
    Issuer(#[from] VerifyError),
    /// The store of grants and sessions failed.
    #[error("the session store is not available; try again in a moment")]
    Store(#[from] StoreError),
    /// The source of randomness failed.
    #[error("the server cannot create secrets right now; try again in a moment")]
    Random(#[from] RandomError),
    /// The route `/users/me` named another user than the one that the token was issued to.
    #[error(
        "Coder answered about somebody else; something between this server and Coder mixes up answers, and the portal's operator has to look at it"
    )]
    OtherUser,
    /// Coder has refused many tokens within the last minute, so no unknown token is tried.
    #[error("too many unknown Coder tokens were tried; try again in a minute")]
    TooManyTokens {
        /// Time until one of the refusals is forgotten.
        retry_after: Duration,
    },
    /// The answer was not ready within the time limit of the route.
    #[error("Coder takes too long to answer; try again in a moment")]
    TooSlow,
    /// Other requests changed the grant each time that this one tried to write it.
    #[error("your access to Coder was renewed by another request; try again")]
    Overtaken,
    /// Another replica holds the lease to rotate the grant and does not finish.
    #[error("your access to Coder is being renewed; try again in a moment")]
    RotationUnderWay,
    /// Coder refused the token at one route, and `/users/me` does not answer whether the token is
    /// valid.
    #[error(
        "Coder has refused the token and cannot be asked about it right now; try again in a moment"
    )]
    Unconfirmed,
    /// The configured session keys open none of the stored keys for identity tokens.
    #[error(
        "the stored signing keys cannot be opened with the configured `coder.session.keys`; the portal's operator has to put the former key behind the new one"
    )]
    SigningKeysUnreadable,
    /// A fault of this program.
    #[error(transparent)]
    Bug(#[from] BugError),
    /// A task of this process ended before its work was done, because the process is shutting down.
    #[error("the server is shutting down; try again in a moment")]
    Interrupted,
}

/// A fault of this program. Neither waiting nor another request helps.
#[derive(Debug, thiserror::Error)]
#[error("the server has a fault of its own ({what}); its operator should report it")]
pub struct BugError {
    what: &'static str,
    source: Option<serde_json::Error>,
}

impl BugError {
    /// Creates the error for a state that should not be possible.
    pub(crate) fn new(what: &'static str) -> Self {
        Self { what, source: None }
    }

    /// Creates the error for a value that cannot be written as JSON.
    pub(crate) fn unwritable(source: serde_json::Error) -> Self {
        Self { what: "a value cannot be written as JSON", source: Some(source) }
    }
}

impl<E: Into<AuthErrorKind>> From<E> for AuthError {
    fn from(error: E) -> Self {
        Self(Arc::new(error.into()))
    }
}

impl AuthError {
    /// Returns the kind of the failure.
    pub fn kind(&self) -> &AuthErrorKind {
        &self.0
    }

    /// Returns the status of the answer: 4xx when the caller can mend it, 503 when waiting may
    /// help, 500 for a fault of this program.
    pub fn status(&self) -> StatusCode {
        use AuthErrorKind as Kind;
        match self.kind() {
            Kind::Request(error) => error.status(),
            Kind::Session(_) | Kind::Issuer(VerifyError::Refused) => StatusCode::UNAUTHORIZED,
            Kind::SignIn(error) => error.status(),
            Kind::Link(error) => error.status(),
            Kind::Upstream(error) if error.is_transient() => StatusCode::SERVICE_UNAVAILABLE,
            Kind::Upstream(error) => error.status(),
            Kind::Bug(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Kind::Issuer(_)
            | Kind::Store(_)
            | Kind::Random(_)
            | Kind::OtherUser
            | Kind::TooManyTokens { .. }
            | Kind::TooSlow
            | Kind::Overtaken
            | Kind::RotationUnderWay
            | Kind::Unconfirmed
            | Kind::SigningKeysUnreadable
            | Kind::Interrupted => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Returns Backstage's name for an error of this status.
    pub fn name(&self) -> &'static str {
        error_name(self.status())
    }

    /// Tells whether the same request may succeed later while the session stays valid.
    pub fn is_transient(&self) -> bool {
        self.status() == StatusCode::SERVICE_UNAVAILABLE
    }

    /// Tells whether a login at Coder helps: nobody is signed in, the session has ended, or it gives
    /// no access here.
    ///
    /// A token that the request has brought and that is not valid is another case: whoever sent it
    /// has to stop.
    pub fn needs_login(&self) -> bool {
        match self.kind() {
            AuthErrorKind::Session(
                SessionError::Missing
                | SessionError::Ended
                | SessionError::OtherEnvironment
                | SessionError::NeedsLogin
                | SessionError::Placeholder
                | SessionError::NotLinked,
            ) => true,
            AuthErrorKind::Session(SessionError::InvalidToken | SessionError::TokenRefused) => {
                false
            }
            AuthErrorKind::Request(_)
            | AuthErrorKind::SignIn(_)
            | AuthErrorKind::Upstream(_)
            | AuthErrorKind::Link(_)
            | AuthErrorKind::Issuer(_)
            | AuthErrorKind::Store(_)
            | AuthErrorKind::Random(_)
            | AuthErrorKind::OtherUser
            | AuthErrorKind::TooManyTokens { .. }
            | AuthErrorKind::TooSlow
            | AuthErrorKind::Overtaken
            | AuthErrorKind::RotationUnderWay
            | AuthErrorKind::Unconfirmed
            | AuthErrorKind::SigningKeysUnreadable
            | AuthErrorKind::Bug(_)
            | AuthErrorKind::Interrupted => false,
        }
    }

    /// Returns how long to wait before trying again, for a transient failure: 1 minute after too
    /// many unknown tokens, else 5 seconds unless Coder asks for more, at most 1 hour.
    pub fn retry_after(&self) -> Option<Duration> {
        let asked = match self.kind() {
            AuthErrorKind::Upstream(error) => error.retry_after(),
            AuthErrorKind::TooManyTokens { retry_after } => Some(*retry_after),
            _ => None,
        };
        self.is_transient().then(|| asked.unwrap_or(Duration::from_secs(5)).min(MAX_RETRY_AFTER))
    }
}

/// Returns Backstage's name for an error with this status.
pub(crate) fn error_name(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "InputError",
        401 => "AuthenticationError",
        403 => "NotAllowedError",
        404 => "NotFoundError",
        409 => "ConflictError",
        503 => "ServiceUnavailableError",
        _ => "Error",
    }
}
