//! Administration: an administrator sees who is signed in, ends sessions and erases a person.

use coder_auth::{Administration, PersonName, SessionInfo, SignIn, UsernameMatchingUserEntityName};
use coder_testkit::Fault;
use http::StatusCode;

use crate::sign_in::{catalog, with_sign_in};
use crate::support::House;

fn house() -> House {
    with_sign_in(&SignIn::new(catalog()).resolver(UsernameMatchingUserEntityName::default()))
}

fn named(name: &str) -> PersonName {
    name.parse().unwrap()
}

async fn of(administration: &Administration<'_>, name: &str) -> Vec<SessionInfo> {
    let person = named(name);
    let listed = administration.sessions().await.unwrap();
    listed.into_iter().filter(|session| session.is_of(&person)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_session_is_listed_with_its_user_and_without_a_secret() {
    let house = house();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    house.signed_in(&house.coder.add_user("twin-1")).await;
    let replica = house.replica();
    let administration = replica.administration();
    assert_eq!(administration.sessions().await.unwrap().len(), 2);
    for name in ["alice", "ALICE", "user:default/alice", "user:alice", &alice.id.to_string()] {
        let [session] = of(&administration, name).await.try_into().unwrap();
        assert_eq!(session.user_name.as_deref(), Some("alice"));
        assert_eq!(session.user_entity_refs, ["user:default/alice"]);
        assert_eq!(session.environment, "development");
        let told = serde_json::to_string(&session).unwrap() + &format!("{session:?}");
        assert!(!told.contains(&browser.cookies["__Host-coder-session"]), "{told}");
    }
    for name in ["alic", "user:default/alic", "user:other/alice", "group:default/alice"] {
        assert_eq!(of(&administration, name).await, [], "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_administrator_ends_one_session_or_all_of_a_person_or_those_of_everybody() {
    let house = house();
    let (alice, bob) = (house.coder.add_user("alice"), house.coder.add_user("twin-1"));
    let mut first = house.signed_in(&alice).await;
    let mut second = house.signed_in(&alice).await;
    let of_bob = house.signed_in(&bob).await;
    // Another process, which serves nobody.
    let replica = house.replica();
    let administration = replica.administration();

    let [session, _] = of(&administration, "alice").await.try_into().unwrap();
    let ended = administration.end_session(&session).await.unwrap();
    assert_eq!((ended.sessions, ended.unrevoked), (1, Some(0)));
    assert_eq!(house.coder.count_pairs(&alice), 1, "the other session needs it");
    let again = administration.end_session(&session).await.unwrap();
    assert_eq!((again.sessions, again.unrevoked), (0, Some(0)), "it is gone");
    let mut answers = Vec::new();
    for browser in [&mut first, &mut second] {
        answers.push(browser.refresh(&house.auth).await.status());
    }
    answers.sort();
    assert_eq!(answers, [StatusCode::OK, StatusCode::UNAUTHORIZED]);

    house.signed_in(&alice).await;
    let sessions = of(&administration, "alice").await;
    let ended = administration.end_grants(&sessions).await.unwrap();
    assert_eq!((ended.sessions, ended.unrevoked), (2, Some(0)));
    assert_eq!(house.coder.count_pairs(&alice), 0, "revoked at Coder");
    assert_eq!(of_bob.refresh(&house.auth).await.status(), StatusCode::OK);

    house.signed_in(&alice).await;
    let ended = administration.end_all().await.unwrap();
    assert_eq!((ended.sessions, ended.unrevoked), (2, Some(0)));
    assert_eq!(house.coder.count_pairs(&alice) + house.coder.count_pairs(&bob), 0);
    assert_eq!(of_bob.refresh(&house.auth).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(administration.sessions().await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn what_coder_does_not_revoke_at_once_is_counted_and_revoked_by_a_server_later() {
    let house = house();
    let alice = house.coder.add_user("alice");
    house.signed_in(&alice).await;
    house.coder.fail_next(Fault::bad_gateway().on("/oauth2/revoke").times(10));
    let replica = house.replica();
    let ended = replica.administration().end_all().await.unwrap();
    assert_eq!((ended.sessions, ended.unrevoked), (1, Some(1)));
    assert_eq!(house.coder.count_pairs(&alice), 1);
    for _ in 0..10 {
        house.advance(std::time::Duration::from_secs(601));
        house.auth.sweep().await.unwrap();
    }
    assert_eq!(house.coder.count_pairs(&alice), 0);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_known_of_an_erased_person_or_of_one_who_has_signed_out() {
    let house = house();
    let (alice, bob) = (house.coder.add_user("alice"), house.coder.add_user("twin-1"));
    let store = house.storage.open();
    let browser = house.signed_in(&alice).await;
    let mut of_bob = house.signed_in(&bob).await;
    let replica = house.replica();
    let erased = replica.administration().erase(&named("user:default/alice")).await.unwrap();
    assert_eq!((erased.sessions, erased.grants, erased.persons), (1, 1, 1));
    assert_eq!((erased.links, erased.unrevoked), (0, Some(0)));
    assert_eq!(house.coder.count_pairs(&alice), 0);
    assert_eq!(store.person("user:default/alice").await.unwrap(), None);
    assert_eq!(browser.refresh(&house.auth).await.status(), StatusCode::UNAUTHORIZED);
    let nothing = replica.administration().erase(&named("alice")).await.unwrap();
    assert_eq!((nothing.sessions, nothing.persons), (0, 0));

    assert!(store.person("user:default/twin-1").await.unwrap().is_some());
    of_bob.log_out(&house.auth).await;
    assert_eq!(store.person("user:default/twin-1").await.unwrap(), None);
}

#[test]
fn an_id_has_36_characters_and_every_other_form_of_it_is_a_user_name() {
    let id = "a11ce000-0000-4000-8000-000000000001";
    assert!(matches!(named(id), PersonName::UserId(_)));
    let digits = id.replace('-', "");
    for name in [&*digits, &format!("{{{id}}}"), &format!("urn-uuid-{digits}"), "alice"] {
        assert_eq!(named(name), PersonName::UserName(name.to_owned()));
    }
}
