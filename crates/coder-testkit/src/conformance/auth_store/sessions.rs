//! Sessions: kept, touched, ended; the last one takes its grant with it.

use std::sync::Arc;

use coder_auth::store::{AuthStore, LoginCompletion, RevocationRecord, SessionRecord};

use super::{
    MICROSECOND, all_due, at, at_once, due, grant_key, id, login, pending, session, sign_in, tried,
};

/// Signs in with a session that was made and used at these seconds.
async fn sign_in_at(
    store: &dyn AuthStore,
    user: u128,
    expected: Option<&str>,
    (name, created, used): (&str, i64, i64),
) {
    let (created_at, used_at) = (at(created), at(used));
    let made = SessionRecord { created_at, used_at, ..session(name, &grant_key(user)) };
    let login = login(&grant_key(user), expected, name);
    sign_in(store, LoginCompletion { session: Some(made), ..login }).await;
}

/// Checks that a session comes back as it was, and that another id is another session.
pub async fn a_session_is_kept_as_its_login_made_it(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    assert_eq!(store.session(&id("a")).await.unwrap(), None);
    let environment = "development".to_owned();
    let made = SessionRecord {
        environment,
        created_at: at(5),
        used_at: at(6) + MICROSECOND,
        ..session("a", &grant_key(1))
    };
    let login = login(&grant_key(1), None, "a");
    sign_in(&*store, LoginCompletion { session: Some(made.clone()), ..login }).await;
    assert_eq!(store.session(&id("a")).await.unwrap(), Some(made));
    assert_eq!(store.session(&id("A")).await.unwrap(), None);
    assert_eq!(store.session(&id("a ")).await.unwrap(), None);
}

/// Checks that one read returns what two would.
pub async fn a_session_is_read_with_its_grant(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    assert_eq!(store.session_with_grant(&id("a")).await.unwrap(), None);
    for (user, name) in [(1, "a"), (2, "b")] {
        sign_in(&*store, login(&grant_key(user), None, name)).await;
    }
    for (user, name) in [(1, "a"), (2, "b")] {
        let (read, grant) = store.session_with_grant(&id(name)).await.unwrap().unwrap();
        assert_eq!(read, session(name, &grant_key(user)));
        assert_eq!(grant, store.grant(&grant_key(user)).await.unwrap());
        assert!(grant.is_some());
    }
    store.end_grant(&grant_key(1), at(0)).await.unwrap();
    assert_eq!(store.session_with_grant(&id("a")).await.unwrap(), None);
}

/// Checks that neither anything else of the session changes, nor another session.
pub async fn a_touch_moves_the_last_use_and_nothing_else(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    let key = grant_key(1);
    sign_in(&*store, login(&key, None, "a")).await;
    sign_in(&*store, login(&key, Some("a"), "b")).await;
    store.touch_session(&id("a"), at(60)).await.unwrap();
    let touched = SessionRecord { used_at: at(60), ..session("a", &key) };
    assert_eq!(store.session(&id("a")).await.unwrap(), Some(touched));
    assert_eq!(store.session(&id("b")).await.unwrap(), Some(session("b", &key)));
}

/// Checks that a session that is gone stays gone.
pub async fn a_touch_does_not_revive_a_session(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    sign_in(&*store, login(&grant_key(1), None, "a")).await;
    store.end_session(&id("a"), at(0)).await.unwrap();
    store.touch_session(&id("a"), at(60)).await.unwrap();
    assert_eq!(store.session(&id("a")).await.unwrap(), None);
}

/// Checks that other browsers stay signed in, and that the caller who ends the last session gets
/// the pair, which is kept.
pub async fn the_last_session_takes_its_grant_with_it(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    let key = grant_key(1);
    sign_in(&*store, login(&key, None, "a")).await;
    sign_in(&*store, login(&key, Some("a"), "b")).await;
    sign_in(&*store, login(&grant_key(2), None, "other")).await;
    assert_eq!(store.end_session(&id("unknown"), at(20)).await.unwrap(), None);
    assert_eq!(store.end_session(&id("a"), at(20)).await.unwrap(), None);
    assert_eq!(store.session(&id("a")).await.unwrap(), None);
    assert!(store.grant(&key).await.unwrap().is_some());
    assert!(store.session(&id("b")).await.unwrap().is_some());

    assert_eq!(store.end_session(&id("b"), at(20)).await.unwrap(), Some(due("b", at(20))));
    assert_eq!(store.grant(&key).await.unwrap(), None);
    assert_eq!(store.session(&id("b")).await.unwrap(), None);
    assert_eq!(store.end_session(&id("b"), at(20)).await.unwrap(), None, "it has ended");
    assert!(store.grant(&grant_key(2)).await.unwrap().is_some());
    let before = store.claim_revocations(at(20) - MICROSECOND, at(60), 10).await.unwrap();
    assert_eq!(before, []);
    assert_eq!(store.claim_revocations(at(20), at(60), 10).await.unwrap(), [tried("b", at(60), 1)]);
}

