//! The end of a login happens as a whole, or not at all.

use std::sync::Arc;

use coder_auth::store::{AuthStore, GrantChange, Lease, LoginCompletion, LoginOutcome};
use jiff::SignedDuration;

use super::{
    all_due, at, at_once, due, finished, grant, grant_key, id, login, pair, pending, session,
    sign_in, tried,
};

/// Checks that the pair leaves the revocations, and that bytes come back as they were.
pub async fn a_first_login_makes_the_grant_and_its_session(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    let key = grant_key(1);
    assert_eq!(store.grant(&key).await.unwrap(), None);
    // Every byte there is, so that nothing is taken for text.
    let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(5000).collect();
    let mut record = grant(&key, "p");
    record.sealed.clone_from(&bytes);
    record.pair.sealed = bytes;
    let change = GrantChange::Replace { record: record.clone(), revoke_former: true };
    sign_in(&*store, LoginCompletion { change, ..login(&key, None, "p") }).await;
    assert_eq!(store.grant(&key).await.unwrap(), Some(record));
    assert_eq!(store.session(&id("p")).await.unwrap(), Some(session("p", &key)));
    assert_eq!(all_due(&*store).await, [""; 0]);
}

/// Checks that the pair of a login that was refused still waits for a login, or for its end.
pub async fn a_login_counts_at_the_version_that_was_read_and_at_no_other(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    let key = grant_key(1);
    store.keep_pair(pending("p")).await.unwrap();
    let refused = store.finish_login(login(&key, Some("p0"), "p")).await.unwrap();
    assert_eq!(refused, LoginOutcome::Conflict, "there is no grant");
    assert_eq!(store.grant(&key).await.unwrap(), None);

    sign_in(&*store, login(&key, None, "p1")).await;
    for expected in [None, Some("p0"), Some("P1"), Some("")] {
        for change in
            [login(&key, None, "p").change, GrantChange::Keep, login(&key, None, "p1").change]
        {
            let refused =
                LoginCompletion { change, former: Some(id("p1")), ..login(&key, expected, "p") };
            let outcome = store.finish_login(refused).await.unwrap();
            assert_eq!(outcome, LoginOutcome::Conflict, "{expected:?}");
            assert_eq!(store.grant(&key).await.unwrap(), Some(grant(&key, "p1")));
            assert_eq!(store.session(&id("p")).await.unwrap(), None);
            assert!(store.session(&id("p1")).await.unwrap().is_some());
        }
    }
    let outcome = store.finish_login(login(&key, Some("p1"), "p")).await.unwrap();
    assert_eq!(finished(outcome), []);
    assert_eq!(store.grant(&key).await.unwrap(), Some(grant(&key, "p")));
}

/// Checks that a login is refused a pair that was never kept, was forgotten, is claimed, or was in
/// a grant already.
pub async fn a_login_takes_only_a_pair_that_waits_for_one(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    let (key, other) = (grant_key(1), grant_key(2));
    sign_in(&*store, login(&key, None, "first")).await;
    sign_in(&*store, login(&other, None, "taken")).await;
    store.keep_pair(due("not pending", at(300))).await.unwrap();
    store.keep_pair(pending("forgotten")).await.unwrap();
    store.forget_revocation(&pair("forgotten").id).await.unwrap();
    store.keep_pair(pending("claimed")).await.unwrap();
    store.claim_revocations(at(300), at(600), 10).await.unwrap();
    for name in ["unknown", "not pending", "forgotten", "claimed", "taken", "first"] {
        for change in [login(&key, None, name).change, GrantChange::Keep] {
            let late = LoginCompletion { change, ..login(&key, Some("first"), name) };
            let late = LoginCompletion {
                session: Some(session("new", &key)),
                former: Some(id("first")),
                ..late
            };
            let outcome = store.finish_login(late).await.unwrap();
            assert_eq!(outcome, LoginOutcome::PairGone, "{name}");
            assert_eq!(store.grant(&key).await.unwrap(), Some(grant(&key, "first")), "{name}");
            assert_eq!(store.session(&id("new")).await.unwrap(), None, "{name}");
            assert!(store.session(&id("first")).await.unwrap().is_some(), "{name}");
        }
    }
    assert_eq!(all_due(&*store).await, ["claimed", "not pending"]);
}

