//! The grants of one process: what may be handed out, and every rotation.
//!
//! Coder keeps one live pair per user and application: a rotation kills the old pair, and so does
//! a login elsewhere. So
//!
//! - one place decides what is handed out: [`Grants::valid`];
//! - whatever is asked of Coder about one grant is asked once at a time in this process, and it
//!   runs detached: a caller that goes away loses nothing;
//! - one rotation of a pair runs at a time among all replicas, by a lease;
//! - a rotation writes the pair it has got before anything else, as an update of the very version
//!   it has read. When the grant has ended or has another pair meanwhile, the new pair is revoked.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use coder_core::{BoxFuture, Lock, Secret, World, earlier, is_within, with_causes};
use futures_util::FutureExt as _;
use futures_util::future::Shared;
use jiff::{SignedDuration, Timestamp};

use crate::error::{AuthError, AuthErrorKind};
use crate::grant::detached::detached;
use crate::grant::key::GrantKey;
use crate::grant::profile::Profile;
use crate::grant::revocations::Revocations;
use crate::grant::{Grant, StoredGrant, StoredPair};
use crate::observer::{AuthEvent, AuthEventKind, Events};
use crate::random_token::random_token;
use crate::seal::SealingKeys;
use crate::session::error::SessionError;
use crate::store::{AuthStore, GrantRecord, Lease, PairId};
use crate::upstream::{Upstream, UpstreamError};

/// A grant is handed out without asking Coder if its user was confirmed at `/users/me` within this
/// time.
const CONFIRMED_WITHIN: SignedDuration = SignedDuration::from_secs(30);
/// A grant is handed out while Coder does not answer if its user was confirmed within this time.
const TRUSTED_WITHOUT_ANSWER: SignedDuration = SignedDuration::from_mins(10);
/// The least remaining lifetime of an access token that is handed out, if Coder's sessions last
/// longer.
const MIN_REMAINING_LIFETIME: SignedDuration = SignedDuration::from_mins(10);
/// The duration of a lease to rotate a grant. A rotation takes less time; after it another replica
/// may try.
const LEASE: SignedDuration = SignedDuration::from_secs(15);
/// The time between two looks at the rotation of another replica, and the number of looks.
const LEASE_POLL: Duration = Duration::from_millis(100);
const LEASE_POLLS: u32 = 50;
/// The number of times that a write is tried after other writes came first. Each of those made
/// progress.
const MAX_CONFLICTS: u32 = 20;
/// The number of logins that may come one after the other while one question is answered.
const MAX_LOGINS_BETWEEN: u32 = 3;

/// The questions about grants that are under way in this process.
type Flights = Lock<HashMap<GrantKey, Shared<BoxFuture<'static, Result<Revalidated, AuthError>>>>>;

/// The grants of one process. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Grants {
    world: World,
    store: Arc<dyn AuthStore>,
    keys: SealingKeys,
    revocations: Revocations,
    events: Events,
    flights: Arc<Flights>,
}

/// A grant that may be handed out, and whether Coder has just confirmed it.
#[derive(Clone)]
struct Revalidated {
    stored: StoredGrant,
    is_confirmed: bool,
}

impl Revalidated {
    fn confirmed(stored: StoredGrant) -> Self {
        Self { stored, is_confirmed: true }
    }
}

/// The answer of `/users/me` about a grant.
enum Answer {
    /// Coder accepts the token.
    Confirmed(Profile),
    /// Coder does not know the token any more.
    Refused,
    /// Coder gave no answer about the user.
    Silence(UpstreamError),
}

impl Grants {
    pub(crate) fn new(
        world: World,
        store: Arc<dyn AuthStore>,
        keys: SealingKeys,
        revocations: Revocations,
        events: Events,
    ) -> Self {
        Self { world, store, keys, revocations, events, flights: Arc::default() }
    }

    /// Reads the grant of this key. A grant that no configured key opens counts as lost.
    pub(crate) async fn read(&self, key: &GrantKey) -> Result<Option<StoredGrant>, AuthError> {
        Ok(self.store.grant(key).await?.and_then(|record| self.open(record)))
    }

