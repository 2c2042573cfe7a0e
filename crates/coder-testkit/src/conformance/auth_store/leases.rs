//! The right to rotate a grant: one has it, and not for ever.

use std::sync::Arc;

use coder_auth::GrantKey;
use coder_auth::store::{AuthStore, Lease};
use jiff::{SignedDuration, Timestamp};

use super::{MICROSECOND, at, at_once, grant_key, how_many, login, pair, sign_in};

/// Takes the lease of the grant of `user` for 60 seconds.
async fn lease(store: &dyn AuthStore, user: u128, holder: &str, now: Timestamp) -> bool {
    let lease = Lease { holder: holder.to_owned(), now, lasts: SignedDuration::from_secs(60) };
    store.lease_grant(&grant_key(user), &pair(&user.to_string()).id, &lease).await.unwrap()
}

/// Opens a store with the grants of two users, whose pairs are named after them.
async fn with_grants(
    open: &impl AsyncFn() -> Arc<dyn AuthStore>,
) -> (Arc<dyn AuthStore>, GrantKey) {
    let store = open().await;
    for user in [1, 2] {
        sign_in(&*store, login(&grant_key(user), None, &user.to_string())).await;
    }
    (store, grant_key(1))
}

/// Checks that nobody else gets the lease before it is given back, not even a process that opens
/// the store meanwhile: the holder may be the process that it replaces.
pub async fn a_lease_is_held_by_one(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let (store, key) = with_grants(&open).await;
    assert!(lease(&*store, 1, "one", at(0)).await);
    assert!(!lease(&*store, 1, "two", at(1)).await);
    assert!(!lease(&*open().await, 1, "two", at(1)).await);
    store.release_grant(&key, "one").await.unwrap();
    assert!(lease(&*store, 1, "two", at(2)).await);
    assert!(!lease(&*store, 1, "one", at(3)).await);
}

/// Checks that a holder that is gone loses its lease at the moment it was to end, not before.
pub async fn a_lease_is_free_when_it_expires(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let (store, _) = with_grants(&open).await;
    assert!(lease(&*store, 1, "gone", at(0)).await);
    assert!(!lease(&*store, 1, "next", at(60) - MICROSECOND).await);
    assert!(lease(&*store, 1, "next", at(60)).await);
    assert!(!lease(&*store, 1, "gone", at(61)).await, "it is lost");
}

/// Checks that a lease is not lost to a replica whose clock is behind, or that has read its clock
/// before the lease was taken.
pub async fn a_clock_that_is_behind_does_not_take_the_lease(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let (store, _) = with_grants(&open).await;
    assert!(lease(&*store, 1, "one", at(100)).await);
    for now in [at(100) - MICROSECOND, at(99), at(41)] {
        assert!(!lease(&*store, 1, "behind", now).await, "{now}");
    }
}

/// Checks that a clock that was set back does not hold a person for as long.
pub async fn a_lease_that_ends_later_than_any_can_does_not_count(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let (store, _) = with_grants(&open).await;
    assert!(lease(&*store, 1, "ahead", at(1000)).await);
    assert!(!lease(&*store, 1, "next", at(940)).await, "as late as any can");
    assert!(lease(&*store, 1, "next", at(940) - MICROSECOND).await);
    assert!(!lease(&*store, 1, "ahead", at(999)).await, "it is lost");
}

/// Checks that the new end of a prolonged lease counts.
pub async fn the_holder_prolongs_a_lease(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let (store, _) = with_grants(&open).await;
    assert!(lease(&*store, 1, "one", at(0)).await);
    assert!(lease(&*store, 1, "one", at(30)).await);
    assert!(!lease(&*store, 1, "two", at(60)).await);
    assert!(lease(&*store, 1, "two", at(90)).await);
}

/// Checks that a lease of another holder, or of another grant, is left alone.
pub async fn only_the_holder_gives_a_lease_back(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let (store, key) = with_grants(&open).await;
    store.release_grant(&key, "nobody").await.unwrap();
    store.release_grant(&grant_key(3), "nobody").await.unwrap();
    assert!(lease(&*store, 1, "one", at(0)).await);
    store.release_grant(&key, "two").await.unwrap();
    store.release_grant(&grant_key(2), "one").await.unwrap();
    assert!(!lease(&*store, 1, "two", at(1)).await);
}

/// Checks that each grant has a lease of its own.
pub async fn a_lease_of_one_grant_is_no_lease_of_another(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let (store, _) = with_grants(&open).await;
    assert!(lease(&*store, 1, "one", at(0)).await);
    assert!(lease(&*store, 2, "two", at(0)).await);
    assert!(!lease(&*store, 1, "two", at(1)).await);
}

/// Checks that a caller who would rotate a pair that is not there any more gets no lease.
pub async fn a_lease_is_of_the_pair_that_is_there(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let (store, key) = with_grants(&open).await;
    let lease =
        Lease { holder: "one".to_owned(), now: at(0), lasts: SignedDuration::from_secs(60) };
    assert!(!store.lease_grant(&key, &pair("2").id, &lease).await.unwrap(), "another pair");
    assert!(!store.lease_grant(&grant_key(3), &pair("1").id, &lease).await.unwrap(), "no grant");
    assert!(store.lease_grant(&key, &pair("1").id, &lease).await.unwrap());
    // It ends with the grant.
    store.end_grant(&key, at(0)).await.unwrap();
    assert!(!store.lease_grant(&key, &pair("1").id, &lease).await.unwrap());
    sign_in(&*store, login(&key, None, "again")).await;
    let next = Lease { holder: "two".to_owned(), ..lease };
    assert!(store.lease_grant(&key, &pair("again").id, &next).await.unwrap());
}

/// Checks that exactly one replica gets a free lease, and one an expired lease.
pub async fn of_many_who_want_a_lease_at_once_one_gets_it(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    with_grants(&open).await;
    // A free one, then an expired one.
    for round in 0..2 {
        let answers = at_once(20, &open, |n, store| {
            Box::pin(async move { lease(&*store, 1, &n.to_string(), at(round * 60)).await })
        });
        assert_eq!(how_many(&answers.await), 1, "round {round}");
    }
}
