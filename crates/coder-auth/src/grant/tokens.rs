//! The tokens that Coder issues, and how secrets are written into what is sealed.

use coder_core::Secret;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize, Serializer};

/// The two tokens that live and die together.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TokenPair {
    #[serde(serialize_with = "seal_secret")]
    pub(crate) access_token: Secret,
    #[serde(serialize_with = "seal_optional_secret")]
    pub(crate) refresh_token: Option<Secret>,
    /// In seconds, from when the pair came.
    pub(crate) expires_in: Option<u32>,
    /// What Coder says was granted; absent means "as requested" (RFC 6749 §5.1).
    pub(crate) scope: Option<Vec<String>>,
}

impl TokenPair {
    /// How long Coder keeps the access token after it was issued or last used.
    pub(crate) fn lifetime(&self) -> Option<SignedDuration> {
        self.expires_in.map(|seconds| SignedDuration::from_secs(seconds.into()))
    }
}

/// Writes a secret into what is about to be sealed. The only way a secret is ever serialised.
pub(crate) fn seal_secret<S: Serializer>(
    secret: &Secret,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// [`seal_secret`] for a secret that may be absent.
#[expect(clippy::ref_option, reason = "serde's `serialize_with` passes the field by reference")]
pub(crate) fn seal_optional_secret<S: Serializer>(
    secret: &Option<Secret>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => serializer.serialize_some(secret.expose()),
        None => serializer.serialize_none(),
    }
}
