//! Why a catalog gave no answer.

use std::error::Error;

/// A catalog could not be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogError {
    /// Where the entities are kept cannot be reached or read now.
    #[error("the catalog cannot be read: {reason}")]
    #[non_exhaustive]
    Unavailable {
        /// What failed, for people. Holds no secret.
        reason: String,
        /// The error below.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
}

impl CatalogError {
    /// The catalog cannot be reached or read; `reason` must hold no secret.
    pub fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable { reason: reason.into(), source: None }
    }

    /// Adds the error below. Its text must hold no secret.
    #[must_use]
    pub fn caused_by(self, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        match self {
            Self::Unavailable { reason, .. } => {
                Self::Unavailable { reason, source: Some(error.into()) }
            }
        }
    }

    /// Whether the same question may be answered a little later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}
