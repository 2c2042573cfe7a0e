use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coder_core::{Body, Random, RandomError, Secret, TokioRuntime, TransportError};

use backstage_catalog::EntityRef;
use jiff::Timestamp;

use super::*;
use crate::MemoryAuthStore;

struct Counter(AtomicU8);

impl Random for Counter {
    fn fill(&self, destination: &mut [u8]) -> Result<(), RandomError> {
        destination.fill(self.0.fetch_add(1, Ordering::Relaxed));
        Ok(())
    }
}

/// A portal whose clock a test turns, and whose store another replica can use.
struct Portal {
    now: Arc<Mutex<Timestamp>>,
    store: Arc<MemoryAuthStore>,
    issuer: Issuer,
}

impl Portal {
    fn new() -> Self {
        let now = Arc::new(Mutex::new("2026-11-21T12:00:00Z".parse().unwrap()));
        let store = Arc::new(MemoryAuthStore::new());
        let issuer = issuer(&now, &store, 1, "https://portal.example.com/api/auth");
        Self { now, store, issuer }
    }

    /// Returns an issuer of another process of the same portal.
    fn replica(&self) -> Issuer {
        issuer(&self.now, &self.store, 100, "https://portal.example.com/api/auth")
    }

    fn advance(&self, duration: SignedDuration) {
        *self.now.lock().unwrap() += duration;
    }

    async fn token(&self) -> String {
        token(&self.issuer).await
    }

    async fn accepts(&self, token: &str, accept: AcceptTokens) -> bool {
        self.issuer.verify(token, accept).await.is_ok()
    }

    async fn published(&self) -> usize {
        jwks(&self.issuer).await["keys"].as_array().unwrap().len()
    }
}

async fn jwks(issuer: &Issuer) -> serde_json::Value {
    serde_json::from_slice(&issuer.jwks().await.unwrap()).unwrap()
}

fn issuer(
    now: &Arc<Mutex<Timestamp>>,
    store: &Arc<MemoryAuthStore>,
    seed: u8,
    url: &str,
) -> Issuer {
    let clock = now.clone();
    let world = World {
        transport: Arc::new(async |_: http::Request<Bytes>| {
            Ok::<_, TransportError>(http::Response::new(Body::empty()))
        }),
        clock: Arc::new(move || *clock.lock().unwrap()),
        random: Arc::new(Counter(AtomicU8::new(seed))),
        runtime: Arc::new(TokioRuntime::current().unwrap()),
    };
    let sealing = SealingKeys::from_secrets(&[Secret::new("k".repeat(32))]).unwrap();
    let url = Url::parse(url).unwrap();
    let tokens = IdentityTokenOptions { ownership: seed == 7, ..Default::default() };
    Issuer::new(&world, store.clone(), sealing, &url, &tokens)
}

async fn token(issuer: &Issuer) -> String {
    let alice = EntityRef::parse("user:default/Alice").unwrap();
    let identity = BackstageIdentity::outside_the_catalog(alice);
    issuer.issue(&identity, "sealed".to_owned()).await.unwrap().token.expose().to_owned()
}

fn kid(token: &str) -> String {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

/// Makes the limited token that anyone can make from a full one.
fn limited(token: &str) -> String {
    let mut parts = token.split('.');
    let decode = |part: &str| -> serde_json::Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    let header = decode(parts.next().unwrap());
    let claims = decode(parts.next().unwrap());
    let encode = |text: String| URL_SAFE_NO_PAD.encode(text);
    format!(
        "{}.{}.{}",
        encode(format!(
            r#"{{"typ":"vnd.backstage.limited-user","alg":"ES256","kid":{}}}"#,
            header["kid"]
        )),
        encode(format!(
            r#"{{"sub":{},"iat":{},"exp":{}}}"#,
            claims["sub"], claims["iat"], claims["exp"]
        )),
        claims["uip"].as_str().unwrap()
    )
}

#[tokio::test]
async fn a_token_names_its_user_in_lower_case() {
    let portal = Portal::new();
    let token = portal.token().await;
    let user = portal.issuer.verify(&token, AcceptTokens::Full).await;
    assert_eq!(user.unwrap(), "user:default/alice");
}

#[tokio::test]
async fn the_limited_token_made_from_the_proof_verifies_where_it_is_enough() {
    let portal = Portal::new();
    let limited = limited(&portal.token().await);
    let user = portal.issuer.verify(&limited, AcceptTokens::FullOrLimited).await;
    assert_eq!(user.unwrap(), "user:default/alice");
    assert!(!portal.accepts(&limited, AcceptTokens::Full).await);
}

#[tokio::test]
async fn a_token_expires_and_is_not_taken_before_its_time() {
    let portal = Portal::new();
    let token = portal.token().await;
    portal.advance(-SignedDuration::from_secs(30));
    assert!(portal.accepts(&token, AcceptTokens::Full).await, "clocks differ a little");
    portal.advance(-SignedDuration::from_mins(2));
    assert!(!portal.accepts(&token, AcceptTokens::Full).await);
    portal.advance(SignedDuration::from_mins(61));
    assert!(portal.accepts(&token, AcceptTokens::Full).await);
    portal.advance(SignedDuration::from_mins(2));
    assert!(!portal.accepts(&token, AcceptTokens::Full).await);
}

#[tokio::test]
async fn any_change_of_a_token_is_noticed() {
    let portal = Portal::new();
    let token = portal.token().await;
    for index in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        // The last character of a base64 text has bits that decode to nothing.
        if URL_SAFE_NO_PAD.decode(changed.rsplit('.').next().unwrap()).is_ok() {
            assert!(!portal.accepts(&changed, AcceptTokens::FullOrLimited).await, "at {index}");
        }
    }
}

