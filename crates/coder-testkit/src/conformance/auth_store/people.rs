//! Persons who signed in, and the keys their identity tokens are signed with.

use std::sync::Arc;

use coder_auth::GrantKey;
use coder_auth::store::{
    AuthStore, Erased, Erasure, LinkKey, LinkRecord, LoginCompletion, PersonRecord,
    SigningKeyRecord, StoreCounts,
};

use super::{
    MICROSECOND, all_due, at, at_once, due, grant, grant_key, id, login, session, sign_in, version,
};

const ALICE: &str = "user:default/alice";
const BOB: &str = "user:default/bob";

fn person(name: &str, owned: &[&str]) -> PersonRecord {
    PersonRecord {
        user_entity_ref: name.to_owned(),
        ownership_entity_refs: owned.iter().copied().map(str::to_owned).collect(),
    }
}

/// Makes a grant of this user with a session, both named `name`.
async fn grant_of(store: &dyn AuthStore, user: u128, name: &str) -> GrantKey {
    let key = grant_key(user);
    sign_in(store, login(&key, None, name)).await;
    key
}

/// Checks that the record of a person is replaced as a whole.
pub async fn the_last_sign_in_of_a_person_wins(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    let key = grant_of(&*store, 1, "one").await;
    assert_eq!(store.person(ALICE).await.unwrap(), None);
    for put in [
        person(ALICE, &[ALICE, "group:default/payments"]),
        person(ALICE, &[]),
        person(ALICE, &[]),
        person(ALICE, &["group:default/\"quoted\", and more"]),
    ] {
        store.put_person(put.clone(), &key).await.unwrap();
        assert_eq!(store.person(ALICE).await.unwrap(), Some(put));
    }
    assert_eq!(store.person(BOB).await.unwrap(), None);
}

/// Checks that somebody whose grant has ended meanwhile is not stored.
pub async fn nobody_is_stored_for_a_grant_that_has_ended(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    let key = grant_of(&*store, 1, "one").await;
    store.end_grant(&key, at(1)).await.unwrap();
    store.put_person(person(ALICE, &[ALICE]), &key).await.unwrap();
    assert_eq!(store.person(ALICE).await.unwrap(), None);
    assert_eq!(store.grants_of_person(ALICE).await.unwrap(), []);
}

/// Checks that nothing is known of a person who has no grant any more, however it has ended.
pub async fn a_person_ends_with_the_last_grant(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    let browser = |name: &str| LoginCompletion {
        former: Some(id(name)),
        ..login(&grant_key(9), None, "other")
    };
    for (n, way) in ["logout", "end", "age", "other account"].into_iter().enumerate() {
        let (one, other) = (format!("one {n}"), format!("two {n}"));
        let first = grant_of(&*store, 1, &one).await;
        let second = grant_of(&*store, 2, &other).await;
        for key in [&first, &second, &first] {
            store.put_person(person(ALICE, &[ALICE]), key).await.unwrap();
        }
        store.put_person(person(BOB, &[BOB]), &second).await.unwrap();
        store.end_grant(&first, at(1)).await.unwrap();
        assert!(store.person(ALICE).await.unwrap().is_some(), "{way}: the second grant is left");
        match way {
            "logout" => drop(store.end_session(&id(&other), at(1)).await.unwrap()),
            "end" => drop(store.end_grant(&second, at(1)).await.unwrap()),
            "age" => drop(store.expire_sessions(at(9), at(9), at(1), 10).await.unwrap()),
            _ => drop(sign_in(&*store, browser(&other)).await),
        }
        for name in [ALICE, BOB] {
            assert_eq!(store.person(name).await.unwrap(), None, "{way}: {name}");
        }
    }
}

/// Checks that a grant that has begun anew is none of those who signed in with the former one.
pub async fn grants_and_persons_name_each_other(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    let (first, second) = (grant_of(&*store, 1, "one").await, grant_of(&*store, 2, "two").await);
    store.put_person(person(BOB, &[]), &first).await.unwrap();
    store.put_person(person(ALICE, &[]), &first).await.unwrap();
    store.put_person(person(ALICE, &[]), &second).await.unwrap();
    assert_eq!(store.persons_of_grant(&first).await.unwrap(), [ALICE, BOB]);
    assert_eq!(store.persons_of_grant(&second).await.unwrap(), [ALICE]);
    let mut grants = store.grants_of_person(ALICE).await.unwrap();
    grants.sort_by_key(|key| key.user.to_string());
    assert_eq!(grants, [first.clone(), second.clone()]);
    assert_eq!(store.grants_of_person(BOB).await.unwrap(), std::slice::from_ref(&first));

    // A login and an update go on with the grant.
    sign_in(&*store, login(&second, Some("two"), "three")).await;
    assert!(store.update_grant(grant(&second, "four"), version("three")).await.unwrap());
    assert_eq!(store.persons_of_grant(&second).await.unwrap(), [ALICE]);

    store.end_grant(&first, at(1)).await.unwrap();
    sign_in(&*store, login(&first, None, "five")).await;
    assert_eq!(store.persons_of_grant(&first).await.unwrap(), [""; 0]);
    assert_eq!(store.grants_of_person(ALICE).await.unwrap(), [second]);
    assert_eq!(store.grants_of_person(BOB).await.unwrap(), []);
}

