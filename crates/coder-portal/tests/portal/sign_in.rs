//! What app-config says about signing in: resolvers of one's own, keys, trusted issuers.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;

use backstage_catalog::MemoryCatalog;
use coder_auth::{
    BackstageIdentity, MemoryAuthStore, OwnershipResolver, Profile, SignInError, SignInResolver,
    resolver_fn,
};
use coder_config::{Entity, EntityRef, parse_entities};
use coder_portal::{InvalidOptionError, Portal, PortalBuilder, PortalError};
use coder_testkit::FakeCoder;
use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::support::{APP_CONFIG, CATALOG, ask, link, load, routes, variables, visitor, world};

const CALLBACK: &str = "https://portal.example.com/api/auth/coder/handler/frame";

/// Makes a Coder, and the portal of the example with this configuration added, and what a program
/// brings.
fn house(
    local: &str,
    bring: impl for<'a> FnOnce(PortalBuilder<'a>) -> PortalBuilder<'a>,
) -> (FakeCoder, Result<Portal, PortalError>) {
    let coder = FakeCoder::new();
    let app = coder.add_oauth2_app("backstage", CALLBACK);
    let variables = variables(&coder, &app);
    let variables: Vec<(&str, &str)> =
        variables.iter().map(|(name, value)| (*name, &**value)).collect();
    let files = [("app-config.yaml", APP_CONFIG), ("app-config.local.yaml", local)];
    let config = load(&files, &variables).unwrap();
    let world = world(coder.clone(), &coder);
    let entities = parse_entities("catalog-info.yaml", CATALOG).into_iter().map(Result::unwrap);
    let catalog = Arc::new(MemoryCatalog::new(entities));
    let store = Arc::new(MemoryAuthStore::new());
    let portal = bring(Portal::builder(&config, &world, catalog, store)).build();
    (coder, portal)
}

fn resolvers(items: &str) -> String {
    format!(
        "auth: {{ providers: {{ coder: {{ production: {{ signIn: {{ resolvers: [{items}] }} }} }} }} }}\n"
    )
}

async fn identity(coder: &FakeCoder, portal: &Portal, username: &str) -> Value {
    let user = coder.add_user(username);
    let message = visitor().sign_in(&routes(portal), coder, &user).await;
    match message.get("error") {
        Some(error) => error["message"].clone(),
        None => message["response"]["backstageIdentity"]["identity"].clone(),
    }
}

