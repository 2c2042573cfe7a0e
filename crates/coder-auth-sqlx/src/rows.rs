//! Between rows and records. A row is a tuple, in the order of the statement's columns.

use std::error::Error;

use coder_auth::store::{
    GrantRecord, GrantVersion, LinkKey, LinkRecord, PairId, PairRecord, PersonRecord,
    RevocationRecord, SessionRecord, SigningKeyRecord, StoreCounts, StoreError,
};
use coder_auth::{GrantKey, OAuth2App, SessionId};
use jiff::Timestamp;

/// The three parts of a grant's key.
pub(crate) type KeyRow = (String, String, String);
/// Version, pair id, pair sealed, sealed.
pub(crate) type GrantRow = (String, String, Vec<u8>, Vec<u8>);
/// Pair id, deployment, client id, sealed, due at, is pending, tries.
pub(crate) type RevocationRow = (String, String, String, Vec<u8>, i64, bool, i64);
/// The three parts of the grant's key, environment, created at, used at.
pub(crate) type SessionRow = (String, String, String, String, i64, i64);
/// Row of a session, then that of its grant.
pub(crate) type SessionWithGrantRow =
    (String, String, String, String, i64, i64, String, String, Vec<u8>, Vec<u8>);
/// Id of a session, then its row and that of its grant.
pub(crate) type ListedRow =
    (String, String, String, String, String, i64, i64, String, String, Vec<u8>, Vec<u8>);
/// Id, the three parts of the grant's key.
pub(crate) type ExpiredRow = (String, String, String, String);
/// Row of a link: its version, and its content sealed.
pub(crate) type LinkRow = (String, Vec<u8>);
/// Id, sealed, created at.
pub(crate) type SigningKeyRow = (String, Vec<u8>, i64);

/// Any failure of the database, or a row that was not written by this crate.
#[derive(Debug)]
pub(crate) struct Failure(Box<dyn Error + Send + Sync>);

impl<E: Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl Failure {
    /// Tells whether the thread of a SQLite connection has died.
    #[cfg(feature = "sqlite")]
    pub(crate) fn is_dead_connection(&self) -> bool {
        matches!(self.0.downcast_ref(), Some(sqlx::Error::WorkerCrashed))
    }

    pub(crate) fn into_store_error(self) -> StoreError {
        StoreError::new(self.0)
    }
}

/// A grant's key as it is stored. Whoever locks several grants locks them in the order of this
/// type, so that no two transactions wait for each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StoredKey {
    pub(crate) deployment: String,
    pub(crate) client_id: String,
    pub(crate) user_id: String,
}

impl From<&GrantKey> for StoredKey {
    fn from(key: &GrantKey) -> Self {
        Self {
            deployment: key.app.deployment.to_string(),
            client_id: key.app.client_id.clone(),
            user_id: key.user.to_string(),
        }
    }
}

impl From<KeyRow> for StoredKey {
    fn from((deployment, client_id, user_id): KeyRow) -> Self {
        Self { deployment, client_id, user_id }
    }
}

/// Returns a time as it is stored: microseconds since 1970-01-01T00:00:00Z.
pub(crate) fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

fn time(micros: i64) -> Result<Timestamp, Failure> {
    Ok(Timestamp::from_microsecond(micros)?)
}

fn app(deployment: &str, client_id: String) -> Result<OAuth2App, Failure> {
    Ok(OAuth2App::new(deployment.parse()?, client_id))
}

pub(crate) fn grant_key((deployment, client_id, user): KeyRow) -> Result<GrantKey, Failure> {
    Ok(GrantKey::new(app(&deployment, client_id)?, user.parse()?))
}

pub(crate) fn grant(key: &GrantKey, row: GrantRow) -> Result<GrantRecord, Failure> {
    let (version, pair_id, pair_sealed, sealed) = row;
    Ok(GrantRecord {
        key: key.clone(),
        version: GrantVersion::from_stored(version),
        pair: PairRecord { id: PairId::from_stored(pair_id), sealed: pair_sealed },
        sealed,
    })
}

pub(crate) fn revocation(row: RevocationRow) -> Result<RevocationRecord, Failure> {
    let (pair_id, deployment, client_id, sealed, due_at, is_pending, tries) = row;
    Ok(RevocationRecord {
        app: app(&deployment, client_id)?,
        pair: PairRecord { id: PairId::from_stored(pair_id), sealed },
        due_at: time(due_at)?,
        is_pending,
        tries: tries.try_into()?,
    })
}

pub(crate) fn session(id: &SessionId, row: SessionRow) -> Result<SessionRecord, Failure> {
    let (deployment, client_id, user, environment, created_at, used_at) = row;
    Ok(SessionRecord {
        id: id.clone(),
        grant: grant_key((deployment, client_id, user))?,
        environment,
        created_at: time(created_at)?,
        used_at: time(used_at)?,
    })
}

pub(crate) fn session_with_grant(
    id: &SessionId,
    row: SessionWithGrantRow,
) -> Result<(SessionRecord, Option<GrantRecord>), Failure> {
    let (deployment, client_id, user, environment, created_at, used_at, ..) = row;
    let (.., version, pair_id, pair_sealed, sealed) = row;
    let row = (deployment, client_id, user, environment, created_at, used_at);
    let session = session(id, row)?;
    let grant = grant(&session.grant, (version, pair_id, pair_sealed, sealed))?;
    Ok((session, Some(grant)))
}

pub(crate) fn listed(row: ListedRow) -> Result<(SessionRecord, GrantRecord), Failure> {
    let (id, deployment, client_id, user, environment, created_at, used_at, ..) = row;
    let (.., version, pair_id, pair_sealed, sealed) = row;
    let row = (deployment, client_id, user, environment, created_at, used_at);
    let session = session(&SessionId::from_stored(id), row)?;
    let grant = grant(&session.grant, (version, pair_id, pair_sealed, sealed))?;
    Ok((session, grant))
}

pub(crate) fn link(key: &LinkKey, row: LinkRow) -> LinkRecord {
    let (version, sealed) = row;
    let version = GrantVersion::from_stored(version);
    LinkRecord { key: key.clone(), version, sealed }
}

pub(crate) fn person(user_entity_ref: &str, refs: &str) -> Result<PersonRecord, Failure> {
    Ok(PersonRecord {
        user_entity_ref: user_entity_ref.to_owned(),
        ownership_entity_refs: serde_json::from_str(refs)?,
    })
}

pub(crate) fn signing_key(row: SigningKeyRow) -> Result<SigningKeyRecord, Failure> {
    let (id, sealed, created_at) = row;
    Ok(SigningKeyRecord { id, sealed, created_at: time(created_at)? })
}

/// Reads the numbers of sessions, grants, links and revocations.
pub(crate) fn counts((sessions, grants, links, revocations): (i64, i64, i64, i64)) -> StoreCounts {
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    StoreCounts {
        sessions: count(sessions),
        grants: count(grants),
        links: count(links),
        revocations: count(revocations),
    }
}
