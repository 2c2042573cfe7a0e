use std::sync::Arc;

use backstage_catalog::{Catalog, CatalogError, EntityFilter, MemoryCatalog};
use bytes::Bytes;
use coder_auth::{
    BackstageIdentity, EmailLocalPartMatchingUserEntityName, EmailMatchingUserEntityProfileEmail,
    EmailOptions, Profile, SignIn, SignInError, SignInResolver, UsernameMatchingUserEntityName,
};
use coder_config::{Entity, EntityRef, parse_entities};
use coder_testkit::Version;
use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::support::{Browser, House, read};

const CATALOG: &str = "
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: Alice }
spec:
  profile: { email: Alice@Example.com }
  memberOf: [team-a, 'group:default/team-b', team-a]
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: twin-1 }
spec: { profile: { email: twin@example.com }, memberOf: [] }
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: twin-2 }
spec: { profile: { email: twin@example.com }, memberOf: [] }
";

fn entities(text: &str) -> Vec<Entity> {
    parse_entities("catalog.yaml", text).into_iter().map(Result::unwrap).collect()
}

pub(crate) fn catalog() -> Arc<dyn Catalog> {
    Arc::new(MemoryCatalog::new(entities(CATALOG)))
}

pub(crate) fn with_sign_in(sign_in: &SignIn) -> House {
    House::with(Version::default(), |coder| coder.sign_in(sign_in.clone()))
}

async fn sign_in(house: &House, username: &str, email: &str) -> Value {
    let user = house.coder.add_user_with_email(username, email);
    Browser::new().sign_in(house, &house.coder, &user).await
}

fn identity(message: &Value) -> &Value {
    &message["response"]["backstageIdentity"]["identity"]
}

fn by_username() -> SignIn {
    SignIn::new(catalog()).resolver(UsernameMatchingUserEntityName::default())
}

#[tokio::test(start_paused = true)]
async fn a_user_signs_in_as_the_entity_of_that_name_with_its_groups() {
    let house = with_sign_in(&by_username());
    let message = sign_in(&house, "alice", "someone@example.com").await;
    let expected = json!({
        "type": "user",
        "userEntityRef": "user:default/alice",
        "ownershipEntityRefs":
            ["user:default/alice", "group:default/team-a", "group:default/team-b"],
    });
    assert_eq!(identity(&message), &expected, "{message}");
    assert_eq!(message["response"]["backstageIdentity"]["expiresInSeconds"], 3600);
}

#[tokio::test(start_paused = true)]
async fn without_resolvers_the_login_gives_access_to_coder_only() {
    let house = House::current();
    let message = sign_in(&house, "alice", "alice@example.com").await;
    assert_eq!(message["response"].get("backstageIdentity"), None);
}

#[tokio::test(start_paused = true)]
async fn a_user_the_catalog_does_not_know_is_told_so_and_leaves_no_token_behind() {
    let house = with_sign_in(&by_username());
    let message = sign_in(&house, "stranger", "stranger@example.com").await;
    let text = message["error"]["message"].as_str().unwrap();
    assert!(text.starts_with("Failed to sign-in, unable to resolve user identity."), "{text}");
    assert_eq!(house.coder.count("POST", "/oauth2/revoke"), 1);
}

#[tokio::test(start_paused = true)]
async fn an_address_matches_in_any_case_and_without_its_tag() {
    let resolver = EmailMatchingUserEntityProfileEmail::default();
    let house = with_sign_in(&SignIn::new(catalog()).resolver(resolver));
    for email in ["alice@example.com", "ALICE@EXAMPLE.COM", "alice+coder@example.com"] {
        let message = sign_in(&house, &format!("u{}", email.len()), email).await;
        assert_eq!(identity(&message)["userEntityRef"], "user:default/alice", "{email}: {message}");
    }
    let message = sign_in(&house, "twin", "twin@example.com").await;
    assert_eq!(message["error"]["message"], "User lookup resulted in multiple matches");
    assert_eq!(message["error"]["name"], "ConflictError");
}

