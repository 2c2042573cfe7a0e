//! Credentials that cannot be had.

use std::error::Error as StdError;
use std::fmt;

/// A [`CredentialProvider`](crate::CredentialProvider) has no credential to give. Nothing was sent.
#[derive(Debug)]
pub struct CredentialError {
    needs_login: bool,
    source: Box<dyn StdError + Send + Sync>,
}

impl CredentialError {
    /// Only a new login helps.
    pub fn needs_login(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { needs_login: true, source: source.into() }
    }

    /// There is one, but it cannot be had right now.
    pub fn unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { needs_login: false, source: source.into() }
    }

    /// Whether only a new login helps. Otherwise the next try may well succeed.
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
