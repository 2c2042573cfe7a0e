//! A store that yields, is slow and fails: each call of it is one step of the scheduler.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use coder_auth::store::{
    AuthStore, Erased, Erasure, GrantChange, GrantRecord, GrantVersion, Lease, LinkKey, LinkRecord,
    LoginCompletion, LoginOutcome, PairId, PairRecord, PersonRecord, RevocationRecord,
    SessionRecord, SigningKeyRecord, StoreError,
};
use coder_auth::{AttemptId, GrantKey, SealingKeys, SessionId, testing};
use coder_testkit::FakeCoder;
use jiff::Timestamp;

use crate::ledger::{Ledger, Pair, Place};
use crate::plan::StoreFault;
use crate::rule::Rule;
use crate::scheduler::{Process, Time};

/// The store of one process.
pub(crate) struct Steps {
    pub(crate) inner: Arc<dyn AuthStore>,
    /// Runs the calls of a database; memory needs none.
    pub(crate) tokio: Option<Arc<tokio::runtime::Runtime>>,
    pub(crate) process: Process,
    pub(crate) keys: SealingKeys,
    pub(crate) coders: Arc<Vec<FakeCoder>>,
    pub(crate) time: Time,
    pub(crate) ledger: Ledger,
    /// By the number of the call.
    pub(crate) faults: Arc<dyn Fn() -> Option<StoreFault> + Send + Sync>,
}

impl Steps {
    /// Makes one call: a turn, the call, a turn, and what goes wrong in between.
    async fn step<T, Call>(
        &self,
        name: &'static str,
        call: Call,
        note: impl FnOnce(&T),
    ) -> Result<T, StoreError>
    where
        Call: Future<Output = Result<T, StoreError>> + Send,
    {
        self.time.turn().await;
        let fault = if self.ledger.book().healed { None } else { (self.faults)() };
        if let Some(fault) = fault {
            self.ledger.tell(|| format!("p{}: the store meets {fault:?} in {name}", self.process));
            self.ledger.count(fault.name());
        }
        if fault == Some(StoreFault::Before) {
            self.ledger.store_failed(self.process);
            return Err(StoreError::new("the simulation broke it before the call"));
        }
        if fault == Some(StoreFault::Slow) {
            self.time.sleep(Duration::from_secs(3)).await;
        }
        let done = match &self.tokio {
            Some(runtime) => runtime.block_on(call),
            None => call.await,
        };
        match &done {
            Ok(done) => {
                self.ledger.tell(|| format!("p{}: {name}", self.process));
                note(done);
            }
            Err(error) => {
                let cause = std::error::Error::source(error).map(ToString::to_string);
                self.ledger.breach(Rule::Store, format!("{name}: {}", cause.unwrap_or_default()));
            }
        }
        if fault == Some(StoreFault::After) {
            self.ledger.store_failed(self.process);
            return Err(StoreError::new("the simulation broke it after the call"));
        }
        self.time.turn().await;
        done
    }

    fn open(&self, pair: &PairRecord) -> Option<String> {
        testing::access_token_of(&self.keys, pair).map(|token| token.expose().to_owned())
    }

    fn note_stored(&self, pair: &PairRecord, place: Place) {
        self.ledger.stored(&pair.id, place, || self.open(pair));
    }