/// Checks that all browsers are signed out, and stay so when the person signs in again.
pub async fn the_end_of_a_grant_ends_all_its_sessions(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    let key = grant_key(1);
    sign_in(&*store, login(&key, None, "phone")).await;
    sign_in(&*store, login(&key, Some("phone"), "laptop")).await;
    sign_in(&*store, login(&grant_key(2), None, "other")).await;
    let ended = store.end_grant(&key, at(20)).await.unwrap();
    assert_eq!(ended, Some(due("laptop", at(20))));
    assert_eq!(store.end_grant(&key, at(20)).await.unwrap(), None);
    sign_in(&*store, login(&key, None, "again")).await;
    for name in ["phone", "laptop"] {
        assert_eq!(store.session(&id(name)).await.unwrap(), None, "{name}");
    }
    assert!(store.session(&id("other")).await.unwrap().is_some());
    assert_eq!(
        store.claim_revocations(at(20), at(60), 10).await.unwrap(),
        [tried("laptop", at(60), 1)]
    );
}

/// Checks that exactly one of several callers that end the sessions of a grant at once gets the
/// pair.
pub async fn of_many_who_end_sessions_at_once_one_ends_the_grant(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    let key = grant_key(1);
    sign_in(&*store, login(&key, None, "0")).await;
    sign_in(&*store, login(&key, Some("0"), "1")).await;
    sign_in(&*store, login(&key, Some("1"), "2")).await;
    let ended = at_once(20, &open, |n, store| {
        let name = (n % 3).to_string();
        Box::pin(async move { store.end_session(&id(&name), at(20)).await.unwrap() })
    });
    let ended: Vec<RevocationRecord> = ended.await.into_iter().flatten().collect();
    assert_eq!(ended, [due("2", at(20))]);
    assert_eq!(store.grant(&key).await.unwrap(), None);
}

/// Checks that sessions expire which were used before the one moment or made before the other, not
/// at it, and each once.
pub async fn sessions_expire_when_idle_or_old(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    sign_in_at(&*store, 1, None, ("idle", 50, 50)).await;
    sign_in_at(&*store, 1, Some("idle"), ("fresh", 60, 90)).await;
    sign_in_at(&*store, 2, None, ("old", 0, 100)).await;
    sign_in_at(&*store, 3, None, ("both", 10, 70)).await;
    let expire =
        async |idle, created| store.expire_sessions(idle, created, at(200), 100).await.unwrap();
    assert_eq!(expire(at(50), at(0)).await, 0, "to the microsecond");
    assert_eq!(expire(at(50) + MICROSECOND, at(0)).await, 1);
    assert_eq!(store.session(&id("idle")).await.unwrap(), None);
    assert!(store.grant(&grant_key(1)).await.unwrap().is_some(), "it has a fresh one");
    assert_eq!(expire(at(50), at(0) + MICROSECOND).await, 1);
    assert_eq!(store.session(&id("old")).await.unwrap(), None);
    assert_eq!(store.grant(&grant_key(2)).await.unwrap(), None, "it was the last one");
    assert_eq!(expire(at(71), at(11)).await, 1, "each once");
    assert!(store.session(&id("fresh")).await.unwrap().is_some());
    let mut claimed = store.claim_revocations(at(200), at(260), 10).await.unwrap();
    claimed.sort_by(|one, other| one.pair.id.cmp(&other.pair.id));
    assert_eq!(claimed, [tried("both", at(260), 1), tried("old", at(260), 1)]);
}

/// Checks that the sessions beyond the limit are left for the next time.
pub async fn no_more_sessions_expire_than_asked_for(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    for user in 1..=5 {
        sign_in(&*store, login(&grant_key(user), None, &user.to_string())).await;
    }
    for ended in [2, 2, 1, 0] {
        assert_eq!(store.expire_sessions(at(1), at(0), at(20), 2).await.unwrap(), ended);
    }
    assert_eq!(all_due(&*store).await, ["1", "2", "3", "4", "5"]);
}

/// Checks that several sweepers at once end each session once.
pub async fn of_many_who_expire_sessions_at_once_each_ends_others(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    for user in 1..=20 {
        sign_in(&*store, login(&grant_key(user), None, &format!("{user:02}"))).await;
    }
    let ended = at_once(6, &open, |_, store| {
        Box::pin(async move { store.expire_sessions(at(1), at(0), at(20), 20).await.unwrap() })
    });
    assert_eq!(ended.await.into_iter().sum::<u64>(), 20);
    assert_eq!(all_due(&*store).await.len(), 20);
}

/// Checks that writers of different rows do not disturb each other.
pub async fn of_a_hundred_people_who_sign_in_at_once_nobody_is_lost(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    at_once(100, &open, |n, store| {
        let (key, name) = (grant_key(n as u128), n.to_string());
        Box::pin(async move {
            store.keep_pair(pending(&name)).await.unwrap();
            store.finish_login(login(&key, None, &name)).await.unwrap();
        })
    })
    .await;
    let store = open().await;
    for n in 0..100 {
        let name = n.to_string();
        let found = store.session(&id(&name)).await.unwrap();
        assert_eq!(found, Some(session(&name, &grant_key(n))));
    }
}
