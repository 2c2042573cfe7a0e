//! Pairs that Coder shall be told to revoke: none is forgotten, and each has one who does it.

use std::sync::Arc;

use coder_auth::OAuth2App;
use coder_auth::store::{AuthStore, RevocationRecord};

use super::{MICROSECOND, at, at_once, due, pair, pending, tried};

/// Checks that pairs are due to the microsecond, and that a claimed pair comes again at its retry.
pub async fn a_pair_is_claimed_when_it_is_due_and_again_at_its_retry(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    store.keep_pair(pending("login")).await.unwrap();
    let mut other = due("logout", at(10));
    other.app = OAuth2App::new("https://other.example.com".parse().unwrap(), "another");
    store.keep_pair(other.clone()).await.unwrap();
    let claim = async |now, retry_at| store.claim_revocations(now, retry_at, 10).await.unwrap();

    assert_eq!(claim(at(10) - MICROSECOND, at(610)).await, []);
    let retried = RevocationRecord { due_at: at(610), tries: 1, ..other.clone() };
    assert_eq!(claim(at(10), at(610)).await, [retried]);
    assert_eq!(claim(at(300), at(900)).await, [tried("login", at(900), 1)], "no login takes it");
    assert_eq!(claim(at(610) - MICROSECOND, at(1210)).await, []);
    let retried = RevocationRecord { due_at: at(1210), tries: 2, ..other };
    assert_eq!(claim(at(610), at(1210)).await, [retried]);
}

/// Checks that no pair is due later than at a retry from now, unless the clock was set back since.
pub async fn a_pair_that_is_due_later_than_a_retry_is_claimed_at_once(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    store.keep_pair(due("before the clock was set back", at(4000))).await.unwrap();
    store.keep_pair(due("after", at(610))).await.unwrap();
    let taken = store.claim_revocations(at(10), at(610), 10).await.unwrap();
    assert_eq!(taken, [tried("before the clock was set back", at(610), 1)]);
}

/// Checks that tries are counted for all handles together, and that a pair which is kept again
/// begins anew.
///
/// A caller knows by them how often it was tried to revoke a pair.
pub async fn each_claim_of_a_pair_counts_as_a_try(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let handles = [open().await, open().await];
    handles[0].keep_pair(due("a", at(0))).await.unwrap();
    for (tries, store) in (1..6).zip(handles.iter().cycle()) {
        let (now, retry_at) = (at(60 * i64::from(tries)), at(60 * i64::from(tries + 1)));
        let taken = store.claim_revocations(now, retry_at, 10).await.unwrap();
        assert_eq!(taken, [tried("a", retry_at, tries)]);
    }
    handles[1].keep_pair(due("a", at(0))).await.unwrap();
    let taken = handles[0].claim_revocations(at(0), at(60), 10).await.unwrap();
    assert_eq!(taken, [tried("a", at(60), 1)]);
}

/// Checks that a pair takes the place of what was kept under its name.
pub async fn a_pair_that_is_kept_again_is_as_it_was_kept_last(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    store.keep_pair(pending("a")).await.unwrap();
    let mut again = due("a", at(20));
    again.pair.sealed = b"sealed anew".to_vec();
    store.keep_pair(again.clone()).await.unwrap();
    let taken = store.claim_revocations(at(20), at(80), 10).await.unwrap();
    assert_eq!(taken, [RevocationRecord { due_at: at(80), tries: 1, ..again }]);
    assert_eq!(store.claim_revocations(at(79), at(80), 10).await.unwrap(), [], "once");
}

/// Checks that a forgotten pair is not claimed any more, and that forgetting an unknown pair is no
/// failure.
pub async fn a_pair_is_kept_until_it_is_forgotten(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    store.keep_pair(due("a", at(0))).await.unwrap();
    store.keep_pair(due("b", at(0))).await.unwrap();
    store.forget_revocation(&pair("a").id).await.unwrap();
    store.forget_revocation(&pair("A").id).await.unwrap();
    store.forget_revocation(&pair("unknown").id).await.unwrap();
    let taken = store.claim_revocations(at(0), at(60), 10).await.unwrap();
    assert_eq!(taken, [tried("b", at(60), 1)]);
    store.forget_revocation(&pair("b").id).await.unwrap();
    assert_eq!(store.claim_revocations(at(60), at(120), 10).await.unwrap(), []);
}

/// Checks that the pairs beyond the limit are left for the next caller.
pub async fn no_more_pairs_are_claimed_than_asked_for(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    for n in 0..5 {
        store.keep_pair(due(&n.to_string(), at(n))).await.unwrap();
    }
    let mut all = Vec::new();
    for claimed in [2, 2, 1, 0] {
        let pairs = store.claim_revocations(at(10), at(60), 2).await.unwrap();
        assert_eq!(pairs.len(), claimed);
        all.extend(pairs.into_iter().map(|claimed| claimed.pair.id));
    }
    all.sort();
    assert_eq!(all, ["0", "1", "2", "3", "4"].map(|name| pair(name).id));
}

/// Checks that two callers never get the same pair, and that together they get all.
pub async fn of_many_who_claim_pairs_at_once_each_gets_others(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    for n in 0..30 {
        store.keep_pair(due(&format!("{n:02}"), at(0))).await.unwrap();
    }
    let claimed = at_once(10, &open, |_, store| {
        Box::pin(async move { store.claim_revocations(at(0), at(60), 4).await.unwrap() })
    });
    let mut all: Vec<_> = claimed.await.into_iter().flatten().map(|kept| kept.pair.id).collect();
    // What was passed by, because another caller was about to take it, is for the next one.
    let rest = store.claim_revocations(at(0), at(60), 100).await.unwrap();
    all.extend(rest.into_iter().map(|kept| kept.pair.id));
    all.sort();
    let expected: Vec<_> = (0..30).map(|n| pair(&format!("{n:02}")).id).collect();
    assert_eq!(all, expected);
}
