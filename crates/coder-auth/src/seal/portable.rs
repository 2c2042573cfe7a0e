//! XChaCha20-Poly1305 in pure Rust.

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::nonce::NONCE_LENGTH;

/// A key, ready to seal and to open.
#[derive(Clone)]
pub(super) struct Cipher(XChaCha20Poly1305);

impl Cipher {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(&Key::from(*key)))
    }

    /// Encrypts a text, and appends its tag; `None` if it is larger than 256 GiB.
    pub(super) fn encrypt(
        &self,
        nonce: &[u8; NONCE_LENGTH],
        aad: &[u8],
        plaintext: &[u8],
    ) -> Option<Vec<u8>> {
        self.0.encrypt(&XNonce::from(*nonce), Payload { msg: plaintext, aad }).ok()
    }

    /// Decrypts what [`Self::encrypt`] made; `None` if it was made by another key, nonce or
    /// associated data.
    pub(super) fn decrypt(
        &self,
        nonce: &[u8; NONCE_LENGTH],
        aad: &[u8],
        ciphertext: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let plaintext = self.0.decrypt(&XNonce::from(*nonce), Payload { msg: ciphertext, aad });
        plaintext.ok().map(Zeroizing::new)
    }
}