    fn note_ended<'a>(&self, ended: impl IntoIterator<Item = &'a RevocationRecord>) {
        for revocation in ended {
            self.note_stored(&revocation.pair, Place::Ended);
        }
    }

    /// Checks that a pair that is forgotten is dead.
    fn note_forgotten(&self, id: &PairId) {
        let pair = {
            let book = self.ledger.book();
            book.pairs.iter().find(|pair| pair.id.as_ref() == Some(id)).cloned()
        };
        let lives = |pair: &Pair| {
            let coder = self.coders.get(pair.coder);
            coder.is_some_and(|coder| coder.is_live(&pair.access) || coder.is_live(&pair.refresh))
        };
        if let Some(pair) = pair.filter(lives) {
            let what = format!("the pair of {} is forgotten, and lives at Coder", pair.access);
            self.ledger.breach(Rule::NoLeak, what);
        }
        self.ledger.moved(id, Place::Gone);
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
        self.step("use_attempt", self.inner.use_attempt(id, now, until), |_| ()).await
    }

    async fn grant(&self, key: &GrantKey) -> Result<Option<GrantRecord>, StoreError> {
        self.step("grant", self.inner.grant(key), |_| ()).await
    }

    async fn lease_grant(
        &self,
        key: &GrantKey,
        pair: &PairId,
        lease: &Lease,
    ) -> Result<bool, StoreError> {
        self.step("lease_grant", self.inner.lease_grant(key, pair, lease), |_| ()).await
    }

    async fn release_grant(&self, key: &GrantKey, holder: &str) -> Result<(), StoreError> {
        self.step("release_grant", self.inner.release_grant(key, holder), |_| ()).await
    }

    async fn session(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        self.step("session", self.inner.session(id), |_| ()).await
    }

    async fn touch_session(&self, id: &SessionId, used_at: Timestamp) -> Result<(), StoreError> {
        self.step("touch_session", self.inner.touch_session(id, used_at), |_| ()).await
    }

    async fn end_session(
        &self,
        id: &SessionId,
        due_at: Timestamp,
    ) -> Result<Option<RevocationRecord>, StoreError> {
        self.step("end_session", self.inner.end_session(id, due_at), |ended| self.note_ended(ended))
            .await
    }

    async fn end_grant(
        &self,
        key: &GrantKey,
        due_at: Timestamp,
    ) -> Result<Option<RevocationRecord>, StoreError> {
        self.step("end_grant", self.inner.end_grant(key, due_at), |ended| self.note_ended(ended))
            .await
    }

    async fn expire_sessions(
        &self,
        idle: Timestamp,
        created: Timestamp,
        due_at: Timestamp,
        limit: u32,
    ) -> Result<u64, StoreError> {
        self.step(
            "expire_sessions",
            self.inner.expire_sessions(idle, created, due_at, limit),
            |_| (),
        )
        .await
    }

    async fn claim_revocations(
        &self,
        now: Timestamp,
        retry_at: Timestamp,
        limit: u32,
    ) -> Result<Vec<RevocationRecord>, StoreError> {
        let claim = self.inner.claim_revocations(now, retry_at, limit);
        self.step("claim_revocations", claim, |claimed| self.note_ended(claimed)).await
    }

    async fn forget_revocation(&self, pair: &PairId) -> Result<(), StoreError> {
        self.step("forget_revocation", self.inner.forget_revocation(pair), |()| {
            self.note_forgotten(pair)
        })
        .await
    }

    async fn link(&self, key: &LinkKey) -> Result<Option<LinkRecord>, StoreError> {
        self.step("link", self.inner.link(key), |_| ()).await
    }

    async fn put_link(&self, link: LinkRecord) -> Result<(), StoreError> {
        self.step("put_link", self.inner.put_link(link), |_| ()).await
    }

    async fn update_link(
        &self,
        key: &LinkKey,
        expected: GrantVersion,
        link: Option<LinkRecord>,
    ) -> Result<bool, StoreError> {
        self.step("update_link", self.inner.update_link(key, expected, link), |_| ()).await
    }

    async fn delete_link(&self, key: &LinkKey) -> Result<(), StoreError> {
        self.step("delete_link", self.inner.delete_link(key), |_| ()).await
    }

    async fn put_person(&self, person: PersonRecord, grant: &GrantKey) -> Result<(), StoreError> {
        self.step("put_person", self.inner.put_person(person, grant), |_| ()).await
    }

    async fn person(&self, user: &str) -> Result<Option<PersonRecord>, StoreError> {
        self.step("person", self.inner.person(user), |_| ()).await
    }

    async fn sessions(
        &self,
        after: Option<&SessionId>,
        limit: u32,
    ) -> Result<Vec<(SessionRecord, GrantRecord)>, StoreError> {
        self.step("sessions", self.inner.sessions(after, limit), |_| ()).await
    }

    async fn persons_of_grant(&self, key: &GrantKey) -> Result<Vec<String>, StoreError> {
        self.step("persons_of_grant", self.inner.persons_of_grant(key), |_| ()).await
    }

    async fn grants_of_person(&self, user: &str) -> Result<Vec<GrantKey>, StoreError> {
        self.step("grants_of_person", self.inner.grants_of_person(user), |_| ()).await
    }

    async fn erase(&self, erasure: Erasure) -> Result<Erased, StoreError> {
        self.step("erase", self.inner.erase(erasure), |_| ()).await
    }

    async fn put_signing_key(&self, key: SigningKeyRecord) -> Result<(), StoreError> {
        self.step("put_signing_key", self.inner.put_signing_key(key), |_| ()).await
    }

    async fn signing_keys(&self) -> Result<Vec<SigningKeyRecord>, StoreError> {
        self.step("signing_keys", self.inner.signing_keys(), |_| ()).await
    }

    async fn delete_signing_keys_before(&self, before: Timestamp) -> Result<(), StoreError> {
        self.step(
            "delete_signing_keys_before",
            self.inner.delete_signing_keys_before(before),
            |_| (),
        )
        .await
    }

    async fn keep_pair(&self, kept: RevocationRecord) -> Result<(), StoreError> {
        let pair = kept.pair.clone();
        let place = if kept.is_pending { Place::Pending } else { Place::Ended };
        let is_noted = AtomicBool::new(false);
        let note = |(): &()| {
            is_noted.store(true, Ordering::Relaxed);
            self.note_stored(&pair, place);
        };
        let done = self.step("keep_pair", self.inner.keep_pair(kept), note).await;
        if !is_noted.into_inner()
            && let Some(access) = self.open(&pair)
        {
            self.ledger.excuse(&access, "the store failed before it was kept");
        }
        done
    }

    async fn finish_login(&self, login: LoginCompletion) -> Result<LoginOutcome, StoreError> {
        let pair = match &login.change {
            GrantChange::Replace { record, .. } => Some(record.pair.clone()),
            GrantChange::Keep => None,
        };
        let note = |outcome: &LoginOutcome| match outcome {
            LoginOutcome::Finished(ended) => {
                if let Some(pair) = &pair {
                    self.note_stored(pair, Place::Granted);
                }
                self.note_ended(ended);
            }
            LoginOutcome::Conflict | LoginOutcome::PairGone | LoginOutcome::NoSession => {}
        };
        self.step("finish_login", self.inner.finish_login(login), note).await
    }

    async fn update_grant(
        &self,
        record: GrantRecord,
        expected: GrantVersion,
    ) -> Result<bool, StoreError> {
        let pair = record.pair.clone();
        let note = |is_written: &bool| {
            if *is_written {
                self.note_stored(&pair, Place::Granted);
            }
        };
        self.step("update_grant", self.inner.update_grant(record, expected), note).await
    }
}
