//! The rules of [`AuthStore`].
//!
//! Every function wants a function that opens handles on one store, which is empty at first.
#![expect(clippy::unwrap_used, reason = "a store that fails has failed the test")]

mod attempts;
mod grants;
mod handles;
mod leases;
mod people;
mod sessions;

use std::sync::Arc;

use coder_auth::GrantKey;
use coder_auth::store::{AuthStore, GrantRecord, SessionRecord};
use coder_client::UserId;
use coder_core::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

pub use attempts::*;
pub use grants::*;
pub use handles::*;
pub use leases::*;
pub use people::*;
pub use sessions::*;

/// Makes one test of each rule of [`AuthStore`](coder_auth::store::AuthStore).
///
/// The first argument is the attribute that makes a test; the second an expression, evaluated in
/// each test, that gives an `AsyncFn() -> Arc<dyn AuthStore>`. Its first call opens an empty store;
/// every further one opens another handle on the same, as a second process would.
///
/// ```
/// use std::sync::Arc;
/// use coder_auth::{MemoryAuthStore, store::AuthStore};
///
/// mod memory {
///     # use super::*;
///     coder_testkit::auth_store_tests!(tokio::test, {
///         let store = Arc::new(MemoryAuthStore::new());
///         async move || store.clone() as Arc<dyn AuthStore>
///     });
/// }
/// # fn main() {}
/// ```
///
/// Several attributes are followed by an arrow:
/// `auth_store_tests!(tokio::test, ignore = "needs a server" => …)`.
///
/// A store need not keep U+0000 in a text, which PostgreSQL does not take, nor a time's nanoseconds.
#[cfg_attr(docsrs, doc(cfg(feature = "conformance")))]
#[macro_export]
macro_rules! auth_store_tests {
    ($test:meta, $open:expr) => {
        $crate::auth_store_tests!($test => $open);
    };
    ($($attribute:meta),+ => $open:expr) => {
        $crate::auth_store_tests! {
            @each [$(#[$attribute])+], $open;
            an_attempt_is_used_once
            of_many_who_use_an_attempt_at_once_one_does
            an_attempt_stays_used_while_others_come_and_expire
            a_pending_pair_is_found_once_it_is_old_and_until_it_is_deleted
            a_grant_is_first_written_where_there_is_none
            a_grant_is_replaced_at_the_generation_that_was_read_and_at_no_other
            a_grant_is_deleted_at_its_generation_and_at_no_other
            grants_differ_in_every_part_of_their_key
            of_many_who_replace_a_grant_at_once_one_does
            no_write_is_lost_among_writers_who_compare_and_swap
            a_linked_token_is_kept_like_a_grant
            a_lease_is_held_by_one
            a_lease_is_free_when_it_expires
            the_holder_prolongs_a_lease
            only_the_holder_gives_a_lease_back
            a_lease_of_one_grant_is_no_lease_of_another
            a_lease_and_the_writes_of_its_grant_do_not_disturb_each_other
            of_many_who_want_a_lease_at_once_one_gets_it
            a_session_is_kept_as_it_was_put
            a_touch_moves_the_last_use_and_nothing_else
            a_touch_does_not_revive_a_session
            a_deleted_session_is_given_back_once
            sessions_are_counted_by_grant
            sessions_are_found_when_idle_or_old
            of_a_hundred_sessions_written_at_once_none_is_lost
            the_last_sign_in_of_a_person_wins
            signing_keys_are_listed_oldest_first
            signing_keys_are_forgotten_by_age
            what_one_handle_has_written_the_others_see
            what_was_written_outlives_its_handle
            texts_come_back_as_they_were_whatever_they_hold
            times_come_back_to_the_microsecond
        }
    };
    (@each $attributes:tt, $open:expr; $($rule:ident)+) => {
        $($crate::auth_store_tests!(@one $attributes, $open, $rule);)+
    };
    (@one [$($attribute:tt)+], $open:expr, $rule:ident) => {
        $($attribute)+
        async fn $rule() {
            $crate::conformance::auth_store::$rule($open).await;
        }
    };
}

/// Seconds after the suite's beginning, with microseconds, which every database keeps.
fn at(seconds: i64) -> Timestamp {
    Timestamp::constant(1_787_218_200, 123_456_000) + SignedDuration::from_secs(seconds)
}

/// The shortest time a store tells apart.
const MICROSECOND: SignedDuration = SignedDuration::from_micros(1);

fn grant_key(user: u128) -> GrantKey {
    let deployment = "https://coder.example.com".parse().unwrap();
    GrantKey::new(deployment, "client", UserId::from(Uuid::from_u128(user)))
}

fn grant(key: &GrantKey, generation: u64, content: &[u8]) -> GrantRecord {
    GrantRecord { key: key.clone(), generation, sealed: content.to_vec(), stored_at: at(0) }
}

fn session(id: &str, grant: &GrantKey) -> SessionRecord {
    SessionRecord {
        id: coder_auth::SessionId::from_stored(id),
        grant: grant.clone(),
        environment: "production".to_owned(),
        created_at: at(0),
        used_at: at(0),
    }
}

/// Runs `work` so many times at once, on two handles in turn, and gives the outputs.
async fn at_once<T>(
    times: usize,
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
    work: impl Fn(usize, Arc<dyn AuthStore>) -> BoxFuture<'static, T>,
) -> Vec<T> {
    let handles = [open().await, open().await];
    let work = (0..times).zip(handles.iter().cycle()).map(|(n, store)| work(n, store.clone()));
    futures_util::future::join_all(work).await
}

fn how_many(answers: &[bool]) -> usize {
    answers.iter().filter(|answer| **answer).count()
}
