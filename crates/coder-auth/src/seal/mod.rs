//! Sealing: authenticated encryption of everything that leaves the memory of this process.
//!
//! Cookies of a login attempt and grants at rest are sealed with XChaCha20-Poly1305, whose nonces
//! are long enough to be drawn at random. Every sealed text names its key, so keys can be rotated,
//! and is bound to a purpose, so that none can be used in the place of another.
//!
//! A native library seals where the feature `aws-lc-rs` is on, else pure Rust. Keys and sealed
//! values are the same for both.

#[cfg(test)]
mod implementations;
#[cfg(all(feature = "aws-lc-rs", not(target_family = "wasm")))]
mod native;
mod nonce;
// Tests hold the native library to it.
#[cfg(any(test, not(feature = "aws-lc-rs"), target_family = "wasm"))]
mod portable;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coder_core::{Random, RandomError, Secret, random_bytes};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

#[cfg(all(feature = "aws-lc-rs", not(target_family = "wasm")))]
use native as implementation;
#[cfg(not(all(feature = "aws-lc-rs", not(target_family = "wasm"))))]
use portable as implementation;

pub(crate) use self::nonce::NONCE_LENGTH;
use crate::error::{AuthError, BugError};

const VERSION: u8 = 1;
const KEY_ID_LENGTH: usize = 8;

/// Writes a value as JSON that is sealed next. The memory is wiped afterwards.
pub(crate) fn json(value: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, AuthError> {
    Ok(Zeroizing::new(serde_json::to_vec(value).map_err(BugError::unwritable)?))
}

/// Keys that seal and open values: the newest one seals, and each of them opens.
#[derive(Clone)]
pub struct SealingKeys {
    newest: SealingKey,
    older: Vec<SealingKey>,
}

#[derive(Clone)]
struct SealingKey {
    id: [u8; KEY_ID_LENGTH],
    cipher: implementation::Cipher,
}

/// Reasons why sealing keys cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealingKeysError {
    /// The list of keys is empty.
    #[error("no session key is given; generate one with `openssl rand -base64 32`")]
    Empty,
    /// A key has fewer than 32 characters.
    #[error(
        "session key number {position} is shorter than 32 characters; generate one with `openssl rand -base64 32`"
    )]
    TooShort {
        /// Position of the key in the list, counted from 1.
        position: usize,
    },
}

/// Reasons why a sealed value cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum OpenError {
    /// The value was sealed with a key that is not configured, or no longer.
    #[error("sealed with a key that is not configured any more")]
    UnknownKey,
    /// The value was changed, was sealed for another purpose, or is not a sealed value.
    #[error("not a sealed value of this purpose")]
    Forged,
}

impl SealingKeys {
    /// Reads the keys of `coder.session.keys`, newest first, each with at least 32 characters of
    /// high entropy.
    ///
    /// # Errors
    ///
    /// Fails when the list is empty or a key is too short.
    pub fn from_secrets(secrets: &[Secret]) -> Result<Self, SealingKeysError> {
        let mut keys = secrets.iter().enumerate().map(|(index, secret)| {
            if secret.expose().len() < 32 {
                return Err(SealingKeysError::TooShort { position: index + 1 });
            }
            Ok(SealingKey::derive(secret.expose().as_bytes()))
        });
        let newest = keys.next().ok_or(SealingKeysError::Empty)??;
        Ok(Self { newest, older: keys.collect::<Result<_, _>>()? })
    }

    /// Generates a key that lives as long as this value. Sealed values cannot be opened afterwards.
    ///
    /// # Errors
    ///
    /// Fails when the source of randomness fails.
    pub fn ephemeral(random: &dyn Random) -> Result<Self, RandomError> {
        let material = Zeroizing::new(random_bytes::<32>(random)?);
        Ok(Self { newest: SealingKey::derive(material.as_slice()), older: Vec::new() })
    }

    fn keys(&self) -> impl Iterator<Item = &SealingKey> {
        std::iter::once(&self.newest).chain(&self.older)
    }

    /// Seals `plaintext` with the newest key, bound to `purpose`.
    pub(crate) fn seal(
        &self,
        random: &dyn Random,
        purpose: &AssociatedData,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, AuthError> {
        let nonce = random_bytes::<NONCE_LENGTH>(random)?;
        let key = &self.newest;
        let ciphertext = key
            .cipher
            .encrypt(&nonce, purpose.as_bytes(), plaintext)
            .ok_or_else(|| BugError::new("a value is too large to seal"))?;
        let mut sealed = Vec::with_capacity(1 + KEY_ID_LENGTH + NONCE_LENGTH + ciphertext.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&key.id);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&ciphertext);
        Ok(sealed)
    }

    /// Opens a value that [`SealingKeys::seal`] made for the same purpose.
    pub(crate) fn open(
        &self,
        purpose: &AssociatedData,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let (&VERSION, rest) = sealed.split_first().ok_or(OpenError::Forged)? else {
            return Err(OpenError::Forged);
        };
        let (id, rest) = rest.split_first_chunk::<KEY_ID_LENGTH>().ok_or(OpenError::Forged)?;
        let (nonce, ciphertext) =
            rest.split_first_chunk::<NONCE_LENGTH>().ok_or(OpenError::Forged)?;
        let key = self.keys().find(|key| key.id == *id).ok_or(OpenError::UnknownKey)?;
        key.cipher.decrypt(nonce, purpose.as_bytes(), ciphertext).ok_or(OpenError::Forged)
    }