/// Checks that the former pair is gone when Coder has killed it already, and else due for
/// revocation at once.
pub async fn a_login_puts_its_pair_in_the_place_of_the_former_one(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    let key = grant_key(1);
    sign_in(&*store, login(&key, None, "one")).await;
    sign_in(&*store, login(&key, Some("one"), "two")).await;
    assert_eq!(all_due(&*store).await, [""; 0], "dead");

    let record = grant(&key, "three");
    let change = GrantChange::Replace { record: record.clone(), revoke_former: true };
    let revokes = LoginCompletion { change, ..login(&key, Some("two"), "three") };
    assert_eq!(sign_in(&*store, revokes).await, [due("two", at(10))]);
    assert_eq!(store.grant(&key).await.unwrap(), Some(record));
    for name in ["one", "two", "three"] {
        assert!(store.session(&id(name)).await.unwrap().is_some(), "{name} goes on");
    }
    let claimed = store.claim_revocations(at(10), at(60), 10).await.unwrap();
    assert_eq!(claimed, [tried("two", at(60), 1)]);
}

/// Checks that a rotation that was under way has lost, and that the next one need not wait for it.
pub async fn a_login_frees_the_lease_of_the_pair_it_replaces(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    let key = grant_key(1);
    sign_in(&*store, login(&key, None, "one")).await;
    let lease = |holder: &str| Lease {
        holder: holder.to_owned(),
        now: at(0),
        lasts: SignedDuration::from_secs(60),
    };
    assert!(store.lease_grant(&key, &pair("one").id, &lease("a")).await.unwrap());
    let keeps = LoginCompletion { change: GrantChange::Keep, ..login(&key, Some("one"), "two") };
    sign_in(&*store, keeps).await;
    assert!(!store.lease_grant(&key, &pair("one").id, &lease("b")).await.unwrap(), "the same pair");
    sign_in(&*store, login(&key, Some("one"), "three")).await;
    assert!(store.lease_grant(&key, &pair("three").id, &lease("b")).await.unwrap());
}

/// Checks that the session is made, the grant is as it was, and the login's pair is due.
pub async fn a_login_that_keeps_the_grant_gives_its_own_pair_up(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    let key = grant_key(1);
    sign_in(&*store, login(&key, None, "one")).await;
    let keeps = LoginCompletion { change: GrantChange::Keep, ..login(&key, Some("one"), "two") };
    assert_eq!(sign_in(&*store, keeps).await, [due("two", at(10))]);
    assert_eq!(store.grant(&key).await.unwrap(), Some(grant(&key, "one")));
    assert_eq!(store.session(&id("two")).await.unwrap(), Some(session("two", &key)));
    let claimed = store.claim_revocations(at(10), at(60), 10).await.unwrap();
    assert_eq!(claimed, [tried("two", at(60), 1)]);
}

/// Checks that the grant of the former session goes on if it has another session, the new one as
/// well, and that else its pair is due.
pub async fn a_login_ends_the_former_session_of_its_browser(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    let (alice, bob) = (grant_key(1), grant_key(2));
    let from = |former: &str, login| LoginCompletion { former: Some(id(former)), ..login };
    sign_in(&*store, from("unknown", login(&alice, None, "a1"))).await;
    sign_in(&*store, from("a1", login(&alice, Some("a1"), "a2"))).await;
    assert_eq!(store.session(&id("a1")).await.unwrap(), None);
    assert_eq!(store.grant(&alice).await.unwrap(), Some(grant(&alice, "a2")), "its own");

    sign_in(&*store, login(&bob, None, "b1")).await;
    sign_in(&*store, login(&bob, Some("b1"), "b2")).await;
    sign_in(&*store, from("b1", login(&alice, Some("a2"), "a3"))).await;
    assert_eq!(store.session(&id("b1")).await.unwrap(), None);
    assert_eq!(store.grant(&bob).await.unwrap(), Some(grant(&bob, "b2")), "another's");
    assert_eq!(all_due(&*store).await, [""; 0]);

    let ended = sign_in(&*store, from("b2", login(&alice, Some("a3"), "a4"))).await;
    assert_eq!(ended, [due("b2", at(10))]);
    assert_eq!(store.session(&id("b2")).await.unwrap(), None);
    assert_eq!(store.grant(&bob).await.unwrap(), None, "it was the last one");
    let claimed = store.claim_revocations(at(10), at(60), 10).await.unwrap();
    assert_eq!(claimed, [tried("b2", at(60), 1)]);
}

