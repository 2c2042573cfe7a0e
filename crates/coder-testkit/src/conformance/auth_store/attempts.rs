//! A login attempt is used once.

use std::sync::Arc;

use coder_auth::AttemptId;
use coder_auth::store::AuthStore;

use super::{at, at_once, how_many};

fn attempt(id: &str) -> AttemptId {
    AttemptId::from_stored(id)
}

/// Checks that the second use of an attempt is refused, and that each attempt counts by itself.
pub async fn an_attempt_is_used_once(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    assert!(store.use_attempt(&attempt("a"), at(0), at(600)).await.unwrap());
    assert!(!store.use_attempt(&attempt("a"), at(0), at(600)).await.unwrap());
    assert!(!store.use_attempt(&attempt("a"), at(600), at(900)).await.unwrap(), "until its end");
    assert!(store.use_attempt(&attempt("b"), at(0), at(600)).await.unwrap(), "another one");
}

/// Checks that exactly one caller uses an attempt, whichever process it runs in.
pub async fn of_many_who_use_an_attempt_at_once_one_does(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let answers = at_once(20, open, |_, store| {
        Box::pin(async move { store.use_attempt(&attempt("a"), at(0), at(600)).await.unwrap() })
    });
    assert_eq!(how_many(&answers.await), 1);
}

/// Checks that a mark is kept for its time, although others come and go meanwhile.
pub async fn an_attempt_stays_used_while_others_come_and_expire(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    assert!(store.use_attempt(&attempt("a"), at(0), at(600)).await.unwrap());
    for second in 0..200 {
        let (now, expires_at) = (at(3 * second), at(3 * second + 1));
        let other = attempt(&format!("at {second}"));
        assert!(store.use_attempt(&other, now, expires_at).await.unwrap());
    }
    assert!(!store.use_attempt(&attempt("a"), at(600), at(1200)).await.unwrap());
}
