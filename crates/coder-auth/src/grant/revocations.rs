//! Token pairs that must not live on: kept until Coder has revoked them.
//!
//! A pair is here before it is anywhere else (a login under way), and again when its grant has
//! ended. It is forgotten when Coder has revoked it. So a process that ends in between, or a Coder
//! that does not answer, leaves no living pair that nobody knows of.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use coder_core::{World, later, with_causes};
use futures_util::StreamExt as _;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};

use crate::error::AuthError;
use crate::grant::StoredPair;
use crate::grant::tokens::TokenPair;
use crate::seal::SealingKeys;
use crate::store::{AuthStore, PairId, RevocationRecord};
use crate::upstream::{Upstream, UpstreamError};

/// The time after which a pending pair belongs to a login that was cut off. A login takes less.
const PENDING_AT_MOST: SignedDuration = SignedDuration::from_mins(5);
/// The time that the sweeper leaves to the request that has ended a grant, which revokes the pair
/// at once.
const LEFT_TO_THE_CALLER: SignedDuration = SignedDuration::from_mins(1);
/// The time after which the sweeper tries again to revoke a pair.
///
/// No pair is due later than this. A pair that is due later was stored before the clock was set
/// back, and is due now.
const RETRY_AFTER: SignedDuration = SignedDuration::from_mins(10);
/// The number of times that the sweeper tries to revoke a pair that Coder refuses to revoke: for a
/// day.
///
/// The operator has this time to mend the client secret, or another reason of Coder's refusal.
const MAX_TRIES: u32 = 24 * 6;
/// The number of pairs that the sweeper takes in one step, and the number that it revokes at once.
const STEP: u32 = 100;
const AT_ONCE: usize = 8;

/// The token pairs that are to be revoked. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Revocations {
    world: World,
    store: Arc<dyn AuthStore>,
    keys: SealingKeys,
}

impl Revocations {
    pub(crate) fn new(world: World, store: Arc<dyn AuthStore>, keys: SealingKeys) -> Self {
        Self { world, store, keys }
    }

    /// Stores the pair of a login that is under way, before anything else is done with it.
    pub(crate) async fn keep_pending(
        &self,
        upstream: &Upstream,
        tokens: TokenPair,
    ) -> Result<StoredPair, AuthError> {
        let pair = StoredPair::new(&self.keys, &*self.world.random, tokens)?;
        let due_at = later(self.world.clock.now(), PENDING_AT_MOST);
        let kept = self.keep(upstream, &pair, due_at, true).await;
        if let Err(error) = kept {
            // Nobody tries again: the pair is kept nowhere.
            if let Err(error) = upstream.revoke(&pair.tokens).await {
                log_failure(upstream, &error);
            }
            return Err(error);
        }
        Ok(pair)
    }

    /// Returns the moment from which on the sweeper revokes a pair whose grant ends now.
    pub(crate) fn due_at(&self) -> Timestamp {
        later(self.world.clock.now(), LEFT_TO_THE_CALLER)
    }

    /// Stores and revokes a pair that belongs to no grant.
    pub(crate) async fn revoke_stray(&self, upstream: &Upstream, pair: StoredPair) {
        if let Err(error) = self.keep(upstream, &pair, self.due_at(), false).await {
            tracing::warn!(
                error = with_causes(&error),
                "a token pair was not kept for its revocation, which is tried once"
            );
        }
        self.revoke_kept(upstream, &pair).await;
    }

    /// Revokes a stored pair. If that fails, the sweeper tries again.
    pub(crate) async fn revoke_kept(&self, upstream: &Upstream, pair: &StoredPair) {
        let _is_revoked = self.revoke_again(upstream, pair, 0).await;
    }

    /// Revokes a stored pair that was claimed this many times, and tells whether it is done with.
    /// After [`MAX_TRIES`], a pair that Coder refuses to revoke is given up.
    async fn revoke_again(&self, upstream: &Upstream, pair: &StoredPair, tries: u32) -> bool {
        match upstream.revoke(&pair.tokens).await {
            Ok(()) => {
                self.forget(&pair.id).await;
                true
            }
            Err(error) if is_refusal(&error) && tries >= MAX_TRIES => {
                tracing::warn!(
                    app = ?upstream.app(),
                    tries,
                    error = with_causes(&error),
                    "a token pair was given up that coder refuses to revoke; coder drops it when it expires"
                );
                self.forget(&pair.id).await;
                true
            }
            Err(error) => {
                log_failure(upstream, &error);
                false
            }
        }
    }

    async fn forget(&self, pair: &PairId) {
        if let Err(error) = self.store.forget_revocation(pair).await {
            tracing::warn!(
                error = with_causes(&error),
                "a token pair that is done with was not forgotten; it is revoked once more"
            );
        }
    }

