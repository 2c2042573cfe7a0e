//! Attempts are used once; pending pairs are found when their login was cut off.

use std::sync::Arc;

use coder_auth::AttemptId;
use coder_auth::store::{AuthStore, PendingRecord};
use jiff::Timestamp;

use super::{MICROSECOND, at, at_once, how_many};

fn attempt(id: &str) -> AttemptId {
    AttemptId::from_stored(id)
}

/// The second use of an attempt is told so; another attempt is another one.
pub async fn an_attempt_is_used_once(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    assert!(store.use_attempt(&attempt("a"), at(600)).await.unwrap());
    assert!(!store.use_attempt(&attempt("a"), at(600)).await.unwrap());
    assert!(store.use_attempt(&attempt("b"), at(600)).await.unwrap(), "another one");
}

/// Exactly one caller uses an attempt, in whatever process.
pub async fn of_many_who_use_an_attempt_at_once_one_does(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let answers = at_once(20, open, |_, store| {
        Box::pin(async move { store.use_attempt(&attempt("a"), at(600)).await.unwrap() })
    });
    assert_eq!(how_many(&answers.await), 1);
}

/// A mark is kept for its time, although others come and go meanwhile.
pub async fn an_attempt_stays_used_while_others_come_and_expire(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    assert!(store.use_attempt(&attempt("a"), at(600)).await.unwrap());
    // The last one is started in the last second of the first one's ten minutes.
    for seconds in [0, 300, 601, 900, 1199] {
        let other = attempt(&format!("at {seconds}"));
        assert!(store.use_attempt(&other, at(seconds)).await.unwrap());
    }
    assert!(!store.use_attempt(&attempt("a"), at(600)).await.unwrap());
}

fn pending(id: &str, stored_at: Timestamp) -> PendingRecord {
    let environment = "production".to_owned();
    PendingRecord { attempt: attempt(id), environment, sealed: id.into(), stored_at }
}

/// A pair is found when it was written before the moment, not at it; deleting what is not there is no
/// failure.
pub async fn a_pending_pair_is_found_once_it_is_old_and_until_it_is_deleted(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    let (old, new) = (pending("old", at(0)), pending("new", at(10)));
    store.put_pending(old.clone()).await.unwrap();
    store.put_pending(new.clone()).await.unwrap();

    let mut all = store.pending_before(at(11)).await.unwrap();
    all.sort_by_key(|pending| pending.stored_at);
    assert_eq!(all, [old.clone(), new.clone()]);
    assert_eq!(store.pending_before(at(0)).await.unwrap(), []);
    assert_eq!(store.pending_before(at(0) + MICROSECOND).await.unwrap(), [old]);

    store.delete_pending(&attempt("old")).await.unwrap();
    store.delete_pending(&attempt("unknown")).await.unwrap();
    assert_eq!(store.pending_before(at(11)).await.unwrap(), [new]);
}
