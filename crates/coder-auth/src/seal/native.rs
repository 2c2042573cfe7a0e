//! XChaCha20-Poly1305 by AWS-LC, which has ChaCha20-Poly1305 with short nonces (RFC 8439 §2.8).
//!
//! HChaCha20 makes a key and a short nonce from a long one (draft-irtf-cfrg-xchacha-03 §2.3).

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use chacha20::{R20, hchacha};
use zeroize::Zeroizing;

use super::nonce::NONCE_LENGTH;

/// A key, ready to seal and to open.
#[derive(Clone)]
pub(super) struct Cipher(Zeroizing<[u8; 32]>);

impl Cipher {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self(Zeroizing::new(*key))
    }

    /// Encrypts a text, and appends its tag; `None` if it is larger than 256 GiB.
    pub(super) fn encrypt(
        &self,
        nonce: &[u8; NONCE_LENGTH],
        aad: &[u8],
        plaintext: &[u8],
    ) -> Option<Vec<u8>> {
        let (key, nonce) = self.of_one_message(nonce)?;
        let mut text = Vec::with_capacity(plaintext.len() + CHACHA20_POLY1305.tag_len());
        text.extend_from_slice(plaintext);
        key.seal_in_place_append_tag(nonce, Aad::from(aad), &mut text).ok()?;
        Some(text)
    }

    /// Decrypts what [`Self::encrypt`] made; `None` if it was made by another key, nonce or
    /// associated data.
    pub(super) fn decrypt(
        &self,
        nonce: &[u8; NONCE_LENGTH],
        aad: &[u8],
        ciphertext: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let (key, nonce) = self.of_one_message(nonce)?;
        let mut text = Zeroizing::new(ciphertext.to_vec());
        let length = key.open_in_place(nonce, Aad::from(aad), &mut text).ok()?.len();
        text.truncate(length);
        Some(text)
    }

    /// Makes the key and the short nonce of the one message that has this long nonce.
    fn of_one_message(&self, nonce: &[u8; NONCE_LENGTH]) -> Option<(LessSafeKey, Nonce)> {
        let (head, tail) = nonce.split_first_chunk::<16>()?;
        let key =
            Zeroizing::new(<[u8; 32]>::from(hchacha::<R20>(&(*self.0).into(), &(*head).into())));
        let mut short = [0; 12];
        short.last_chunk_mut::<8>()?.copy_from_slice(tail);
        let key = UnboundKey::new(&CHACHA20_POLY1305, key.as_slice()).ok()?;
        Some((LessSafeKey::new(key), Nonce::assume_unique_for_key(short)))
    }
}
