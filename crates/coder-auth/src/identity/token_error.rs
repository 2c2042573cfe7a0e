//! Reasons why a token is refused.

/// Reasons why a token is refused. They are for the log and not for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("not a JWT of the expected form")]
    Malformed,
    #[error("the token's type or algorithm is not accepted")]
    Kind,
    #[error("the token was not signed with a current key of a trusted issuer")]
    Signature,
    #[error("the token has expired or is not valid yet")]
    Time,
    #[error("the token was issued by or for someone else")]
    Audience,
}
