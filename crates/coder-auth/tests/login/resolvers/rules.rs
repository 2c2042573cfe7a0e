//! The rules, one function each.

use coder_auth::{
    EmailLocalPartMatchingUserEntityName, EmailMatchingUserEntityProfileEmail, EmailOptions,
    SignIn, UsernameMatchingUserEntityName,
};
use coder_testkit::{FakeUser, Fault};
use http::StatusCode;
use serde_json::{Value, json};

use super::sources::{Files, Source};
use crate::sign_in::with_sign_in;
use crate::support::{Answer, Browser, House};

const ORG: &str = "
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: Alice }
spec:
  profile: { email: Alice@Example.com }
  memberOf: [team-a, 'group:shop/team-b', team-a, 'user:default/bob']
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: bob }
spec: { profile: { email: bob+work@example.com }, memberOf: [] }
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: twin-1 }
spec: { profile: { email: twin@example.com }, memberOf: [] }
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: twin-2 }
spec: { profile: { email: Twin@example.com }, memberOf: [] }
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: odd }
spec: { profile: { email: \"o'dd,kind=group@example.com\" }, memberOf: [] }
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: number }
spec: { profile: { email: 42 }, memberOf: [] }
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: carol, namespace: shop }
spec: { memberOf: [] }
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: { name: team-a }
spec: { type: team, parent: department, children: [], profile: { email: team-a@example.com } }
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: { name: department }
spec: { type: department, children: [team-a] }
";

const NOBODY: &str = "Failed to sign-in, unable to resolve user identity. Please verify that your \
                      catalog contains the expected User entities that would match your configured \
                      sign-in resolver.";

type ByName = UsernameMatchingUserEntityName;
type ByEmail = EmailMatchingUserEntityProfileEmail;
type ByLocalPart = EmailLocalPartMatchingUserEntityName;

/// What became of a login.
#[derive(Debug, PartialEq)]
enum Outcome {
    /// The user's reference.
    Identity(String),
    /// The error's name and message.
    Error(String, String),
}

fn is(name: &str) -> Outcome {
    Outcome::Identity(format!("user:default/{name}"))
}

fn refused(name: &str, message: &str) -> Outcome {
    Outcome::Error(name.to_owned(), message.to_owned())
}

fn nobody() -> Outcome {
    refused("AuthenticationError", NOBODY)
}

fn conflict() -> Outcome {
    refused("ConflictError", "User lookup resulted in multiple matches")
}

/// The users of a portal whose catalog is `source`.
struct Portal<S> {
    house: House,
    source: S,
}

impl<S: Source> Portal<S> {
    fn new(source: S, resolvers: impl Fn(SignIn) -> SignIn) -> Self {
        let house = with_sign_in(&resolvers(SignIn::new(source.catalog())));
        Self { house, source }
    }

    /// Returns what a login of a new Coder user leads to.
    async fn login(&self, username: &str, email: &str) -> Outcome {
        let user = self.house.coder.add_user_with_email(username, email);
        self.login_of(&user).await
    }

    async fn login_of(&self, user: &FakeUser) -> Outcome {
        outcome(&Browser::new().sign_in(&self.house, &self.house.coder, user).await)
    }

    /// Returns what a login with this address leads to.
    async fn login_by(&self, email: &str) -> Outcome {
        let number = self.house.coder.count("POST", "/oauth2/tokens");
        self.login(&format!("account-{number}"), email).await
    }
}

fn outcome(message: &Value) -> Outcome {
    let text = |pointer: &str| message.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    match (text("/response/backstageIdentity/identity/userEntityRef"), text("/error/message")) {
        (Some(user), None) => Outcome::Identity(user),
        (None, Some(error)) => Outcome::Error(text("/error/name").unwrap_or_default(), error),
        _ => panic!("neither an identity nor an error: {message}"),
    }
}

fn ownership(answer: &Answer) -> &Value {
    &answer.json()["backstageIdentity"]["identity"]["ownershipEntityRefs"]
}

