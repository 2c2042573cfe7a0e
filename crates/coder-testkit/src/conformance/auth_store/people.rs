//! Persons who signed in, and the keys their identity tokens are signed with.

use std::sync::Arc;

use coder_auth::store::{AuthStore, PersonRecord, SigningKeyRecord, StoreCounts};

use super::{MICROSECOND, at, due, grant_key, id, login, sign_in};

const ALICE: &str = "user:default/alice";

/// Checks that the record of a person is replaced as a whole.
pub async fn the_last_sign_in_of_a_person_wins(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    let person = |owned: &[&str]| PersonRecord {
        user_entity_ref: ALICE.to_owned(),
        ownership_entity_refs: owned.iter().copied().map(str::to_owned).collect(),
    };
    assert_eq!(store.person(ALICE).await.unwrap(), None);
    for put in [
        person(&[ALICE, "group:default/payments"]),
        person(&[]),
        person(&[]),
        person(&["group:default/\"quoted\", and more"]),
    ] {
        store.put_person(put.clone()).await.unwrap();
        assert_eq!(store.person(ALICE).await.unwrap(), Some(put));
    }
    assert_eq!(store.person("user:default/bob").await.unwrap(), None);
}

fn signing_key(id: &str, seconds: i64) -> SigningKeyRecord {
    SigningKeyRecord { id: id.to_owned(), sealed: id.into(), created_at: at(seconds) }
}

/// Checks that keys come in the order in which they were made, not in which they were stored.
pub async fn signing_keys_are_listed_oldest_first(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    assert_eq!(store.signing_keys().await.unwrap(), []);
    let (first, second, third) = (signing_key("z", 1), signing_key("y", 2), signing_key("x", 3));
    for put in [&second, &third, &first] {
        store.put_signing_key(put.clone()).await.unwrap();
    }
    assert_eq!(store.signing_keys().await.unwrap(), [first, second, third]);
}

/// Checks that a key that was made at the given moment is kept.
pub async fn signing_keys_are_forgotten_by_age(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    let (old, new) = (signing_key("old", 1), signing_key("new", 2));
    store.put_signing_key(old.clone()).await.unwrap();
    store.put_signing_key(new.clone()).await.unwrap();
    store.delete_signing_keys_before(at(1)).await.unwrap();
    assert_eq!(store.signing_keys().await.unwrap(), [old, new.clone()]);
    store.delete_signing_keys_before(at(1) + MICROSECOND).await.unwrap();
    assert_eq!(store.signing_keys().await.unwrap(), [new]);
}

/// Checks the numbers of a store that counts. One that does not is right as well.
pub async fn what_is_counted_is_what_is_stored(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    let Some(nothing) = store.counts().await.unwrap() else { return };
    assert_eq!(nothing, StoreCounts::default());
    sign_in(&*store, login(&grant_key(1), None, "a")).await;
    sign_in(&*store, login(&grant_key(2), None, "b")).await;
    store.keep_pair(due("c", at(0))).await.unwrap();
    let counts = store.counts().await.unwrap().unwrap();
    assert_eq!(counts, StoreCounts { sessions: 2, grants: 2, links: 0, revocations: 1 });
    store.end_session(&id("a"), at(0)).await.unwrap();
    let counts = store.counts().await.unwrap().unwrap();
    assert_eq!(counts, StoreCounts { sessions: 1, grants: 1, links: 0, revocations: 2 });
}
