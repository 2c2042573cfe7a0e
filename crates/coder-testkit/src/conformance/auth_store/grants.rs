//! A grant is updated by compare-and-swap of its version.

use std::sync::Arc;

use coder_auth::store::{AuthStore, GrantRecord, Lease};
use coder_auth::{GrantKey, OAuth2App};
use jiff::SignedDuration;

use super::{
    all_due, app, at, at_once, due, grant, grant_key, how_many, id, login, pair, sign_in, version,
};

/// Checks that a writer who has seen another version, or none, changes nothing, and that an update
/// makes no grant.
pub async fn a_grant_is_updated_at_the_version_that_was_read_and_at_no_other(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    let key = grant_key(1);
    assert!(!store.update_grant(grant(&key, "new"), version("one")).await.unwrap());
    assert_eq!(store.grant(&key).await.unwrap(), None, "nothing was there to update");

    sign_in(&*store, login(&key, None, "one")).await;
    for other in ["two", "One", "on", "one ", ""] {
        assert!(!store.update_grant(grant(&key, "new"), version(other)).await.unwrap(), "{other}");
        assert_eq!(store.grant(&key).await.unwrap(), Some(grant(&key, "one")), "{other}");
    }
    let second = grant(&key, "two");
    assert!(store.update_grant(second.clone(), version("one")).await.unwrap());
    assert_eq!(store.grant(&key).await.unwrap(), Some(second));
    assert!(store.session(&id("one")).await.unwrap().is_some());
    assert_eq!(all_due(&*store).await, [""; 0], "a rotation's former pair is dead");
}

/// Checks that work which was begun before the end of a grant cannot undo it, even if the person
/// has signed in again.
pub async fn the_end_of_a_grant_is_final_for_work_begun_before(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    let key = grant_key(1);
    sign_in(&*store, login(&key, None, "one")).await;
    store.end_grant(&key, at(20)).await.unwrap();
    assert!(!store.update_grant(grant(&key, "rotated"), version("one")).await.unwrap());
    assert_eq!(store.grant(&key).await.unwrap(), None);
    sign_in(&*store, login(&key, None, "two")).await;
    assert!(!store.update_grant(grant(&key, "rotated"), version("one")).await.unwrap());
    assert_eq!(store.grant(&key).await.unwrap(), Some(grant(&key, "two")));
}

/// Checks that the lease stays while the pair stays, since a profile may be confirmed beside a
/// rotation.
pub async fn an_update_frees_the_lease_if_it_replaces_the_pair(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    let key = grant_key(1);
    let lease = |holder: &str| Lease {
        holder: holder.to_owned(),
        now: at(0),
        lasts: SignedDuration::from_secs(60),
    };
    sign_in(&*store, login(&key, None, "one")).await;
    assert!(store.lease_grant(&key, &pair("one").id, &lease("a")).await.unwrap());
    let confirmed = GrantRecord { pair: pair("one"), ..grant(&key, "two") };
    assert!(store.update_grant(confirmed, version("one")).await.unwrap());
    assert!(!store.lease_grant(&key, &pair("one").id, &lease("b")).await.unwrap());
    assert!(store.update_grant(grant(&key, "three"), version("two")).await.unwrap());
    assert!(store.lease_grant(&key, &pair("three").id, &lease("b")).await.unwrap());
}

/// Checks that deployment, its path, client and user each make another grant.
pub async fn grants_differ_in_every_part_of_their_key(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    let key = grant_key(1);
    let at_deployment = |url: &str, client: &str| {
        GrantKey::new(OAuth2App::new(url.parse().unwrap(), client), key.user)
    };
    let others = [
        at_deployment("https://coder.example.com:8443/base", "client"),
        at_deployment("https://coder.example.com", "client"),
        at_deployment("https://coder.example.com/Base", "client"),
        at_deployment(app().deployment.as_str(), "Client"),
        grant_key(2),
    ];
    for (n, other) in others.iter().enumerate() {
        sign_in(&*store, login(other, None, &n.to_string())).await;
    }
    assert_eq!(store.grant(&key).await.unwrap(), None);
    assert_eq!(store.end_grant(&key, at(0)).await.unwrap(), None);
    for (n, other) in others.iter().enumerate() {
        let name = n.to_string();
        assert_eq!(store.grant(other).await.unwrap(), Some(grant(other, &name)));
        let mut ended = due(&name, at(0));
        ended.app = other.app.clone();
        assert_eq!(store.end_session(&id(&name), at(0)).await.unwrap(), Some(ended));
    }
}

/// Checks that exactly one of several writers who have seen the same version writes.
pub async fn of_many_who_update_a_grant_at_once_one_does(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let key = grant_key(1);
    sign_in(&*open().await, login(&key, None, "0")).await;
    for round in 0..3 {
        let answers = at_once(20, &open, |n, store| {
            let record = grant(&grant_key(1), &format!("{round} {n}"));
            Box::pin(async move {
                let read = store.grant(&record.key).await.unwrap().unwrap().version;
                (read.clone(), store.update_grant(record, read).await.unwrap())
            })
        })
        .await;
        // Each version was replaced once.
        let mut replaced: Vec<_> =
            answers.iter().filter(|(_, won)| *won).map(|(read, _)| read.as_str()).collect();
        assert!(!replaced.is_empty());
        let wins = replaced.len();
        replaced.sort_unstable();
        replaced.dedup();
        assert_eq!(replaced.len(), wins, "{answers:?}");
    }
    let seen = open().await.grant(&key).await.unwrap().unwrap().version;
    let answers = at_once(20, &open, |n, store| {
        let (record, seen) = (grant(&grant_key(1), &format!("last {n}")), seen.clone());
        Box::pin(async move { store.update_grant(record, seen).await.unwrap() })
    });
    let answers = answers.await;
    assert_eq!(how_many(&answers), 1);
    let winner = answers.iter().position(|won| *won).unwrap();
    let stored = open().await.grant(&key).await.unwrap();
    assert_eq!(stored, Some(grant(&key, &format!("last {winner}"))));
}

/// Checks that writers who read and try again until they succeed all leave their mark.
pub async fn no_write_is_lost_among_writers_who_compare_and_swap(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let key = grant_key(1);
    sign_in(&*open().await, login(&key, None, "0")).await;
    at_once(20, &open, |n, store| Box::pin(async move { add_mark(&*store, n).await })).await;
    let stored = open().await.grant(&key).await.unwrap().unwrap();
    assert_eq!(stored.sealed.len(), 1 + 20);
}

/// Adds one byte to the grant's content, however often others come first.
async fn add_mark(store: &dyn AuthStore, writer: usize) {
    loop {
        let mut record = store.grant(&grant_key(1)).await.unwrap().unwrap();
        let expected = record.version;
        record.sealed.push(0);
        record.version = version(&format!("{writer} after {}", expected.as_str()));
        if store.update_grant(record, expected).await.unwrap() {
            return;
        }
    }
}
