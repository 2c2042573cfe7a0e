//! A store that yields, is slow and fails: each call of it is one step of the scheduler.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use coder_auth::store::{
    AuthStore, GrantChange, GrantRecord, GrantVersion, Lease, LinkKey, LinkRecord, LoginCompletion,
    LoginOutcome, PairId, PairRecord, PersonRecord, RevocationRecord, SessionRecord,
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

    /// Notes that a pair is stored, or that the store has failed it. `is_written` says whether a
    /// call that did not fail has written it.
    fn note<T>(
        &self,
        pair: Option<&PairRecord>,
        done: &Result<T, StoreError>,
        is_written: impl Fn(&T) -> bool,
    ) {
        let access = pair.and_then(|pair| testing::access_token_of(&self.keys, pair));
        let Some(access) = access else { return };
        match done {
            Ok(done) if is_written(done) => self.ledger.stored(access.expose()),
            Ok(_) => {}
            Err(_) => self.ledger.excuse(access.expose(), "the store failed before its commit"),
        }
    }
}

#[async_trait]
impl AuthStore for Steps {
    async fn use_attempt(
        &self,
        id: &AttemptId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.step("use_attempt", self.inner.use_attempt(id, now, until)).await
    }

    async fn grant(&self, key: &GrantKey) -> Result<Option<GrantRecord>, StoreError> {
        self.step("grant", self.inner.grant(key)).await
    }

    async fn lease_grant(
        &self,
        key: &GrantKey,
        pair: &PairId,
        lease: &Lease,
    ) -> Result<bool, StoreError> {
        self.step("lease_grant", self.inner.lease_grant(key, pair, lease)).await
    }

    async fn release_grant(&self, key: &GrantKey, holder: &str) -> Result<(), StoreError> {
        self.step("release_grant", self.inner.release_grant(key, holder)).await
    }

    async fn session(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        self.step("session", self.inner.session(id)).await
    }

    async fn touch_session(&self, id: &SessionId, used_at: Timestamp) -> Result<(), StoreError> {
        self.step("touch_session", self.inner.touch_session(id, used_at)).await
    }

    async fn end_session(
        &self,
        id: &SessionId,
        due_at: Timestamp,
    ) -> Result<Option<RevocationRecord>, StoreError> {
        self.step("end_session", self.inner.end_session(id, due_at)).await
    }

    async fn end_grant(
        &self,
        key: &GrantKey,
        due_at: Timestamp,
    ) -> Result<Option<RevocationRecord>, StoreError> {
        self.step("end_grant", self.inner.end_grant(key, due_at)).await
    }

    async fn expire_sessions(
        &self,
        idle: Timestamp,
        created: Timestamp,
        due_at: Timestamp,
        limit: u32,
    ) -> Result<u64, StoreError> {
        self.step("expire_sessions", self.inner.expire_sessions(idle, created, due_at, limit)).await
    }

    async fn claim_revocations(
        &self,
        now: Timestamp,
        retry_at: Timestamp,
        limit: u32,
    ) -> Result<Vec<RevocationRecord>, StoreError> {
        self.step("claim_revocations", self.inner.claim_revocations(now, retry_at, limit)).await
    }

    async fn forget_revocation(&self, pair: &PairId) -> Result<(), StoreError> {
        self.step("forget_revocation", self.inner.forget_revocation(pair)).await
    }

    async fn link(&self, key: &LinkKey) -> Result<Option<LinkRecord>, StoreError> {
        self.step("link", self.inner.link(key)).await
    }

    async fn put_link(&self, link: LinkRecord) -> Result<(), StoreError> {
        self.step("put_link", self.inner.put_link(link)).await
    }

    async fn update_link(
        &self,
        key: &LinkKey,
        expected: GrantVersion,
        link: Option<LinkRecord>,
    ) -> Result<bool, StoreError> {
        self.step("update_link", self.inner.update_link(key, expected, link)).await
    }

    async fn delete_link(&self, key: &LinkKey) -> Result<(), StoreError> {
        self.step("delete_link", self.inner.delete_link(key)).await
    }

    async fn put_person(&self, person: PersonRecord) -> Result<(), StoreError> {
        self.step("put_person", self.inner.put_person(person)).await
    }

    async fn person(&self, user: &str) -> Result<Option<PersonRecord>, StoreError> {
        self.step("person", self.inner.person(user)).await
    }

    async fn put_signing_key(&self, key: SigningKeyRecord) -> Result<(), StoreError> {
        self.step("put_signing_key", self.inner.put_signing_key(key)).await
    }

    async fn signing_keys(&self) -> Result<Vec<SigningKeyRecord>, StoreError> {
        self.step("signing_keys", self.inner.signing_keys()).await
    }

    async fn delete_signing_keys_before(&self, before: Timestamp) -> Result<(), StoreError> {
        self.step("delete_signing_keys_before", self.inner.delete_signing_keys_before(before)).await
    }

    async fn keep_pair(&self, kept: RevocationRecord) -> Result<(), StoreError> {
        let pair = kept.pair.clone();
        let done = self.step("keep_pair", self.inner.keep_pair(kept)).await;
        self.note(Some(&pair), &done, |()| true);
        done
    }

    async fn finish_login(&self, login: LoginCompletion) -> Result<LoginOutcome, StoreError> {
        let pair = match &login.change {
            GrantChange::Replace { record, .. } => Some(record.pair.clone()),
            GrantChange::Keep => None,
        };
        let done = self.step("finish_login", self.inner.finish_login(login)).await;
        self.note(pair.as_ref(), &done, |outcome| {
            matches!(outcome, LoginOutcome::Finished(_))
        });
        done
    }

    async fn update_grant(
        &self,
        record: GrantRecord,
        expected: GrantVersion,
    ) -> Result<bool, StoreError> {
        let pair = record.pair.clone();
        let done = self.step("update_grant", self.inner.update_grant(record, expected)).await;
        self.note(Some(&pair), &done, |written| *written);
        done
    }
}
