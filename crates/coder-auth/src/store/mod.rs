//! The transitions of a login, which a store offers.
//!
//! A login is in danger between two writes that belong together. So the store does not offer rows:
//! each method of [`AuthStore`] is one transition of a login, and one transaction. The rules of
//! *when* a transition is right are the login's; *that it happens as a whole* is the store's.
//!
//! Four invariants hold after every transition:
//!
//! - a grant has at least one session, and a session has a grant;
//! - a person has signed in with at least one grant that has not ended;
//! - only [`AuthStore::finish_login`] makes a grant, and a [`GrantVersion`] is never used twice;
//! - a token pair is in a grant or among the revocations, until [`AuthStore::forget_revocation`]
//!   or a rotation says that it is dead.
//!
//! Everything secret is sealed before the store sees it.

pub(crate) mod error;
pub(crate) mod memory;
pub(crate) mod records;

use std::sync::Arc;

use async_trait::async_trait;
use coder_core::{MaybeSend, MaybeSync};
use jiff::Timestamp;

use crate::grant::key::GrantKey;
use crate::login::attempt::AttemptId;
use crate::session::SessionId;

pub use error::StoreError;
pub use records::{
    Erased, Erasure, GrantChange, GrantRecord, GrantVersion, Lease, LinkKey, LinkRecord,
    LoginCompletion, LoginOutcome, PairId, PairRecord, PersonRecord, RevocationRecord,
    SessionRecord, SigningKeyRecord, StoreConnections, StoreCounts,
};

