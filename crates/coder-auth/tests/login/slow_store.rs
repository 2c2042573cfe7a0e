//! A store that is down while a rotation ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use coder_auth::store::{
    AuthStore, Erased, Erasure, GrantRecord, GrantVersion, Lease, LinkKey, LinkRecord,
    LoginCompletion, LoginOutcome, PairId, PersonRecord, RevocationRecord, SessionRecord,
    SigningKeyRecord, StoreError,
};
use coder_auth::{AttemptId, CoderAuth, GrantKey, SealingKeys, SessionId};
use coder_core::Secret;
use coder_testkit::{FakeUser, TestClock};
use http::StatusCode;
use jiff::Timestamp;

use crate::support::{Browser, House, base_options};

const DAY: Duration = Duration::from_secs(24 * 3600);
const MINUTE: Duration = Duration::from_secs(60);

/// A store that takes ten seconds to fail each update of a grant, and that fails to list what is to be
/// revoked, while it `is_down`.
struct SlowStore {
    inner: Arc<dyn AuthStore>,
    clock: TestClock,
    is_down: AtomicBool,
    updates: AtomicUsize,
}

impl SlowStore {
    async fn update(
        &self,
        record: GrantRecord,
        expected: GrantVersion,
    ) -> Result<bool, StoreError> {
        self.updates.fetch_add(1, Ordering::Relaxed);
        if self.is_down.load(Ordering::Relaxed) {
            self.clock.advance(Duration::from_secs(10));
            return Err(StoreError::new("the store is down"));
        }
        self.inner.update_grant(record, expected).await
    }
}

macro_rules! pass_on {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $output:ty;)*) => {
        #[async_trait]
        impl AuthStore for SlowStore {
            async fn update_grant(
                &self,
                record: GrantRecord,
                expected: GrantVersion,
            ) -> Result<bool, StoreError> {
                self.update(record, expected).await
            }

            async fn claim_revocations(
                &self,
                now: Timestamp,
                retry_at: Timestamp,
                limit: u32,
            ) -> Result<Vec<RevocationRecord>, StoreError> {
                if self.is_down.load(Ordering::Relaxed) {
                    return Err(StoreError::new("the store is down"));
                }
                self.inner.claim_revocations(now, retry_at, limit).await
            }

            $(async fn $name(&self, $($argument: $type),*) -> Result<$output, StoreError> {
                self.inner.$name($($argument),*).await
            })*
        }
    };
}

pass_on! {
    fn use_attempt(attempt: &AttemptId, now: Timestamp, expires_at: Timestamp) -> bool;
    fn keep_pair(pair: RevocationRecord) -> ();
    fn finish_login(login: LoginCompletion) -> LoginOutcome;
    fn grant(key: &GrantKey) -> Option<GrantRecord>;
    fn lease_grant(key: &GrantKey, pair: &PairId, lease: &Lease) -> bool;
    fn release_grant(key: &GrantKey, holder: &str) -> ();
    fn session(id: &SessionId) -> Option<SessionRecord>;
    fn touch_session(id: &SessionId, used_at: Timestamp) -> ();
    fn end_session(id: &SessionId, due_at: Timestamp) -> Option<RevocationRecord>;
    fn end_grant(key: &GrantKey, due_at: Timestamp) -> Option<RevocationRecord>;
    fn expire_sessions(idle: Timestamp, created: Timestamp, due_at: Timestamp, limit: u32) -> u64;
    fn forget_revocation(pair: &PairId) -> ();
    fn link(key: &LinkKey) -> Option<LinkRecord>;
    fn put_link(link: LinkRecord) -> ();
    fn update_link(key: &LinkKey, expected: GrantVersion, link: Option<LinkRecord>) -> bool;
    fn delete_link(key: &LinkKey) -> ();
    fn put_person(person: PersonRecord, grant: &GrantKey) -> ();
    fn person(user_entity_ref: &str) -> Option<PersonRecord>;
    fn sessions(after: Option<&SessionId>, limit: u32) -> Vec<(SessionRecord, GrantRecord)>;
    fn persons_of_grant(key: &GrantKey) -> Vec<String>;
    fn grants_of_person(user_entity_ref: &str) -> Vec<GrantKey>;
    fn erase(erasure: Erasure) -> Erased;
    fn put_signing_key(key: SigningKeyRecord) -> ();
    fn signing_keys() -> Vec<SigningKeyRecord>;
    fn delete_signing_keys_before(before: Timestamp) -> ();
}

/// Makes a login whose store can be taken down, with a person who is signed in.
async fn signed_in(house: &House) -> (Arc<SlowStore>, CoderAuth, Browser, FakeUser) {
    let alice = house.coder.add_user("alice");
    let store = Arc::new(SlowStore {
        inner: house.storage.open(),
        clock: house.clock.clone(),
        is_down: AtomicBool::new(false),
        updates: AtomicUsize::new(0),
    });
    let keys = SealingKeys::from_secrets(&[Secret::new("k".repeat(32))]).unwrap();
    let options = base_options().environment("development", house.environment());
    let auth = CoderAuth::new(house.world(), store.clone(), keys, options);
    let mut browser = Browser::new();
    let started = browser.start_with(&auth, "env=development").await;
    let callback = house.coder.approve(started.location(), &alice).unwrap();
    browser.call_back(&auth, &callback).await;
    (store, auth, browser, alice)
}

#[tokio::test(start_paused = true)]
async fn what_has_ended_is_told_although_the_store_fails_before_the_tokens_are_revoked() {
    let house = House::current();
    let (store, auth, _, alice) = signed_in(&house).await;
    store.is_down.store(true, Ordering::Relaxed);
    let ended = auth.administration().end_all().await.unwrap();
    assert_eq!((ended.sessions, ended.unrevoked), (1, None), "nobody knows what is left");
    store.is_down.store(false, Ordering::Relaxed);
    auth.sweep().await.unwrap();
    assert_eq!(house.coder.count_pairs(&alice), 0);
}

#[tokio::test(start_paused = true)]
async fn a_rotation_that_cannot_be_stored_begins_no_write_after_its_lease_and_is_revoked() {
    let house = House::current();
    let (store, auth, browser, alice) = signed_in(&house).await;
    house.advance(DAY - 5 * MINUTE);
    assert_eq!(store.updates.load(Ordering::Relaxed), 0, "the test's own premise");

    store.is_down.store(true, Ordering::Relaxed);
    let answer = browser.refresh(&auth).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    // The lease lasts 15 seconds: the first try ends after 10, the second one after 20.
    assert_eq!(store.updates.load(Ordering::Relaxed), 2);
    assert_eq!(house.coder.count_pairs(&alice), 0, "nobody can use the new pair");
}
