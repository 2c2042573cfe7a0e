//! The store of one process, gone with it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::MutexGuard;

use async_trait::async_trait;
use coder_core::Lock;
use jiff::Timestamp;

use super::{
    AuthStore, Erased, Erasure, GrantChange, GrantRecord, GrantVersion, Lease, LinkKey, LinkRecord,
    LoginCompletion, LoginOutcome, PairId, PersonRecord, RevocationRecord, SessionRecord,
    SigningKeyRecord, StoreCounts, StoreError,
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
    /// User entity refs of those who have signed in with it.
    persons: BTreeSet<String>,
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
                        let (sessions, persons) = (BTreeSet::new(), BTreeSet::new());
                        let row = GrantRow { record, sessions, persons, lease: None };
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
        self.forget_persons(&row);
        Some(self.revoke(row.record, due_at))
    }

    fn end_grant(&mut self, key: &GrantKey, due_at: Timestamp) -> Option<RevocationRecord> {
        let row = self.grants.remove(key)?;
        for session in &row.sessions {
            self.sessions.remove(session);
        }
        self.forget_persons(&row);
        Some(self.revoke(row.record, due_at))
    }

    /// Forgets those who have signed in with an ended grant, and with no other one.
    fn forget_persons(&mut self, ended: &GrantRow) {
        for name in &ended.persons {
            if !self.grants.values().any(|grant| grant.persons.contains(name)) {
                self.persons.remove(name);
            }
        }
    }

    fn erase(&mut self, erasure: &Erasure) -> Erased {
        let (sessions, persons, links) =
            (self.sessions.len(), self.persons.len(), self.links.len());
        let grants = erasure.grants.iter();
        let revocations = grants.filter_map(|key| self.end_grant(key, erasure.due_at)).collect();
        self.links.retain(|key, _| !erasure.links.contains(key));
        Erased {
            revocations,
            sessions: (sessions - self.sessions.len()) as u64,
            persons: (persons - self.persons.len()) as u64,
            links: (links - self.links.len()) as u64,
        }
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

    async fn put_person(&self, person: PersonRecord, grant: &GrantKey) -> Result<(), StoreError> {
        let mut tables = self.tables();
        if let Some(grant) = tables.grants.get_mut(grant) {
            grant.persons.insert(person.user_entity_ref.clone());
            tables.persons.insert(person.user_entity_ref.clone(), person);
        }
        Ok(())
    }

    async fn person(&self, user_entity_ref: &str) -> Result<Option<PersonRecord>, StoreError> {
        Ok(self.tables().persons.get(user_entity_ref).cloned())
    }

    async fn sessions(
        &self,
        after: Option<&SessionId>,
        limit: u32,
    ) -> Result<Vec<(SessionRecord, GrantRecord)>, StoreError> {
        let tables = self.tables();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let listed = tables.sessions.range((from, Bound::Unbounded)).filter_map(|(_, session)| {
            let grant = tables.grants.get(&session.grant)?;
            Some((session.clone(), grant.record.clone()))
        });
        Ok(listed.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
    }

    async fn persons_of_grant(&self, key: &GrantKey) -> Result<Vec<String>, StoreError> {
        let tables = self.tables();
        let persons = tables.grants.get(key).map(|grant| grant.persons.iter().cloned().collect());
        Ok(persons.unwrap_or_default())
    }

    async fn grants_of_person(&self, user_entity_ref: &str) -> Result<Vec<GrantKey>, StoreError> {
        let tables = self.tables();
        let grants =
            tables.grants.iter().filter(|(_, grant)| grant.persons.contains(user_entity_ref));
        Ok(grants.map(|(key, _)| key.clone()).collect())
    }

    async fn erase(&self, erasure: Erasure) -> Result<Erased, StoreError> {
        Ok(self.tables().erase(&erasure))
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
