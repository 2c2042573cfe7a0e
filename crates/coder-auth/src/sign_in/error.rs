//! Reasons why a user does not sign in to Backstage.

use backstage_catalog::{CatalogError, EntityRefError};
use coder_core::{cleaned, with_causes};
use http::StatusCode;

/// Reasons why a Coder user gets no Backstage identity. The texts are Backstage's, where Backstage
/// has one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// No User entity matches, so the next resolver may try.
    #[error(
        "Failed to sign-in, unable to resolve user identity. Please verify that your catalog contains the expected User entities that would match your configured sign-in resolver."
    )]
    NotFound,
    /// More than one User entity matches.
    #[error("User lookup resulted in multiple matches")]
    Ambiguous,
    /// The domain of the e-mail address may not sign in.
    #[error("Sign-in user email is not from an allowed domain")]
    DomainNotAllowed,
    /// The resolver needs an e-mail address, and Coder gives none for this user.
    #[error("Login failed, user profile does not contain an email")]
    NoEmail,
    /// The user's name or address makes no entity reference, or a resolver of your own refuses the
    /// user.
    #[error("Login failed, {}", cleaned(.0))]
    Refused(String),
    /// The catalog does not answer. The session stays valid.
    #[error("the catalog is not available; try again in a moment")]
    Catalog(#[from] CatalogError),
}

impl From<EntityRefError> for SignInError {
    fn from(error: EntityRefError) -> Self {
        Self::Refused(with_causes(&error))
    }
}

impl SignInError {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Catalog(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Ambiguous => StatusCode::CONFLICT,
            Self::DomainNotAllowed => StatusCode::FORBIDDEN,
            Self::NotFound | Self::NoEmail | Self::Refused(_) => StatusCode::UNAUTHORIZED,
        }
    }
}