    /// Seals a value as text for a cookie or a URL: unpadded base64url.
    pub(crate) fn seal_text(
        &self,
        random: &dyn Random,
        purpose: &AssociatedData,
        plaintext: &[u8],
    ) -> Result<String, AuthError> {
        Ok(URL_SAFE_NO_PAD.encode(self.seal(random, purpose, plaintext)?))
    }

    /// Opens a text that [`SealingKeys::seal_text`] made for the same purpose.
    pub(crate) fn open_text(
        &self,
        purpose: &AssociatedData,
        sealed: &str,
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| OpenError::Forged)?;
        self.open(purpose, &sealed)
    }
}

impl SealingKey {
    fn derive(material: &[u8]) -> Self {
        let key = Zeroizing::new(<[u8; 32]>::from(
            Sha256::new()
                .chain_update(b"coder-auth sealing key\0")
                .chain_update(material)
                .finalize(),
        ));
        let digest: [u8; 32] = Sha256::new()
            .chain_update(b"coder-auth sealing key id\0")
            .chain_update(key.as_slice())
            .finalize()
            .into();
        let mut id = [0; KEY_ID_LENGTH];
        id.copy_from_slice(digest.first_chunk::<KEY_ID_LENGTH>().unwrap_or(&[0; KEY_ID_LENGTH]));
        Self { id, cipher: implementation::Cipher::new(&key) }
    }
}

impl fmt::Debug for SealingKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SealingKeys({} redacted)", self.keys().count())
    }
}

/// The associated data of a sealed value: the name of its purpose, and the parts that identify its
/// owner.
pub(crate) struct AssociatedData(Vec<u8>);

impl AssociatedData {
    /// Joins the parts, each behind its length, so that no two lists of parts give the same bytes.
    pub(crate) fn new(parts: &[&str]) -> Self {
        let mut bytes = Vec::new();
        for part in parts {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;

    struct Counter(AtomicU8);

    impl Random for Counter {
        fn fill(&self, destination: &mut [u8]) -> Result<(), RandomError> {
            destination.fill(self.0.fetch_add(1, Ordering::Relaxed));
            Ok(())
        }
    }

    fn keys(text: &str) -> SealingKeys {
        SealingKeys::from_secrets(&[Secret::new(text.repeat(32))]).unwrap()
    }

    #[test]
    fn what_was_sealed_opens_for_the_same_purpose_only() {
        let random = Counter(AtomicU8::new(0));
        let keys = keys("a");
        let sealed =
            keys.seal_text(&random, &AssociatedData::new(&["attempt", "x"]), b"hello").unwrap();
        assert_eq!(
            keys.open_text(&AssociatedData::new(&["attempt", "x"]), &sealed).unwrap().as_slice(),
            b"hello"
        );
        for other in
            [&["attempt", "y"][..], &["attemptx"], &["attempt", "x", ""], &["a", "ttemptx"]]
        {
            let result = keys.open_text(&AssociatedData::new(other), &sealed);
            assert_eq!(result.unwrap_err(), OpenError::Forged, "{other:?}");
        }
    }

    #[test]
    fn a_change_of_any_byte_is_noticed() {
        let random = Counter(AtomicU8::new(0));
        let keys = keys("a");
        let purpose = AssociatedData::new(&["p"]);
        let sealed = keys.seal(&random, &purpose, b"hello").unwrap();
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(keys.open(&purpose, &changed).is_err(), "byte {index}");
            assert!(keys.open(&purpose, &sealed[..index]).is_err(), "cut at {index}");
        }
    }

    #[test]
    fn an_older_key_still_opens_and_a_removed_one_says_so() {
        let random = Counter(AtomicU8::new(0));
        let (old, new) = (Secret::new("o".repeat(32)), Secret::new("n".repeat(32)));
        let purpose = AssociatedData::new(&["p"]);
        let before = SealingKeys::from_secrets(std::slice::from_ref(&old)).unwrap();
        let sealed = before.seal(&random, &purpose, b"hello").unwrap();
        let rotated = SealingKeys::from_secrets(&[new.clone(), old]).unwrap();
        assert!(rotated.open(&purpose, &sealed).is_ok());
        let after = SealingKeys::from_secrets(&[new]).unwrap();
        assert_eq!(after.open(&purpose, &sealed).unwrap_err(), OpenError::UnknownKey);
    }

    #[test]
    fn a_short_or_missing_key_is_refused_with_a_remedy() {
        assert_eq!(SealingKeys::from_secrets(&[]).unwrap_err(), SealingKeysError::Empty);
        let error = SealingKeys::from_secrets(&[Secret::new("short")]).unwrap_err();
        assert!(error.to_string().contains("openssl rand"), "{error}");
    }
}