/// Everybody is the same person.
struct Everybody(&'static str);

#[async_trait::async_trait]
impl SignInResolver for Everybody {
    async fn resolve(
        &self,
        _: &Profile,
        _: &dyn backstage_catalog::Catalog,
    ) -> Result<BackstageIdentity, SignInError> {
        Ok(BackstageIdentity::outside_the_catalog(self.0.parse()?))
    }
}

#[tokio::test(start_paused = true)]
async fn configuration_names_a_resolver_that_the_program_brings_along() {
    let (coder, portal) = house(
        &resolvers("{ resolver: usernameMatchingUserEntityName }, { resolver: myCompanyResolver }"),
        |portal| portal.sign_in_resolver("myCompanyResolver", Everybody("user:acme/guest")),
    );
    let portal = portal.unwrap();
    let alice = identity(&coder, &portal, "alice").await;
    assert_eq!(alice["userEntityRef"], "user:default/alice", "in the order of the configuration");
    assert_eq!(identity(&coder, &portal, "bob").await["userEntityRef"], "user:acme/guest");
}

#[tokio::test(start_paused = true)]
async fn a_resolver_of_ones_own_gets_its_options() {
    let (coder, portal) = house(&resolvers("{ resolver: prefixed, prefix: emp- }"), |portal| {
        portal.sign_in_resolver_factory("prefixed", |options| {
            let prefix = options.get("prefix").and_then(Value::as_str);
            let prefix =
                prefix.ok_or(InvalidOptionError::new("prefix", "must be a text"))?.to_owned();
            Ok(Arc::new(resolver_fn(move |user, catalog| {
                let name = user.username.strip_prefix(&prefix).map(str::to_owned);
                Box::pin(async move {
                    let name = format!("user:default/{}", name.ok_or(SignInError::NotFound)?);
                    let entity = catalog.entity(&name.parse()?).await?;
                    entity
                        .map(|user| BackstageIdentity::from_entity(&user))
                        .ok_or(SignInError::NotFound)
                })
            })))
        })
    });
    let portal = portal.unwrap();
    let alice = identity(&coder, &portal, "emp-alice").await;
    assert_eq!(alice["ownershipEntityRefs"], json!(["user:default/alice", "group:default/pms"]));
    let nobody = identity(&coder, &portal, "alice").await;
    assert!(nobody.as_str().unwrap().contains("unable to resolve user identity"), "{nobody}");
}

/// Returns what an operator reads.
fn told(portal: Result<Portal, PortalError>) -> String {
    let error = portal.unwrap_err();
    format!("{error}: {}", error.source().unwrap())
}

#[tokio::test]
async fn a_resolver_that_nobody_brings_along_is_an_error_with_its_place_and_the_nearest_name() {
    let (_, portal) = house(&resolvers("{ resolver: myCompanyResolvr }"), |portal| {
        portal.sign_in_resolver("myCompanyResolver", Everybody("user:acme/guest"))
    });
    let text = told(portal);
    for expected in [
        "app-config.local.yaml:1:",
        "auth.providers.coder.production.signIn.resolvers[0].resolver",
        "did you mean `myCompanyResolver`?",
    ] {
        assert!(text.contains(expected), "{text}");
    }
    let (_, portal) = house(&resolvers("{ resolver: myCompanyResolver }"), |portal| portal);
    assert!(told(portal).contains("`usernameMatchingUserEntityName`"));
}

#[tokio::test]
async fn an_option_that_a_resolver_cannot_use_is_an_error_with_its_place() {
    let (_, portal) = house(&resolvers("{ resolver: guests, team: a }"), |portal| {
        portal.sign_in_resolver("guests", Everybody("user:acme/guest"))
    });
    let text = told(portal);
    assert!(text.contains("app-config.local.yaml:1:"), "{text}");
    assert!(text.contains("resolvers[0].team` is not known; `guests` takes no options"), "{text}");
}

struct AlsoEveryone;

#[async_trait::async_trait]
impl OwnershipResolver for AlsoEveryone {
    async fn ownership(
        &self,
        user: &Entity,
        _: &dyn backstage_catalog::Catalog,
    ) -> Result<Vec<EntityRef>, SignInError> {
        Ok(vec![user.entity_ref().clone(), "group:default/everyone".parse()?])
    }
}

#[tokio::test(start_paused = true)]
async fn ownership_follows_the_programs_rule_and_is_in_the_token_if_configured() {
    let local = resolvers("{ resolver: usernameMatchingUserEntityName }")
        .replace("auth: {", "auth: { omitIdentityTokenOwnershipClaim: false,");
    let (coder, portal) = house(&local, |portal| portal.ownership(AlsoEveryone));
    let portal = portal.unwrap();
    let alice = coder.add_user("alice");
    let message = visitor().sign_in(&routes(&portal), &coder, &alice).await;
    let identity = &message["response"]["backstageIdentity"];
    let refs = json!(["user:default/alice", "group:default/everyone"]);
    assert_eq!(identity["identity"]["ownershipEntityRefs"], refs);
    assert_eq!(claims(identity["token"].as_str().unwrap())["ent"], refs);
}

fn claims(token: &str) -> Value {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

const KEYS: &str = "\
auth:
  keyStore:
    provider: static
    static:
      keys:
        - keyId: first
          privateKeyFile: keys/first.private.pem
          publicKeyFile: keys/first.public.pem
";

fn key_files() -> BTreeMap<String, String> {
    [
        ("keys/first.private.pem", include_str!("keys/first.private.pem")),
        ("keys/first.public.pem", include_str!("keys/first.public.pem")),
        ("keys/second.public.pem", include_str!("keys/second.public.pem")),
    ]
    .map(|(path, text)| (path.to_owned(), text.to_owned()))
    .into()
}

#[tokio::test(start_paused = true)]
async fn signing_keys_come_from_the_files_that_configuration_names() {
    let files: &'static BTreeMap<String, String> = Box::leak(Box::new(key_files()));
    let (_, portal) = house(KEYS, |portal| portal.files(files));
    let keys =
        ask(&portal.unwrap(), Request::get("/api/auth/.well-known/jwks.json")).await.json().clone();
    assert_eq!(keys["keys"][0]["kid"], "first", "{keys}");

    let (_, portal) = house(KEYS, |portal| portal);
    assert!(told(portal).contains("this program reads none"));
    let swapped = KEYS.replace("first.public", "second.public");
    let (_, portal) = house(&swapped, |portal| portal.files(files));
    let text = told(portal);
    for expected in [
        "app-config.local.yaml:6:",
        "auth.keyStore.static.keys[0].publicKeyFile",
        "`keys/second.public.pem`: the public key does not belong to the private key",
    ] {
        assert!(text.contains(expected), "{text}");
    }
    let absent = KEYS.replace("first.private", "third.private");
    let (_, portal) = house(&absent, |portal| portal.files(files));
    assert!(told(portal).contains("privateKeyFile` cannot read `keys/third.private.pem`"));
}

const LINK: &str = "/api/coder/v1/link";

#[tokio::test(start_paused = true)]
async fn a_token_is_linked_shown_and_taken_back_over_the_portals_routes() {
    let local = resolvers("{ resolver: usernameMatchingUserEntityName }");
    let (coder, portal) = house(&local, |portal| portal);
    let portal = portal.unwrap();
    let alice = coder.add_user("alice");
    let mut browser = visitor();
    browser.sign_in(&routes(&portal), &coder, &alice).await;
    let shown = browser.ajax(&routes(&portal), "GET", LINK).await;
    insta::assert_snapshot!("link", String::from_utf8_lossy(shown.body()));
    let linked = link(&browser, &portal, &alice.session_token).await;
    assert_eq!(linked.status(), StatusCode::OK);
    let shown = browser.ajax(&routes(&portal), "GET", LINK).await;
    assert_eq!(shown.json()["username"], "alice");
    let unlinked = browser.ajax(&routes(&portal), "DELETE", LINK).await;
    assert_eq!(unlinked.status(), StatusCode::NO_CONTENT);
    assert_eq!(browser.ajax(&routes(&portal), "GET", LINK).await.json()["username"], Value::Null);
    let nobody = ask(&portal, Request::get(LINK)).await;
    assert_eq!(nobody.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn issuers_are_trusted_by_configuration() {
    let token = "eyJ0eXAiOiJ2bmQuYmFja3N0YWdlLnVzZXIiLCJhbGciOiJFUzI1NiIsImtpZCI6IngifQ.e30.AA";
    let asks = async |local: &str| {
        let (coder, portal) = house(local, |portal| portal);
        let bearer = format!("Bearer {token}");
        let request = Request::get("/api/coder/v1/entities").header("authorization", bearer);
        let status = ask(&portal.unwrap(), request).await.status();
        (status, coder.count("GET", "/keys.json"))
    };
    assert_eq!(asks("").await, (StatusCode::UNAUTHORIZED, 0));
    let trusted = "coder: { trustedIssuers: [{ issuer: https://backstage.example.com/api/auth, \
                   jwksUrl: https://coder.test/keys.json }] }";
    // The fake publishes no keys there, but it is asked.
    assert_eq!(asks(trusted).await, (StatusCode::SERVICE_UNAVAILABLE, 1));
}