    /// Revokes a stored pair beside the caller, who does not wait.
    pub(crate) fn revoke_beside(&self, upstream: Arc<Upstream>, pair: StoredPair) {
        let this = self.clone();
        let work = async move { this.revoke_kept(&upstream, &pair).await };
        self.world.runtime.spawn(Box::pin(work));
    }

    /// Revokes the pair of a grant that has just ended.
    pub(crate) async fn revoke(&self, upstream: &Upstream, revocation: &RevocationRecord) {
        match StoredPair::open(&self.keys, &revocation.pair) {
            Ok(pair) => self.revoke_kept(upstream, &pair).await,
            Err(error) => {
                tracing::warn!(
                    error = with_causes(&error),
                    "an ended token pair cannot be opened; coder drops it when it expires"
                )
            }
        }
    }

    /// Revokes every pair that is due, and returns the number of those that Coder has not revoked
    /// yet. `upstream_of` finds the deployment of a pair.
    pub(crate) async fn sweep(
        &self,
        upstream_of: impl Fn(&RevocationRecord) -> Option<Arc<Upstream>>,
    ) -> Result<u64, AuthError> {
        let left = AtomicU64::new(0);
        loop {
            let now = self.world.clock.now();
            let retry_at = later(now, RETRY_AFTER);
            let claimed = self.store.claim_revocations(now, retry_at, STEP).await?;
            let is_last = claimed.len() < STEP as usize;
            futures_util::stream::iter(&claimed)
                .for_each_concurrent(AT_ONCE, async |revocation| {
                    if !self.revoke_claimed(upstream_of(revocation), revocation).await {
                        left.fetch_add(1, Ordering::Relaxed);
                    }
                })
                .await;
            if is_last {
                return Ok(left.into_inner());
            }
        }
    }

    /// Revokes a claimed pair, and tells whether it is done with.
    async fn revoke_claimed(
        &self,
        upstream: Option<Arc<Upstream>>,
        claimed: &RevocationRecord,
    ) -> bool {
        let pair = StoredPair::open(&self.keys, &claimed.pair);
        match (upstream, pair) {
            (Some(upstream), Ok(pair)) => self.revoke_again(&upstream, &pair, claimed.tries).await,
            // Nobody here can ever revoke it.
            (upstream, pair) => {
                let app = &claimed.app;
                let is_configured = upstream.is_some();
                let cause = pair.err().map(|error| with_causes(&error));
                tracing::warn!(
                    ?app,
                    is_configured,
                    cause,
                    "a token pair cannot be revoked; coder drops it when it expires"
                );
                self.forget(&claimed.pair.id).await;
                true
            }
        }
    }

    async fn keep(
        &self,
        upstream: &Upstream,
        pair: &StoredPair,
        due_at: Timestamp,
        is_pending: bool,
    ) -> Result<(), AuthError> {
        let (app, pair) = (upstream.app().clone(), pair.record());
        Ok(self
            .store
            .keep_pair(RevocationRecord { app, pair, due_at, is_pending, tries: 0 })
            .await?)
    }
}

/// Tells whether Coder refuses and would refuse again: it has answered 4xx, and neither 408 nor
/// 429.
fn is_refusal(error: &UpstreamError) -> bool {
    let answer = match error {
        UpstreamError::GrantRefused(answer)
        | UpstreamError::ClientRefused(answer)
        | UpstreamError::ProviderOff(Some(answer))
        | UpstreamError::TokenRefused(answer)
        | UpstreamError::Other(answer) => answer,
        UpstreamError::UserInactive { .. } | UpstreamError::AccountRefused { .. } => return true,
        UpstreamError::ProviderOff(None)
        | UpstreamError::Denied { .. }
        | UpstreamError::Authorize { .. }
        | UpstreamError::ApplicationUnknown
        | UpstreamError::CallbackDiffers { .. }
        | UpstreamError::SecretRefused
        | UpstreamError::TooOld { .. }
        | UpstreamError::VersionUnknown(_)
        | UpstreamError::UnreadableTokens { .. }
        | UpstreamError::NoUser
        | UpstreamError::TooManyLogins { .. } => return false,
    };
    answer.status().is_some_and(|status| {
        let passes = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS];
        status.is_client_error() && !passes.contains(&status)
    })
}

/// Logs a revocation that has failed.
///
/// A refusal is a warning only when the pair is given up, because each of many pairs would make a
/// warning every ten minutes.
fn log_failure(upstream: &Upstream, error: &UpstreamError) {
    let (app, told) = (upstream.app(), with_causes(error));
    if is_refusal(error) {
        tracing::info!(
            ?app,
            error = told,
            "coder refuses to revoke a token pair; it is tried for a day"
        );
    } else {
        tracing::warn!(?app, error = told, "a token pair could not be revoked; it is tried again");
    }
}
