//! An [`AuthStore`] over rows.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use coder_auth::store::{
    AuthStore, Erased, Erasure, GrantRecord, GrantVersion, Lease, LinkKey, LinkRecord,
    LoginCompletion, LoginOutcome, PairId, PersonRecord, RevocationRecord, SessionRecord,
    SigningKeyRecord, StoreError,
};
use coder_auth::{AttemptId, GrantKey, SessionId};
use jiff::Timestamp;

use super::records::{
    GrantRow, LeaseRow, LinkRow, Micros, PersonRow, SessionRow, SigningKeyRow, read,
};
use super::transaction::{Transaction, list, transaction};
use super::{Rows, keys};

/// So many expired attempts are deleted with each new one.
const EXPIRED: u32 = 16;

/// A store of a login that keeps everything in [`Rows`].
#[derive(Clone)]
pub struct RowAuthStore {
    pub(super) rows: Arc<dyn Rows>,
}

impl RowAuthStore {
    /// Creates the store over these rows.
    pub fn new(rows: Arc<dyn Rows>) -> Self {
        Self { rows }
    }

    /// Deletes some of the attempts that have expired. What others delete meanwhile is left to them.
    async fn forget_attempts(&self, now: Timestamp) -> Result<(), StoreError> {
        let expired = keys::before(keys::ATTEMPTS_BY_EXPIRY, now, EXPIRED);
        let mut transaction = Transaction::new(&*self.rows);
        for row in transaction.list(&expired).await? {
            transaction.delete(keys::found("attempt", &row.key));
            transaction.delete(row.key);
        }
        transaction.commit().await.map(drop)
    }
}

