//! The keys identity tokens are signed with.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coder_core::{Random, RandomError, random_bytes};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// The keys of this process: one that signs, and older ones that still verify.
///
/// A key signs for one token lifetime, and is published for three: until the last token it signed
/// has expired, everywhere.
pub(super) struct KeyRing {
    lifetime: SignedDuration,
    keys: Mutex<Vec<Arc<SigningKey>>>,
}

pub(super) struct SigningKey {
    id: String,
    secret: p256::ecdsa::SigningKey,
    created_at: Timestamp,
}

/// A public key as JSON (RFC 7517 §4, RFC 7518 §6.2.1).
#[derive(Serialize)]
pub(super) struct Jwk {
    kty: &'static str,
    x: String,
    y: String,
    crv: &'static str,
    kid: String,
    alg: &'static str,
}

impl KeyRing {
    pub(super) fn new(lifetime: SignedDuration) -> Self {
        Self { lifetime, keys: Mutex::default() }
    }

    /// The key to sign with, made when there is none or the last one is too old.
    pub(super) fn current(
        &self,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<Arc<SigningKey>, RandomError> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.retain(|key| self.is_published(key, now));
        if let Some(key) = keys.last()
            && now.duration_since(key.created_at) < self.lifetime
        {
            return Ok(key.clone());
        }
        let key = Arc::new(SigningKey::draw(now, random)?);
        keys.push(key.clone());
        Ok(key)
    }

    /// The published key of this id.
    pub(super) fn published(&self, id: &str, now: Timestamp) -> Option<Arc<SigningKey>> {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.iter().find(|key| key.id == id && self.is_published(key, now)).cloned()
    }

    pub(super) fn jwks(&self, now: Timestamp) -> Vec<Jwk> {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.iter().filter(|key| self.is_published(key, now)).map(|key| key.jwk()).collect()
    }

    fn is_published(&self, key: &SigningKey, now: Timestamp) -> bool {
        now.duration_since(key.created_at) < self.lifetime * 3
    }
}

impl SigningKey {
    fn draw(now: Timestamp, random: &dyn Random) -> Result<Self, RandomError> {
        let id = uuid::Builder::from_random_bytes(random_bytes(random)?).into_uuid().to_string();
        // A draw outside the group's order has a chance of about 2^-32.
        for _ in 0..8 {
            let bytes = zeroize::Zeroizing::new(random_bytes::<32>(random)?);
            if let Ok(secret) = p256::ecdsa::SigningKey::from_slice(bytes.as_slice()) {
                return Ok(Self { id, secret, created_at: now });
            }
        }
        Err(RandomError::new("no usable key was drawn"))
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn secret(&self) -> &p256::ecdsa::SigningKey {
        &self.secret
    }

    fn jwk(&self) -> Jwk {
        let point = self.secret.verifying_key().to_sec1_point(false);
        let coordinate = |bytes: Option<&[u8]>| URL_SAFE_NO_PAD.encode(bytes.unwrap_or_default());
        Jwk {
            kty: "EC",
            x: coordinate(point.x().map(|x| x.as_slice())),
            y: coordinate(point.y().map(|y| y.as_slice())),
            crv: "P-256",
            kid: self.id.clone(),
            alg: "ES256",
        }
    }
}