#[tokio::test]
async fn a_token_of_another_algorithm_type_or_key_is_refused() {
    let portal = Portal::new();
    let token = portal.token().await;
    let mut parts = token.splitn(2, '.');
    let header: serde_json::Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts.next().unwrap()).unwrap()).unwrap();
    let rest = parts.next().unwrap();
    for (member, value) in [
        ("alg", "none"),
        ("alg", "HS256"),
        ("typ", "JWT"),
        ("typ", "vnd.backstage.limited-user"),
        ("kid", "another"),
    ] {
        let mut header = header.clone();
        header[member] = value.into();
        let forged = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()));
        assert!(!portal.accepts(&forged, AcceptTokens::FullOrLimited).await, "{member} {value}");
    }
    let empty = Arc::new(MemoryAuthStore::new());
    let stranger = issuer(&portal.now, &empty, 1, "https://portal.example.com/api/auth");
    assert!(stranger.verify(&token, AcceptTokens::Full).await.is_err(), "no such key");
    let elsewhere = issuer(&portal.now, &portal.store, 1, "https://other.example.com/api/auth");
    assert!(elsewhere.verify(&token, AcceptTokens::Full).await.is_err(), "another issuer");
}

#[tokio::test]
async fn a_key_is_published_before_it_signs_and_longer_than_what_it_signed() {
    let portal = Portal::new();
    assert_eq!(portal.published().await, 0, "no key before the first token");
    let first = portal.token().await;
    portal.advance(SignedDuration::from_mins(61));
    let still = portal.token().await;
    assert_eq!(kid(&still), kid(&first), "the second key is published, but not used yet");
    assert_eq!(portal.published().await, 2);
    portal.advance(SignedDuration::from_mins(10));
    let second = portal.token().await;
    assert_ne!(kid(&second), kid(&first));
    portal.advance(SignedDuration::from_mins(49));
    assert!(portal.accepts(&still, AcceptTokens::Full).await, "its key verifies to the end");
    portal.advance(SignedDuration::from_hours(1));
    assert!(!jwks(&portal.issuer).await.to_string().contains(&kid(&first)));
}

#[tokio::test]
async fn a_portal_that_slept_signs_with_a_fresh_key_at_once() {
    let portal = Portal::new();
    let first = portal.token().await;
    portal.advance(SignedDuration::from_hours(12));
    let token = portal.token().await;
    assert_ne!(kid(&token), kid(&first));
    assert!(portal.accepts(&token, AcceptTokens::Full).await);
    portal.issuer.sweep().await.unwrap();
    assert_eq!(portal.store.signing_keys().await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_key_set_is_written_once_until_its_keys_are_others() {
    let portal = Portal::new();
    portal.token().await;
    let first = portal.issuer.jwks().await.unwrap();
    assert_eq!(portal.issuer.jwks().await.unwrap().as_ptr(), first.as_ptr());
    portal.advance(SignedDuration::from_hours(1));
    portal.token().await;
    assert_eq!(portal.published().await, 2);
}

#[tokio::test]
async fn replicas_sign_with_one_key_and_accept_each_others_tokens() {
    let portal = Portal::new();
    let replica = portal.replica();
    let (here, there) = (portal.token().await, token(&replica).await);
    assert_eq!(kid(&here), kid(&there));
    assert!(portal.accepts(&there, AcceptTokens::Full).await);
    assert!(replica.verify(&here, AcceptTokens::Full).await.is_ok());
    assert!(!format!("{:?}", portal.store).contains(&here));
}

#[tokio::test]
async fn the_wire_formats_are_backstages() {
    let portal = Portal::new();
    let token = portal.token().await;
    let decode = |part: &str| String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let claims = decode(parts[1]);
    // It differs from call to call where the native library signs.
    let proof = serde_json::from_str::<serde_json::Value>(&claims).unwrap()["uip"].clone();
    let proof = proof.as_str().unwrap();
    assert_eq!(URL_SAFE_NO_PAD.decode(proof).unwrap().len(), 64);
    insta::assert_snapshot!(format!(
        "{}\n{}\n{:#}\n{:#}",
        decode(parts[0]),
        claims.replace(proof, "[signature]"),
        jwks(&portal.issuer).await,
        portal.issuer.discovery()
    ));
}

#[tokio::test]
async fn what_a_person_owns_through_is_in_the_token_where_that_is_asked_for() {
    let portal = Portal::new();
    let claims = |token: &str| -> serde_json::Value {
        let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
        serde_json::from_slice(&claims).unwrap()
    };
    assert_eq!(claims(&portal.token().await).get("ent"), None);
    let telling = issuer(&portal.now, &portal.store, 7, "https://portal.example.com/api/auth");
    let token = token(&telling).await;
    assert_eq!(claims(&token)["ent"], serde_json::json!(["user:default/alice"]));
    assert!(portal.accepts(&token, AcceptTokens::Full).await);
}

#[tokio::test]
async fn what_was_read_before_the_clock_was_set_back_is_read_again() {
    let portal = Portal::new();
    let replica = portal.replica();
    assert_eq!(jwks(&replica).await["keys"].as_array().unwrap().len(), 0);
    portal.advance(SignedDuration::from_hours(-24));
    let token = portal.token().await;
    assert!(replica.verify(&token, AcceptTokens::Full).await.is_ok());
}

#[tokio::test]
async fn a_key_from_before_the_clock_was_set_back_signs_no_more() {
    let portal = Portal::new();
    let before = portal.token().await;
    portal.advance(SignedDuration::from_hours(-24 * 365));
    let after = portal.token().await;
    assert_ne!(kid(&before), kid(&after));
    assert_eq!(kid(&portal.token().await), kid(&after), "one key is enough");
    assert!(portal.accepts(&after, AcceptTokens::Full).await);
}
