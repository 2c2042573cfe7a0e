//! A key that signs identity tokens.

use coder_core::{Random, RandomError, random_bytes};
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::es256::{Signature, Signer, VerifyingKey};
use crate::error::BugError;

pub(super) struct SigningKey {
    id: String,
    secret: p256::ecdsa::SigningKey,
    signer: Signer,
    public: VerifyingKey,
    created_at: Timestamp,
}

impl SigningKey {
    /// Prepares a key; `None` if the signing library refuses it.
    pub(super) fn new(
        id: String,
        secret: p256::ecdsa::SigningKey,
        created_at: Timestamp,
    ) -> Option<Self> {
        let signer = Signer::new(&secret)?;
        let public = VerifyingKey::new(*secret.verifying_key())?;
        Some(Self { id, secret, signer, public, created_at })
    }

    /// Generates a new signing key.
    pub(super) fn generate(now: Timestamp, random: &dyn Random) -> Result<Self, RandomError> {
        let id = uuid::Builder::from_random_bytes(random_bytes(random)?).into_uuid().to_string();
        // A draw outside the group's order has a chance of about 2^-32.
        for _ in 0..8 {
            let bytes = Zeroizing::new(random_bytes::<32>(random)?);
            if let Ok(secret) = p256::ecdsa::SigningKey::from_slice(bytes.as_slice()) {
                return Self::new(id, secret, now)
                    .ok_or_else(|| RandomError::new("the new key was refused"));
            }
        }
        Err(RandomError::new("no usable key was drawn"))
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Returns the moment of its creation; the Unix epoch for an operator's key.
    pub(super) fn created_at(&self) -> Timestamp {
        self.created_at
    }

    pub(super) fn secret(&self) -> &p256::ecdsa::SigningKey {
        &self.secret
    }

    pub(super) fn public(&self) -> &VerifyingKey {
        &self.public
    }

    /// Signs a message with ES256.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Signature, BugError> {
        self.signer.sign(message)
    }
}
