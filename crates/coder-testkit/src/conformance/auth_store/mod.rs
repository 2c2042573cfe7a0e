//! The rules of [`AuthStore`].
//!
//! Every function wants a function that opens handles on one store, which is empty at first.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a store that fails has failed the test")]

mod attempts;
mod grants;
mod handles;
mod leases;
mod links;
mod logins;
mod people;
mod races;
mod revocations;
mod sessions;

use std::sync::Arc;

use coder_auth::store::{
    AuthStore, GrantChange, GrantRecord, GrantVersion, LoginCompletion, LoginOutcome, PairId,
    PairRecord, RevocationRecord, SessionRecord,
};
use coder_auth::{GrantKey, OAuth2App, SessionId};
use coder_client::UserId;
use coder_core::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

pub use attempts::*;
pub use grants::*;
pub use handles::*;
pub use leases::*;
pub use links::*;
pub use logins::*;
pub use people::*;
pub use races::*;
pub use revocations::*;
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
            a_first_login_makes_the_grant_and_its_session
            a_login_counts_at_the_version_that_was_read_and_at_no_other
            a_login_takes_only_a_pair_that_waits_for_one
            a_login_puts_its_pair_in_the_place_of_the_former_one
            a_login_frees_the_lease_of_the_pair_it_replaces
            a_login_that_keeps_the_grant_gives_its_own_pair_up
            a_login_ends_the_former_session_of_its_browser
            a_login_without_a_session_makes_no_grant
            of_many_first_logins_at_once_one_makes_the_grant
            no_login_is_lost_among_many_who_try_again
            a_grant_is_updated_at_the_version_that_was_read_and_at_no_other
            the_end_of_a_grant_is_final_for_work_begun_before
            an_update_frees_the_lease_if_it_replaces_the_pair
            grants_differ_in_every_part_of_their_key
            of_many_who_update_a_grant_at_once_one_does
            no_write_is_lost_among_writers_who_compare_and_swap
            a_lease_is_held_by_one
            a_lease_is_free_when_it_expires
            a_clock_that_is_behind_does_not_take_the_lease
            a_lease_that_ends_later_than_any_can_does_not_count
            the_holder_prolongs_a_lease
            only_the_holder_gives_a_lease_back
            a_lease_of_one_grant_is_no_lease_of_another
            a_lease_is_of_the_pair_that_is_there
            of_many_who_want_a_lease_at_once_one_gets_it
            a_session_is_kept_as_its_login_made_it
            a_session_is_read_with_its_grant
            a_touch_moves_the_last_use_and_nothing_else
            a_touch_does_not_revive_a_session
            the_last_session_takes_its_grant_with_it
            the_end_of_a_grant_ends_all_its_sessions
            of_many_who_end_sessions_at_once_one_ends_the_grant
            sessions_expire_when_idle_or_old
            no_more_sessions_expire_than_asked_for
            of_many_who_expire_sessions_at_once_each_ends_others
            of_a_hundred_people_who_sign_in_at_once_nobody_is_lost
            a_pair_is_claimed_when_it_is_due_and_again_at_its_retry
            a_pair_that_is_due_later_than_a_retry_is_claimed_at_once
            each_claim_of_a_pair_counts_as_a_try
            a_pair_that_is_kept_again_is_as_it_was_kept_last
            a_pair_is_kept_until_it_is_forgotten
            no_more_pairs_are_claimed_than_asked_for
            of_many_who_claim_pairs_at_once_each_gets_others
            a_link_is_kept_by_person_and_deployment
            a_link_is_updated_at_the_version_that_was_read_and_at_no_other
            of_many_who_update_a_link_at_once_one_does
            the_last_sign_in_of_a_person_wins
            nobody_is_stored_for_a_grant_that_has_ended
            a_person_ends_with_the_last_grant
            grants_and_persons_name_each_other
            sessions_are_listed_page_by_page_with_their_grants
            an_erasure_leaves_nothing_of_a_person_and_all_of_the_others
            of_many_who_come_and_go_as_one_person_the_one_who_stays_is_known
            signing_keys_are_listed_oldest_first
            signing_keys_are_forgotten_by_age
            what_is_counted_is_what_is_stored
            what_one_handle_has_written_the_others_see
            what_was_written_outlives_its_handle
            texts_come_back_as_they_were_whatever_they_hold
            times_come_back_to_the_microsecond
            transitions_of_a_login_that_meet_are_as_if_one_came_first
            transitions_of_a_link_that_meet_are_as_if_one_came_first
        }
    };
    (@each $attributes:tt, $open:expr; $($rule:ident)+) => {
        $($crate::auth_store_tests!(@one $attributes, $open, $rule);)+
    };
    (@one [$($attribute:tt)+], $open:expr, $rule:ident) => {
        #[doc = "Holds the store to the rule of this name."]
        $($attribute)+
        pub async fn $rule() {
            $crate::conformance::auth_store::$rule($open).await;
        }
    };
}

