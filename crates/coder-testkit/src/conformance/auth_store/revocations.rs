//! Pairs that Coder shall be told to revoke: none is forgotten, and each has one who does it.

use std::sync::Arc;

use coder_auth::OAuth2App;
use coder_auth::store::{AuthStore, RevocationRecord};

use super::{MICROSECOND, at, at_once, due, pair, pending};

/// Due to the microsecond; a pair that was claimed comes again when it was to be retried.
pub async fn a_pair_is_claimed_when_it_is_due_and_again_at_its_retry(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    store.keep_pair(pending("login")).await.unwrap();
    let mut other = due("logout", at(10));
    other.app = OAuth2App::new("https://other.example.com".parse().unwrap(), "another");
    store.keep_pair(other.clone()).await.unwrap();
    let claim = async |now, retry_at| store.claim_revocations(now, retry_at, 10).await.unwrap();

    assert_eq!(claim(at(10) - MICROSECOND, at(70)).await, []);
    assert_eq!(claim(at(10), at(70)).await, [RevocationRecord { due_at: at(70), ..other.clone() }]);
    assert_eq!(claim(at(70) - MICROSECOND, at(130)).await, []);
    assert_eq!(claim(at(70), at(400)).await, [RevocationRecord { due_at: at(400), ..other }]);
    assert_eq!(claim(at(300), at(360)).await, [due("login", at(360))], "no login takes it");
}

/// In the place of what was kept under that name.
pub async fn a_pair_that_is_kept_again_is_as_it_was_kept_last(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    store.keep_pair(pending("a")).await.unwrap();
    let mut again = due("a", at(20));
    again.pair.sealed = b"sealed anew".to_vec();
    store.keep_pair(again.clone()).await.unwrap();
    let claimed = store.claim_revocations(at(20), at(80), 10).await.unwrap();
    assert_eq!(claimed, [RevocationRecord { due_at: at(80), ..again }]);
    assert_eq!(store.claim_revocations(at(79), at(80), 10).await.unwrap(), [], "once");
}

/// A pair that is dead is not asked about any more; forgetting what is not there is no failure.
pub async fn a_pair_is_kept_until_it_is_forgotten(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    store.keep_pair(due("a", at(0))).await.unwrap();
    store.keep_pair(due("b", at(0))).await.unwrap();
    store.forget_revocation(&pair("a").id).await.unwrap();
    store.forget_revocation(&pair("A").id).await.unwrap();
    store.forget_revocation(&pair("unknown").id).await.unwrap();
    let claimed = store.claim_revocations(at(0), at(60), 10).await.unwrap();
    assert_eq!(claimed, [due("b", at(60))]);
    store.forget_revocation(&pair("b").id).await.unwrap();
    assert_eq!(store.claim_revocations(at(60), at(120), 10).await.unwrap(), []);
}

/// The others are for the next caller.
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

/// Two callers never get the same pair, and together they get all.
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