pub(super) async fn a_username_is_the_name_of_a_user_in_any_case<S: Source>(new: fn(&str) -> S) {
    let portal = Portal::new(new(ORG), |sign_in| sign_in.resolver(ByName::default()));
    assert_eq!(portal.login("alice", "x@example.com").await, is("alice"));
    assert_eq!(portal.login("BOB", "y@example.com").await, is("bob"));
    assert_eq!(portal.login("mallory", "alice@example.com").await, nobody());
}

pub(super) async fn a_username_finds_users_of_the_default_namespace_only<S: Source>(
    new: fn(&str) -> S,
) {
    let portal = Portal::new(new(ORG), |sign_in| sign_in.resolver(ByName::default()));
    assert_eq!(portal.login("carol", "carol@example.com").await, nobody());
    assert_eq!(portal.login("team-a", "team@example.com").await, nobody(), "it is a group");
}

pub(super) async fn an_address_is_looked_up_in_any_case<S: Source>(new: fn(&str) -> S) {
    let portal = Portal::new(new(ORG), |sign_in| sign_in.resolver(ByEmail::default()));
    for email in ["alice@example.com", "ALICE@EXAMPLE.COM"] {
        assert_eq!(portal.login_by(email).await, is("alice"), "{email}");
    }
    for email in ["lice@example.com", "alice@example.com.evil.example", "alice@example.co"] {
        assert_eq!(portal.login_by(email).await, nobody(), "{email}");
    }
}

pub(super) async fn an_address_with_a_tag_is_looked_up_without_it_when_nobody_has_it<S: Source>(
    new: fn(&str) -> S,
) {
    let portal = Portal::new(new(ORG), |sign_in| sign_in.resolver(ByEmail::default()));
    for (email, expected) in [
        ("alice+coder@example.com", is("alice")),
        ("alice+a+b@example.com", is("alice")),
        ("bob+work@example.com", is("bob")),
        ("bob@example.com", nobody()),
        ("bob+home@example.com", nobody()),
        ("twin+coder@example.com", conflict()),
        ("+coder@example.com", nobody()),
    ] {
        assert_eq!(portal.login_by(email).await, expected, "{email}");
    }
}

pub(super) async fn an_address_of_two_users_signs_nobody_in<S: Source>(new: fn(&str) -> S) {
    let portal = Portal::new(new(ORG), |sign_in| sign_in.resolver(ByEmail::default()));
    assert_eq!(portal.login_by("twin@example.com").await, conflict());
}

pub(super) async fn an_address_finds_users_and_no_groups<S: Source>(new: fn(&str) -> S) {
    let portal = Portal::new(new(ORG), |sign_in| sign_in.resolver(ByEmail::default()));
    assert_eq!(portal.login_by("team-a@example.com").await, nobody());
}

pub(super) async fn an_odd_address_finds_itself_and_nobody_else<S: Source>(new: fn(&str) -> S) {
    let portal = Portal::new(new(ORG), |sign_in| sign_in.resolver(ByEmail::default()));
    assert_eq!(portal.login_by("o'dd,kind=group@example.com").await, is("odd"));
    for email in [
        "x,kind=user@example.com",
        "x,spec.profile.email=alice@example.com",
        "alice@example.com,",
        "*@example.com",
        "%@example.com",
        "null@",
        "true@true",
    ] {
        assert_eq!(portal.login_by(email).await, nobody(), "{email}");
    }
}

pub(super) async fn a_local_part_is_the_name_of_a_user<S: Source>(new: fn(&str) -> S) {
    let portal = Portal::new(new(ORG), |sign_in| sign_in.resolver(ByLocalPart::default()));
    for (email, expected) in [
        ("alice@anywhere.example", is("alice")),
        ("Twin-1@example.com", is("twin-1")),
        ("alice+coder@example.com", nobody()),
        ("team-a@example.com", nobody()),
    ] {
        assert_eq!(portal.login_by(email).await, expected, "{email}");
    }
}