/// Returns the time so many seconds after the suite's beginning, with microseconds, which every
/// database keeps.
fn at(seconds: i64) -> Timestamp {
    Timestamp::constant(1_787_218_200, 123_456_000) + SignedDuration::from_secs(seconds)
}

/// The shortest time a store tells apart.
const MICROSECOND: SignedDuration = SignedDuration::from_micros(1);

fn app() -> OAuth2App {
    OAuth2App::new("https://coder.example.com/base".parse().unwrap(), "client")
}

fn grant_key(user: u128) -> GrantKey {
    GrantKey::new(app(), UserId::from(Uuid::from_u128(user)))
}

fn version(name: &str) -> GrantVersion {
    GrantVersion::from_stored(name)
}

fn id(name: &str) -> SessionId {
    SessionId::from_stored(name)
}

fn pair(name: &str) -> PairRecord {
    PairRecord { id: PairId::from_stored(name), sealed: name.into() }
}

/// Makes a grant that has `name` as its version, pair and content.
fn grant(key: &GrantKey, name: &str) -> GrantRecord {
    GrantRecord { key: key.clone(), version: version(name), pair: pair(name), sealed: name.into() }
}

fn session(name: &str, grant: &GrantKey) -> SessionRecord {
    SessionRecord {
        id: id(name),
        grant: grant.clone(),
        environment: "production".to_owned(),
        created_at: at(0),
        used_at: at(0),
    }
}

/// Makes the pair of a login under way, due in five minutes.
fn pending(name: &str) -> RevocationRecord {
    RevocationRecord { app: app(), pair: pair(name), due_at: at(300), is_pending: true, tries: 0 }
}

/// Makes a pair that is to be revoked at `due_at`.
fn due(name: &str, due_at: Timestamp) -> RevocationRecord {
    RevocationRecord { due_at, is_pending: false, ..pending(name) }
}

/// Makes a pair that is to be revoked at `due_at` and was claimed `tries` times.
fn tried(name: &str, due_at: Timestamp, tries: u32) -> RevocationRecord {
    RevocationRecord { tries, ..due(name, due_at) }
}

/// Makes a login that brings the pair `name` and a session of that name, to where the grant has the
/// version `expected`.
fn login(key: &GrantKey, expected: Option<&str>, name: &str) -> LoginCompletion {
    LoginCompletion {
        pair: pair(name).id,
        grant: key.clone(),
        expected: expected.map(version),
        change: GrantChange::Replace { record: grant(key, name), revoke_former: false },
        session: Some(session(name, key)),
        former: None,
        due_at: at(10),
    }
}

/// Keeps the pair of a login and finishes it; gives the pairs that are in no grant any more.
async fn sign_in(store: &dyn AuthStore, login: LoginCompletion) -> Vec<RevocationRecord> {
    store.keep_pair(pending(login.pair.as_str())).await.unwrap();
    finished(store.finish_login(login).await.unwrap())
}

fn finished(outcome: LoginOutcome) -> Vec<RevocationRecord> {
    match outcome {
        LoginOutcome::Finished(ended) => ended,
        LoginOutcome::Conflict | LoginOutcome::PairGone | LoginOutcome::NoSession => {
            panic!("the login is not finished: {outcome:?}")
        }
    }
}

/// Claims every pair among the revocations, and returns their names in order.
async fn all_due(store: &dyn AuthStore) -> Vec<String> {
    let mut pairs = store.claim_revocations(at(1_000_000), at(2_000_000), 1000).await.unwrap();
    pairs.sort_by(|one, other| one.pair.id.cmp(&other.pair.id));
    pairs.into_iter().map(|claimed| claimed.pair.id.as_str().to_owned()).collect()
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