#[tokio::test(start_paused = true)]
async fn allowed_domains_hold_for_both_email_resolvers() {
    let options = || EmailOptions::default().allowed_domains(["example.com".to_owned()]);
    let by_email = EmailMatchingUserEntityProfileEmail::new(options());
    let by_name = EmailLocalPartMatchingUserEntityName::new(options());
    for sign_in_with in
        [SignIn::new(catalog()).resolver(by_email), SignIn::new(catalog()).resolver(by_name)]
    {
        let house = with_sign_in(&sign_in_with);
        let message = sign_in(&house, "in", "alice@example.com").await;
        assert_eq!(identity(&message)["userEntityRef"], "user:default/alice", "{message}");
        for email in ["alice@evil.example", "alice@EXAMPLE.com", "alice@example.com@evil.example"] {
            let message = sign_in(&house, &format!("out{}", email.len()), email).await;
            let text = "Sign-in user email is not from an allowed domain";
            assert_eq!(message["error"]["message"], text, "{email}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn users_outside_the_catalog_sign_in_only_when_that_is_allowed() {
    let options = EmailOptions::default().dangerously_allow_sign_in_without_user_in_catalog(true);
    let resolver = EmailLocalPartMatchingUserEntityName::new(options);
    let house = with_sign_in(&SignIn::new(catalog()).resolver(resolver));
    let message = sign_in(&house, "new", "newcomer@example.com").await;
    assert_eq!(identity(&message)["ownershipEntityRefs"], json!(["user:default/newcomer"]));
}

#[tokio::test(start_paused = true)]
async fn only_a_resolver_that_finds_nobody_lets_the_next_one_try() {
    struct Refuses;
    #[async_trait::async_trait]
    impl SignInResolver for Refuses {
        async fn resolve(
            &self,
            user: &Profile,
            _: &dyn Catalog,
        ) -> Result<BackstageIdentity, SignInError> {
            Err(SignInError::Refused(format!("{} is not welcome", user.username)))
        }
    }
    let by_email = || EmailMatchingUserEntityProfileEmail::default();
    let by_name = || UsernameMatchingUserEntityName::default();
    let house = with_sign_in(&SignIn::new(catalog()).resolver(by_email()).resolver(by_name()));
    let message = sign_in(&house, "alice", "unknown@example.com").await;
    assert_eq!(identity(&message)["userEntityRef"], "user:default/alice", "{message}");
    let house = with_sign_in(&SignIn::new(catalog()).resolver(Refuses).resolver(by_name()));
    let message = sign_in(&house, "alice", "alice@example.com").await;
    assert_eq!(message["error"]["message"], "Login failed, alice is not welcome");
}

#[tokio::test(start_paused = true)]
async fn a_catalog_that_is_down_keeps_the_session() {
    struct Flaky(std::sync::atomic::AtomicBool);
    #[async_trait::async_trait]
    impl Catalog for Flaky {
        async fn entity(&self, name: &EntityRef) -> Result<Option<Arc<Entity>>, CatalogError> {
            if self.0.load(std::sync::atomic::Ordering::Relaxed) {
                return Err(CatalogError::unavailable("the disk is gone"));
            }
            catalog().entity(name).await
        }
        async fn entities(&self, filter: &EntityFilter) -> Result<Vec<Arc<Entity>>, CatalogError> {
            catalog().entities(filter).await
        }
    }
    let flaky = Arc::new(Flaky(false.into()));
    let sign_in = SignIn::new(flaky.clone()).resolver(UsernameMatchingUserEntityName::default());
    let house = with_sign_in(&sign_in);
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    flaky.0.store(true, std::sync::atomic::Ordering::Relaxed);
    let answer = browser.refresh(&house).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.retry_after().is_some());
    flaky.0.store(false, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(browser.refresh(&house).await.status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_changed_catalog_counts_from_the_next_refresh_on() {
    let catalog = Arc::new(MemoryCatalog::new(entities(CATALOG)));
    let sign_in = SignIn::new(catalog.clone()).resolver(UsernameMatchingUserEntityName::default());
    let house = with_sign_in(&sign_in);
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    let text =
        CATALOG.replace("memberOf: [team-a, 'group:default/team-b', team-a]", "memberOf: [team-c]");
    catalog.replace(entities(&text));
    let answer = browser.refresh(&house).await;
    let refs = &answer.json()["backstageIdentity"]["identity"]["ownershipEntityRefs"];
    assert_eq!(refs, &json!(["user:default/alice", "group:default/team-c"]));
}

#[tokio::test(start_paused = true)]
async fn userinfo_says_who_the_token_is_and_what_it_owns() {
    let house = with_sign_in(&by_username());
    let message = sign_in(&house, "alice", "alice@example.com").await;
    let token = message["response"]["backstageIdentity"]["token"].as_str().unwrap();
    let ask = async |authorization: Option<String>| {
        let mut request = Request::get("/api/auth/v1/userinfo");
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        read(house.auth.userinfo(&request.body(Bytes::new()).unwrap())).await
    };
    let known = ask(Some(format!("Bearer {token}"))).await;
    assert_eq!(
        *known.json(),
        json!({"claims": {
            "sub": "user:default/alice",
            "ent": ["user:default/alice", "group:default/team-a", "group:default/team-b"],
        }})
    );
    assert_eq!(ask(None).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(ask(Some("Bearer x".to_owned())).await.status(), StatusCode::UNAUTHORIZED);
    let request = Request::get("/api/auth/.well-known/jwks.json").body(Bytes::new()).unwrap();
    let jwks = read(house.auth.jwks(&request)).await;
    assert_eq!(jwks.json()["keys"].as_array().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn ownership_can_follow_a_rule_of_ones_own() {
    struct Everyone;
    #[async_trait::async_trait]
    impl coder_auth::OwnershipResolver for Everyone {
        async fn ownership(
            &self,
            user: &Entity,
            _: &dyn Catalog,
        ) -> Result<Vec<EntityRef>, SignInError> {
            Ok(vec![user.entity_ref().clone(), "group:default/everyone".parse()?])
        }
    }
    let house = with_sign_in(&by_username().ownership(Everyone));
    let message = sign_in(&house, "alice", "alice@example.com").await;
    let refs = &identity(&message)["ownershipEntityRefs"];
    assert_eq!(refs, &json!(["user:default/alice", "group:default/everyone"]));
}
