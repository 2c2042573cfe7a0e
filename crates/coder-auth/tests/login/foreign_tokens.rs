//! Identity tokens of another Backstage backend: they name a person, and give access to nothing.

use std::time::Duration;

use coder_auth::identity::TrustedIssuer;
use coder_auth::{AuthError, Caller, SignIn, UsernameMatchingUserEntityName};
use coder_client::operations::GetUser;
use http::{HeaderMap, StatusCode};
use jsonwebtoken::Algorithm;
use jsonwebtoken::jwk::JwkSet;
use serde_json::{Value, json};

use crate::sign_in::{catalog, with_sign_in};
use crate::support::{Browser, House, NEIGHBOUR, PORTAL, base_options};
use crate::tokens::Key;

/// A portal beside another Backstage backend, which it trusts.
pub(crate) struct Beside {
    pub(crate) house: House,
    key: Key,
}

impl Beside {
    /// Makes a portal where logging in signs nobody in to Backstage.
    pub(crate) fn new() -> Self {
        let house = House::current();
        let environment = house.environment();
        Self::on(house, |options| options.environment("development", environment))
    }

    /// Makes a portal where Coder is a sign-in provider of its own, too.
    pub(crate) fn with_sign_in() -> Self {
        let sign_in = SignIn::new(catalog()).resolver(UsernameMatchingUserEntityName::default());
        let house = with_sign_in(&sign_in);
        let environment = house.environment().sign_in(sign_in);
        Self::on(house, |options| options.environment("development", environment))
    }

    fn on(
        mut house: House,
        configure: impl FnOnce(coder_auth::AuthOptions) -> coder_auth::AuthOptions,
    ) -> Self {
        let trusted = TrustedIssuer::new(&NEIGHBOUR.parse().unwrap()).unwrap();
        house.auth = house.portal(configure(base_options()).trusted_issuer(trusted));
        let key = Key::ec("neighbours-key", Algorithm::ES256);
        let keys = JwkSet { keys: vec![key.public()] };
        house.set_neighbour(Some(serde_json::to_string(&keys).unwrap()));
        Self { house, key }
    }

    /// Makes an identity token of the other backend.
    pub(crate) fn token(&self, user: &str) -> String {
        self.token_with(json!({ "sub": user }))
    }

    fn token_with(&self, claims: Value) -> String {
        self.key.token(self.house.now(), json!({}), claims)
    }
}

pub(crate) fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

pub(crate) async fn caller(house: &House, token: &str) -> Result<Caller, AuthError> {
    let headers = headers(&[("authorization", &format!("Bearer {token}"))]);
    house.auth.caller(&headers, None).await
}

fn refusal(result: Result<Caller, AuthError>) -> (StatusCode, String) {
    let error = result.unwrap_err();
    (error.status(), error.to_string())
}

