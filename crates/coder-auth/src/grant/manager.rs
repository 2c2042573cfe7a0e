//! Keeping grants: every change of a token pair goes through here.
//!
//! The rules that make a login last. Coder keeps one live pair per user and app: a rotation kills
//! the old pair, and so does a login elsewhere. So
//!
//! - a pair is written before anything else is done with it;
//! - a write compares the generation it has read; when another write came between, the pairs are
//!   tried at Coder and the live one is kept;
//! - one rotation of a grant runs at a time, in this process by [`Rotations`] and among replicas
//!   by a lease, and it runs detached: whoever goes away, the pair is kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use coder_core::{BoxFuture, Random, Secret, World, random_bytes};
use futures_util::FutureExt as _;
use futures_util::future::Shared;
use jiff::{SignedDuration, Timestamp};

use crate::error::AuthError;
use crate::grant::Grant;
use crate::grant::detached::detached;
use crate::grant::key::GrantKey;
use crate::grant::profile::Profile;
use crate::grant::tokens::TokenPair;
use crate::seal::SealingKeys;
use crate::session::SessionError;
use crate::store::{AuthStore, Generation, StoreError};
use crate::upstream::{Upstream, UpstreamError};

/// Nothing is handed out unless `/users/me` has answered this recently: a user who is suspended in
/// Coder is out within this time.
const CONFIRMED_WITHIN: SignedDuration = SignedDuration::from_mins(10);
/// The least life left in an access token that is handed out, where Coder's sessions last longer.
const LEAST_LIFE: SignedDuration = SignedDuration::from_mins(10);
/// A rotation takes no longer; after that another replica may try.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// How often a replica looks whether another one's rotation has ended.
const LEASE_POLL: Duration = Duration::from_millis(100);

/// A stored grant, opened.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) key: GrantKey,
    pub(crate) generation: Generation,
    pub(crate) stored_at: Timestamp,
    pub(crate) grant: Grant,
}

/// Rotations under way in this process, by grant.
type Rotations = Mutex<HashMap<GrantKey, Shared<BoxFuture<'static, Result<Kept, AuthError>>>>>;

/// The keeper of all grants of one process. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Grants {
    world: World,
    store: Arc<dyn AuthStore>,
    keys: SealingKeys,
    rotations: Arc<Rotations>,
}

impl Grants {
    pub(crate) fn new(world: World, store: Arc<dyn AuthStore>, keys: SealingKeys) -> Self {
        Self { world, store, keys, rotations: Arc::default() }
    }

    /// The grant of this key. One that no configured key opens counts as lost: only a login helps.
    pub(crate) async fn read(&self, key: &GrantKey) -> Result<Option<Kept>, StoreError> {
        let Some(record) = self.store.grant(key).await? else { return Ok(None) };
        match Grant::open(&self.keys, &record) {
            Ok(grant) => Ok(Some(Kept {
                key: record.key,
                generation: record.generation,
                stored_at: record.stored_at,
                grant,
            })),
            Err(error) => {
                tracing::warn!(?key, %error, "a stored grant cannot be opened; its user has to sign in again");
                Ok(None)
            }
        }
    }

    /// Keeps the pair of a login that `/users/me` has just confirmed, in place of that user's
    /// former pair, which the login has killed. `started_at` is when the exchange began: a pair
    /// that was stored after that may be newer than this one, so both are tried.
    pub(crate) async fn keep_login(
        &self,
        upstream: &Upstream,
        key: GrantKey,
        grant: Grant,
        started_at: Timestamp,
    ) -> Result<Kept, AuthError> {
        self.settle(upstream, key, grant, |current| current.stored_at < started_at).await
    }