    /// Opens a stored grant; `None` if no configured key opens it, so that only a login helps.
    pub(crate) fn open(&self, record: GrantRecord) -> Option<StoredGrant> {
        let key = record.key.clone();
        let opened = StoredGrant::open(&self.keys, record);
        opened
            .inspect_err(|error| {
                tracing::warn!(
                    ?key,
                    error = with_causes(error),
                    "a stored grant cannot be opened; its user has to sign in again"
                );
            })
            .ok()
    }

    /// Seals the next version of a grant.
    pub(crate) fn next(
        &self,
        key: GrantKey,
        pair: StoredPair,
        grant: Grant,
    ) -> Result<(StoredGrant, GrantRecord), AuthError> {
        StoredGrant::next(&self.keys, &*self.world.random, key, pair, grant)
    }

    /// Returns the grant if it may be handed out.
    ///
    /// The user must have been confirmed within the last 30 seconds, or within the last 10 minutes
    /// if Coder does not answer, and the access token must not expire soon. Coder is asked, and the
    /// pair rotated, as far as needed.
    ///
    /// # Errors
    ///
    /// Fails when the session is over, when only a login helps, or when neither Coder nor a recent
    /// answer confirms the user.
    pub(crate) async fn valid(
        &self,
        upstream: &Arc<Upstream>,
        key: &GrantKey,
    ) -> Result<StoredGrant, AuthError> {
        let read = self.store.grant(key).await?;
        self.valid_read(upstream, key, read).await
    }

    /// Returns the grant if it may be handed out, as [`Self::valid`] does. The caller has just read
    /// it.
    pub(crate) async fn valid_read(
        &self,
        upstream: &Arc<Upstream>,
        key: &GrantKey,
        read: Option<GrantRecord>,
    ) -> Result<StoredGrant, AuthError> {
        let stored = usable(read.and_then(|record| self.open(record)))?;
        if self.may_be_handed_out(&stored) {
            return Ok(stored);
        }
        Ok(self.revalidated(upstream, key).await?.stored)
    }

    /// Returns the grant after Coder has refused its access token `refused`.
    ///
    /// The refusal of one route is not a reason to rotate; `/users/me` decides.
    pub(crate) async fn refresh_rejected(
        &self,
        upstream: &Arc<Upstream>,
        key: &GrantKey,
        refused: &Secret,
    ) -> Result<StoredGrant, AuthError> {
        if !self.current(key).await?.access_token().matches(refused) {
            return self.valid(upstream, key).await;
        }
        let Revalidated { stored, is_confirmed } = self.revalidated(upstream, key).await?;
        if stored.access_token().matches(refused) && !is_confirmed {
            return Err(AuthErrorKind::Unconfirmed.into());
        }
        Ok(stored)
    }

    /// Returns the stored grant, unless it has ended or only a login helps.
    async fn current(&self, key: &GrantKey) -> Result<StoredGrant, AuthError> {
        usable(self.read(key).await?)
    }

    /// Tells whether the grant may be handed out without asking Coder.
    fn may_be_handed_out(&self, stored: &StoredGrant) -> bool {
        let now = self.world.clock.now();
        is_within(CONFIRMED_WITHIN, now, stored.grant.confirmed_at) && !expires_soon(stored, now)
    }

    /// Asks Coder about the grant. Callers at the same time share one question.
    async fn revalidated(
        &self,
        upstream: &Arc<Upstream>,
        key: &GrantKey,
    ) -> Result<Revalidated, AuthError> {
        let flight = {
            let mut flights = self.flights.lock();
            let begin = || self.begin_flight(upstream.clone(), key.clone()).shared();
            flights.entry(key.clone()).or_insert_with(begin).clone()
        };
        flight.await
    }

