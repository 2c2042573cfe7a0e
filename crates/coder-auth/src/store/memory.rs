//! The store of one process, gone with it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;

use crate::grant::key::GrantKey;
use crate::login::attempt::AttemptId;
use crate::session::SessionId;
use crate::store::{
    AuthStore, Generation, GrantRecord, PendingRecord, PersonRecord, SessionRecord,
    SigningKeyRecord, StoreError,
};

/// Keeps everything in memory: for embedding in one process, for demos and for tests.
#[derive(Debug, Default)]
pub struct MemoryAuthStore(Mutex<Tables>);

#[derive(Debug, Default)]
struct Tables {
    used_attempts: HashMap<String, Timestamp>,
    pending: HashMap<String, PendingRecord>,
    grants: HashMap<GrantKey, GrantRecord>,
    leases: HashMap<GrantKey, (String, Timestamp)>,
    sessions: HashMap<SessionId, SessionRecord>,
    persons: HashMap<String, PersonRecord>,
    signing_keys: Vec<SigningKeyRecord>,
}

impl MemoryAuthStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        // No code between lock and unlock can panic, so a poisoned lock guards whole tables.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl AuthStore for MemoryAuthStore {
    async fn use_attempt(
        &self,
        attempt: &AttemptId,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        // Marks are forgotten when a later attempt shows that their time is over, so the table
        // stays as small as ten minutes of logins.
        tables
            .used_attempts
            .retain(|_, until| *until + crate::login::attempt::LIFETIME > expires_at);
        Ok(tables.used_attempts.insert(attempt.as_str().to_owned(), expires_at).is_none())
    }

    async fn put_pending(&self, pending: PendingRecord) -> Result<(), StoreError> {
        self.tables().pending.insert(pending.attempt.as_str().to_owned(), pending);
        Ok(())
    }

    async fn delete_pending(&self, attempt: &AttemptId) -> Result<(), StoreError> {
        self.tables().pending.remove(attempt.as_str());
        Ok(())
    }

    async fn pending_before(&self, before: Timestamp) -> Result<Vec<PendingRecord>, StoreError> {
        let tables = self.tables();
        Ok(tables.pending.values().filter(|row| row.stored_at < before).cloned().collect())
    }

    async fn grant(&self, key: &GrantKey) -> Result<Option<GrantRecord>, StoreError> {
        Ok(self.tables().grants.get(key).cloned())
    }

    async fn replace_grant(
        &self,
        record: GrantRecord,
        expected: Option<Generation>,
    ) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let stored = tables.grants.get(&record.key).map(|stored| stored.generation);
        let matches = stored == expected;
        if matches {
            tables.grants.insert(record.key.clone(), record);
        }
        Ok(matches)
    }

    async fn delete_grant(
        &self,
        key: &GrantKey,
        generation: Generation,
    ) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let matches = tables.grants.get(key).is_some_and(|stored| stored.generation == generation);
        if matches {
            tables.grants.remove(key);
            tables.leases.remove(key);
        }
        Ok(matches)
    }

    async fn lease_grant(
        &self,
        key: &GrantKey,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let held_by_another = tables
            .leases
            .get(key)
            .is_some_and(|(other, expires_at)| other != holder && *expires_at > now);
        if !held_by_another {
            tables.leases.insert(key.clone(), (holder.to_owned(), until));
        }
        Ok(!held_by_another)
    }

    async fn release_grant(&self, key: &GrantKey, holder: &str) -> Result<(), StoreError> {
        let mut tables = self.tables();
        if tables.leases.get(key).is_some_and(|(current, _)| current == holder) {
            tables.leases.remove(key);
        }
        Ok(())
    }

    async fn put_session(&self, session: SessionRecord) -> Result<(), StoreError> {
        self.tables().sessions.insert(session.id.clone(), session);
        Ok(())
    }

    async fn session(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        Ok(self.tables().sessions.get(id).cloned())
    }

    async fn touch_session(&self, id: &SessionId, used_at: Timestamp) -> Result<(), StoreError> {
        if let Some(session) = self.tables().sessions.get_mut(id) {
            session.used_at = used_at;
        }
        Ok(())
    }

    async fn delete_session(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        Ok(self.tables().sessions.remove(id))
    }

    async fn count_sessions(&self, grant: &GrantKey) -> Result<u64, StoreError> {
        let tables = self.tables();
        Ok(tables.sessions.values().filter(|session| session.grant == *grant).count() as u64)
    }

    async fn sessions_before(
        &self,
        idle: Timestamp,
        created: Timestamp,
    ) -> Result<Vec<SessionRecord>, StoreError> {
        let tables = self.tables();
        let over = |row: &&SessionRecord| row.used_at < idle || row.created_at < created;
        Ok(tables.sessions.values().filter(over).cloned().collect())
    }

    async fn put_person(&self, person: PersonRecord) -> Result<(), StoreError> {
        self.tables().persons.insert(person.user_entity_ref.clone(), person);
        Ok(())
    }

    async fn person(&self, user_entity_ref: &str) -> Result<Option<PersonRecord>, StoreError> {
        Ok(self.tables().persons.get(user_entity_ref).cloned())
    }

    async fn put_signing_key(&self, key: SigningKeyRecord) -> Result<(), StoreError> {
        let mut tables = self.tables();
        tables.signing_keys.push(key);
        tables.signing_keys.sort_by_key(|key| key.created_at);
        Ok(())
    }

    async fn signing_keys(&self) -> Result<Vec<SigningKeyRecord>, StoreError> {
        Ok(self.tables().signing_keys.clone())
    }

    async fn delete_signing_keys_before(&self, before: Timestamp) -> Result<(), StoreError> {
        self.tables().signing_keys.retain(|key| key.created_at >= before);
        Ok(())
    }
}
