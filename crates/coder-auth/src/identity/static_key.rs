//! Signing keys that an operator makes and hands out, in the place of those that are drawn and
//! rotated here.

use std::fmt;
use std::sync::Arc;

use coder_core::Secret;
use jiff::Timestamp;
use p256::PublicKey;
use p256::SecretKey;
use p256::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _};

use super::error::StaticSigningKeyError;
use super::signing_key::SigningKey;

/// A key pair for ES256 that an operator provides: one of `auth.keyStore.static.keys` of
/// Backstage's configuration.
#[derive(Clone)]
pub struct StaticSigningKey(Arc<SigningKey>);

/// The first line of a private key of RFC 5915. OpenSSL may write the parameters of the curve
/// before it.
const SEC1: &str = "-----BEGIN EC PRIVATE KEY-----";

impl StaticSigningKey {
    /// Reads a key pair in PEM: the private key as PKCS#8 (RFC 5958) or SEC 1 (RFC 5915), the
    /// public key as SPKI (RFC 5480). `id` is the `kid` in tokens.
    ///
    /// # Errors
    ///
    /// Fails when a key cannot be read or is for another algorithm, or when the keys do not belong
    /// together.
    pub fn from_pem(
        id: impl Into<String>,
        private_key: &Secret,
        public_key: &str,
    ) -> Result<Self, StaticSigningKeyError> {
        let id = id.into();
        if id.is_empty() {
            return Err(StaticSigningKeyError::NoId);
        }
        let text = private_key.expose().trim();
        let secret = match text.find(SEC1).and_then(|start| text.get(start..)) {
            Some(sec1) => SecretKey::from_sec1_pem(sec1).ok(),
            None => SecretKey::from_pkcs8_pem(text).ok(),
        };
        let secret = secret.ok_or(StaticSigningKeyError::PrivateKey)?;
        let public = PublicKey::from_public_key_pem(public_key.trim())
            .map_err(|_| StaticSigningKeyError::PublicKey)?;
        if secret.public_key() != public {
            return Err(StaticSigningKeyError::Mismatch);
        }
        let key = SigningKey::new(id, secret.into(), Timestamp::UNIX_EPOCH);
        Ok(Self(Arc::new(key.ok_or(StaticSigningKeyError::PrivateKey)?)))
    }

    /// Returns the id of the key.
    pub fn id(&self) -> &str {
        self.0.id()
    }

    pub(super) fn shared(&self) -> Arc<SigningKey> {
        Arc::clone(&self.0)
    }
}

impl fmt::Debug for StaticSigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "StaticSigningKey({})", self.id())
    }
}
