//! A database under a paused clock.

use std::sync::mpsc;

use async_trait::async_trait;
use coder_auth::store::{
    AuthStore, Generation, GrantRecord, PendingRecord, PersonRecord, SessionRecord,
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
    fn use_attempt(attempt: &AttemptId, expires_at: Timestamp) -> bool;
    fn put_pending(pending: PendingRecord) -> ();
    fn delete_pending(attempt: &AttemptId) -> ();
    fn pending_before(before: Timestamp) -> Vec<PendingRecord>;
    fn grant(key: &GrantKey) -> Option<GrantRecord>;
    fn replace_grant(record: GrantRecord, expected: Option<Generation>) -> bool;
    fn delete_grant(key: &GrantKey, generation: Generation) -> bool;
    fn lease_grant(key: &GrantKey, holder: &str, now: Timestamp, until: Timestamp) -> bool;
    fn release_grant(key: &GrantKey, holder: &str) -> ();
    fn put_session(session: SessionRecord) -> ();
    fn session(id: &SessionId) -> Option<SessionRecord>;
    fn touch_session(id: &SessionId, used_at: Timestamp) -> ();
    fn delete_session(id: &SessionId) -> Option<SessionRecord>;
    fn count_sessions(grant: &GrantKey) -> u64;
    fn sessions_before(idle: Timestamp, created: Timestamp) -> Vec<SessionRecord>;
    fn put_person(person: PersonRecord) -> ();
    fn person(user_entity_ref: &str) -> Option<PersonRecord>;
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

/// After how many polls to drop a future next: a database takes thousands.
pub(crate) fn later(polls: usize) -> usize {
    2 * polls + 1
}
