//! Nonces of XChaCha20-Poly1305.

/// The number of random bytes that sealing a value takes.
pub(crate) const NONCE_LENGTH: usize = 24;
