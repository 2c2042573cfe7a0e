//! Credentials that cannot be had.

use std::error::Error as StdError;
use std::fmt;

/// The error of a [`CredentialProvider`](crate::CredentialProvider) that has no credential. Nothing
/// was sent.
#[derive(Debug)]
pub struct CredentialError {
    needs_login: bool,
    source: Box<dyn StdError + Send + Sync>,
}

impl CredentialError {
    /// Creates the error for a credential that only a new login can replace.
    pub fn needs_login(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { needs_login: true, source: source.into() }
    }

    /// Creates the error for a credential that exists but cannot be read right now.
    pub fn unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { needs_login: false, source: source.into() }
    }

    /// Returns `true` when only a new login helps. Otherwise the next try may succeed.
    pub fn is_login_needed(&self) -> bool {
        self.needs_login
    }
}

impl fmt::Display for CredentialError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.needs_login {
            "there is no credential for coder any more; sign in again"
        } else {
            "the credential for coder cannot be had right now"
        })
    }
}

impl StdError for CredentialError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}
