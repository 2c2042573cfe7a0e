//! A store that yields, is slow and fails: each call of it is one step of the scheduler.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use coder_auth::store::{
    AuthStore, Generation, GrantRecord, PendingRecord, PersonRecord, SessionRecord,
    SigningKeyRecord, StoreError,
};
use coder_auth::{AttemptId, GrantKey, SealingKeys, SessionId, testing};
use jiff::Timestamp;

use crate::ledger::Ledger;
use crate::plan::StoreFault;
use crate::scheduler::{Process, Time};

/// The store of one process.
pub(crate) struct Steps {
    pub(crate) inner: Arc<dyn AuthStore>,
    /// Runs the calls of a database; memory needs none.
    pub(crate) tokio: Option<Arc<tokio::runtime::Runtime>>,
    pub(crate) process: Process,
    pub(crate) keys: SealingKeys,
    pub(crate) time: Time,
    pub(crate) ledger: Ledger,
    /// By the number of the call.
    pub(crate) faults: Arc<dyn Fn() -> Option<StoreFault> + Send + Sync>,
}

impl Steps {
    /// Makes one call: a turn, the call, a turn, and what goes wrong in between.
    async fn step<T, Call>(&self, name: &'static str, call: Call) -> Result<T, StoreError>
    where
        Call: Future<Output = Result<T, StoreError>> + Send,
    {
        self.time.turn().await;
        let fault = if self.ledger.book().healed { None } else { (self.faults)() };
        if let Some(fault) = fault {
            self.ledger.tell(format!("p{}: the store meets {fault:?} in {name}", self.process));
            self.ledger.count(fault.name());
            if fault != StoreFault::Slow {
                self.ledger.book().failed = true;
                self.ledger.book().excused = true;
            }
        }
        if fault == Some(StoreFault::Before) {
            return Err(StoreError::new("the simulation broke it before the call"));
        }
        if fault == Some(StoreFault::Slow) {
            self.time.sleep(Duration::from_secs(3)).await;
        }
        let done = match &self.tokio {
            Some(runtime) => runtime.block_on(call),
            None => call.await,
        };
        if done.is_ok() {
            self.ledger.tell(format!("p{}: {name}", self.process));
        }
        self.time.turn().await;
        if fault == Some(StoreFault::After) {
            return Err(StoreError::new("the simulation broke it after the call"));
        }
        done
    }

    /// Notes that a pair is stored, or that the store has failed it.
    fn note<T>(&self, access: Option<coder_core::Secret>, done: &Result<T, StoreError>, ok: bool) {
        let Some(access) = access else { return };
        match done {
            Ok(_) if ok => self.ledger.stored(access.expose()),
            Ok(_) => {}
            Err(_) => self.ledger.excuse(access.expose(), "the store failed before its commit"),
        }
    }
}

#[async_trait]
impl AuthStore for Steps {
    async fn use_attempt(&self, id: &AttemptId, until: Timestamp) -> Result<bool, StoreError> {
        self.step("use_attempt", self.inner.use_attempt(id, until)).await
    }

    async fn put_pending(&self, pending: PendingRecord) -> Result<(), StoreError> {
        let access = testing::access_token_of_pending(&self.keys, &pending);
        let done = self.step("put_pending", self.inner.put_pending(pending)).await;
        self.note(access, &done, true);
        done
    }

    async fn delete_pending(&self, attempt: &AttemptId) -> Result<(), StoreError> {
        self.step("delete_pending", self.inner.delete_pending(attempt)).await
    }

    async fn pending_before(&self, before: Timestamp) -> Result<Vec<PendingRecord>, StoreError> {
        self.step("pending_before", self.inner.pending_before(before)).await
    }

    async fn grant(&self, key: &GrantKey) -> Result<Option<GrantRecord>, StoreError> {
        self.step("grant", self.inner.grant(key)).await
    }

    async fn replace_grant(
        &self,
        record: GrantRecord,
        expected: Option<Generation>,
    ) -> Result<bool, StoreError> {
        let access = testing::access_token_of_grant(&self.keys, &record);
        let done = self.step("replace_grant", self.inner.replace_grant(record, expected)).await;
        self.note(access, &done, matches!(done, Ok(true)));
        done
    }

    async fn delete_grant(&self, key: &GrantKey, is: Generation) -> Result<bool, StoreError> {
        self.step("delete_grant", self.inner.delete_grant(key, is)).await
    }

    async fn lease_grant(
        &self,
        key: &GrantKey,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.step("lease_grant", self.inner.lease_grant(key, holder, now, until)).await
    }

    async fn release_grant(&self, key: &GrantKey, holder: &str) -> Result<(), StoreError> {
        self.step("release_grant", self.inner.release_grant(key, holder)).await
    }

    async fn put_session(&self, session: SessionRecord) -> Result<(), StoreError> {
        self.step("put_session", self.inner.put_session(session)).await
    }

    async fn session(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        self.step("session", self.inner.session(id)).await
    }

    async fn touch_session(&self, id: &SessionId, used_at: Timestamp) -> Result<(), StoreError> {
        self.step("touch_session", self.inner.touch_session(id, used_at)).await
    }

    async fn delete_session(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        self.step("delete_session", self.inner.delete_session(id)).await
    }

    async fn count_sessions(&self, grant: &GrantKey) -> Result<u64, StoreError> {
        self.step("count_sessions", self.inner.count_sessions(grant)).await
    }

    async fn sessions_before(
        &self,
        idle: Timestamp,
        created: Timestamp,
    ) -> Result<Vec<SessionRecord>, StoreError> {
        self.step("sessions_before", self.inner.sessions_before(idle, created)).await
    }

    async fn put_person(&self, person: PersonRecord) -> Result<(), StoreError> {
        self.step("put_person", self.inner.put_person(person)).await
    }

    async fn person(&self, user_entity_ref: &str) -> Result<Option<PersonRecord>, StoreError> {
        self.step("person", self.inner.person(user_entity_ref)).await
    }

    async fn put_signing_key(&self, key: SigningKeyRecord) -> Result<(), StoreError> {
        self.step("put_signing_key", self.inner.put_signing_key(key)).await
    }

    async fn signing_keys(&self) -> Result<Vec<SigningKeyRecord>, StoreError> {
        self.step("signing_keys", self.inner.signing_keys()).await
    }

    async fn delete_signing_keys_before(&self, before: Timestamp) -> Result<(), StoreError> {
        let call = self.inner.delete_signing_keys_before(before);
        self.step("delete_signing_keys_before", call).await
    }
}
