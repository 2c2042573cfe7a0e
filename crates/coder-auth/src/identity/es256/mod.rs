//! ES256 (RFC 7518 §3.4): by a native library where the feature `aws-lc-rs` is on, else in pure
//! Rust.
//!
//! Keys are the same for both, and a signature by one verifies with the other. Signatures of the
//! native library differ from call to call; those in pure Rust do not (RFC 6979).

#[cfg(all(feature = "aws-lc-rs", not(target_family = "wasm")))]
mod native;
// Tests hold the native library to it.
#[cfg(any(test, not(feature = "aws-lc-rs"), target_family = "wasm"))]
mod portable;
mod signature;
#[cfg(test)]
mod tests;

#[cfg(all(feature = "aws-lc-rs", not(target_family = "wasm")))]
use native as implementation;
#[cfg(not(all(feature = "aws-lc-rs", not(target_family = "wasm"))))]
use portable as implementation;

pub(super) use implementation::Signer;
pub(super) use signature::Signature;

/// A public key, ready to verify signatures.
#[derive(Clone)]
pub(super) struct VerifyingKey {
    key: p256::ecdsa::VerifyingKey,
    verifier: implementation::Verifier,
}

impl VerifyingKey {
    /// Prepares the key; `None` if the library refuses it.
    pub(super) fn new(key: p256::ecdsa::VerifyingKey) -> Option<Self> {
        Some(Self { verifier: implementation::Verifier::new(&key)?, key })
    }

    /// Returns the key itself.
    pub(super) fn key(&self) -> &p256::ecdsa::VerifyingKey {
        &self.key
    }

    /// Tells whether the owner of this key has signed `message`.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verifier.verifies(message, signature)
    }
}
