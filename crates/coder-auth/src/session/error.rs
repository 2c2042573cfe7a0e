//! Reasons why a request has no usable session.

/// Reasons why a request has no session, or none that can be used.
///
/// The text of [`Missing`](Self::Missing) is Backstage's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The request has no session cookie.
    #[error("Missing session cookie")]
    Missing,
    /// The session has ended, has expired, or never existed.
    #[error("the session has ended; sign in again")]
    Ended,
    /// The session belongs to another environment.
    #[error(
        "the session belongs to another environment; sign in to this one, or link a Coder token"
    )]
    OtherEnvironment,
    /// Coder does not accept the stored tokens any more. One new login revives every session of the
    /// grant.
    #[error("Coder asks you to sign in again")]
    NeedsLogin,
    /// The identity token is not valid, has expired, or has no grant behind it.
    #[error("the Backstage token is not valid here; sign in again")]
    InvalidToken,
    /// Coder does not accept the token that came with the request.
    #[error("Coder does not accept this Coder-Session-Token; make a new one, or sign in")]
    TokenRefused,
    /// The placeholder of an access token is not one of this caller.
    #[error(
        "what the page sent in place of Coder's token is not yours, or no longer; reload the page, or sign in again"
    )]
    Placeholder,
    /// The user is known, and has neither a login at Coder nor a linked token that works.
    #[error("you have no access to Coder here yet; sign in to Coder, or link a session token")]
    NotLinked,
}
