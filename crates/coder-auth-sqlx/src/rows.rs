//! Between rows and records. A row is a tuple, in the order of the statement's columns.

use std::error::Error;

use coder_auth::store::{
    GrantRecord, PendingRecord, PersonRecord, SessionRecord, SigningKeyRecord, StoreError,
};
use coder_auth::{AttemptId, GrantKey, SessionId};
use jiff::Timestamp;

/// Generation, sealed, stored at.
pub(crate) type GrantRow = (i64, Vec<u8>, i64);
/// Attempt, environment, sealed, stored at.
pub(crate) type PendingRow = (String, String, Vec<u8>, i64);
/// Id, the three parts of the grant's key, environment, created at, used at.
pub(crate) type SessionRow = (String, String, String, String, String, i64, i64);
/// Ownership entity refs, the three parts of the grant's key, environment.
pub(crate) type PersonRow = (String, String, String, String, String);
/// Id, sealed, created at.
pub(crate) type SigningKeyRow = (String, Vec<u8>, i64);

/// A time as it is stored: microseconds since 1970-01-01T00:00:00Z.
pub(crate) fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

fn time(micros: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(micros).map_err(unreadable)
}

fn grant_key(deployment: &str, client_id: String, user: &str) -> Result<GrantKey, StoreError> {
    let deployment = deployment.parse().map_err(unreadable)?;
    Ok(GrantKey::new(deployment, client_id, user.parse().map_err(unreadable)?))
}

/// The database holds something that was not written by this crate.
fn unreadable(error: impl Error + Send + Sync + 'static) -> StoreError {
    StoreError::new(error)
}

pub(crate) fn grant(key: &GrantKey, row: GrantRow) -> Result<GrantRecord, StoreError> {
    let (generation, sealed, stored_at) = row;
    let generation = generation.cast_unsigned();
    Ok(GrantRecord { key: key.clone(), generation, sealed, stored_at: time(stored_at)? })
}

pub(crate) fn pending(row: PendingRow) -> Result<PendingRecord, StoreError> {
    let (attempt, environment, sealed, stored_at) = row;
    let attempt = AttemptId::from_stored(attempt);
    Ok(PendingRecord { attempt, environment, sealed, stored_at: time(stored_at)? })
}

pub(crate) fn session(row: SessionRow) -> Result<SessionRecord, StoreError> {
    let (id, deployment, client_id, user, environment, created_at, used_at) = row;
    Ok(SessionRecord {
        id: SessionId::from_stored(id),
        grant: grant_key(&deployment, client_id, &user)?,
        environment,
        created_at: time(created_at)?,
        used_at: time(used_at)?,
    })
}

pub(crate) fn person(user_entity_ref: &str, row: PersonRow) -> Result<PersonRecord, StoreError> {
    let (ownership_entity_refs, deployment, client_id, user, environment) = row;
    Ok(PersonRecord {
        user_entity_ref: user_entity_ref.to_owned(),
        ownership_entity_refs: serde_json::from_str(&ownership_entity_refs).map_err(unreadable)?,
        grant: grant_key(&deployment, client_id, &user)?,
        environment,
    })
}

pub(crate) fn ownership_entity_refs(person: &PersonRecord) -> Result<String, StoreError> {
    serde_json::to_string(&person.ownership_entity_refs).map_err(StoreError::new)
}

pub(crate) fn signing_key(row: SigningKeyRow) -> Result<SigningKeyRecord, StoreError> {
    let (id, sealed, created_at) = row;
    Ok(SigningKeyRecord { id, sealed, created_at: time(created_at)? })
}
