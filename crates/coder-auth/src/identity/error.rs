//! Reasons why a token, an issuer or a key is refused.

use coder_core::TransportError;

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

/// Reasons why a token is not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The token is not one of a trusted issuer, or not valid now. Answer 401.
    #[error("the token is not a valid identity token of a trusted issuer")]
    Refused,
    /// The keys of an issuer could not be read, so the token cannot be judged. Answer 503.
    #[error("the keys of `{issuer}` could not be read; try again in a moment")]
    KeysUnavailable {
        /// Origin of the issuer.
        issuer: String,
        /// Failure of the request.
        #[source]
        source: TransportError,
    },
}

/// The error of an issuer's URL that is neither https nor http on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an issuer's URL must be https, or http on this machine; its keys decide who is who")]
pub struct InsecureIssuerError;

/// Reasons why a key pair cannot sign identity tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(clippy::exhaustive_enums, reason = "each is told with the file that it is about")]
pub enum StaticSigningKeyError {
    /// The key has no id.
    #[error("the key needs an id, which tokens name it by")]
    NoId,
    /// The private key cannot be read.
    #[error(
        "not a private key for ES256 (EC P-256 in PEM); make one with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`"
    )]
    PrivateKey,
    /// The public key cannot be read.
    #[error(
        "not a public key for ES256 (EC P-256 in PEM); make it with `openssl pkey -in private.pem -pubout`"
    )]
    PublicKey,
    /// The two keys do not belong together.
    #[error("the public key does not belong to the private key")]
    Mismatch,
}
