//! The values of rows, as JSON.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coder_auth::store::{
    GrantRecord, GrantVersion, LinkKey, LinkRecord, PairId, PairRecord, PersonRecord,
    RevocationRecord, SessionRecord, SigningKeyRecord, StoreError,
};
use coder_auth::{GrantKey, OAuth2App, SessionId};
use coder_client::UserId;
use coder_core::DeploymentUrl;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes, written as base64.
#[derive(Clone, Debug)]
pub(super) struct Sealed(Vec<u8>);

impl Serialize for Sealed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Sealed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Self).map_err(serde::de::Error::custom)
    }
}

/// A time, written as microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug)]
pub(super) struct Micros(pub(super) Timestamp);

impl Serialize for Micros {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0.as_microsecond())
    }
}

impl<'de> Deserialize<'de> for Micros {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let micros = i64::deserialize(deserializer)?;
        Timestamp::from_microsecond(micros).map(Self).map_err(serde::de::Error::custom)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct App {
    deployment: DeploymentUrl,
    client_id: String,
}

impl From<OAuth2App> for App {
    fn from(app: OAuth2App) -> Self {
        Self { deployment: app.deployment, client_id: app.client_id }
    }
}

impl From<App> for OAuth2App {
    fn from(app: App) -> Self {
        Self::new(app.deployment, app.client_id)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Key {
    app: App,
    user: UserId,
}

impl From<GrantKey> for Key {
    fn from(key: GrantKey) -> Self {
        Self { app: key.app.into(), user: key.user }
    }
}

impl From<Key> for GrantKey {
    fn from(key: Key) -> Self {
        Self::new(key.app.into(), key.user)
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Pair {
    id: String,
    sealed: Sealed,
}

impl From<PairRecord> for Pair {
    fn from(pair: PairRecord) -> Self {
        Self { id: pair.id.as_str().to_owned(), sealed: Sealed(pair.sealed) }
    }
}

impl From<Pair> for PairRecord {
    fn from(pair: Pair) -> Self {
        Self { id: PairId::from_stored(pair.id), sealed: pair.sealed.0 }
    }
}

/// A grant with its sessions and its lease, which change together.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct GrantRow {
    key: Key,
    version: String,
    pair: Pair,
    sealed: Sealed,
    /// Ids of its sessions; never empty.
    pub(super) sessions: BTreeSet<String>,
    /// User entity refs of those who have signed in with it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) persons: BTreeSet<String>,
    pub(super) lease: Option<LeaseRow>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LeaseRow {
    pub(super) holder: String,
    pub(super) until: Micros,
}

impl GrantRow {
    pub(super) fn new(record: GrantRecord) -> Self {
        let GrantRecord { key, version, pair, sealed } = record;
        Self {
            key: key.into(),
            version: version.as_str().to_owned(),
            pair: pair.into(),
            sealed: Sealed(sealed),
            sessions: BTreeSet::new(),
            persons: BTreeSet::new(),
            lease: None,
        }
    }

    /// Returns the grant with other content. Its sessions and persons stay; its lease does unless the pair is
    /// another one.
    pub(super) fn with(self, record: GrantRecord) -> Self {
        let is_same_pair = self.pair.id == record.pair.id.as_str();
        let lease = self.lease.filter(|_| is_same_pair);
        Self { sessions: self.sessions, persons: self.persons, lease, ..Self::new(record) }
    }

    pub(super) fn has_version(&self, version: &GrantVersion) -> bool {
        self.version == version.as_str()
    }

    pub(super) fn has_pair(&self, pair: &PairId) -> bool {
        self.pair.id == pair.as_str()
    }

    pub(super) fn into_record(self) -> GrantRecord {
        GrantRecord {
            key: self.key.into(),
            version: GrantVersion::from_stored(self.version),
            pair: self.pair.into(),
            sealed: self.sealed.0,
        }
    }

    /// Returns the revocation of the pair, now that the grant is none any more or has another one.
    pub(super) fn into_revocation(self, due_at: Timestamp) -> RevocationRecord {
        let GrantRecord { key, pair, .. } = self.into_record();
        RevocationRecord { app: key.app, pair, due_at, is_pending: false, tries: 0 }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionRow {
    id: String,
    grant: Key,
    environment: String,
    created_at: Micros,
    used_at: Micros,
}

impl From<SessionRecord> for SessionRow {
    fn from(session: SessionRecord) -> Self {
        let SessionRecord { id, grant, environment, created_at, used_at } = session;
        Self {
            id: id.as_str().to_owned(),
            grant: grant.into(),
            environment,
            created_at: Micros(created_at),
            used_at: Micros(used_at),
        }
    }
}

impl From<SessionRow> for SessionRecord {
    fn from(row: SessionRow) -> Self {
        Self {
            id: SessionId::from_stored(row.id),
            grant: row.grant.into(),
            environment: row.environment,
            created_at: row.created_at.0,
            used_at: row.used_at.0,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RevocationRow {
    app: App,
    pair: Pair,
    due_at: Micros,
    is_pending: bool,
    tries: u32,
}

impl From<RevocationRecord> for RevocationRow {
    fn from(kept: RevocationRecord) -> Self {
        let RevocationRecord { app, pair, due_at, is_pending, tries } = kept;
        Self { app: app.into(), pair: pair.into(), due_at: Micros(due_at), is_pending, tries }
    }
}

impl From<RevocationRow> for RevocationRecord {
    fn from(row: RevocationRow) -> Self {
        Self {
            app: row.app.into(),
            pair: row.pair.into(),
            due_at: row.due_at.0,
            is_pending: row.is_pending,
            tries: row.tries,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LinkRow {
    deployment: DeploymentUrl,
    holder: String,
    version: String,
    sealed: Sealed,
}

impl LinkRow {
    pub(super) fn has_version(&self, version: &GrantVersion) -> bool {
        self.version == version.as_str()
    }
}

impl From<LinkRecord> for LinkRow {
    fn from(link: LinkRecord) -> Self {
        let LinkRecord { key: LinkKey { deployment, holder }, version, sealed } = link;
        let version = version.as_str().to_owned();
        Self { deployment, holder, version, sealed: Sealed(sealed) }
    }
}

impl From<LinkRow> for LinkRecord {
    fn from(row: LinkRow) -> Self {
        Self {
            key: LinkKey { deployment: row.deployment, holder: row.holder },
            version: GrantVersion::from_stored(row.version),
            sealed: row.sealed.0,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PersonRow {
    user_entity_ref: String,
    ownership_entity_refs: Vec<String>,
    /// Grants that this user has signed in with, those that have ended included.
    #[serde(default)]
    grants: Vec<Key>,
}

impl PersonRow {
    /// Returns the row of somebody who signs in with `grant`, and had signed in as `former`.
    pub(super) fn new(person: PersonRecord, former: Option<Self>, grant: &GrantKey) -> Self {
        let PersonRecord { user_entity_ref, ownership_entity_refs } = person;
        let mut grants = former.map(|former| former.grants).unwrap_or_default();
        let key = Key::from(grant.clone());
        if !grants.contains(&key) {
            grants.push(key);
        }
        Self { user_entity_ref, ownership_entity_refs, grants }
    }

    /// Lists the grants that this user has signed in with, those that have ended included.
    pub(super) fn grants(&self) -> impl Iterator<Item = GrantKey> {
        self.grants.iter().cloned().map(GrantKey::from)
    }
}

impl From<PersonRow> for PersonRecord {
    fn from(row: PersonRow) -> Self {
        let PersonRow { user_entity_ref, ownership_entity_refs, grants: _ } = row;
        Self { user_entity_ref, ownership_entity_refs }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SigningKeyRow {
    id: String,
    sealed: Sealed,
    created_at: Micros,
}

impl From<SigningKeyRecord> for SigningKeyRow {
    fn from(key: SigningKeyRecord) -> Self {
        let SigningKeyRecord { id, sealed, created_at } = key;
        Self { id, sealed: Sealed(sealed), created_at: Micros(created_at) }
    }
}

impl From<SigningKeyRow> for SigningKeyRecord {
    fn from(row: SigningKeyRow) -> Self {
        Self { id: row.id, sealed: row.sealed.0, created_at: row.created_at.0 }
    }
}

/// Reads the value of the row `key`. The value stays out of the error.
pub(super) fn read<T: for<'de> Deserialize<'de>>(key: &str, value: &str) -> Result<T, StoreError> {
    serde_json::from_str(value).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        StoreError::new(format!(
            "the row `{key}` was not written by this version: line {line}, column {column}"
        ))
    })
}

pub(super) fn write(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(StoreError::new)
}
