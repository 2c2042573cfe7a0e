//! Sessions: kept, touched, counted, found when their time is over, ended once.

use std::sync::Arc;

use coder_auth::SessionId;
use coder_auth::store::{AuthStore, SessionRecord};

use super::{MICROSECOND, at, at_once, grant_key, session};

fn id(id: &str) -> SessionId {
    SessionId::from_stored(id)
}

/// Another id is another session; putting it again replaces it.
pub async fn a_session_is_kept_as_it_was_put(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    assert_eq!(store.session(&id("a")).await.unwrap(), None);
    let mut put = session("a", &grant_key(1));
    store.put_session(put.clone()).await.unwrap();
    assert_eq!(store.session(&id("a")).await.unwrap(), Some(put.clone()));
    assert_eq!(store.session(&id("A")).await.unwrap(), None);

    put.grant = grant_key(2);
    put.environment = "development".to_owned();
    store.put_session(put.clone()).await.unwrap();
    assert_eq!(store.session(&id("a")).await.unwrap(), Some(put), "put again");
}

/// Neither anything else of the session, nor another one.
pub async fn a_touch_moves_the_last_use_and_nothing_else(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    let put = session("a", &grant_key(1));
    store.put_session(put.clone()).await.unwrap();
    store.put_session(session("b", &grant_key(1))).await.unwrap();
    store.touch_session(&id("a"), at(60)).await.unwrap();
    let touched = SessionRecord { used_at: at(60), ..put };
    assert_eq!(store.session(&id("a")).await.unwrap(), Some(touched));
    let other = store.session(&id("b")).await.unwrap();
    assert_eq!(other, Some(session("b", &grant_key(1))));
}

/// A session that is gone stays gone.
pub async fn a_touch_does_not_revive_a_session(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    store.put_session(session("a", &grant_key(1))).await.unwrap();
    store.delete_session(&id("a")).await.unwrap();
    store.touch_session(&id("a"), at(60)).await.unwrap();
    assert_eq!(store.session(&id("a")).await.unwrap(), None);
    assert_eq!(store.count_sessions(&grant_key(1)).await.unwrap(), 0);
}

/// Of callers that end a session at once, exactly one gets it.
pub async fn a_deleted_session_is_given_back_once(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    assert_eq!(store.delete_session(&id("a")).await.unwrap(), None);
    let put = session("a", &grant_key(1));
    store.put_session(put.clone()).await.unwrap();
    let deleted = at_once(20, &open, |_, store| {
        Box::pin(async move { store.delete_session(&id("a")).await.unwrap() })
    });
    let deleted: Vec<SessionRecord> = deleted.await.into_iter().flatten().collect();
    assert_eq!(deleted, [put]);
    assert_eq!(store.session(&id("a")).await.unwrap(), None);
}

/// Sessions of other grants do not count.
pub async fn sessions_are_counted_by_grant(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    for (name, user) in [("a", 1), ("b", 1), ("c", 2)] {
        store.put_session(session(name, &grant_key(user))).await.unwrap();
    }
    let count = async |user| store.count_sessions(&grant_key(user)).await.unwrap();
    assert_eq!([count(1).await, count(2).await, count(3).await], [2, 1, 0]);
    store.delete_session(&id("a")).await.unwrap();
    assert_eq!(count(1).await, 1);
}

/// Used before the one moment, or made before the other; not at it, and each once.
pub async fn sessions_are_found_when_idle_or_old(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    for (name, created, used) in [("idle", 50, 50), ("old", 0, 100), ("fresh", 60, 90)] {
        let (created_at, used_at) = (at(created), at(used));
        let put = SessionRecord { created_at, used_at, ..session(name, &grant_key(1)) };
        store.put_session(put).await.unwrap();
    }
    let found = async |idle, created| {
        let found = store.sessions_before(idle, created).await.unwrap();
        let mut names: Vec<_> = found.iter().map(|found| found.id.as_str().to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(found(at(50), at(0)).await, [""; 0], "to the microsecond");
    assert_eq!(found(at(50) + MICROSECOND, at(0)).await, ["idle"]);
    assert_eq!(found(at(50), at(0) + MICROSECOND).await, ["old"]);
    assert_eq!(found(at(60), at(20)).await, ["idle", "old"]);
    assert_eq!(found(at(101), at(101)).await, ["fresh", "idle", "old"], "each once");
}

/// Writers of different rows do not disturb each other.
pub async fn of_a_hundred_sessions_written_at_once_none_is_lost(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    at_once(100, &open, |n, store| {
        let put = session(&n.to_string(), &grant_key(1));
        Box::pin(async move { store.put_session(put).await.unwrap() })
    })
    .await;
    let store = open().await;
    assert_eq!(store.count_sessions(&grant_key(1)).await.unwrap(), 100);
    for n in 0..100 {
        let name = n.to_string();
        let found = store.session(&id(&name)).await.unwrap();
        assert_eq!(found, Some(session(&name, &grant_key(1))));
    }
}
