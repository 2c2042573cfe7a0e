//! What a store of grants and sessions has to do.
//!
//! A store keeps rows; it knows no rule of the login. Everything secret in a row is sealed before
//! the store sees it. The rules that a store must keep are few: [`AuthStore::use_attempt`],
//! [`AuthStore::replace_grant`] and [`AuthStore::lease_grant`] are atomic, and a write that has
//! returned is seen by every later read, from any replica.

pub(crate) mod memory;

use std::error::Error;

use async_trait::async_trait;
use coder_core::{MaybeSend, MaybeSync};
use jiff::Timestamp;

use crate::grant::key::GrantKey;
use crate::login::attempt::AttemptId;
use crate::session::SessionId;

/// How often a grant was written: 1 for the first time. Writes compare it, so none is lost.
pub type Generation = u64;

/// A grant as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantRecord {
    /// Whose grant it is.
    pub key: GrantKey,
    /// The generation of this content.
    pub generation: Generation,
    /// Tokens, scope, profile and their times, sealed.
    pub sealed: Vec<u8>,
    /// When it was written.
    pub stored_at: Timestamp,
}

/// A token pair whose user is not known yet, kept under the login attempt that brought it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingRecord {
    /// The login attempt.
    pub attempt: AttemptId,
    /// The environment it was started in.
    pub environment: String,
    /// The tokens, sealed.
    pub sealed: Vec<u8>,
    /// When it was written.
    pub stored_at: Timestamp,
}

/// A browser's session as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// The hash of the browser's handle.
    pub id: SessionId,
    /// The grant behind it.
    pub grant: GrantKey,
    /// The environment it was made in, and the only one it can be used in.
    pub environment: String,
    /// When the person signed in.
    pub created_at: Timestamp,
    /// When it was last used, to within a minute.
    pub used_at: Timestamp,
}

/// What is known of a signed-in person, by user entity ref: for `/v1/userinfo`, and for callers
/// that show an identity token. The last sign-in wins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonRecord {
    /// The user entity ref, canonical: `user:default/alice`.
    pub user_entity_ref: String,
    /// Canonical entity refs through which the person owns things.
    pub ownership_entity_refs: Vec<String>,
    /// The grant of the last sign-in.
    pub grant: GrantKey,
    /// The environment of the last sign-in.
    pub environment: String,
}

/// A key that identity tokens are signed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKeyRecord {
    /// The key's id, `kid` in tokens.
    pub id: String,
    /// The private key, sealed.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("the store of grants and sessions failed")]
pub struct StoreError(#[source] Box<dyn Error + Send + Sync>);

impl StoreError {
    /// Wraps what went wrong. Its text must hold no secret.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

/// Keeps grants, sessions and what belongs to them.
///
/// Implementations are held by one conformance suite, `coder_testkit::auth_store_tests!`.
///
/// # Errors
///
/// Every method fails with a [`StoreError`] when the store is not available; nothing was changed
/// then, or everything was.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait AuthStore: MaybeSend + MaybeSync {
    /// Marks a login attempt as used. Exactly one caller gets `true`, until `expires_at`; after
    /// that the mark may be forgotten.
    async fn use_attempt(
        &self,
        attempt: &AttemptId,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Keeps a pending token pair.
    async fn put_pending(&self, pending: PendingRecord) -> Result<(), StoreError>;

    /// Forgets a pending token pair, if there is one.
    async fn delete_pending(&self, attempt: &AttemptId) -> Result<(), StoreError>;

    /// Pending pairs written before this moment: their login was cut off.
    async fn pending_before(&self, before: Timestamp) -> Result<Vec<PendingRecord>, StoreError>;

    /// The grant of this key.
    async fn grant(&self, key: &GrantKey) -> Result<Option<GrantRecord>, StoreError>;

    /// Writes a grant if the stored one has the generation `expected` (`None`: if there is none),
    /// and says whether it did.
    async fn replace_grant(
        &self,
        record: GrantRecord,
        expected: Option<Generation>,
    ) -> Result<bool, StoreError>;

    /// Deletes a grant if it has this generation, and says whether it did.
    async fn delete_grant(
        &self,
        key: &GrantKey,
        generation: Generation,
    ) -> Result<bool, StoreError>;

    /// Takes the right to rotate a grant, until `until`, and says whether it did: not while
    /// another `holder` has it. The same holder may prolong its own.
    async fn lease_grant(
        &self,
        key: &GrantKey,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Gives the right to rotate back, if `holder` has it.
    async fn release_grant(&self, key: &GrantKey, holder: &str) -> Result<(), StoreError>;

    /// Keeps a session.
    async fn put_session(&self, session: SessionRecord) -> Result<(), StoreError>;

    /// The session of this id.
    async fn session(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError>;

    /// Notes that a session was used. A session that is gone stays gone.
    async fn touch_session(&self, id: &SessionId, used_at: Timestamp) -> Result<(), StoreError>;

    /// Deletes a session and gives it back.
    async fn delete_session(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError>;

    /// How many sessions a grant has.
    async fn count_sessions(&self, grant: &GrantKey) -> Result<u64, StoreError>;

    /// Sessions last used before `idle`, or made before `created`.
    async fn sessions_before(
        &self,
        idle: Timestamp,
        created: Timestamp,
    ) -> Result<Vec<SessionRecord>, StoreError>;

    /// Keeps what is known of a person, in place of what was.
    async fn put_person(&self, person: PersonRecord) -> Result<(), StoreError>;

    /// What is known of a person, by canonical user entity ref.
    async fn person(&self, user_entity_ref: &str) -> Result<Option<PersonRecord>, StoreError>;

    /// Keeps a signing key.
    async fn put_signing_key(&self, key: SigningKeyRecord) -> Result<(), StoreError>;

    /// All signing keys, oldest first.
    async fn signing_keys(&self) -> Result<Vec<SigningKeyRecord>, StoreError>;

    /// Forgets signing keys made before this moment.
    async fn delete_signing_keys_before(&self, before: Timestamp) -> Result<(), StoreError>;
}