    /// Writes `grant`, unless what is stored has come between and is the live one.
    /// `is_older(stored)` says that the stored pair is known to be dead.
    async fn settle(
        &self,
        upstream: &Upstream,
        key: GrantKey,
        grant: Grant,
        is_older: impl Fn(&Kept) -> bool,
    ) -> Result<Kept, AuthError> {
        loop {
            let record = self.store.grant(&key).await?;
            let current = self.read(&key).await?;
            if let Some(current) = current
                && !is_older(&current)
                && !current.grant.needs_login
                && let Err(UpstreamError::TokenRefused(_)) =
                    upstream.user(&grant.tokens.access_token).await
            {
                // Ours is dead: another login of this user, somewhere else, was the last one.
                return Ok(current);
            }
            let expected = record.map(|record| record.generation);
            if let Some(kept) = self.write(&key, grant.clone(), expected).await? {
                return Ok(kept);
            }
        }
    }

    /// Keeps `grant`, whatever was there.
    pub(crate) async fn put(&self, key: &GrantKey, grant: &Grant) -> Result<Kept, AuthError> {
        loop {
            let expected = self.store.grant(key).await?.map(|record| record.generation);
            if let Some(kept) = self.write(key, grant.clone(), expected).await? {
                return Ok(kept);
            }
        }
    }

    /// Forgets the grant of this key, whatever it is. Coder is not told.
    pub(crate) async fn forget(&self, key: &GrantKey) -> Result<(), AuthError> {
        while let Some(record) = self.store.grant(key).await? {
            if self.store.delete_grant(key, record.generation).await? {
                break;
            }
        }
        Ok(())
    }

    /// Forgets a grant that Coder does not accept any more, unless it was replaced.
    pub(crate) async fn forget_lost(&self, key: &GrantKey) -> Result<(), AuthError> {
        if let Some(kept) = self.read(key).await?
            && kept.grant.needs_login
        {
            self.store.delete_grant(key, kept.generation).await?;
        }
        Ok(())
    }

    /// Writes `grant` as the successor of the generation `expected`; `None` when another write
    /// came first.
    async fn write(
        &self,
        key: &GrantKey,
        grant: Grant,
        expected: Option<Generation>,
    ) -> Result<Option<Kept>, AuthError> {
        let now = self.world.clock.now();
        let generation = expected.unwrap_or_default() + 1;
        let record = grant.seal(&self.keys, &*self.world.random, key, generation, now)?;
        let written = self.store.replace_grant(record, expected).await?;
        Ok(written.then(|| Kept { key: key.clone(), generation, stored_at: now, grant }))
    }

    /// The grant, fit to be handed out: its user was confirmed within the last ten minutes, and its
    /// access token does not expire at once. Asks Coder only when one of the two is not so.
    pub(crate) async fn usable(
        &self,
        upstream: &Arc<Upstream>,
        key: &GrantKey,
    ) -> Result<Kept, AuthError> {
        let kept = self.read(key).await?.ok_or(SessionError::Ended)?;
        if kept.grant.needs_login {
            return Err(SessionError::NeedsLogin.into());
        }
        let now = self.world.clock.now();
        if expires_soon(&kept.grant, now) {
            return self.rotated(upstream, kept).await;
        }
        if now.duration_since(kept.grant.confirmed_at) < CONFIRMED_WITHIN {
            return Ok(kept);
        }
        self.checked(upstream, kept).await
    }

    /// The grant after Coder has refused its access token `refused`. What one route says is not
    /// enough to rotate: `/users/me` decides.
    pub(crate) async fn renewed(
        &self,
        upstream: &Arc<Upstream>,
        key: &GrantKey,
        refused: &Secret,
    ) -> Result<Kept, AuthError> {
        let kept = self.read(key).await?.ok_or(SessionError::Ended)?;
        if kept.grant.needs_login {
            return Err(SessionError::NeedsLogin.into());
        }
        if !kept.grant.tokens.access_token.matches(refused) {
            return Ok(kept);
        }
        self.checked(upstream, kept).await
    }

