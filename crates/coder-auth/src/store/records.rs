//! What a store keeps, as it is stored.

use std::fmt;

use coder_core::{DeploymentUrl, Random, RandomError};
use jiff::{SignedDuration, Timestamp};

use crate::grant::key::{GrantKey, OAuth2App};
use crate::random_token::random_token;
use crate::session::SessionId;

/// The version of a stored content: 128 random bits as base64url.
///
/// Every write has a version of its own, which is never used again, not even after the grant has
/// ended and begun anew. So a writer that compares versions never takes one grant for another.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct GrantVersion(String);

/// The name of a token pair: 128 random bits as base64url. It says nothing of the tokens.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct PairId(String);

macro_rules! random_name {
    ($name:ident) => {
        impl $name {
            pub(crate) fn generate(random: &dyn Random) -> Result<Self, RandomError> {
                Ok(Self(random_token::<16>(random)?))
            }

            /// Returns the text to store.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Reads a stored text, which was written with `as_str`.
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
    /// The pair's name.
    pub id: PairId,
    /// The tokens, sealed for this name.
    pub sealed: Vec<u8>,
}

/// A grant as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantRecord {
    /// The grant's user, application and deployment.
    pub key: GrantKey,
    /// The version of this content.
    pub version: GrantVersion,
    /// The token pair.
    pub pair: PairRecord,
    /// Scope, profile and times, sealed.
    pub sealed: Vec<u8>,
}

/// A token pair that Coder shall be told to revoke, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationRecord {
    /// The application that the pair was issued to.
    pub app: OAuth2App,
    /// The token pair.
    pub pair: PairRecord,
    /// When it is to be revoked.
    pub due_at: Timestamp,
    /// Whether a login under way may still put the pair into a grant.
    pub is_pending: bool,
    /// The number of times it was claimed for its revocation.
    pub tries: u32,
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

/// What the end of a login changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginCompletion {
    /// The pair that the login has brought, as it was kept with
    /// [`keep_pair`](super::AuthStore::keep_pair).
    pub pair: PairId,
    /// The grant the pair is for.
    pub grant: GrantKey,
    /// The version of that grant that was read; `None` when there was none.
    pub expected: Option<GrantVersion>,
    /// What becomes of the grant.
    pub change: GrantChange,
    /// The new session. `None` when the person may not sign in here: the pair then serves the
    /// sessions that are there, and without any it is not taken.
    pub session: Option<SessionRecord>,
    /// The session that this browser had before.
    pub former: Option<SessionId>,
    /// When the pairs that are in no grant after it are due for revocation.
    pub due_at: Timestamp,
}

/// What a login makes of the grant.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a store must handle each")]
#[expect(clippy::large_enum_variant, reason = "one exists at a time, and not for long")]
pub enum GrantChange {
    /// The login's pair becomes that of the grant, which is made if there is none.
    Replace {
        /// The new content, with the login's pair.
        record: GrantRecord,
        /// Whether the pair in its place may still be alive, so that it is due for revocation.
        revoke_former: bool,
    },
    /// The grant stays as it is, since its pair is newer; the login's pair stays among the
    /// revocations.
    Keep,
}

/// How [`finish_login`](super::AuthStore::finish_login) ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a login must handle each")]
pub enum LoginOutcome {
    /// Everything is written. These pairs are in no grant any more: they are among the
    /// revocations, and the caller revokes them before they are due.
    Finished(Vec<RevocationRecord>),
    /// The grant is not of the expected version.
    Conflict,
    /// The pair is not among the revocations any more, or was claimed there: it took too long.
    PairGone,
    /// There is no grant, and nothing that would make one: no session, or [`GrantChange::Keep`].
    NoSession,
}

/// The right to rotate a grant for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// A name of one rotation, unique among all replicas.
    pub holder: String,
    /// Now.
    pub now: Timestamp,
    /// How long the right lasts.
    pub lasts: SignedDuration,
}

impl Lease {
    /// Returns when the lease ends.
    pub fn until(&self) -> Timestamp {
        coder_core::later(self.now, self.lasts)
    }

    /// Whether a stored lease keeps this one from being taken.
    pub fn is_blocked_by(&self, holder: &str, until: Timestamp) -> bool {
        holder != self.holder && until > self.now && until <= self.until()
    }
}

/// The key of a linked token: whose it is, and at which deployment.
///
/// The Coder user is not part of the key, because it is unknown at lookup time.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LinkKey {
    /// The Coder deployment, with its path.
    pub deployment: DeploymentUrl,
    /// The person, as a text that names what the sign-in stood on: a grant and an environment of
    /// this portal, or a user entity ref of a trusted issuer.
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
    /// Whose it is.
    pub key: LinkKey,
    /// The version of this content.
    pub version: GrantVersion,
    /// The token, its user and the times, sealed.
    pub sealed: Vec<u8>,
}

/// What is known of a signed-in person, by user entity ref: for `/v1/userinfo`. The last sign-in
/// wins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonRecord {
    /// The user entity ref, canonical: `user:default/alice`.
    pub user_entity_ref: String,
    /// Canonical entity refs through which the person owns things.
    pub ownership_entity_refs: Vec<String>,
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