#[tokio::test(start_paused = true)]
async fn a_foreign_token_names_a_person_and_gives_no_access() {
    let beside = Beside::new();
    let (status, message) =
        refusal(caller(&beside.house, &beside.token("user:default/alice")).await);
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(message.contains("link a session token"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn a_foreign_token_does_not_reach_the_grant_of_a_namesake() {
    let beside = Beside::with_sign_in();
    let alice = beside.house.coder.add_user("alice");
    beside.house.signed_in(&alice).await;
    let result = caller(&beside.house, &beside.token("user:default/alice")).await;
    assert_eq!(refusal(result).0, StatusCode::UNAUTHORIZED);
}

/// Checks a backend and the portal beside it behind one host: both are `https://<host>/api/auth`.
#[tokio::test(start_paused = true)]
async fn an_issuer_that_is_called_like_this_portal_is_another_one_all_the_same() {
    let mut beside = Beside::with_sign_in();
    let name = format!("{PORTAL}/api/auth");
    let keys = format!("{NEIGHBOUR}/.well-known/jwks.json").parse().unwrap();
    let namesake = TrustedIssuer::from_jwks_url(keys).unwrap().issuer(&*name);
    let sign_in = SignIn::new(catalog()).resolver(UsernameMatchingUserEntityName::default());
    let environment = beside.house.environment().sign_in(sign_in);
    let options = base_options().environment("development", environment).trusted_issuer(namesake);
    beside.house.auth = beside.house.portal(options);
    let alice = beside.house.coder.add_user("alice");
    beside.house.signed_in(&alice).await;
    let token = beside.token_with(json!({ "iss": name }));
    let (status, message) = refusal(caller(&beside.house, &token).await);
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(message.contains("link a session token"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn who_is_signed_in_to_coder_beside_a_foreign_token_has_access() {
    let beside = Beside::new();
    let alice = beside.house.coder.add_user("alice");
    let browser = beside.house.signed_in(&alice).await;
    let bearer = format!("Bearer {}", beside.token("user:default/Alice"));
    let cookie = format!("__Host-coder-session={}", browser.cookies["__Host-coder-session"]);
    let mut sent = vec![
        ("authorization", &*bearer),
        ("cookie", &*cookie),
        ("x-requested-with", "XMLHttpRequest"),
        ("origin", PORTAL),
    ];
    let caller = beside.house.auth.caller(&headers(&sent), None).await.unwrap();
    // Logging in signs nobody in to Backstage here, so nobody can tell whose session it is.
    assert_eq!(caller.user_entity_ref(), None);
    assert_eq!(caller.client().send(&GetUser::me()).await.unwrap().username, "alice");
    // The cookie counts as little for another site as ever.
    sent[3] = ("origin", "https://evil.example");
    let result = beside.house.auth.caller(&headers(&sent), None).await;
    assert_eq!(refusal(result).0, StatusCode::UNAUTHORIZED);
    // And an invalid token is not made good by a cookie.
    (sent[0], sent[3]) = (("authorization", "Bearer x.y.z"), ("origin", PORTAL));
    let result = beside.house.auth.caller(&headers(&sent), None).await;
    assert_eq!(refusal(result).0, StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn a_foreign_token_must_be_good_in_every_way() {
    let beside = Beside::new();
    let now = beside.house.now();
    let good = refusal(caller(&beside.house, &beside.token("user:default/alice")).await).1;
    for claims in [
        json!({ "exp": now - 1 }),
        json!({ "iat": now + 3600, "exp": now + 7200 }),
        json!({ "iss": format!("{PORTAL}/api/auth") }),
        json!({ "aud": "another" }),
        json!({ "sub": "alice" }),
        json!({ "sub": format!("user:default/{}", "a".repeat(600)) }),
    ] {
        let (status, message) =
            refusal(caller(&beside.house, &beside.token_with(claims.clone())).await);
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{claims}");
        assert_ne!(message, good, "{claims}");
    }
    let limited = json!({ "typ": "vnd.backstage.limited-user" });
    let limited = beside.key.token(now, limited, json!({ "iss": null, "aud": null }));
    assert_ne!(refusal(caller(&beside.house, &limited).await).1, good);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_believed_unless_that_is_configured() {
    let beside = Beside::new();
    let token = beside.token("user:default/alice");
    let alone =
        beside.house.portal(base_options().environment("development", beside.house.environment()));
    let headers = headers(&[("authorization", &format!("Bearer {token}"))]);
    let (status, message) = refusal(alone.caller(&headers, None).await);
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(message.contains("not valid here"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_is_down_is_no_reason_to_sign_anybody_out() {
    let beside = Beside::with_sign_in();
    beside.house.set_neighbour(None);
    let result = caller(&beside.house, &beside.token("user:default/alice")).await;
    let error = result.unwrap_err();
    assert_eq!(error.status(), StatusCode::SERVICE_UNAVAILABLE, "{error}");
    assert!(error.retry_after().is_some());
    // Our own tokens need no other issuer.
    let alice = beside.house.coder.add_user("alice");
    let message = Browser::new().sign_in(&beside.house, &beside.house.coder, &alice).await;
    let own = message["response"]["backstageIdentity"]["token"].as_str().unwrap();
    assert!(caller(&beside.house, own).await.is_ok());
    beside.house.advance(Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn a_foreign_token_and_the_cookie_of_somebody_else_do_not_add_up() {
    let beside = Beside::with_sign_in();
    let alice = beside.house.coder.add_user("alice");
    let browser = beside.house.signed_in(&alice).await;
    let cookie = format!("__Host-coder-session={}", browser.cookies["__Host-coder-session"]);
    let asked_by = async |user: &str| {
        let bearer = format!("Bearer {}", beside.token(user));
        let sent = [
            ("authorization", &*bearer),
            ("cookie", &*cookie),
            ("x-requested-with", "XMLHttpRequest"),
            ("origin", PORTAL),
        ];
        beside.house.auth.caller(&headers(&sent), None).await
    };
    let caller = asked_by("user:default/alice").await.unwrap();
    assert_eq!(caller.user_entity_ref(), Some("user:default/alice"));
    let (status, message) = refusal(asked_by("user:default/bob").await);
    assert_eq!(status, StatusCode::UNAUTHORIZED, "{message}");
    assert!(message.contains("link a session token"), "{message}");
}
