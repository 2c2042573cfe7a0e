//! Reasons why a catalog gave no answer.

use std::error::Error;

/// The error of a catalog that could not be asked, or gave no answer that can be used.
#[derive(Debug, thiserror::Error)]
#[expect(clippy::exhaustive_enums, reason = "a check has a remedy for each of them")]
pub enum CatalogError {
    /// The source of the entities cannot be reached or read now.
    #[error("the catalog cannot be read: {reason}")]
    #[non_exhaustive]
    Unavailable {
        /// Description of the failure, for people. It holds no secret.
        reason: String,
        /// Error that caused this one.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// The catalog does not let this portal in: its token is wrong, or may not read.
    #[error("the catalog refuses to answer: {reason}")]
    #[non_exhaustive]
    Refused {
        /// Description of the refusal, for people. It holds no secret.
        reason: String,
        /// Error that caused this one.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// The answer is not that of a catalog: a login page, another program, a wrong URL.
    #[error("the catalog's answer cannot be used: {reason}")]
    #[non_exhaustive]
    Unusable {
        /// Description of the problem, for people. It holds no secret.
        reason: String,
        /// Error that caused this one.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
}

impl CatalogError {
    /// Creates the error of a catalog that cannot be reached or read; `reason` must hold no secret.
    pub fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable { reason: reason.into(), source: None }
    }

    /// Creates the error of a catalog that does not let this portal in; `reason` must hold no
    /// secret.
    pub fn refused(reason: impl Into<String>) -> Self {
        Self::Refused { reason: reason.into(), source: None }
    }

    /// Creates the error of an answer that is not a catalog's; `reason` must hold no secret.
    pub fn unusable(reason: impl Into<String>) -> Self {
        Self::Unusable { reason: reason.into(), source: None }
    }

    /// Sets the error that caused this one. Its text must hold no secret.
    #[must_use]
    pub fn with_source(mut self, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        match &mut self {
            Self::Unavailable { source, .. }
            | Self::Refused { source, .. }
            | Self::Unusable { source, .. } => *source = Some(error.into()),
        }
        self
    }

    /// Returns `true` if the same request may succeed a little later, although nobody changes
    /// anything: for [`Unavailable`](Self::Unavailable).
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}