impl fmt::Debug for RowAuthStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RowAuthStore")
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl AuthStore for RowAuthStore {
    async fn use_attempt(
        &self,
        attempt: &AttemptId,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.forget_attempts(now).await?;
        let key = keys::attempt(attempt);
        transaction!(self, |transaction| async {
            let is_new = transaction.get::<Micros>(&key).await?.is_none();
            if is_new {
                transaction.put(keys::at(keys::ATTEMPTS_BY_EXPIRY, expires_at, &key), &())?;
                transaction.put(key.clone(), &Micros(expires_at))?;
            }
            Ok::<_, StoreError>(is_new)
        })
    }

    async fn keep_pair(&self, pair: RevocationRecord) -> Result<(), StoreError> {
        transaction!(self, |transaction| transaction.keep(pair.clone())).map(drop)
    }

    async fn finish_login(&self, login: LoginCompletion) -> Result<LoginOutcome, StoreError> {
        transaction!(self, |transaction| transaction.finish_login(login.clone()))
    }

    async fn grant(&self, key: &GrantKey) -> Result<Option<GrantRecord>, StoreError> {
        let row = Transaction::new(&*self.rows).get::<GrantRow>(&keys::grant(key)).await?;
        Ok(row.map(GrantRow::into_record))
    }

    async fn update_grant(
        &self,
        record: GrantRecord,
        expected: GrantVersion,
    ) -> Result<bool, StoreError> {
        let key = keys::grant(&record.key);
        transaction!(self, |transaction| async {
            let current = transaction.get::<GrantRow>(&key).await?;
            let Some(current) = current.filter(|current| current.has_version(&expected)) else {
                return Ok(false);
            };
            transaction.put(key.clone(), &current.with(record.clone()))?;
            Ok::<_, StoreError>(true)
        })
    }

    async fn lease_grant(
        &self,
        key: &GrantKey,
        pair: &PairId,
        lease: &Lease,
    ) -> Result<bool, StoreError> {
        let key = keys::grant(key);
        transaction!(self, |transaction| async {
            let current = transaction.get::<GrantRow>(&key).await?;
            let Some(mut grant) = current.filter(|grant| grant.has_pair(pair)) else {
                return Ok(false);
            };
            let held = grant.lease.as_ref();
            if held.is_some_and(|held| lease.is_blocked_by(&held.holder, held.until.0)) {
                return Ok(false);
            }
            let (holder, until) = (lease.holder.clone(), Micros(lease.until()));
            grant.lease = Some(LeaseRow { holder, until });
            transaction.put(key.clone(), &grant)?;
            Ok::<_, StoreError>(true)
        })
    }

    async fn release_grant(&self, key: &GrantKey, holder: &str) -> Result<(), StoreError> {
        let key = keys::grant(key);
        transaction!(self, |transaction| async {
            if let Some(mut grant) = transaction.get::<GrantRow>(&key).await?
                && grant.lease.take_if(|lease| lease.holder == holder).is_some()
            {
                transaction.put(key.clone(), &grant)?;
            }
            Ok::<_, StoreError>(())
        })
    }

    async fn session(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        Transaction::new(&*self.rows).session(id).await
    }

    async fn touch_session(&self, id: &SessionId, used_at: Timestamp) -> Result<(), StoreError> {
        transaction!(self, |transaction| async {
            if let Some(session) = transaction.session(id).await? {
                transaction.put_session(SessionRecord { used_at, ..session }).await?;
            }
            Ok::<_, StoreError>(())
        })
    }

    async fn end_session(
        &self,
        id: &SessionId,
        due_at: Timestamp,
    ) -> Result<Option<RevocationRecord>, StoreError> {
        transaction!(self, |transaction| transaction.end_session(id, due_at))
    }

    async fn end_grant(
        &self,
        key: &GrantKey,
        due_at: Timestamp,
    ) -> Result<Option<RevocationRecord>, StoreError> {
        transaction!(self, |transaction| transaction.end_grant(key, due_at))
    }

    async fn expire_sessions(
        &self,
        idle: Timestamp,
        created: Timestamp,
        due_at: Timestamp,
        limit: u32,
    ) -> Result<u64, StoreError> {
        transaction!(self, |transaction| transaction.expire_sessions(idle, created, due_at, limit))
    }

    async fn claim_revocations(
        &self,
        now: Timestamp,
        retry_at: Timestamp,
        limit: u32,
    ) -> Result<Vec<RevocationRecord>, StoreError> {
        transaction!(self, |transaction| transaction.claim_revocations(now, retry_at, limit))
    }

    async fn forget_revocation(&self, pair: &PairId) -> Result<(), StoreError> {
        transaction!(self, |transaction| transaction.forget_revocation(pair))
    }

    async fn link(&self, key: &LinkKey) -> Result<Option<LinkRecord>, StoreError> {
        let row = Transaction::new(&*self.rows).get::<LinkRow>(&keys::link(key)).await?;
        Ok(row.map(LinkRecord::from))
    }

    async fn put_link(&self, link: LinkRecord) -> Result<(), StoreError> {
        let mut transaction = Transaction::new(&*self.rows);
        transaction.put(keys::link(&link.key), &LinkRow::from(link))?;
        transaction.commit().await.map(drop)
    }

    async fn update_link(
        &self,
        key: &LinkKey,
        expected: GrantVersion,
        link: Option<LinkRecord>,
    ) -> Result<bool, StoreError> {
        let key = keys::link(key);
        transaction!(self, |transaction| async {
            let current = transaction.get::<LinkRow>(&key).await?;
            if current.is_none_or(|current| !current.has_version(&expected)) {
                return Ok(false);
            }
            match link.clone() {
                Some(link) => transaction.put(key.clone(), &LinkRow::from(link))?,
                None => transaction.delete(key.clone()),
            }
            Ok::<_, StoreError>(true)
        })
    }

    async fn delete_link(&self, key: &LinkKey) -> Result<(), StoreError> {
        let mut transaction = Transaction::new(&*self.rows);
        transaction.delete(keys::link(key));
        transaction.commit().await.map(drop)
    }

    async fn put_person(&self, person: PersonRecord, grant: &GrantKey) -> Result<(), StoreError> {
        transaction!(self, |transaction| transaction.put_person(person.clone(), grant))
    }

    async fn person(&self, user_entity_ref: &str) -> Result<Option<PersonRecord>, StoreError> {
        let key = keys::person(user_entity_ref);
        let row = Transaction::new(&*self.rows).get::<PersonRow>(&key).await?;
        Ok(row.map(PersonRecord::from))
    }

    async fn sessions(
        &self,
        after: Option<&SessionId>,
        limit: u32,
    ) -> Result<Vec<(SessionRecord, GrantRecord)>, StoreError> {
        let range = keys::following(keys::SESSIONS, after.map(keys::session), limit);
        let mut listed = Vec::new();
        for row in list(&*self.rows, &range).await? {
            let session = SessionRecord::from(read::<SessionRow>(&row.key, &row.value)?);
            if let Some(grant) = self.grant(&session.grant).await? {
                listed.push((session, grant));
            }
        }
        Ok(listed)
    }

    async fn persons_of_grant(&self, key: &GrantKey) -> Result<Vec<String>, StoreError> {
        let row = Transaction::new(&*self.rows).get::<GrantRow>(&keys::grant(key)).await?;
        Ok(row.map(|grant| grant.persons.into_iter().collect()).unwrap_or_default())
    }

    async fn grants_of_person(&self, user_entity_ref: &str) -> Result<Vec<GrantKey>, StoreError> {
        let mut transaction = Transaction::new(&*self.rows);
        transaction.grants_of(user_entity_ref).await
    }

    async fn erase(&self, erasure: Erasure) -> Result<Erased, StoreError> {
        transaction!(self, |transaction| transaction.erase(&erasure))
    }

    async fn put_signing_key(&self, key: SigningKeyRecord) -> Result<(), StoreError> {
        let mut transaction = Transaction::new(&*self.rows);
        let name = keys::signing_key(&key.id, key.created_at);
        transaction.put(name, &SigningKeyRow::from(key))?;
        transaction.commit().await.map(drop)
    }

    async fn signing_keys(&self) -> Result<Vec<SigningKeyRecord>, StoreError> {
        let rows = list(&*self.rows, &keys::all(keys::SIGNING_KEYS)).await?;
        let keys = rows.iter().map(|row| read::<SigningKeyRow>(&row.key, &row.value));
        keys.map(|key| key.map(SigningKeyRecord::from)).collect()
    }

    async fn delete_signing_keys_before(&self, before: Timestamp) -> Result<(), StoreError> {
        let mut transaction = Transaction::new(&*self.rows);
        let range = keys::before(keys::SIGNING_KEYS, before, u32::MAX);
        for row in transaction.list(&range).await? {
            transaction.delete(row.key);
        }
        transaction.commit().await.map(drop)
    }
}