pub(super) async fn only_allowed_domains_sign_in_letter_by_letter<S: Source>(new: fn(&str) -> S) {
    let options = || EmailOptions::default().allowed_domains(["example.com".to_owned()]);
    let by_email = Portal::new(new(ORG), |sign_in| sign_in.resolver(ByEmail::new(options())));
    let by_local_part =
        Portal::new(new(ORG), |sign_in| sign_in.resolver(ByLocalPart::new(options())));
    let outside = || refused("NotAllowedError", "Sign-in user email is not from an allowed domain");
    for portal in [by_email, by_local_part] {
        assert_eq!(portal.login_by("alice@example.com").await, is("alice"));
        for email in ["alice@evil.example", "alice@EXAMPLE.com", "alice@example.com@evil.example"] {
            assert_eq!(portal.login_by(email).await, outside(), "{email}");
        }
    }
}

pub(super) async fn who_is_in_no_catalog_signs_in_only_when_that_is_allowed<S: Source>(
    new: fn(&str) -> S,
) {
    let options =
        || EmailOptions::default().dangerously_allow_sign_in_without_user_in_catalog(true);
    let portal = Portal::new(new(ORG), |sign_in| sign_in.resolver(ByLocalPart::new(options())));
    assert_eq!(portal.login_by("newcomer@example.com").await, is("newcomer"));
    assert_eq!(portal.login_by("alice@example.com").await, is("alice"));
    let user = portal.house.coder.add_user_with_email("n", "newcomer@example.com");
    let browser = portal.house.signed_in(&user).await;
    let answer = browser.refresh(&portal.house).await;
    assert_eq!(ownership(&answer), &json!(["user:default/newcomer"]));

    let portal = Portal::new(new(ORG), |sign_in| sign_in.resolver(ByEmail::new(options())));
    assert_eq!(portal.login_by("nobody@example.com").await, is("nobody@example.com"));
    assert_eq!(portal.login_by("twin@example.com").await, conflict());
    assert_eq!(portal.login_by("alice+tag@example.com").await, is("alice"));
}

pub(super) async fn the_first_resolver_that_finds_somebody_decides<S: Source>(new: fn(&str) -> S) {
    let portal = Portal::new(new(ORG), |sign_in| {
        sign_in
            .resolver(ByEmail::default())
            .resolver(ByName::default())
            .resolver(ByLocalPart::default())
    });
    assert_eq!(portal.login("bob", "alice@example.com").await, is("alice"));
    assert_eq!(portal.login("alice", "unknown@example.com").await, is("alice"));
    assert_eq!(portal.login("unknown", "twin-2@example.com").await, is("twin-2"));
}

pub(super) async fn only_finding_nobody_lets_the_next_resolver_try<S: Source>(new: fn(&str) -> S) {
    let portal = Portal::new(new(ORG), |sign_in| {
        let options = EmailOptions::default().allowed_domains(["example.com".to_owned()]);
        sign_in.resolver(ByEmail::new(options)).resolver(ByName::default())
    });
    assert_eq!(portal.login("alice", "unknown@example.com").await, is("alice"));
    assert_eq!(portal.login("bob", "twin@example.com").await, conflict());
    let outside = refused("NotAllowedError", "Sign-in user email is not from an allowed domain");
    assert_eq!(portal.login("twin-1", "twin-1@evil.example").await, outside);
    let unaddressed =
        refused("AuthenticationError", "Login failed, user profile does not contain an email");
    assert_eq!(portal.login("twin-2", "").await, unaddressed);
}

pub(super) async fn nobody_found_is_told_in_backstages_words<S: Source>(new: fn(&str) -> S) {
    let portal = Portal::new(new(ORG), |sign_in| {
        sign_in
            .resolver(ByEmail::default())
            .resolver(ByName::default())
            .resolver(ByLocalPart::default())
    });
    assert_eq!(portal.login("mallory", "mallory@example.com").await, nobody());
    assert_eq!(portal.house.coder.count("POST", "/oauth2/revoke"), 1, "no token is left behind");
}

