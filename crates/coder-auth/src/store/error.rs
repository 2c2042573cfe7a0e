//! The failure of a store.

use std::error::Error;

/// A failure of the store of grants and sessions.
#[derive(Debug, thiserror::Error)]
#[error("the store of grants and sessions failed")]
pub struct StoreError(#[source] Box<dyn Error + Send + Sync>);

impl StoreError {
    /// Creates the error from its cause. The text of the cause must hold no secret.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}