    fn begin_flight(
        &self,
        upstream: Arc<Upstream>,
        key: GrantKey,
    ) -> BoxFuture<'static, Result<Revalidated, AuthError>> {
        let this = self.clone();
        Box::pin(async move {
            let landing = Landing { flights: this.flights.clone(), key: key.clone() };
            let keeper = this.clone();
            let work = async move {
                // Here, since there may be nobody left who waits; and on every way out.
                let _landing = landing;
                keeper.revalidate(&upstream, &key).await
            };
            detached(&this.world, work).await?
        })
    }

    /// Confirms the grant at `/users/me`, and rotates its pair if that is dead or expires soon.
    ///
    /// The work starts again if a login has brought another pair meanwhile.
    async fn revalidate(
        &self,
        upstream: &Upstream,
        key: &GrantKey,
    ) -> Result<Revalidated, AuthError> {
        let mut stored = self.current(key).await?;
        for _ in 0..MAX_LOGINS_BETWEEN {
            match self.revalidate_once(upstream, stored).await {
                Err(error) if matches!(error.kind(), AuthErrorKind::Overtaken) => {}
                result => return result,
            }
            stored = self.current(key).await?;
            if self.may_be_handed_out(&stored) {
                return Ok(Revalidated::confirmed(stored));
            }
        }
        Err(AuthErrorKind::Overtaken.into())
    }

    async fn revalidate_once(
        &self,
        upstream: &Upstream,
        mut stored: StoredGrant,
    ) -> Result<Revalidated, AuthError> {
        let now = self.world.clock.now();
        if expires_soon(&stored, now) {
            stored = self.rotate(upstream, stored).await?;
        }
        match self.ask(upstream, &stored).await? {
            Answer::Confirmed(profile) => return self.record_confirmation(stored, profile).await,
            Answer::Silence(error) => return self.without_answer(stored, error),
            Answer::Refused => stored = self.rotate(upstream, stored).await?,
        }
        match self.ask(upstream, &stored).await? {
            Answer::Confirmed(profile) => self.record_confirmation(stored, profile).await,
            Answer::Silence(error) => self.without_answer(stored, error),
            // Coder has just issued it, and does not know it: somebody has ended it meanwhile.
            Answer::Refused => Ok(Revalidated::confirmed(self.mark_needs_login(&stored).await?)),
        }
    }

    /// Asks `/users/me`. An answer about another user than that of the grant's key is an error.
    async fn ask(&self, upstream: &Upstream, stored: &StoredGrant) -> Result<Answer, AuthError> {
        match upstream.user(stored.access_token()).await {
            Ok((user, profile)) if user == stored.key.user => Ok(Answer::Confirmed(profile)),
            Ok((other, _)) => {
                let key = &stored.key;
                tracing::error!(?key, %other, "`/users/me` names another user than the token was issued to; check what is between this server and coder, such as a cache");
                Err(AuthErrorKind::OtherUser.into())
            }
            Err(UpstreamError::TokenRefused(_)) => Ok(Answer::Refused),
            Err(error) if error.is_transient() => Ok(Answer::Silence(error)),
            Err(error) => Err(error.into()),
        }
    }

    /// Decides whether the grant may be handed out while Coder does not answer.
    fn without_answer(
        &self,
        stored: StoredGrant,
        error: UpstreamError,
    ) -> Result<Revalidated, AuthError> {
        let now = self.world.clock.now();
        if !is_within(TRUSTED_WITHOUT_ANSWER, now, stored.grant.confirmed_at) {
            return Err(error.into());
        }
        tracing::info!(key = ?stored.key, error = with_causes(&error), "coder does not answer; its answer of the last ten minutes counts");
        Ok(Revalidated { stored, is_confirmed: false })
    }

    /// Stores that `/users/me` has confirmed this pair.
    async fn record_confirmation(
        &self,
        stored: StoredGrant,
        profile: Profile,
    ) -> Result<Revalidated, AuthError> {
        let now = self.world.clock.now();
        let pair = stored.pair.id.clone();
        let lifetime = stored.pair.tokens.lifetime();
        let written = self
            .update_while(stored, &pair, |grant| grant.confirm(lifetime, profile.clone(), now))
            .await?;
        match written {
            Ok(written) => Ok(Revalidated::confirmed(written)),
            // A login or a rotation came between, whose pair this answer was not about.
            Err(Some(newer)) if !newer.grant.needs_login && self.may_be_handed_out(&newer) => {
                Ok(Revalidated::confirmed(newer))
            }
            Err(Some(_)) => Err(AuthErrorKind::Overtaken.into()),
            Err(None) => Err(SessionError::Ended.into()),
        }
    }

    /// Stores that only a login helps. Sessions and cookies stay, because the next login revives
    /// them all.
    async fn mark_needs_login(&self, stored: &StoredGrant) -> Result<StoredGrant, AuthError> {
        let pair = stored.pair.id.clone();
        let written =
            self.update_while(stored.clone(), &pair, |grant| grant.needs_login = true).await?;
        match written {
            Ok(_) => Err(SessionError::NeedsLogin.into()),
            Err(Some(newer)) if newer.grant.needs_login => Err(SessionError::NeedsLogin.into()),
            Err(Some(newer)) if self.may_be_handed_out(&newer) => Ok(newer),
            Err(Some(_)) => Err(AuthErrorKind::Overtaken.into()),
            Err(None) => Err(SessionError::Ended.into()),
        }
    }

    /// Changes the grant's content while its pair is `pair`. If it has another pair, the stored
    /// grant is returned; if it has ended, `None`.
    async fn update_while(
        &self,
        mut stored: StoredGrant,
        pair: &PairId,
        change: impl Fn(&mut Grant),
    ) -> Result<Result<StoredGrant, Option<StoredGrant>>, AuthError> {
        for _ in 0..MAX_CONFLICTS {
            let mut grant = stored.grant.clone();
            change(&mut grant);
            let (next, record) = self.next(stored.key.clone(), stored.pair.clone(), grant)?;
            if self.store.update_grant(record, stored.version).await? {
                return Ok(Ok(next));
            }
            let Some(newer) = self.read(&stored.key).await? else { return Ok(Err(None)) };
            if newer.pair.id != *pair || newer.grant.needs_login {
                return Ok(Err(Some(newer)));
            }
            stored = newer;
        }
        Err(AuthErrorKind::Overtaken.into())
    }

    /// Replaces the pair of `stored`, whose access token is dead or expires soon, under a lease. If
    /// another replica rotates it first, its pair is returned.
    async fn rotate(
        &self,
        upstream: &Upstream,
        stored: StoredGrant,
    ) -> Result<StoredGrant, AuthError> {
        let holder = random_token::<16>(&*self.world.random)?;
        let (key, pair) = (stored.key.clone(), stored.pair.id.clone());
        for _ in 0..LEASE_POLLS {
            let lease = Lease { holder: holder.clone(), now: self.world.clock.now(), lasts: LEASE };
            if self.store.lease_grant(&key, &pair, &lease).await? {
                let result = self.rotate_leased(upstream, stored, &lease).await;
                // Replacing the pair has freed it already.
                if result.is_err()
                    && let Err(error) = self.store.release_grant(&key, &holder).await
                {
                    tracing::warn!(
                        ?key,
                        error = with_causes(&error),
                        "a lease was not given back; it expires"
                    );
                }
                return result;
            }
            let current = self.current(&key).await?;
            if current.pair.id != pair {
                return Ok(current);
            }
            self.world.runtime.sleep(LEASE_POLL).await;
        }
        Err(AuthErrorKind::RotationUnderWay.into())
    }

    async fn rotate_leased(
        &self,
        upstream: &Upstream,
        stored: StoredGrant,
        lease: &Lease,
    ) -> Result<StoredGrant, AuthError> {
        let key = stored.key.clone();
        let Some(refresh_token) = &stored.pair.tokens.refresh_token else {
            return self.mark_needs_login(&stored).await;
        };
        let asked_at = self.world.clock.now();
        let tokens = match upstream.rotate(refresh_token).await {
            Ok(tokens) => tokens,
            Err(error @ UpstreamError::GrantRefused(_)) => {
                tracing::info!(
                    ?key,
                    error = with_causes(&error),
                    "coder does not accept the refresh token"
                );
                let event = AuthEvent::new(AuthEventKind::RotationRefused).grant(&stored);
                self.events.tell(&event.reason(&error));
                return self.mark_needs_login(&stored).await;
            }
            Err(error) => return Err(error.into()),
        };
        let pair = StoredPair::new(&self.keys, &*self.world.random, tokens)?;
        self.store_rotated(upstream, stored, pair, asked_at, lease).await
    }

    /// Stores the new pair in place of the one that it was made from.
    ///
    /// If that one is gone, a logout or a login came first, and the new pair is revoked. The same
    /// happens if the store fails until the lease has ended, because nobody could use the pair.
    async fn store_rotated(
        &self,
        upstream: &Upstream,
        rotated: StoredGrant,
        pair: StoredPair,
        asked_at: Timestamp,
        lease: &Lease,
    ) -> Result<StoredGrant, AuthError> {
        let key = rotated.key.clone();
        let former = rotated.pair.id.clone();
        let mut failure: AuthError = AuthErrorKind::Overtaken.into();
        let mut current = Ok(Some(rotated));
        // Another replica may rotate the same pair once the lease has ended.
        let mut is_too_late = false;
        for _ in 0..MAX_CONFLICTS {
            match current {
                // The write has succeeded whose answer was an error.
                Ok(Some(stored)) if stored.pair.id == pair.id => return Ok(stored),
                Ok(Some(stored)) if stored.pair.id == former && !is_too_late => {
                    match self.write_rotated(stored, pair.clone(), asked_at).await {
                        Ok(Some(written)) => return Ok(written),
                        Ok(None) => {}
                        Err(error) => {
                            failure = error;
                            is_too_late = self.pause(lease).await;
                        }
                    }
                }
                Err(error) if !is_too_late => {
                    failure = error;
                    is_too_late = self.pause(lease).await;
                }
                Ok(_) | Err(_) => break,
            }
            current = self.read(&key).await;
        }
        self.revocations.revoke_stray(upstream, pair).await;
        Err(failure)
    }

    async fn write_rotated(
        &self,
        stored: StoredGrant,
        pair: StoredPair,
        asked_at: Timestamp,
    ) -> Result<Option<StoredGrant>, AuthError> {
        let scope = pair.tokens.scope.clone().unwrap_or_else(|| stored.grant.scope.clone());
        // The person was confirmed then. The tokens were not: Coder is asked before they are
        // handed out.
        let confirmed_at = stored.grant.confirmed_at.min(earlier(asked_at, CONFIRMED_WITHIN));
        let (name, profile) = (stored.grant.name.clone(), stored.grant.profile.clone());
        let grant = Grant::new(name, &pair.tokens, scope, profile, asked_at, confirmed_at);
        let grant = grant.following(&stored);
        let (next, record) = self.next(stored.key, pair, grant)?;
        let is_written = self.store.update_grant(record, stored.version).await?;
        if is_written {
            tracing::debug!(key = ?next.key, "the token pair was rotated");
            self.events.tell(&AuthEvent::new(AuthEventKind::Rotated).grant(&next));
        }
        Ok(is_written.then_some(next))
    }

    /// Waits before the store is asked again, and tells whether the lease has ended.
    async fn pause(&self, lease: &Lease) -> bool {
        self.world.runtime.sleep(LEASE_POLL).await;
        !is_within(lease.lasts, self.world.clock.now(), lease.now)
    }
}

