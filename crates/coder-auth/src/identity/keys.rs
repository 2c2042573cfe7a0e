//! The keys identity tokens are signed with: made, published before they are used, kept in the
//! store so that all replicas sign with the same ones.

use std::sync::Arc;

use bytes::Bytes;
use coder_core::{Lock, World, is_within};
use jiff::{SignedDuration, Timestamp};
use zeroize::Zeroizing;

use super::key_set::WrittenKeySet;
use super::sealed_key::sealed_as;
use super::signing_key::SigningKey;
use super::static_key::StaticSigningKey;
use crate::error::{AuthError, AuthErrorKind};
use crate::seal::SealingKeys;
use crate::store::{AuthStore, SigningKeyRecord};

/// A key is published for this time before it signs, because readers keep the key set for ten
/// minutes.
const PUBLISH_BEFORE_USE: SignedDuration = SignedDuration::from_mins(10);
/// The keys in the store are read again after this time.
const STORE_CACHE_TTL: SignedDuration = SignedDuration::from_mins(1);

/// The signing keys of a portal.
///
/// With tokens that live for L, the next key is made when the newest is L old. The old key signs
/// until the new one may, ten minutes later, and is published for 3 L, so that it
/// outlives every token that it signed. An operator's keys are not rotated: the first one signs, and all of them are
/// published.
pub(super) struct KeyRing {
    world: World,
    store: Arc<dyn AuthStore>,
    sealing: SealingKeys,
    lifetime: SignedDuration,
    /// The operator's own keys. Without any, keys are generated.
    fixed: Vec<Arc<SigningKey>>,
    cache: Lock<Cache>,
    written: WrittenKeySet,
}

#[derive(Clone, Default)]
struct Cache {
    read_at: Option<Timestamp>,
    /// The keys of the store, oldest first.
    keys: Vec<Arc<SigningKey>>,
}

impl KeyRing {
    pub(super) fn new(
        world: World,
        store: Arc<dyn AuthStore>,
        sealing: SealingKeys,
        lifetime: SignedDuration,
        fixed: &[StaticSigningKey],
    ) -> Self {
        let fixed = fixed.iter().map(StaticSigningKey::shared).collect();
        Self {
            world,
            store,
            sealing,
            lifetime,
            fixed,
            cache: Lock::default(),
            written: WrittenKeySet::default(),
        }
    }

    /// Returns the key that signs now. Generates one if needed.
    pub(super) async fn current(&self) -> Result<Arc<SigningKey>, AuthError> {
        if let Some(first) = self.fixed.first() {
            return Ok(Arc::clone(first));
        }
        let now = self.world.clock.now();
        let mut keys = self.keys(now, STORE_CACHE_TTL).await?;
        if !keys.iter().any(|key| is_within(self.lifetime, now, key.created_at())) {
            let key = SigningKey::generate(now, &*self.world.random)?;
            self.store.put_signing_key(self.seal(&key)?).await?;
            // Read again: another replica may have made one at the same moment.
            keys = self.keys(now, SignedDuration::ZERO).await?;
        }
        self.choose(&keys, now).ok_or_else(|| AuthErrorKind::SigningKeysUnreadable.into())
    }

    /// Chooses the newest key that readers of the key set know. The very first key signs at once.
    fn choose(&self, keys: &[Arc<SigningKey>], now: Timestamp) -> Option<Arc<SigningKey>> {
        let age = |key: &SigningKey| now.duration_since(key.created_at());
        // What it signs now must expire while it is still published.
        let is_usable = |key: &SigningKey| is_within(self.lifetime * 2, now, key.created_at());
        let mut usable = keys.iter().filter(|key| is_usable(key));
        let known = usable.clone().rfind(|key| age(key) >= PUBLISH_BEFORE_USE);
        known.or_else(|| usable.next()).cloned()
    }

    /// Returns the published key of this id. For an unknown id the store is read again, at most
    /// once a second, because the key may be new.
    pub(super) async fn published(&self, id: &str) -> Result<Option<Arc<SigningKey>>, AuthError> {
        let now = self.world.clock.now();
        for fresh in [STORE_CACHE_TTL, SignedDuration::from_secs(1)] {
            let keys = self.keys(now, fresh).await?;
            if let Some(key) = keys.iter().find(|key| key.id() == id) {
                return Ok(Some(key.clone()));
            }
        }
        Ok(None)
    }

    /// Returns the published keys as a JSON Web Key Set.
    pub(super) async fn jwks(&self) -> Result<Bytes, AuthError> {
        let keys = self.keys(self.world.clock.now(), STORE_CACHE_TTL).await?;
        Ok(self.written.json(keys)?)
    }

    /// Deletes keys that are not published any more.
    pub(super) async fn sweep(&self) -> Result<(), AuthError> {
        let before = self.world.clock.now() - self.lifetime * 3;
        Ok(self.store.delete_signing_keys_before(before).await?)
    }

    /// Returns the published keys, from memory if they were read less than `fresh` ago.
    async fn keys(
        &self,
        now: Timestamp,
        fresh: SignedDuration,
    ) -> Result<Vec<Arc<SigningKey>>, AuthError> {
        if !self.fixed.is_empty() {
            return Ok(self.fixed.clone());
        }
        let cached = self.cache.lock().clone();
        let is_fresh = cached.read_at.is_some_and(|read_at| is_within(fresh, now, read_at));
        let mut keys = cached.keys;
        if !is_fresh {
            keys = self.read().await?;
            let cache = Cache { read_at: Some(now), keys: keys.clone() };
            *self.cache.lock() = cache;
        }
        keys.retain(|key| now.duration_since(key.created_at()) < self.lifetime * 3);
        Ok(keys)
    }

    async fn read(&self) -> Result<Vec<Arc<SigningKey>>, AuthError> {
        let records = self.store.signing_keys().await?;
        let opened = records.into_iter().filter_map(|record| match self.open(&record) {
            Some(key) => Some(Arc::new(key)),
            None => {
                tracing::warn!(
                    kid = record.id,
                    "a stored signing key cannot be opened; tokens it signed are not accepted"
                );
                None
            }
        });
        Ok(opened.collect())
    }

    fn seal(&self, key: &SigningKey) -> Result<SigningKeyRecord, AuthError> {
        let bytes = Zeroizing::new(key.secret().to_bytes());
        let sealed =
            self.sealing.seal(&*self.world.random, &sealed_as(key.id()), bytes.as_slice())?;
        Ok(SigningKeyRecord { id: key.id().to_owned(), sealed, created_at: key.created_at() })
    }

    fn open(&self, record: &SigningKeyRecord) -> Option<SigningKey> {
        let bytes = self.sealing.open(&sealed_as(&record.id), &record.sealed).ok()?;
        let secret = p256::ecdsa::SigningKey::from_slice(&bytes).ok()?;
        SigningKey::new(record.id.clone(), secret, record.created_at)
    }
}
