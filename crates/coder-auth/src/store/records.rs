//! The records of a store.

use std::fmt;

use coder_core::{DeploymentUrl, Random, RandomError};
use jiff::{SignedDuration, Timestamp};

use crate::grant::key::{GrantKey, OAuth2App};
use crate::random_token::random_token;
use crate::seal::SealingKeys;
use crate::session::SessionId;

/// The version of a stored content: 128 random bits as base64url.
///
/// Every write has a version of its own, which is never used again, even after the grant has ended
/// and begun anew. So a writer that compares versions never mistakes one grant for another.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct GrantVersion(String);

/// The id of a token pair: 128 random bits as base64url. It reveals nothing about the tokens.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct PairId(String);

macro_rules! random_name {
    ($name:ident) => {
        impl $name {
            pub(crate) fn generate(random: &dyn Random) -> Result<Self, RandomError> {
                Ok(Self(random_token::<16>(random)?))
            }

            /// Returns the text for the store.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Restores a value that a store has kept as `as_str`.
            pub fn from_stored(text: impl Into<String>) -> Self {
                Self(text.into())
            }
        }
    };
}

random_name!(GrantVersion);
random_name!(PairId);

/// A token pair as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairRecord {
    /// Id of the token pair.
    pub id: PairId,
    /// Tokens, sealed for this id.
    pub sealed: Vec<u8>,
}

/// A grant as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantRecord {
    /// User, application and deployment of the grant.
    pub key: GrantKey,
    /// Version of this content.
    pub version: GrantVersion,
    /// Token pair of the grant.
    pub pair: PairRecord,
    /// Scope, profile and times, sealed.
    pub sealed: Vec<u8>,
}

/// A token pair that is to be revoked at Coder, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationRecord {
    /// Application that the pair was issued to.
    pub app: OAuth2App,
    /// Token pair that is to be revoked.
    pub pair: PairRecord,
    /// Moment at which it is to be revoked.
    pub due_at: Timestamp,
    /// Whether a login under way may still put the pair into a grant.
    pub is_pending: bool,
    /// Number of times that it was claimed for its revocation.
    pub tries: u32,
}

/// A browser's session as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// Hash of the browser's handle.
    pub id: SessionId,
    /// Grant behind the session.
    pub grant: GrantKey,
    /// Environment in which the session was made, the only one in which it can be used.
    pub environment: String,
    /// Moment of the sign-in.
    pub created_at: Timestamp,
    /// Moment of the last use, to within a minute.
    pub used_at: Timestamp,
}

/// The changes at the end of a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginCompletion {
    /// Pair of the login, as it was stored with [`keep_pair`](super::AuthStore::keep_pair).
    pub pair: PairId,
    /// Grant that the pair is for.
    pub grant: GrantKey,
    /// Version of that grant as it was read; `None` if there was none.
    pub expected: Option<GrantVersion>,
    /// Change of the grant.
    pub change: GrantChange,
    /// New session; `None` if the user may not sign in here. The pair then serves the sessions that
    /// exist, and is not taken if there are none.
    pub session: Option<SessionRecord>,
    /// Session that this browser had before.
    pub former: Option<SessionId>,
    /// Moment from which on the pairs that belong to no grant afterwards are due for revocation.
    pub due_at: Timestamp,
}

/// The change of the grant at the end of a login.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a store must handle each")]
#[expect(clippy::large_enum_variant, reason = "one exists at a time, and not for long")]
pub enum GrantChange {
    /// The pair of the login becomes that of the grant, which is created if there is none.
    Replace {
        /// New content, with the pair of the login.
        record: GrantRecord,
        /// Whether the former pair may still be alive, so that it is due for revocation.
        revoke_former: bool,
    },
    /// The grant keeps its newer pair; the pair of the login stays among the revocations.
    Keep,
}

/// The outcome of [`finish_login`](super::AuthStore::finish_login).
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a login must handle each")]
pub enum LoginOutcome {
    /// Everything is stored. The caller revokes these pairs, which belong to no grant any more,
    /// before they are due.
    Finished(Vec<RevocationRecord>),
    /// The grant has another version than expected.
    Conflict,
    /// The pair is gone from the revocations, or was claimed there, because the login took too
    /// long.
    PairGone,
    /// There is no grant, and the login would create none: it has no session, or
    /// [`GrantChange::Keep`].
    NoSession,
}