    /// Asks `/users/me`, and rotates when Coder does not know the token any more.
    async fn checked(&self, upstream: &Arc<Upstream>, kept: Kept) -> Result<Kept, AuthError> {
        match upstream.user(&kept.grant.tokens.access_token).await {
            Ok((_, profile)) => self.confirmed(kept, profile).await,
            Err(UpstreamError::TokenRefused(_)) => self.rotated(upstream, kept).await,
            Err(error) => Err(error.into()),
        }
    }

    /// Notes that `/users/me` has answered. Whoever wrote meanwhile knows better.
    async fn confirmed(&self, kept: Kept, profile: Profile) -> Result<Kept, AuthError> {
        let mut grant = kept.grant.clone();
        grant.confirm(profile, self.world.clock.now());
        match self.write(&kept.key, grant, Some(kept.generation)).await? {
            Some(written) => Ok(written),
            None => Ok(self.read(&kept.key).await?.ok_or(SessionError::Ended)?),
        }
    }

    /// The successor of `kept`, whose access token is dead or dying. All who need it at once share
    /// one rotation.
    async fn rotated(&self, upstream: &Arc<Upstream>, kept: Kept) -> Result<Kept, AuthError> {
        let key = kept.key.clone();
        let rotation = {
            let mut rotations = self.rotations.lock().unwrap_or_else(PoisonError::into_inner);
            rotations
                .entry(key.clone())
                .or_insert_with(|| self.start_rotation(upstream.clone(), kept).shared())
                .clone()
        };
        rotation.await
    }

    fn start_rotation(
        &self,
        upstream: Arc<Upstream>,
        kept: Kept,
    ) -> BoxFuture<'static, Result<Kept, AuthError>> {
        let this = self.clone();
        Box::pin(async move {
            let (keeper, key) = (this.clone(), kept.key.clone());
            let work = async move {
                let result = keeper.rotate_leased(&upstream, kept).await;
                // Here, since there may be nobody left who waits.
                keeper.forget_rotation(&key);
                result
            };
            detached(&this.world, work, |_| Box::pin(async {})).await?
        })
    }

    fn forget_rotation(&self, key: &GrantKey) {
        self.rotations.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    /// Rotates while no other replica does, or takes over what the other one has got.
    async fn rotate_leased(&self, upstream: &Upstream, kept: Kept) -> Result<Kept, AuthError> {
        let holder = holder(&*self.world.random)?;
        loop {
            let now = self.world.clock.now();
            if self.store.lease_grant(&kept.key, &holder, now, now + LEASE).await? {
                let result = self.rotate_once(upstream, &kept).await;
                if let Err(error) = self.store.release_grant(&kept.key, &holder).await {
                    tracing::warn!(key = ?kept.key, %error, "a lease was not given back; it expires");
                }
                return result;
            }
            self.world.runtime.sleep(LEASE_POLL).await;
            if let Some(newer) = self.newer_than(&kept).await? {
                return Ok(newer);
            }
        }
    }

    /// What another replica has written since `kept` was read.
    async fn newer_than(&self, kept: &Kept) -> Result<Option<Kept>, AuthError> {
        let current = self.read(&kept.key).await?.ok_or(SessionError::Ended)?;
        if current.generation == kept.generation {
            return Ok(None);
        }
        if current.grant.needs_login {
            return Err(SessionError::NeedsLogin.into());
        }
        Ok((!same_pair(&current.grant, &kept.grant)).then_some(current))
    }

    async fn rotate_once(&self, upstream: &Upstream, kept: &Kept) -> Result<Kept, AuthError> {
        // Under the lease: what is stored now is what has to be rotated, if it still has to.
        if let Some(newer) = self.newer_than(kept).await? {
            return Ok(newer);
        }
        let key = &kept.key;
        let Some(refresh_token) = &kept.grant.tokens.refresh_token else {
            return self.lost(kept).await;
        };
        let asked_at = self.world.clock.now();
        let tokens = match upstream.rotate(refresh_token).await {
            Ok(tokens) => tokens,
            Err(error @ UpstreamError::GrantRefused(_)) => {
                // Lost, unless a login elsewhere has replaced the pair meanwhile.
                tracing::info!(?key, %error, "coder does not accept the refresh token");
                return self.lost(kept).await;
            }
            Err(error) => return Err(error.into()),
        };
        let scope = tokens.scope.clone().unwrap_or_else(|| kept.grant.scope.clone());
        // Written before anything else: the old pair is dead.
        let profile = kept.grant.profile.clone();
        let grant = Grant::new(tokens, scope, profile, asked_at, kept.grant.confirmed_at);
        let mut written = self
            .settle(upstream, key.clone(), grant, |stored| same_pair(&stored.grant, &kept.grant))
            .await?;
        match upstream.user(&written.grant.tokens.access_token).await {
            Ok((_, profile)) => written = self.confirmed(written, profile).await?,
            Err(UpstreamError::TokenRefused(_)) => return self.lost(&written).await,
            Err(error) => return Err(error.into()),
        }
        tracing::debug!(?key, generation = written.generation, "the token pair was rotated");
        Ok(written)
    }

    /// Notes that only a login helps. Sessions and cookies stay: the login revives them all.
    async fn lost(&self, kept: &Kept) -> Result<Kept, AuthError> {
        let mut grant = kept.grant.clone();
        grant.needs_login = true;
        match self.write(&kept.key, grant, Some(kept.generation)).await? {
            Some(_) => Err(SessionError::NeedsLogin.into()),
            None => self.newer_than(kept).await?.ok_or_else(|| SessionError::NeedsLogin.into()),
        }
    }

    /// Forgets the grant and revokes its pair at Coder. A failure to revoke is logged: the person
    /// asked to be signed out, and is.
    pub(crate) async fn end(&self, upstream: &Upstream, kept: Kept) -> Result<(), AuthError> {
        let key = &kept.key;
        if !self.store.delete_grant(key, kept.generation).await? {
            // A login or a rotation came between. Whoever made it decides.
            return Ok(());
        }
        revoke(upstream, &kept.grant.tokens).await;
        Ok(())
    }
}

