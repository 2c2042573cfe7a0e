//! The right to rotate a grant: one has it, and not for ever.

use std::sync::Arc;

use coder_auth::store::AuthStore;

use super::{MICROSECOND, at, at_once, grant, grant_key, how_many};

/// Nobody else gets the lease before it is given back.
pub async fn a_lease_is_held_by_one(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    let key = grant_key(1);
    assert!(store.lease_grant(&key, "one", at(0), at(60)).await.unwrap());
    assert!(!store.lease_grant(&key, "two", at(1), at(61)).await.unwrap());
    store.release_grant(&key, "one").await.unwrap();
    assert!(store.lease_grant(&key, "two", at(2), at(62)).await.unwrap());
    assert!(!store.lease_grant(&key, "one", at(3), at(63)).await.unwrap());
}

/// A holder that is gone loses its lease at the moment it was to end, not before.
pub async fn a_lease_is_free_when_it_expires(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    let key = grant_key(1);
    assert!(store.lease_grant(&key, "gone", at(0), at(60)).await.unwrap());
    assert!(!store.lease_grant(&key, "next", at(60) - MICROSECOND, at(120)).await.unwrap());
    assert!(store.lease_grant(&key, "next", at(60), at(120)).await.unwrap());
    assert!(!store.lease_grant(&key, "gone", at(61), at(121)).await.unwrap(), "it is lost");
}

/// The new end counts.
pub async fn the_holder_prolongs_a_lease(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    let key = grant_key(1);
    assert!(store.lease_grant(&key, "one", at(0), at(60)).await.unwrap());
    assert!(store.lease_grant(&key, "one", at(30), at(90)).await.unwrap());
    assert!(!store.lease_grant(&key, "two", at(60), at(120)).await.unwrap());
    assert!(store.lease_grant(&key, "two", at(90), at(150)).await.unwrap());
}

/// Somebody else's, or one of another grant, is left alone.
pub async fn only_the_holder_gives_a_lease_back(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    let key = grant_key(1);
    store.release_grant(&key, "nobody").await.unwrap();
    assert!(store.lease_grant(&key, "one", at(0), at(60)).await.unwrap());
    store.release_grant(&key, "two").await.unwrap();
    store.release_grant(&grant_key(2), "one").await.unwrap();
    assert!(!store.lease_grant(&key, "two", at(1), at(61)).await.unwrap());
}

/// Each grant has its own.
pub async fn a_lease_of_one_grant_is_no_lease_of_another(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    assert!(store.lease_grant(&grant_key(1), "one", at(0), at(60)).await.unwrap());
    assert!(store.lease_grant(&grant_key(2), "two", at(0), at(60)).await.unwrap());
    assert!(!store.lease_grant(&grant_key(1), "two", at(1), at(61)).await.unwrap());
}

/// Whoever rotates writes the grant and still holds the lease.
pub async fn a_lease_and_the_writes_of_its_grant_do_not_disturb_each_other(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    let key = grant_key(1);
    store.replace_grant(grant(&key, 1, b"before"), None).await.unwrap();
    assert!(store.lease_grant(&key, "one", at(0), at(60)).await.unwrap());
    assert_eq!(store.grant(&key).await.unwrap(), Some(grant(&key, 1, b"before")));
    // A login may come at any time; it does not ask for the lease.
    assert!(store.replace_grant(grant(&key, 2, b"after"), Some(1)).await.unwrap());
    assert!(!store.lease_grant(&key, "two", at(1), at(61)).await.unwrap());
}

/// Exactly one replica gets the lease: a free one, and an expired one.
pub async fn of_many_who_want_a_lease_at_once_one_gets_it(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    // A free one, then an expired one.
    for round in 0..2 {
        let answers = at_once(20, &open, |n, store| {
            Box::pin(async move {
                let (now, until) = (at(round * 60), at(round * 60 + 60));
                store.lease_grant(&grant_key(1), &n.to_string(), now, until).await.unwrap()
            })
        });
        assert_eq!(how_many(&answers.await), 1, "round {round}");
    }
}