/// A lease: the right to rotate a grant for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Name of one rotation, unique among all replicas.
    pub holder: String,
    /// Moment at which the lease is taken.
    pub now: Timestamp,
    /// Duration of the lease, from `now` on.
    pub lasts: SignedDuration,
}

impl Lease {
    /// Returns the moment at which the lease ends.
    pub fn until(&self) -> Timestamp {
        coder_core::later(self.now, self.lasts)
    }

    /// Returns the latest moment at which the lease of another replica can end.
    ///
    /// The clock of another replica may be ahead by as much as a lease lasts. A lease that ends later
    /// was taken by a clock that has been set back since, and does not count.
    pub fn latest_end(&self) -> Timestamp {
        coder_core::later(self.until(), self.lasts)
    }

    /// Tells whether a stored lease keeps this one from being taken.
    pub fn is_blocked_by(&self, holder: &str, until: Timestamp) -> bool {
        holder != self.holder && until > self.now && until <= self.latest_end()
    }
}

/// The key of a linked token: its holder and its deployment.
///
/// The Coder user is not part of the key, because it is unknown at lookup time.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LinkKey {
    /// URL of the Coder deployment, with its path.
    pub deployment: DeploymentUrl,
    /// Holder as text, by the evidence for its identity: a grant and an environment of this portal,
    /// or a user entity ref of a trusted issuer.
    pub holder: String,
}

impl fmt::Debug for LinkKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "LinkKey({} at {})", self.holder, self.deployment)
    }
}

/// A linked token as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkRecord {
    /// Holder and deployment of the token.
    pub key: LinkKey,
    /// Version of this content.
    pub version: GrantVersion,
    /// Token, user and times, sealed.
    pub sealed: Vec<u8>,
}

/// The ownership of a signed-in user, for `/v1/userinfo`. The last sign-in counts. It ends with the
/// last grant that the user has signed in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonRecord {
    /// User entity ref in canonical form: `user:default/alice`.
    pub user_entity_ref: String,
    /// Canonical references of the entities through which the user owns things.
    pub ownership_entity_refs: Vec<String>,
}

/// The traces of a person that an administrator has deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// Grants that end, with all their sessions.
    pub grants: Vec<GrantKey>,
    /// Keys of the linked tokens.
    pub links: Vec<LinkKey>,
    /// Moment from which on the pairs of the ended grants are due for revocation.
    pub due_at: Timestamp,
}

/// The outcome of an [`Erasure`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Pairs of the ended grants, which are to be revoked.
    pub revocations: Vec<RevocationRecord>,
    /// Number of sessions that have ended.
    pub sessions: u64,
    /// Number of users whose ownership was deleted, because they have no other grant.
    pub persons: u64,
    /// Number of linked tokens that were deleted.
    pub links: u64,
}

/// The numbers of what is stored, for all processes that share the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreCounts {
    /// Sessions that have not ended.
    pub sessions: u64,
    /// Grants, each of which has a session.
    pub grants: u64,
    /// Linked tokens of all persons.
    pub links: u64,
    /// Token pairs that are to be revoked at Coder, those of logins under way among them.
    pub revocations: u64,
}

/// The connections of one process to a database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreConnections {
    /// Connections that are in use.
    pub used: u32,
    /// Open connections that wait for work.
    pub idle: u32,
    /// Greatest number of connections.
    pub max: u32,
}

/// A key that identity tokens are signed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKeyRecord {
    /// Id of the key, `kid` in tokens.
    pub id: String,
    /// Private key, in sealed form.
    pub sealed: Vec<u8>,
    /// Moment at which the key was made.
    pub created_at: Timestamp,
}

impl SigningKeyRecord {
    /// Checks whether one of these keys opens the private key.
    ///
    /// Where none does, the store was filled with other sealing keys.
    pub fn opens_with(&self, keys: &SealingKeys) -> bool {
        keys.open(&crate::identity::sealed_as(&self.id), &self.sealed).is_ok()
    }
}
