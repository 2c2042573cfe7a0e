//! The rights of a caller at Coder, to compare.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::caller::{Caller, TokenSource};
use crate::grant::key::GrantKey;

/// The rights of a [`Caller`] at Coder, as a key.
///
/// Equal keys mean that both callers use the same environment with the same credential, so one may be
/// shown what was read for the other. All logins of a user share the user's grant. Each token that a
/// request has brought, or that a user has linked, stands for itself, because it may be limited.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CallerRights {
    environment: String,
    credential: Credential,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Credential {
    Grant(GrantKey),
    /// The SHA-256 hash of the token.
    Token([u8; 32]),
}

impl Caller {
    /// Returns the rights of this caller, to compare them with those of another one.
    pub fn rights(&self) -> CallerRights {
        let credential = match &self.source {
            TokenSource::Grant { key, former: _ } => Credential::Grant(key.clone()),
            TokenSource::Request | TokenSource::Link(_) => {
                Credential::Token(Sha256::digest(self.token.expose()).into())
            }
        };
        CallerRights { environment: self.environment.name.to_string(), credential }
    }
}

impl fmt::Debug for CallerRights {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CallerRights")
            .field("environment", &self.environment)
            .finish_non_exhaustive()
    }
}
