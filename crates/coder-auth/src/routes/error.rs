//! Why a token is not linked.

use coder_core::cleaned;
use http::StatusCode;

/// Why a token is not linked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The request has no token in it.
    #[error("send the token as JSON, with `Content-Type: application/json`: {{\"token\": \"…\"}}")]
    NoToken,
    /// Coder does not accept the token, or does not let it say whose it is.
    #[error("Coder does not accept this token; copy a new one from {token_url}")]
    TokenRefused {
        /// Coder's page that shows a new one.
        token_url: String,
    },
    /// The token is somebody else's.
    #[error(
        "this token belongs to the Coder user '{}', who is not you; link one of your own", cleaned(.username)
    )]
    OtherPerson {
        /// Whose it is.
        username: String,
    },
    /// The login gives access to Coder only, so it is not known who the person is.
    #[error(
        "only a person who is signed in to Backstage can link a token; this login gives access to Coder by itself"
    )]
    NoIdentity,
}

impl LinkError {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NoToken | Self::TokenRefused { .. } => StatusCode::BAD_REQUEST,
            Self::OtherPerson { .. } | Self::NoIdentity => StatusCode::FORBIDDEN,
        }
    }
}