/// Checks that no session is left out, or listed twice.
pub async fn sessions_are_listed_page_by_page_with_their_grants(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    assert_eq!(store.sessions(None, 10).await.unwrap(), []);
    let (first, second) = (grant_of(&*store, 1, "a").await, grant_of(&*store, 2, "b").await);
    for (former, name) in [("a", "c"), ("c", "d"), ("d", "e")] {
        sign_in(&*store, login(&first, Some(former), name)).await;
    }
    let mut listed = Vec::new();
    let mut after = None;
    for expected in [2, 2, 1, 0] {
        let page = store.sessions(after.as_ref(), 2).await.unwrap();
        assert_eq!(page.len(), expected);
        after = page.last().map(|(session, _)| session.id.clone()).or(after);
        listed.extend(page);
    }
    listed.sort_by(|(one, _), (other, _)| one.id.cmp(&other.id));
    let expected =
        |name: &str, key: &GrantKey, content: &str| (session(name, key), grant(key, content));
    let expected = [
        expected("a", &first, "e"),
        expected("b", &second, "b"),
        expected("c", &first, "e"),
        expected("d", &first, "e"),
        expected("e", &first, "e"),
    ];
    assert_eq!(listed, expected);
}

fn link_key(holder: &str) -> LinkKey {
    let deployment = "https://coder.example.com/base".parse().unwrap();
    LinkKey { deployment, holder: holder.to_owned() }
}

/// Checks that nothing is left of an erased person, and everything of the others.
pub async fn an_erasure_leaves_nothing_of_a_person_and_all_of_the_others(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    let (first, second) = (grant_of(&*store, 1, "one").await, grant_of(&*store, 2, "two").await);
    let others = grant_of(&*store, 3, "three").await;
    sign_in(&*store, login(&first, Some("one"), "four")).await;
    for (name, key) in [(ALICE, &first), (ALICE, &second), (BOB, &others), (BOB, &second)] {
        store.put_person(person(name, &[name]), key).await.unwrap();
    }
    for holder in ["alice", "bob"] {
        let key = link_key(holder);
        let link = LinkRecord { key, version: version(holder), sealed: holder.into() };
        store.put_link(link).await.unwrap();
    }
    let erasure = Erasure {
        grants: vec![second.clone(), first.clone(), grant_key(4), first.clone()],
        links: vec![link_key("alice"), link_key("nobody")],
        due_at: at(7),
    };
    let mut erased = store.erase(erasure.clone()).await.unwrap();
    erased.revocations.sort_by(|one, other| one.pair.id.cmp(&other.pair.id));
    let revocations = vec![due("four", at(7)), due("two", at(7))];
    assert_eq!(erased, Erased { revocations, sessions: 3, persons: 1, links: 1 });
    for key in [&first, &second] {
        assert_eq!(store.grant(key).await.unwrap(), None);
    }
    for name in ["one", "two", "four"] {
        assert_eq!(store.session(&id(name)).await.unwrap(), None);
    }
    assert_eq!(store.person(ALICE).await.unwrap(), None);
    assert_eq!(store.link(&link_key("alice")).await.unwrap(), None);
    assert_eq!(all_due(&*store).await, ["four", "two"]);

    assert!(store.grant(&others).await.unwrap().is_some());
    assert!(store.session(&id("three")).await.unwrap().is_some());
    assert_eq!(store.person(BOB).await.unwrap(), Some(person(BOB, &[BOB])));
    assert!(store.link(&link_key("bob")).await.unwrap().is_some());
    assert_eq!(store.erase(erasure).await.unwrap(), Erased::default(), "nothing is left to erase");
}

/// Checks that a person is not lost whose one grant ends while the other one begins.
pub async fn of_many_who_come_and_go_as_one_person_the_one_who_stays_is_known(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    let stays = grant_of(&*store, 100, "stays").await;
    for n in 0..20 {
        let key = grant_of(&*store, n, &format!("goes {n}")).await;
        store.put_person(person(ALICE, &[ALICE]), &key).await.unwrap();
    }
    at_once(20, open, |n, store| {
        let (key, stays) = (grant_key(n as u128), stays.clone());
        Box::pin(async move {
            if n == 10 {
                store.put_person(person(ALICE, &[ALICE]), &stays).await.unwrap();
            }
            store.end_grant(&key, at(1)).await.unwrap();
        })
    })
    .await;
    assert_eq!(store.person(ALICE).await.unwrap(), Some(person(ALICE, &[ALICE])));
    assert_eq!(store.grants_of_person(ALICE).await.unwrap(), std::slice::from_ref(&stays));
    store.end_grant(&stays, at(1)).await.unwrap();
    assert_eq!(store.person(ALICE).await.unwrap(), None);
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
