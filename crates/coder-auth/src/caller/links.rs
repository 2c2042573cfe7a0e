//! Linked tokens: kept sealed, confirmed like a grant, never rotated.

use std::sync::Arc;

use coder_client::UserId;
use coder_core::{Secret, World, is_within, with_causes};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::error::{AuthError, AuthErrorKind};
use crate::grant::profile::Profile;
use crate::seal::{AssociatedData, OpenError, SealingKeys, json};
use crate::store::{AuthStore, GrantVersion, LinkKey, LinkRecord};
use crate::upstream::{Upstream, UpstreamError};

/// A linked token is used without asking Coder if its user was confirmed within this time.
const CONFIRMED_WITHIN: SignedDuration = SignedDuration::from_secs(30);
/// A linked token is used while Coder does not answer if its user was confirmed within this time.
const TRUSTED_WITHOUT_ANSWER: SignedDuration = SignedDuration::from_mins(10);

/// A token that a person has linked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Link {
    #[serde(serialize_with = "Secret::serialize_exposed")]
    pub(crate) token: Secret,
    /// The token's user at Coder. An answer about another user says nothing about this token.
    pub(crate) user: UserId,
    pub(crate) profile: Profile,
    /// Moment of the last answer of `/users/me` to this token.
    pub(crate) confirmed_at: Timestamp,
}

/// The linked tokens of one process. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Links {
    world: World,
    store: Arc<dyn AuthStore>,
    keys: SealingKeys,
}

impl Links {
    pub(crate) fn new(world: World, store: Arc<dyn AuthStore>, keys: SealingKeys) -> Self {
        Self { world, store, keys }
    }

    /// Returns the linked token if it may be used: its user was confirmed within the last 30
    /// seconds, or within the last 10 minutes if Coder does not answer.
    ///
    /// A token that Coder does not accept any more is deleted.
    pub(crate) async fn valid(
        &self,
        upstream: &Upstream,
        key: &LinkKey,
    ) -> Result<Option<Link>, AuthError> {
        let Some(record) = self.store.link(key).await? else { return Ok(None) };
        let Some(link) = self.open(&record) else { return Ok(None) };
        if is_within(CONFIRMED_WITHIN, self.world.clock.now(), link.confirmed_at) {
            return Ok(Some(link));
        }
        self.revalidate(upstream, record.version, key, link, TRUSTED_WITHOUT_ANSWER).await
    }

    /// Returns the linked token after Coder has refused `refused`, if `/users/me` still accepts it.
    pub(crate) async fn refresh_rejected(
        &self,
        upstream: &Upstream,
        key: &LinkKey,
        refused: &Secret,
    ) -> Result<Option<Link>, AuthError> {
        let Some(record) = self.store.link(key).await? else { return Ok(None) };
        let Some(link) = self.open(&record) else { return Ok(None) };
        if !link.token.matches(refused) {
            return self.valid(upstream, key).await;
        }
        // What was said before the refusal does not count.
        self.revalidate(upstream, record.version, key, link, SignedDuration::ZERO).await
    }

    async fn revalidate(
        &self,
        upstream: &Upstream,
        version: GrantVersion,
        key: &LinkKey,
        link: Link,
        trusted: SignedDuration,
    ) -> Result<Option<Link>, AuthError> {
        match upstream.user(&link.token).await {
            Ok((user, profile)) if user == link.user => {
                let confirmed_at = self.world.clock.now();
                let link = Link { profile, confirmed_at, ..link };
                // When another write was faster, it is about another token, and this answer is not.
                let next = self.seal(key, &link)?;
                Ok(self.store.update_link(key, version, Some(next)).await?.then_some(link))
            }
            Ok(_) => Err(AuthErrorKind::OtherUser.into()),
            Err(error @ UpstreamError::TokenRefused(_)) => {
                tracing::info!(
                    ?key,
                    error = with_causes(&error),
                    "a linked token is not accepted any more, and forgotten"
                );
                self.store.update_link(key, version, None).await?;
                Ok(None)
            }
            Err(error) if error.is_transient() => self.without_answer(link, error, trusted),
            // A suspended user keeps the link: it is good again with the user.
            Err(error) => Err(error.into()),
        }
    }

    fn without_answer(
        &self,
        link: Link,
        error: UpstreamError,
        trusted: SignedDuration,
    ) -> Result<Option<Link>, AuthError> {
        if is_within(trusted, self.world.clock.now(), link.confirmed_at) {
            return Ok(Some(link));
        }
        Err(error.into())
    }

    /// Stores a linked token that `/users/me` has just accepted. It replaces a former one.
    pub(crate) async fn put(&self, key: &LinkKey, link: &Link) -> Result<(), AuthError> {
        Ok(self.store.put_link(self.seal(key, link)?).await?)
    }

    /// Deletes a linked token from the store. Returns whether there was one.
    pub(crate) async fn delete(&self, key: &LinkKey) -> Result<bool, AuthError> {
        let is_linked = self.store.link(key).await?.is_some();
        if is_linked {
            self.store.delete_link(key).await?;
        }
        Ok(is_linked)
    }

    fn seal(&self, key: &LinkKey, link: &Link) -> Result<LinkRecord, AuthError> {
        let random = &*self.world.random;
        let version = GrantVersion::generate(random)?;
        let sealed = self.keys.seal(random, &purpose(key), &json(link)?)?;
        Ok(LinkRecord { key: key.clone(), version, sealed })
    }

    /// Opens a stored link; `None` if no configured key opens it, so that the user has to link
    /// again.
    fn open(&self, record: &LinkRecord) -> Option<Link> {
        let plaintext = self.keys.open(&purpose(&record.key), &record.sealed);
        let link =
            plaintext.and_then(|json| serde_json::from_slice(&json).map_err(|_| OpenError::Forged));
        let key = &record.key;
        link.inspect_err(|error| {
            tracing::warn!(?key, error = with_causes(error), "a linked token cannot be opened")
        })
        .ok()
    }
}

fn purpose(key: &LinkKey) -> AssociatedData {
    AssociatedData::new(&["link", key.deployment.as_str(), &key.holder])
}
