//! The tokens that Coder issues.

use coder_core::Secret;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// An access token and its refresh token, which Coder ends together.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TokenPair {
    #[serde(serialize_with = "Secret::serialize_exposed")]
    pub(crate) access_token: Secret,
    #[serde(serialize_with = "Secret::serialize_exposed_option")]
    pub(crate) refresh_token: Option<Secret>,
    /// Lifetime in seconds, from the moment of the token response.
    pub(crate) expires_in: Option<u32>,
    /// Granted scopes; `None` means "as requested" (RFC 6749 §5.1).
    pub(crate) scope: Option<Vec<String>>,
}

impl TokenPair {
    /// Returns the lifetime of the access token at Coder, after it was issued or last used.
    pub(crate) fn lifetime(&self) -> Option<SignedDuration> {
        self.expires_in.map(|seconds| SignedDuration::from_secs(seconds.into()))
    }
}
