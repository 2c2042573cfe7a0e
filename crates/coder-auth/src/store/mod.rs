//! The transitions of a login, as a store offers them.
//!
//! A login is in danger between two writes that belong together. So the store does not offer rows:
//! each method of [`AuthStore`] is one transition of a login, and one transaction. The rules of
//! *when* a transition is right are the login's; *that it happens as a whole* is the store's.
//!
//! Three invariants hold after every transition:
//!
//! - a grant has at least one session, and a session has a grant;
//! - only [`AuthStore::finish_login`] makes a grant, and a [`GrantVersion`] is never used twice;
//! - a token pair is in a grant or among the revocations, until [`AuthStore::forget_revocation`]
//!   or a rotation says that it is dead.
//!
//! Everything secret is sealed before the store sees it.

pub(crate) mod memory;
pub(crate) mod records;

use std::error::Error;

use async_trait::async_trait;
use coder_core::{MaybeSend, MaybeSync};
use jiff::Timestamp;

use crate::grant::key::GrantKey;
use crate::login::attempt::AttemptId;
use crate::session::SessionId;

pub use records::{
    GrantChange, GrantRecord, GrantVersion, Lease, LinkKey, LinkRecord, LoginCompletion,
    LoginOutcome, PairId, PairRecord, PersonRecord, RevocationRecord, SessionRecord,
    SigningKeyRecord,
};

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
#[error("the store of grants and sessions failed")]
pub struct StoreError(#[source] Box<dyn Error + Send + Sync>);

impl StoreError {
    /// Wraps the cause. Its text must hold no secret.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

/// Keeps grants, sessions and what belongs to them, and changes them in transactions.
///
/// A transition that has returned is seen by every later one, from any replica. Implementations
/// are held by one conformance suite, `coder_testkit::auth_store_tests!`.
///
/// # Errors
///
/// Every method fails with a [`StoreError`] when the store is not available. Nothing was changed
/// then, or everything was: the login is built so that either is safe.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait AuthStore: MaybeSend + MaybeSync {
    /// Marks a login attempt as used. Exactly one caller gets `true`, until `expires_at`. Marks
    /// that have expired before `now` may be forgotten.
    async fn use_attempt(
        &self,
        attempt: &AttemptId,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Keeps a pair that is to be revoked at its `due_at`, unless
    /// [`finish_login`](Self::finish_login) puts it into a grant before.
    async fn keep_pair(&self, pair: RevocationRecord) -> Result<(), StoreError>;

    /// Finishes a login: takes the pair from the revocations into the grant, makes the new
    /// session, and ends the browser's former one; with the last session of a grant, that grant. The
    /// pairs that are in no grant then are among the revocations, and returned.
    ///
    /// Changes nothing unless the outcome is [`LoginOutcome::Finished`].
    async fn finish_login(&self, login: LoginCompletion) -> Result<LoginOutcome, StoreError>;

    /// Reads the grant of this key.
    async fn grant(&self, key: &GrantKey) -> Result<Option<GrantRecord>, StoreError>;

    /// Replaces the content of a grant that still has the version `expected`, and frees its lease
    /// if the pair is replaced, too. Never makes a grant. `false` when the version is another one,
    /// or the grant has ended.
    async fn update_grant(
        &self,
        record: GrantRecord,
        expected: GrantVersion,
    ) -> Result<bool, StoreError>;

    /// Takes the right to rotate the grant's pair `pair`, and says whether it did: not when the
    /// grant has another pair or none is there, and not while another holder has the right. A
    /// lease that ends later than any lease can (by a clock that was set back since) does not
    /// count. The same holder may prolong its own.
    async fn lease_grant(
        &self,
        key: &GrantKey,
        pair: &PairId,
        lease: &Lease,
    ) -> Result<bool, StoreError>;

    /// Gives the right to rotate back, if `holder` has it.
    async fn release_grant(&self, key: &GrantKey, holder: &str) -> Result<(), StoreError>;

    /// Reads the session of this id.
    async fn session(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError>;

    /// Notes that a session was used. A session that has ended stays so.
    async fn touch_session(&self, id: &SessionId, used_at: Timestamp) -> Result<(), StoreError>;

    /// Ends a session and, if it was the last one of its grant, the grant: its pair is then among
    /// the revocations, due at `due_at`, and returned. Ending a session that has ended changes
    /// nothing.
    async fn end_session(
        &self,
        id: &SessionId,
        due_at: Timestamp,
    ) -> Result<Option<RevocationRecord>, StoreError>;

    /// Ends a grant and all its sessions: its pair is then among the revocations, due at `due_at`,
    /// and returned. `None` when there is no such grant.
    async fn end_grant(
        &self,
        key: &GrantKey,
        due_at: Timestamp,
    ) -> Result<Option<RevocationRecord>, StoreError>;

    /// Ends up to `limit` sessions that were last used before `idle` or made before `created`, as
    /// [`end_session`](Self::end_session) does, and returns how many.
    async fn expire_sessions(
        &self,
        idle: Timestamp,
        created: Timestamp,
        due_at: Timestamp,
        limit: u32,
    ) -> Result<u64, StoreError>;

    /// Takes up to `limit` pairs that are due at `now` for revocation; what is due later than
    /// `retry_at` was written before the clock was set back, and is due, too. They are due again at
    /// `retry_at`, unless they are forgotten before, and no login can take them any more. Each has
    /// one more of its `tries`. Two callers never get the same pair at once.
    async fn claim_revocations(
        &self,
        now: Timestamp,
        retry_at: Timestamp,
        limit: u32,
    ) -> Result<Vec<RevocationRecord>, StoreError>;

    /// Forgets a pair that is dead at Coder.
    async fn forget_revocation(&self, pair: &PairId) -> Result<(), StoreError>;

    /// Reads the linked token of this key.
    async fn link(&self, key: &LinkKey) -> Result<Option<LinkRecord>, StoreError>;

    /// Keeps a linked token, in the place of a former one.
    async fn put_link(&self, link: LinkRecord) -> Result<(), StoreError>;

    /// Replaces a linked token that still has the version `expected`; deletes it without a `link`.
    /// `false` when the version is another one, or the link was removed.
    async fn update_link(
        &self,
        key: &LinkKey,
        expected: GrantVersion,
        link: Option<LinkRecord>,
    ) -> Result<bool, StoreError>;

    /// Deletes a linked token, if there is one.
    async fn delete_link(&self, key: &LinkKey) -> Result<(), StoreError>;

    /// Keeps what is known of a person, in the place of what was.
    async fn put_person(&self, person: PersonRecord) -> Result<(), StoreError>;

    /// Reads what is known of a person, by canonical user entity ref.
    async fn person(&self, user_entity_ref: &str) -> Result<Option<PersonRecord>, StoreError>;

    /// Keeps a signing key.
    async fn put_signing_key(&self, key: SigningKeyRecord) -> Result<(), StoreError>;

    /// Lists all signing keys, oldest first.
    async fn signing_keys(&self) -> Result<Vec<SigningKeyRecord>, StoreError>;

    /// Deletes signing keys made before this moment.
    async fn delete_signing_keys_before(&self, before: Timestamp) -> Result<(), StoreError>;
}
