//! The store of one process, gone with it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::MutexGuard;

use async_trait::async_trait;
use coder_core::Lock;
use jiff::Timestamp;

use super::{
    AuthStore, GrantChange, GrantRecord, GrantVersion, Lease, LinkKey, LinkRecord, LoginCompletion,
    LoginOutcome, PairId, PersonRecord, RevocationRecord, SessionRecord, SigningKeyRecord,
    StoreCounts, StoreError,
};
use crate::grant::key::GrantKey;
use crate::login::attempt::AttemptId;
use crate::session::SessionId;

/// A store in memory, for one process: for embedding, for demos and for tests.
#[derive(Debug, Default)]
pub struct MemoryAuthStore(Lock<Tables>);

#[derive(Debug, Default)]
struct Tables {
    used_attempts: HashMap<String, Timestamp>,
    /// Used attempts by expiry, so that expired ones are found without looking at the others.
    attempts_by_expiry: BTreeSet<(Timestamp, String)>,
    /// Pairs to revoke, in the order of their ids, so that each run does the same.
    revocations: BTreeMap<PairId, RevocationRecord>,
    grants: HashMap<GrantKey, GrantRow>,
    sessions: BTreeMap<SessionId, SessionRecord>,
    links: HashMap<LinkKey, LinkRecord>,
    persons: HashMap<String, PersonRecord>,
    signing_keys: Vec<SigningKeyRecord>,
}

#[derive(Debug)]
struct GrantRow {
    record: GrantRecord,
    /// Ids of its sessions; never empty.
    sessions: BTreeSet<SessionId>,
    lease: Option<(String, Timestamp)>,
}

impl MemoryAuthStore {
    /// Creates an empty store in memory.
    pub fn new() -> Self {
        Self::default()
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        // No code between lock and unlock can panic, so a poisoned lock guards whole tables.
        self.0.lock()
    }
}

impl Tables {
    fn forget_expired_attempts(&mut self, now: Timestamp) {
        while let Some((expires_at, _)) = self.attempts_by_expiry.first()
            && *expires_at < now
            && let Some((_, attempt)) = self.attempts_by_expiry.pop_first()
        {
            self.used_attempts.remove(&attempt);
        }
    }

    fn finish_login(&mut self, login: LoginCompletion) -> LoginOutcome {
        let LoginCompletion { pair, grant: key, expected, change, session, former, due_at } = login;
        let mut ended = Vec::new();
        let current = self.grants.get(&key).map(|row| row.record.version.clone());
        if current != expected {
            return LoginOutcome::Conflict;
        }
        if !self.revocations.get(&pair).is_some_and(|kept| kept.is_pending) {
            return LoginOutcome::PairGone;
        }
        let makes_grant = session.is_some() && matches!(change, GrantChange::Replace { .. });
        if current.is_none() && !makes_grant {
            return LoginOutcome::NoSession;
        }
        match change {
            GrantChange::Replace { record, revoke_former } => {
                self.revocations.remove(&pair);
                let former = match self.grants.get_mut(&key) {
                    Some(row) => {
                        row.lease = None;
                        Some(std::mem::replace(&mut row.record, record))
                    }
                    None => {
                        let row = GrantRow { record, sessions: BTreeSet::new(), lease: None };
                        self.grants.insert(key.clone(), row);
                        None
                    }
                };
                if let Some(former) = former.filter(|_| revoke_former) {
                    ended.push(self.revoke(former, due_at));
                }
            }
            GrantChange::Keep => {
                if let Some(kept) = self.revocations.get_mut(&pair) {
                    (kept.due_at, kept.is_pending) = (due_at, false);
                    ended.push(kept.clone());
                }
            }
        }
        if let Some(session) = session {
            if let Some(row) = self.grants.get_mut(&session.grant) {
                row.sessions.insert(session.id.clone());
            }
            self.sessions.insert(session.id.clone(), session);
        }
        if let Some(former) = former {
            ended.extend(self.end_session(&former, due_at));
        }
        LoginOutcome::Finished(ended)
    }

    fn end_session(&mut self, id: &SessionId, due_at: Timestamp) -> Option<RevocationRecord> {
        let session = self.sessions.remove(id)?;
        let row = self.grants.get_mut(&session.grant)?;
        row.sessions.remove(id);
        if !row.sessions.is_empty() {
            return None;
        }
        let row = self.grants.remove(&session.grant)?;
        Some(self.revoke(row.record, due_at))
    }

    fn end_grant(&mut self, key: &GrantKey, due_at: Timestamp) -> Option<RevocationRecord> {
        let row = self.grants.remove(key)?;
        for session in &row.sessions {
            self.sessions.remove(session);
        }
        Some(self.revoke(row.record, due_at))
    }