pub(super) async fn an_account_without_an_address_is_refused_by_address<S: Source>(
    new: fn(&str) -> S,
) {
    let portal = Portal::new(new(ORG), |sign_in| sign_in.resolver(ByLocalPart::default()));
    let told =
        refused("AuthenticationError", "Login failed, user profile does not contain an email");
    assert_eq!(portal.login("alice", "").await, told);
}

pub(super) async fn an_address_of_another_type_matches_nobody<S: Source>(new: fn(&str) -> S) {
    let portal = Portal::new(new(ORG), |sign_in| sign_in.resolver(ByEmail::default()));
    // In the catalog it is a number.
    assert_eq!(portal.login_by("42@example.com").await, nobody());
    // And from Coder.
    let alice = portal.house.coder.add_user("alice");
    let mut user: Value = json!({ "id": alice.id.to_string(), "username": "alice" });
    for (member, value) in [
        ("created_at", json!("2026-01-01T00:00:00Z")),
        ("updated_at", json!("2026-01-01T00:00:00Z")),
        ("last_seen_at", json!("2026-01-01T00:00:00Z")),
        ("status", json!("active")),
        ("login_type", json!("password")),
        ("email", json!("alice@example.com")),
    ] {
        user[member] = value;
    }
    let answers = |user: &Value| {
        let user = user.to_string();
        Fault::answer(StatusCode::OK, "application/json", user).on("/api/v2/users/me")
    };
    portal.house.coder.fail_next(answers(&user));
    assert_eq!(portal.login_of(&alice).await, is("alice"), "so far all is well");
    for email in [json!(42), json!(true), json!(["alice@example.com"]), json!({})] {
        user["email"] = email;
        portal.house.coder.fail_next(answers(&user));
        let outcome = portal.login_of(&alice).await;
        assert!(matches!(outcome, Outcome::Error(..)), "{outcome:?}");
    }
}

pub(super) async fn ownership_is_the_user_and_its_groups_once_in_order<S: Source>(
    new: fn(&str) -> S,
) {
    let portal = Portal::new(new(ORG), |sign_in| sign_in.resolver(ByName::default()));
    let alice = portal.house.coder.add_user("alice");
    let browser = portal.house.signed_in(&alice).await;
    let answer = browser.refresh(&portal.house).await;
    // Neither the parent of a group nor what is no group.
    let expected = json!(["user:default/alice", "group:default/team-a", "group:shop/team-b"]);
    assert_eq!(ownership(&answer), &expected);
}

pub(super) async fn ownership_has_the_groups_that_name_the_user_as_a_member<S: Source>(
    new: fn(&str) -> S,
) {
    let members = |text: &str, members: &str| {
        text.replace(
            "spec: { type: department,",
            &format!("spec: {{ members: {members}, type: department,"),
        )
    };
    let portal = Portal::new(new(&members(ORG, "[bob, 'user:default/Alice']")), |sign_in| {
        sign_in.resolver(ByName::default())
    });
    let bob = portal.house.coder.add_user("bob");
    let browser = portal.house.signed_in(&bob).await;
    let answer = browser.refresh(&portal.house).await;
    assert_eq!(ownership(&answer), &json!(["user:default/bob", "group:default/department"]));
    portal.source.replace(&members(ORG, "['shop/bob', 'group:bob']"));
    let answer = browser.refresh(&portal.house).await;
    assert_eq!(ownership(&answer), &json!(["user:default/bob"]));
}

pub(super) async fn a_changed_catalog_counts_from_the_next_sign_in_on<S: Source>(
    new: fn(&str) -> S,
) {
    let portal = Portal::new(new(ORG), |sign_in| sign_in.resolver(ByEmail::default()));
    assert_eq!(portal.login_by("dave@example.com").await, nobody());
    assert_eq!(portal.login_by("alice@example.com").await, is("alice"));
    let changed = ORG.replace("name: Alice", "name: alice-b").replace("name: twin-1", "name: dave");
    portal.source.replace(&changed.replace("twin@example.com", "dave@example.com"));
    assert_eq!(portal.login_by("alice@example.com").await, is("alice-b"));
    assert_eq!(portal.login_by("dave@example.com").await, is("dave"));
}