/// Guard that removes a question when its work has ended, in any way.
struct Landing {
    flights: Arc<Flights>,
    key: GrantKey,
}

impl Drop for Landing {
    fn drop(&mut self) {
        self.flights.lock().remove(&self.key);
    }
}

/// Returns a stored grant, unless it has ended or only a login helps.
fn usable(stored: Option<StoredGrant>) -> Result<StoredGrant, AuthError> {
    let stored = stored.ok_or(SessionError::Ended)?;
    if stored.grant.needs_login {
        return Err(SessionError::NeedsLogin.into());
    }
    Ok(stored)
}

/// Tells whether the access token should be rotated before it is handed out.
fn expires_soon(stored: &StoredGrant, now: Timestamp) -> bool {
    let lifetime = stored.pair.tokens.lifetime();
    let (Some(expires_at), Some(lifetime)) = (stored.grant.expires_at, lifetime) else {
        return false;
    };
    // Where Coder's sessions are short, half of one must do.
    expires_at.duration_since(now) < MIN_REMAINING_LIFETIME.min(lifetime / 2)
}

/// Returns the lifetime of the access token that a browser is told, in seconds: the remaining time,
/// from 1 second to 1 hour.
///
/// Backstage's client reads a missing value as "never expires". So if Coder does not name the
/// expiry, the value is the time for which Coder's answer counts.
pub(crate) fn announced_life(grant: &Grant, now: Timestamp) -> i64 {
    let left = grant.expires_at.map_or(TRUSTED_WITHOUT_ANSWER, |at| at.duration_since(now));
    left.min(SignedDuration::from_hours(1)).as_secs().max(1)
}