/// Checks that the sessions of a grant get the pair of such a login, and that it makes no grant
/// where there is none.
pub async fn a_login_without_a_session_makes_no_grant(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    let key = grant_key(1);
    store.keep_pair(pending("one")).await.unwrap();
    let without = |login| LoginCompletion { session: None, ..login };
    let keeps = |login| LoginCompletion { change: GrantChange::Keep, ..login };
    for login in [
        without(login(&key, None, "one")),
        keeps(login(&key, None, "one")),
        without(keeps(login(&key, None, "one"))),
    ] {
        assert_eq!(store.finish_login(login).await.unwrap(), LoginOutcome::NoSession);
        assert_eq!(store.grant(&key).await.unwrap(), None);
        assert_eq!(store.session(&id("one")).await.unwrap(), None);
    }
    // The pair waits as before.
    let outcome = store.finish_login(login(&key, None, "one")).await.unwrap();
    assert_eq!(finished(outcome), []);

    sign_in(&*store, without(login(&key, Some("one"), "two"))).await;
    assert_eq!(store.grant(&key).await.unwrap(), Some(grant(&key, "two")));
    assert_eq!(store.session(&id("two")).await.unwrap(), None);

    // The browser's former session was the last one: the new pair has nobody to serve.
    let former = Some(id("one"));
    let last = LoginCompletion { former, ..without(login(&key, Some("two"), "three")) };
    assert_eq!(sign_in(&*store, last).await, [due("three", at(10))]);
    assert_eq!(store.grant(&key).await.unwrap(), None);
    assert_eq!(all_due(&*store).await, ["three"]);
}

/// Checks that the logins that lost are told so, and find their pairs where they were.
pub async fn of_many_first_logins_at_once_one_makes_the_grant(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let outcomes = at_once(20, &open, |n, store| {
        Box::pin(async move {
            let name = format!("p{n}");
            store.keep_pair(pending(&name)).await.unwrap();
            store.finish_login(login(&grant_key(1), None, &name)).await.unwrap()
        })
    });
    let outcomes = outcomes.await;
    let store = open().await;
    let winner = store.grant(&grant_key(1)).await.unwrap().unwrap();
    for (n, outcome) in outcomes.into_iter().enumerate() {
        let name = format!("p{n}");
        let won = winner == grant(&grant_key(1), &name);
        let expected =
            if won { LoginOutcome::Finished(Vec::new()) } else { LoginOutcome::Conflict };
        assert_eq!(outcome, expected);
        assert_eq!(store.session(&id(&name)).await.unwrap().is_some(), won);
    }
    assert_eq!(all_due(&*store).await.len(), 19);
}

/// Checks that everybody is signed in at the end.
pub async fn no_login_is_lost_among_many_who_try_again(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    at_once(20, &open, |n, store| {
        Box::pin(async move {
            let (key, name) = (grant_key(1), format!("p{n}"));
            store.keep_pair(pending(&name)).await.unwrap();
            loop {
                let read = store.grant(&key).await.unwrap();
                let expected = read.as_ref().map(|record| record.version.as_str());
                let outcome = store.finish_login(login(&key, expected, &name)).await.unwrap();
                match outcome {
                    LoginOutcome::Finished(_) => return,
                    LoginOutcome::Conflict => {}
                    LoginOutcome::PairGone | LoginOutcome::NoSession => panic!("{outcome:?}"),
                }
            }
        })
    })
    .await;
    let store = open().await;
    for n in 0..20 {
        let name = format!("p{n}");
        let found = store.session(&id(&name)).await.unwrap();
        assert_eq!(found, Some(session(&name, &grant_key(1))));
    }
    assert_eq!(all_due(&*store).await, [""; 0]);
}
