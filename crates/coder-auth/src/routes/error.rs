//! Reasons why a token is not linked.

use coder_core::cleaned;
use http::StatusCode;

/// Reasons why a token is not linked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The body of the request has no token.
    #[error("send the token as JSON, with `Content-Type: application/json`: {{\"token\": \"…\"}}")]
    NoToken,
    /// Coder does not accept the token, or refuses to name its user.
    #[error("Coder does not accept this token; copy a new one from {token_url}")]
    TokenRefused {
        /// URL of Coder's page that shows a new token.
        token_url: String,
    },
    /// The token belongs to somebody else.
    #[error(
        "this token belongs to the Coder user '{}', who is not you; link one of your own", cleaned(.username)
    )]
    OtherPerson {
        /// Name of the token's user at Coder.
        username: String,
    },
    /// The sign-in resolvers of the environment know nobody with the token's account.
    #[error(
        "this token belongs to the Coder user '{}', and this portal's sign-in resolvers know nobody who has that account; link one of your own, or ask the portal's operator to add you to the catalog", cleaned(.username)
    )]
    UnknownPerson {
        /// Name of the token's user at Coder.
        username: String,
    },
    /// The caller's identity in Backstage is unknown, because the login gives access to Coder only.
    #[error(
        "only a person who is signed in to Backstage can link a token; this login gives access to Coder by itself"
    )]
    NoIdentity,
}

impl LinkError {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NoToken | Self::TokenRefused { .. } => StatusCode::BAD_REQUEST,
            Self::OtherPerson { .. } | Self::UnknownPerson { .. } | Self::NoIdentity => {
                StatusCode::FORBIDDEN
            }
        }
    }
}
