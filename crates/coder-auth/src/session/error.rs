//! Reasons why a request has no usable session.

/// Why a browser's session cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// There is no session cookie.
    #[error("Missing session cookie")]
    Missing,
    /// The session ended, expired, or never was.
    #[error("the session has ended; sign in again")]
    Ended,
    /// the session belongs to another environment.
    #[error("the session belongs to another environment; sign in to this one")]
    OtherEnvironment,
    /// Coder does not accept the stored tokens any more. One new login revives every session.
    #[error("Coder asks you to sign in again")]
    NeedsLogin,
    /// The identity token is not one of ours, has expired, or has no grant behind it.
    #[error("the Backstage token is not valid here; sign in again")]
    InvalidToken,
    /// Coder does not accept the token that the request has brought along.
    #[error("Coder does not accept this Coder-Session-Token; make a new one, or sign in")]
    TokenRefused,
    /// The person is known, but neither signed in to Coder nor has a linked token that works.
    #[error("you have no access to Coder here yet; sign in to Coder, or link a session token")]
    NotLinked,
}
