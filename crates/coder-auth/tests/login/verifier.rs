//! Another service verifies this portal's tokens, over HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use coder_auth::identity::{AcceptTokens, IdentityVerifier, TrustedIssuer, VerifyError};
use coder_auth::{SignIn, UsernameMatchingUserEntityName};
use coder_core::{Body, TransportError, TransportErrorKind, World};
use http::{Request, Response};
use tokio::time::Instant;

use crate::sign_in::{catalog, with_sign_in};
use crate::support::{Browser, House};

const AUTH_URL: &str = "https://portal.example.com/api/auth";

/// Another service, whose requests reach the portal, and are counted.
struct Service {
    verifier: IdentityVerifier,
    asked: Arc<AtomicUsize>,
    down: Arc<AtomicBool>,
    hangs: Arc<AtomicBool>,
}

impl Service {
    fn new(house: &House, trusted: TrustedIssuer) -> Self {
        let asked = Arc::new(AtomicUsize::new(0));
        let (down, hangs) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (auth, counter, broken) = (house.auth.clone(), asked.clone(), down.clone());
        let silent = hangs.clone();
        let transport = move |request: Request<Bytes>| {
            let (auth, counter, broken) = (auth.clone(), counter.clone(), broken.clone());
            let silent = silent.clone();
            async move {
                assert_eq!(request.uri().path(), "/api/auth/.well-known/jwks.json");
                counter.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                if broken.load(Ordering::Relaxed) {
                    return Err(TransportError::new(TransportErrorKind::Connect));
                }
                if silent.load(Ordering::Relaxed) {
                    std::future::pending::<()>().await;
                }
                Ok::<Response<Body>, _>(auth.jwks(&request).await)
            }
        };
        let world = World { transport: Arc::new(transport), ..house.world().clone() };
        let verifier = IdentityVerifier::new(&world).trusted_issuer(trusted);
        Self { verifier, asked, down, hangs }
    }

    async fn who(&self, token: &str) -> Result<String, VerifyError> {
        let identity = self.verifier.verify(token, AcceptTokens::Full).await;
        identity.map(|identity| identity.user_entity_ref)
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

fn trusted() -> TrustedIssuer {
    TrustedIssuer::new(&AUTH_URL.parse().unwrap()).unwrap()
}

async fn token(house: &House) -> String {
    let alice = house.coder.add_user("alice");
    let message = Browser::new().sign_in(house, &house.coder, &alice).await;
    message["response"]["backstageIdentity"]["token"].as_str().unwrap().to_owned()
}

fn portal() -> House {
    with_sign_in(&SignIn::new(catalog()).resolver(UsernameMatchingUserEntityName::default()))
}

#[tokio::test(start_paused = true)]
async fn a_token_is_verified_with_the_published_keys_which_are_read_once() {
    let house = portal();
    let token = token(&house).await;
    let service = Service::new(&house, trusted());
    let answers = (0..20).map(|_| service.who(&token));
    for answer in futures_util::future::join_all(answers).await {
        assert_eq!(answer.unwrap(), "user:default/alice");
    }
    assert_eq!(service.asked(), 1);
    house.advance(Duration::from_secs(601));
    assert!(service.who(&token).await.is_ok());
    assert_eq!(service.asked(), 2, "read again after ten minutes");
}

#[tokio::test(start_paused = true)]
async fn tokens_with_unknown_keys_do_not_make_it_ask_without_end() {
    let house = portal();
    let token = token(&house).await;
    let service = Service::new(&house, trusted());
    service.who(&token).await.unwrap();
    let other = self::token(&portal_with_another_key().await).await;
    for _ in 0..100 {
        assert!(matches!(service.who(&other).await, Err(VerifyError::Refused)));
    }
    assert_eq!(service.asked(), 1);
    house.advance(Duration::from_secs(30));
    assert!(matches!(service.who(&other).await, Err(VerifyError::Refused)));
    assert_eq!(service.asked(), 2);
}

async fn portal_with_another_key() -> House {
    let house = portal();
    // The first draws of randomness are those of the other portal.
    for _ in 0..3 {
        token(&house).await;
    }
    house.advance(Duration::from_secs(12 * 3600));
    house
}

#[tokio::test(start_paused = true)]
async fn keys_that_cannot_be_read_are_no_reason_to_say_no() {
    let house = portal();
    let token = token(&house).await;
    let service = Service::new(&house, trusted());
    service.down.store(true, Ordering::Relaxed);
    for _ in 0..10 {
        assert!(matches!(service.who(&token).await, Err(VerifyError::KeysUnavailable { .. })));
    }
    assert_eq!(service.asked(), 1, "and are not asked for again at once");
    service.down.store(false, Ordering::Relaxed);
    house.advance(Duration::from_secs(30));
    assert!(service.who(&token).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_hangs_does_not_hold_tokens_up_whose_key_is_known() {
    let house = portal();
    let token = token(&house).await;
    let other = self::token(&portal_with_another_key().await).await;
    let service = Service::new(&house, trusted());
    service.who(&token).await.unwrap();
    service.hangs.store(true, Ordering::Relaxed);
    house.advance(Duration::from_secs(30));
    let before = Instant::now();
    let mut stranger = std::pin::pin!(service.who(&other));
    assert!(futures_util::poll!(&mut stranger).is_pending(), "its key may be new");
    assert!(service.who(&token).await.is_ok());
    assert_eq!(before, Instant::now(), "nobody waited");
    // Before the ten minutes of the key set are over, it is read again beside the tokens.
    house.advance(Duration::from_secs(569));
    assert!(service.who(&token).await.is_ok());
    assert_eq!(before, Instant::now(), "nobody waited");
    assert!(stranger.await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_stranger_who_leaves_does_not_keep_the_keys_from_being_read() {
    let house = portal();
    let token = token(&house).await;
    let service = Service::new(&house, trusted());
    {
        let mut stranger = std::pin::pin!(service.who(&token));
        assert!(futures_util::poll!(&mut stranger).is_pending());
    }
    assert!(service.who(&token).await.is_ok());
    assert_eq!(service.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_names_another_issuer_is_refused() {
    let house = portal();
    let token = token(&house).await;
    let alias = "https://alias.example.com/api/auth";
    let named = TrustedIssuer::new(&alias.parse().unwrap()).unwrap();
    assert!(matches!(Service::new(&house, named).who(&token).await, Err(VerifyError::Refused)));
    let keys = format!("{alias}/.well-known/jwks.json").parse().unwrap();
    let any_name = TrustedIssuer::from_jwks_url(keys).unwrap();
    assert!(Service::new(&house, any_name).who(&token).await.is_ok());
}

#[test]
fn keys_never_travel_in_clear_text() {
    for (url, allowed) in [
        ("https://portal.example.com/api/auth", true),
        ("http://localhost:7007/api/auth", true),
        ("http://portal.example.com/api/auth", false),
        ("ftp://portal.example.com", false),
    ] {
        assert_eq!(TrustedIssuer::new(&url.parse().unwrap()).is_ok(), allowed, "{url}");
    }
}