/// A store of grants, sessions and what belongs to them. Each method is one transition of a login,
/// and one transaction.
///
/// A transition that has returned is seen by every later one, from any replica. One conformance
/// suite holds all implementations to this, `coder_testkit::auth_store_tests!`.
///
/// # Errors
///
/// Every method fails with a [`StoreError`] when the store is not available. The transition has
/// then happened either as a whole or not at all, and the login is safe in both cases.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait AuthStore: MaybeSend + MaybeSync {
    /// Marks a login attempt as used. Until `expires_at`, exactly one caller gets `true`.
    ///
    /// Marks that have expired before `now` may be deleted.
    async fn use_attempt(
        &self,
        attempt: &AttemptId,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Stores a pair that is to be revoked at its `due_at`, unless
    /// [`finish_login`](Self::finish_login) puts it into a grant before.
    async fn keep_pair(&self, pair: RevocationRecord) -> Result<(), StoreError>;

    /// Finishes a login: moves the pair from the revocations into the grant, adds the new session,
    /// and ends the browser's former one. With its last session, the former grant ends as well.
    ///
    /// Pairs that belong to no grant afterwards are among the revocations, and are returned.
    /// Nothing changes unless the outcome is [`LoginOutcome::Finished`].
    async fn finish_login(&self, login: LoginCompletion) -> Result<LoginOutcome, StoreError>;

    /// Reads the grant of this key.
    async fn grant(&self, key: &GrantKey) -> Result<Option<GrantRecord>, StoreError>;

    /// Replaces the content of a grant that still has the version `expected`, and returns `true`.
    /// Returns `false` if it has another version or has ended.
    ///
    /// A new pair frees the lease. This method never creates a grant.
    async fn update_grant(
        &self,
        record: GrantRecord,
        expected: GrantVersion,
    ) -> Result<bool, StoreError>;

    /// Takes the lease to rotate the grant's pair `pair`, and tells whether that succeeded.
    ///
    /// There is no lease if the grant has ended or has another pair, and while another holder has the
    /// lease ([`Lease::is_blocked_by`]). Replicas read clocks of their own, so one of them may be
    /// behind; a stored lease that ends later than [`Lease::latest_end`] does not count. A holder may
    /// prolong its own lease.
    async fn lease_grant(
        &self,
        key: &GrantKey,
        pair: &PairId,
        lease: &Lease,
    ) -> Result<bool, StoreError>;

    /// Gives the lease back, if `holder` has it.
    async fn release_grant(&self, key: &GrantKey, holder: &str) -> Result<(), StoreError>;

    /// Reads the session of this id.
    async fn session(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError>;

    /// Reads the session of this id with its grant, at one moment if the store can do that.
    ///
    /// The grant is `None` if the session has ended between two reads.
    async fn session_with_grant(
        &self,
        id: &SessionId,
    ) -> Result<Option<(SessionRecord, Option<GrantRecord>)>, StoreError> {
        let Some(session) = self.session(id).await? else { return Ok(None) };
        let grant = self.grant(&session.grant).await?;
        Ok(Some((session, grant)))
    }

    /// Stores the moment at which a session was used. A session that has ended stays so.
    async fn touch_session(&self, id: &SessionId, used_at: Timestamp) -> Result<(), StoreError>;

    /// Ends a session and, with its last session, the grant.
    ///
    /// The pair of an ended grant is then among the revocations, due at `due_at`, and is returned.
    /// Ending a session again changes nothing.
    async fn end_session(
        &self,
        id: &SessionId,
        due_at: Timestamp,
    ) -> Result<Option<RevocationRecord>, StoreError>;

    /// Ends a grant and all its sessions; `None` if there is no such grant.
    ///
    /// The pair of the grant is then among the revocations, due at `due_at`, and is returned.
    async fn end_grant(
        &self,
        key: &GrantKey,
        due_at: Timestamp,
    ) -> Result<Option<RevocationRecord>, StoreError>;

    /// Ends up to `limit` sessions that were last used before `idle` or made before `created`, as
    /// [`end_session`](Self::end_session) does. Returns their number.
    async fn expire_sessions(
        &self,
        idle: Timestamp,
        created: Timestamp,
        due_at: Timestamp,
        limit: u32,
    ) -> Result<u64, StoreError>;

    /// Claims up to `limit` pairs that are due at `now`. Two callers never get the same pair at
    /// once.
    ///
    /// A pair that is due later than `retry_at` is due as well, because it was stored before the
    /// clock was set back. A claimed pair has one more of its `tries` and is due again at
    /// `retry_at`, unless it is deleted before, and no login can take it any more.
    async fn claim_revocations(
        &self,
        now: Timestamp,
        retry_at: Timestamp,
        limit: u32,
    ) -> Result<Vec<RevocationRecord>, StoreError>;

    /// Deletes a pair that is dead at Coder.
    async fn forget_revocation(&self, pair: &PairId) -> Result<(), StoreError>;

    /// Reads the linked token of this key.
    async fn link(&self, key: &LinkKey) -> Result<Option<LinkRecord>, StoreError>;

    /// Stores a linked token, in place of a former one.
    async fn put_link(&self, link: LinkRecord) -> Result<(), StoreError>;

    /// Replaces a linked token that still has the version `expected`, or deletes it if `link` is
    /// `None`. Returns `false` if it has another version or is gone.
    async fn update_link(
        &self,
        key: &LinkKey,
        expected: GrantVersion,
        link: Option<LinkRecord>,
    ) -> Result<bool, StoreError>;

    /// Deletes a linked token, if there is one.
    async fn delete_link(&self, key: &LinkKey) -> Result<(), StoreError>;

    /// Stores the ownership of a user who signs in with this grant, in place of the former one.
    /// Nothing is stored if the grant has ended; what is stored ends with the last grant that
    /// the user has signed in with.
    ///
    /// Each refresh calls this method, so what is known already should cost no write.
    async fn put_person(&self, person: PersonRecord, grant: &GrantKey) -> Result<(), StoreError>;

    /// Reads the ownership of a user, by canonical user entity ref.
    async fn person(&self, user_entity_ref: &str) -> Result<Option<PersonRecord>, StoreError>;

    /// Lists up to `limit` sessions with their grants, in an order of the store's own: the first
    /// ones, or those that follow the session `after`.
    async fn sessions(
        &self,
        after: Option<&SessionId>,
        limit: u32,
    ) -> Result<Vec<(SessionRecord, GrantRecord)>, StoreError>;

    /// Lists the users who have signed in with this grant, by canonical user entity ref and in
    /// its order.
    async fn persons_of_grant(&self, key: &GrantKey) -> Result<Vec<String>, StoreError>;

    /// Lists the grants that this user has signed in with, in any order.
    async fn grants_of_person(&self, user_entity_ref: &str) -> Result<Vec<GrantKey>, StoreError>;

    /// Deletes what is stored about a person. A trace that is not there is none to delete.
    ///
    /// The pairs of the ended grants are then among the revocations, and are returned.
    async fn erase(&self, erasure: Erasure) -> Result<Erased, StoreError>;

    /// Stores a signing key for identity tokens.
    async fn put_signing_key(&self, key: SigningKeyRecord) -> Result<(), StoreError>;

    /// Lists all signing keys, oldest first.
    async fn signing_keys(&self) -> Result<Vec<SigningKeyRecord>, StoreError>;

    /// Deletes the signing keys that were made before this moment.
    async fn delete_signing_keys_before(&self, before: Timestamp) -> Result<(), StoreError>;

    /// Counts what is stored; `None` if this store does not count, which is the default.
    ///
    /// Each reading of the metrics calls this method.
    async fn counts(&self) -> Result<Option<StoreCounts>, StoreError> {
        Ok(None)
    }

    /// Returns the state of the connections to a database; `None` if there are none or they are not
    /// counted, which is the default.
    fn connections(&self) -> Option<StoreConnections> {
        None
    }
}

/// A shared store is a store, so that whoever takes one takes an [`Arc`] of it as well.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
#[deny(clippy::missing_trait_methods, reason = "a store must not lose what it does better")]
impl<S: AuthStore + ?Sized> AuthStore for Arc<S> {
    async fn use_attempt(
        &self,
        attempt: &AttemptId,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        (**self).use_attempt(attempt, now, expires_at).await
    }

    async fn keep_pair(&self, pair: RevocationRecord) -> Result<(), StoreError> {
        (**self).keep_pair(pair).await
    }

    async fn finish_login(&self, login: LoginCompletion) -> Result<LoginOutcome, StoreError> {
        (**self).finish_login(login).await
    }

    async fn grant(&self, key: &GrantKey) -> Result<Option<GrantRecord>, StoreError> {
        (**self).grant(key).await
    }

    async fn update_grant(
        &self,
        record: GrantRecord,
        expected: GrantVersion,
    ) -> Result<bool, StoreError> {
        (**self).update_grant(record, expected).await
    }

    async fn lease_grant(
        &self,
        key: &GrantKey,
        pair: &PairId,
        lease: &Lease,
    ) -> Result<bool, StoreError> {
        (**self).lease_grant(key, pair, lease).await
    }

    async fn release_grant(&self, key: &GrantKey, holder: &str) -> Result<(), StoreError> {
        (**self).release_grant(key, holder).await
    }

    async fn session(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        (**self).session(id).await
    }

    async fn session_with_grant(
        &self,
        id: &SessionId,
    ) -> Result<Option<(SessionRecord, Option<GrantRecord>)>, StoreError> {
        (**self).session_with_grant(id).await
    }

    async fn touch_session(&self, id: &SessionId, used_at: Timestamp) -> Result<(), StoreError> {
        (**self).touch_session(id, used_at).await
    }

    async fn end_session(
        &self,
        id: &SessionId,
        due_at: Timestamp,
    ) -> Result<Option<RevocationRecord>, StoreError> {
        (**self).end_session(id, due_at).await
    }

    async fn end_grant(
        &self,
        key: &GrantKey,
        due_at: Timestamp,
    ) -> Result<Option<RevocationRecord>, StoreError> {
        (**self).end_grant(key, due_at).await
    }

    async fn expire_sessions(
        &self,
        idle: Timestamp,
        created: Timestamp,
        due_at: Timestamp,
        limit: u32,
    ) -> Result<u64, StoreError> {
        (**self).expire_sessions(idle, created, due_at, limit).await
    }

    async fn claim_revocations(
        &self,
        now: Timestamp,
        retry_at: Timestamp,
        limit: u32,
    ) -> Result<Vec<RevocationRecord>, StoreError> {
        (**self).claim_revocations(now, retry_at, limit).await
    }

    async fn forget_revocation(&self, pair: &PairId) -> Result<(), StoreError> {
        (**self).forget_revocation(pair).await
    }

    async fn link(&self, key: &LinkKey) -> Result<Option<LinkRecord>, StoreError> {
        (**self).link(key).await
    }

    async fn put_link(&self, link: LinkRecord) -> Result<(), StoreError> {
        (**self).put_link(link).await
    }

    async fn update_link(
        &self,
        key: &LinkKey,
        expected: GrantVersion,
        link: Option<LinkRecord>,
    ) -> Result<bool, StoreError> {
        (**self).update_link(key, expected, link).await
    }

    async fn delete_link(&self, key: &LinkKey) -> Result<(), StoreError> {
        (**self).delete_link(key).await
    }

    async fn put_person(&self, person: PersonRecord, grant: &GrantKey) -> Result<(), StoreError> {
        (**self).put_person(person, grant).await
    }

    async fn person(&self, user_entity_ref: &str) -> Result<Option<PersonRecord>, StoreError> {
        (**self).person(user_entity_ref).await
    }

    async fn sessions(
        &self,
        after: Option<&SessionId>,
        limit: u32,
    ) -> Result<Vec<(SessionRecord, GrantRecord)>, StoreError> {
        (**self).sessions(after, limit).await
    }

    async fn persons_of_grant(&self, key: &GrantKey) -> Result<Vec<String>, StoreError> {
        (**self).persons_of_grant(key).await
    }

    async fn grants_of_person(&self, user_entity_ref: &str) -> Result<Vec<GrantKey>, StoreError> {
        (**self).grants_of_person(user_entity_ref).await
    }

    async fn erase(&self, erasure: Erasure) -> Result<Erased, StoreError> {
        (**self).erase(erasure).await
    }

    async fn put_signing_key(&self, key: SigningKeyRecord) -> Result<(), StoreError> {
        (**self).put_signing_key(key).await
    }

    async fn signing_keys(&self) -> Result<Vec<SigningKeyRecord>, StoreError> {
        (**self).signing_keys().await
    }

    async fn delete_signing_keys_before(&self, before: Timestamp) -> Result<(), StoreError> {
        (**self).delete_signing_keys_before(before).await
    }

    async fn counts(&self) -> Result<Option<StoreCounts>, StoreError> {
        (**self).counts().await
    }

    fn connections(&self) -> Option<StoreConnections> {
        (**self).connections()
    }
}
