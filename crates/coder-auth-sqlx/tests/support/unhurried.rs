//! A database under a paused clock.

use std::sync::mpsc;

use async_trait::async_trait;
use coder_auth::store::{
    AuthStore, Erased, Erasure, GrantRecord, GrantVersion, Lease, LinkKey, LinkRecord,
    LoginCompletion, LoginOutcome, PairId, PersonRecord, RevocationRecord, SessionRecord,
    SigningKeyRecord, StoreError,
};
use coder_auth::{AttemptId, GrantKey, SessionId};
use jiff::Timestamp;

/// A store whose answers the paused clock of a test waits for. Without it, tokio takes waiting for
/// a database for idling, and lets every timeout pass at once.
pub(crate) struct Unhurried<S>(pub(crate) S);

/// Waits for the store while a blocking task runs: as long as one does, the clock stands still.
async fn unhurried<T>(asking: impl Future<Output = T>) -> T {
    let (_ends_it, end) = mpsc::channel::<()>();
    tokio::task::spawn_blocking(move || end.recv());
    asking.await
}

macro_rules! unhurried_store {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $output:ty;)*) => {
        #[async_trait]
        impl<S: AuthStore> AuthStore for Unhurried<S> {
            $(async fn $name(&self, $($argument: $type),*) -> Result<$output, StoreError> {
                unhurried(self.0.$name($($argument),*)).await
            })*
        }
    };
}

unhurried_store! {
    fn use_attempt(attempt: &AttemptId, now: Timestamp, expires_at: Timestamp) -> bool;
    fn keep_pair(pair: RevocationRecord) -> ();
    fn finish_login(login: LoginCompletion) -> LoginOutcome;
    fn grant(key: &GrantKey) -> Option<GrantRecord>;
    fn update_grant(record: GrantRecord, expected: GrantVersion) -> bool;
    fn lease_grant(key: &GrantKey, pair: &PairId, lease: &Lease) -> bool;
    fn release_grant(key: &GrantKey, holder: &str) -> ();
    fn session(id: &SessionId) -> Option<SessionRecord>;
    fn touch_session(id: &SessionId, used_at: Timestamp) -> ();
    fn end_session(id: &SessionId, due_at: Timestamp) -> Option<RevocationRecord>;
    fn end_grant(key: &GrantKey, due_at: Timestamp) -> Option<RevocationRecord>;
    fn expire_sessions(
        idle: Timestamp,
        created: Timestamp,
        due_at: Timestamp,
        limit: u32
    ) -> u64;
    fn claim_revocations(
        now: Timestamp,
        retry_at: Timestamp,
        limit: u32
    ) -> Vec<RevocationRecord>;
    fn forget_revocation(pair: &PairId) -> ();
    fn link(key: &LinkKey) -> Option<LinkRecord>;
    fn put_link(link: LinkRecord) -> ();
    fn update_link(
        key: &LinkKey,
        expected: GrantVersion,
        link: Option<LinkRecord>
    ) -> bool;
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

/// Opens a store from a test that is not asynchronous at that point: on a thread of its own, with
/// a clock that runs. Connections are made later, by whoever uses the store.
pub(crate) fn opened<S: Send>(opening: impl Future<Output = S> + Send) -> S {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(opening)
        });
        thread.join().unwrap()
    })
}

/// Returns after how many polls to drop a future next: a database takes thousands.
pub(crate) fn later(polls: usize) -> usize {
    2 * polls + 1
}
