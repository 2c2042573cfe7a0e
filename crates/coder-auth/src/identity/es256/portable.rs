//! ES256 in pure Rust.

use p256::ecdsa::signature::{Signer as _, Verifier as _};

use super::signature::{Signature, unsigned};
use crate::error::BugError;

/// A private key, ready to sign.
pub(in crate::identity) struct Signer(p256::ecdsa::SigningKey);

impl Signer {
    /// Prepares the key, which never fails here. The native library may refuse one.
    #[expect(clippy::unnecessary_wraps, reason = "the native library may refuse a key")]
    pub(in crate::identity) fn new(secret: &p256::ecdsa::SigningKey) -> Option<Self> {
        Some(Self(secret.clone()))
    }

    /// Signs a message with ES256.
    pub(in crate::identity) fn sign(&self, message: &[u8]) -> Result<Signature, BugError> {
        let signature: p256::ecdsa::Signature = self.0.try_sign(message).map_err(|_| unsigned())?;
        Ok(signature.to_bytes().into())
    }
}

/// A public key, ready to verify.
#[derive(Clone)]
pub(super) struct Verifier(p256::ecdsa::VerifyingKey);

impl Verifier {
    #[expect(clippy::unnecessary_wraps, reason = "the native library may refuse a key")]
    pub(super) fn new(key: &p256::ecdsa::VerifyingKey) -> Option<Self> {
        Some(Self(*key))
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        p256::ecdsa::Signature::from_slice(signature)
            .is_ok_and(|signature| self.0.verify(message, &signature).is_ok())
    }
}