pub(super) async fn a_changed_catalog_counts_from_the_next_refresh_on<S: Source>(
    new: fn(&str) -> S,
) {
    let portal = Portal::new(new(ORG), |sign_in| sign_in.resolver(ByName::default()));
    let alice = portal.house.coder.add_user("alice");
    let browser = portal.house.signed_in(&alice).await;
    portal.source.replace(&ORG.replace("[team-a, 'group:shop/team-b'", "[team-c"));
    let answer = browser.refresh(&portal.house).await;
    let expected = json!(["user:default/alice", "group:default/team-a", "group:default/team-c"]);
    assert_eq!(ownership(&answer), &expected);
}

pub(super) async fn who_has_left_the_catalog_is_signed_out_of_backstage<S: Source>(
    new: fn(&str) -> S,
) {
    let portal = Portal::new(new(ORG), |sign_in| sign_in.resolver(ByName::default()));
    let alice = portal.house.coder.add_user("alice");
    let browser = portal.house.signed_in(&alice).await;
    portal.source.replace(&ORG.replace("name: Alice", "name: somebody-else"));
    let answer = browser.refresh(&portal.house).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert!(answer.message().contains("unable to resolve user identity"), "{answer:?}");
}

pub(super) async fn a_catalog_that_is_down_refuses_for_now_and_keeps_the_session<S: Source>(
    new: fn(&str) -> S,
) {
    let portal = Portal::new(new(ORG), |sign_in| {
        let options =
            EmailOptions::default().dangerously_allow_sign_in_without_user_in_catalog(true);
        sign_in.resolver(ByEmail::new(options)).resolver(ByName::default())
    });
    let alice = portal.house.coder.add_user("alice");
    let browser = portal.house.signed_in(&alice).await;

    portal.source.go_down();
    let answer = browser.refresh(&portal.house).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    assert!(answer.retry_after().is_some());
    assert_eq!(answer.json().get("backstageIdentity"), None);
    portal.source.come_back();
    assert_eq!(browser.refresh(&portal.house).await.status(), StatusCode::OK);

    portal.source.go_down();
    let down =
        refused("ServiceUnavailableError", "the catalog is not available; try again in a moment");
    assert_eq!(portal.login_by("bob+work@example.com").await, down);
    portal.source.come_back();
    assert_eq!(portal.login_by("bob+work@example.com").await, is("bob"));
    assert_eq!(browser.refresh(&portal.house).await.status(), StatusCode::OK);
}

/// Checks files, which alone have a state in which nobody knows who is in them.
#[tokio::test(start_paused = true)]
async fn a_file_that_never_could_be_read_refuses_for_now_and_keeps_the_session() {
    let portal = Portal::new(Files::new(ORG), |sign_in| {
        sign_in.resolver(ByName::default()).resolver(ByEmail::default())
    });
    let alice = portal.house.coder.add_user("alice");
    let browser = portal.house.signed_in(&alice).await;
    // The file of before is gone, and nothing was ever read of the new one.
    portal.source.rename("people.yaml", "kind: [");
    let answer = browser.refresh(&portal.house).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    assert!(answer.retry_after().is_some());
    let down =
        refused("ServiceUnavailableError", "the catalog is not available; try again in a moment");
    assert_eq!(portal.login_by("bob+work@example.com").await, down);
    assert_eq!(portal.login_by("mallory@example.com").await, down, "nobody knows who is in it");
    portal.source.rename("org.yaml", ORG);
    assert_eq!(browser.refresh(&portal.house).await.status(), StatusCode::OK);
    assert_eq!(portal.login_by("mallory@example.com").await, nobody());
}