/// Whether both hold the same tokens.
fn same_pair(one: &Grant, other: &Grant) -> bool {
    one.tokens.access_token.matches(&other.tokens.access_token)
}

/// Revokes a pair nobody will use any more.
pub(crate) async fn revoke(upstream: &Upstream, tokens: &TokenPair) {
    if let Err(error) = upstream.revoke(tokens).await {
        tracing::warn!(%error, cause = ?std::error::Error::source(&error).map(ToString::to_string),
            "a token pair could not be revoked; coder drops it when it expires");
    }
}

/// Whether the access token should be rotated before it is handed out.
fn expires_soon(grant: &Grant, now: Timestamp) -> bool {
    let (Some(expires_at), Some(lifetime)) = (grant.expires_at, grant.tokens.lifetime()) else {
        return false;
    };
    // Where Coder's sessions are short, half of one must do.
    expires_at.duration_since(now) < LEAST_LIFE.min(lifetime / 2)
}

/// The life of the access token that is announced to a browser, in seconds: what is left of it, at
/// most 1 hour and at least 1 second. Backstage's client takes a missing one for "never expires",
/// so where Coder does not say it, the time until Coder is asked again counts.
pub(crate) fn announced_life(grant: &Grant, now: Timestamp) -> i64 {
    let left = grant.expires_at.map_or(CONFIRMED_WITHIN, |at| at.duration_since(now));
    left.min(SignedDuration::from_hours(1)).as_secs().max(1)
}

/// A name for one rotation among all replicas.
fn holder(random: &dyn Random) -> Result<String, AuthError> {
    Ok(format!("{:032x}", u128::from_be_bytes(random_bytes(random)?)))
}