    fn revoke(&mut self, grant: GrantRecord, due_at: Timestamp) -> RevocationRecord {
        let GrantRecord { key, pair, .. } = grant;
        let revocation =
            RevocationRecord { app: key.app, pair, due_at, is_pending: false, tries: 0 };
        self.revocations.insert(revocation.pair.id.clone(), revocation.clone());
        revocation
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl AuthStore for MemoryAuthStore {
    async fn use_attempt(
        &self,
        attempt: &AttemptId,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        tables.forget_expired_attempts(now);
        let attempt = attempt.as_str().to_owned();
        if tables.used_attempts.contains_key(&attempt) {
            return Ok(false);
        }
        tables.attempts_by_expiry.insert((expires_at, attempt.clone()));
        tables.used_attempts.insert(attempt, expires_at);
        Ok(true)
    }

    async fn keep_pair(&self, pair: RevocationRecord) -> Result<(), StoreError> {
        self.tables().revocations.insert(pair.pair.id.clone(), pair);
        Ok(())
    }

    async fn finish_login(&self, login: LoginCompletion) -> Result<LoginOutcome, StoreError> {
        Ok(self.tables().finish_login(login))
    }

    async fn grant(&self, key: &GrantKey) -> Result<Option<GrantRecord>, StoreError> {
        Ok(self.tables().grants.get(key).map(|row| row.record.clone()))
    }

    async fn update_grant(
        &self,
        record: GrantRecord,
        expected: GrantVersion,
    ) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let row = tables.grants.get_mut(&record.key);
        let Some(row) = row.filter(|row| row.record.version == expected) else { return Ok(false) };
        if row.record.pair.id != record.pair.id {
            row.lease = None;
        }
        row.record = record;
        Ok(true)
    }

    async fn lease_grant(
        &self,
        key: &GrantKey,
        pair: &PairId,
        lease: &Lease,
    ) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let row = tables.grants.get_mut(key).filter(|row| row.record.pair.id == *pair);
        let Some(row) = row else { return Ok(false) };
        let held = row.lease.as_ref();
        if held.is_some_and(|(holder, until)| lease.is_blocked_by(holder, *until)) {
            return Ok(false);
        }
        row.lease = Some((lease.holder.clone(), lease.until()));
        Ok(true)
    }

    async fn release_grant(&self, key: &GrantKey, holder: &str) -> Result<(), StoreError> {
        if let Some(row) = self.tables().grants.get_mut(key) {
            row.lease.take_if(|(other, _)| other == holder);
        }
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

    async fn end_session(
        &self,
        id: &SessionId,
        due_at: Timestamp,
    ) -> Result<Option<RevocationRecord>, StoreError> {
        Ok(self.tables().end_session(id, due_at))
    }

    async fn end_grant(
        &self,
        key: &GrantKey,
        due_at: Timestamp,
    ) -> Result<Option<RevocationRecord>, StoreError> {
        Ok(self.tables().end_grant(key, due_at))
    }

    async fn expire_sessions(
        &self,
        idle: Timestamp,
        created: Timestamp,
        due_at: Timestamp,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let mut tables = self.tables();
        let expired = tables
            .sessions
            .values()
            .filter(|session| session.used_at < idle || session.created_at < created);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let ids: Vec<_> = expired.take(limit).map(|session| session.id.clone()).collect();
        for id in &ids {
            tables.end_session(id, due_at);
        }
        Ok(ids.len() as u64)
    }

    async fn claim_revocations(
        &self,
        now: Timestamp,
        retry_at: Timestamp,
        limit: u32,
    ) -> Result<Vec<RevocationRecord>, StoreError> {
        let mut tables = self.tables();
        let due = tables
            .revocations
            .values_mut()
            .filter(|kept| kept.due_at <= now || kept.due_at > retry_at);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let claimed = due.take(limit).map(|kept| {
            (kept.due_at, kept.is_pending) = (retry_at, false);
            kept.tries = kept.tries.saturating_add(1);
            kept.clone()
        });
        Ok(claimed.collect())
    }

    async fn forget_revocation(&self, pair: &PairId) -> Result<(), StoreError> {
        self.tables().revocations.remove(pair);
        Ok(())
    }

    async fn link(&self, key: &LinkKey) -> Result<Option<LinkRecord>, StoreError> {
        Ok(self.tables().links.get(key).cloned())
    }

    async fn put_link(&self, link: LinkRecord) -> Result<(), StoreError> {
        self.tables().links.insert(link.key.clone(), link);
        Ok(())
    }

    async fn update_link(
        &self,
        key: &LinkKey,
        expected: GrantVersion,
        link: Option<LinkRecord>,
    ) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        if tables.links.get(key).is_none_or(|stored| stored.version != expected) {
            return Ok(false);
        }
        match link {
            Some(link) => tables.links.insert(key.clone(), link),
            None => tables.links.remove(key),
        };
        Ok(true)
    }

    async fn delete_link(&self, key: &LinkKey) -> Result<(), StoreError> {
        self.tables().links.remove(key);
        Ok(())
    }

    async fn put_person(&self, person: PersonRecord) -> Result<(), StoreError> {
        self.tables().persons.insert(person.user_entity_ref.clone(), person);
        Ok(())
    }

    async fn person(&self, user_entity_ref: &str) -> Result<Option<PersonRecord>, StoreError> {
        Ok(self.tables().persons.get(user_entity_ref).cloned())
    }

    async fn put_signing_key(&self, key: SigningKeyRecord) -> Result<(), StoreError> {
        let keys = &mut self.tables().signing_keys;
        keys.push(key);
        keys.sort_by_key(|key| key.created_at);
        Ok(())
    }

    async fn signing_keys(&self) -> Result<Vec<SigningKeyRecord>, StoreError> {
        Ok(self.tables().signing_keys.clone())
    }

    async fn delete_signing_keys_before(&self, before: Timestamp) -> Result<(), StoreError> {
        self.tables().signing_keys.retain(|key| key.created_at >= before);
        Ok(())
    }

    async fn counts(&self) -> Result<Option<StoreCounts>, StoreError> {
        let tables = self.tables();
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        Ok(Some(StoreCounts {
            sessions: count(tables.sessions.len()),
            grants: count(tables.grants.len()),
            links: count(tables.links.len()),
            revocations: count(tables.revocations.len()),
        }))
    }
}
