//! Identity tokens as another JWT library sees and makes them: what is ours it accepts, what it
//! makes in Backstage's form we accept, and nothing else.

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use coder_auth::identity::{AcceptTokens, IdentityVerifier, TrustedIssuer};
use coder_auth::{SignIn, UsernameMatchingUserEntityName};
use coder_core::{Body, Clock as _, TransportError, World};
use http::{HeaderMap, Request, Response, StatusCode};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Validation, crypto};
use serde_json::{Value, json};

use crate::sign_in::{catalog, with_sign_in};
use crate::support::{Browser, House, NEIGHBOUR, PORTAL, read};

const ISSUER: &str = NEIGHBOUR;
const USER: &str = "vnd.backstage.user";
const LIMITED: &str = "vnd.backstage.limited-user";

/// A key of the other library.
pub(crate) struct Key {
    id: String,
    algorithm: Algorithm,
    secret: EncodingKey,
}

impl Key {
    pub(crate) fn ec(id: &str, algorithm: Algorithm) -> Self {
        let signing: &'static EcdsaSigningAlgorithm = match algorithm {
            Algorithm::ES384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
            _ => &ECDSA_P256_SHA256_FIXED_SIGNING,
        };
        let document = EcdsaKeyPair::generate_pkcs8(signing, &SystemRandom::new()).unwrap();
        let secret = EncodingKey::from_ec_der(document.as_ref());
        Self { id: id.to_owned(), algorithm, secret }
    }

    fn ed25519(id: &str) -> Self {
        let document = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).unwrap();
        let secret = EncodingKey::from_ed_der(document.as_ref());
        Self { id: id.to_owned(), algorithm: Algorithm::EdDSA, secret }
    }

    pub(crate) fn public(&self) -> Jwk {
        let mut jwk = Jwk::from_encoding_key(&self.secret, self.algorithm).unwrap();
        jwk.common.key_id = Some(self.id.clone());
        jwk
    }

    fn header(&self) -> Value {
        json!({ "typ": USER, "alg": self.algorithm, "kid": self.id })
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        sign(header, claims, &self.secret, self.algorithm)
    }

    /// Makes a token like those of Backstage, but for these members of its header and its claims.
    pub(crate) fn token(&self, now: i64, header: Value, claims: Value) -> String {
        self.sign(&merged(self.header(), header), &merged(claims_at(now), claims))
    }
}

fn part(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

fn sign(header: &Value, claims: &Value, secret: &EncodingKey, algorithm: Algorithm) -> String {
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = crypto::sign(signed.as_bytes(), secret, algorithm).unwrap();
    format!("{signed}.{signature}")
}

/// Sets these members; one that is null is taken away.
fn merged(mut into: Value, members: Value) -> Value {
    let Value::Object(members) = members else { panic!("{members} has no members") };
    for (name, value) in members {
        match value {
            Value::Null => drop(into.as_object_mut().unwrap().remove(&name)),
            value => into[name] = value,
        }
    }
    into
}

fn claims_at(now: i64) -> Value {
    json!({
        "iss": ISSUER,
        "sub": "user:default/alice",
        "aud": "backstage",
        "iat": now,
        "exp": now + 3600,
    })
}

/// Another Backstage backend, whose keys and tokens the other library makes, and our verifier of
/// them.
struct Backend {
    now: i64,
    key: Key,
    verifier: IdentityVerifier,
}

impl Backend {
    /// Makes a backend that publishes its key, and `others`.
    fn new(house: &House, others: &[&Key]) -> Self {
        let key = Key::ec("the-key", Algorithm::ES256);
        let mut keys = vec![key.public()];
        keys.extend(others.iter().map(|key| key.public()));
        let set = serde_json::to_string(&JwkSet { keys }).unwrap();
        let transport = move |_: Request<Bytes>| {
            let set = set.clone();
            async move { Ok::<_, TransportError>(Response::new(Body::from(set))) }
        };
        let world = World { transport: Arc::new(transport), ..house.world().clone() };
        let trusted = TrustedIssuer::new(&ISSUER.parse().unwrap()).unwrap();
        let verifier = IdentityVerifier::new(&world).trusted_issuer(trusted);
        Self { now: house.clock.now().as_second(), key, verifier }
    }

    async fn accepts(&self, token: &str) -> bool {
        self.verifier.verify(token, AcceptTokens::Full).await.is_ok()
    }

    fn token(&self, header: Value, claims: Value) -> String {
        self.key.token(self.now, header, claims)
    }
}

fn portal() -> House {
    with_sign_in(&SignIn::new(catalog()).resolver(UsernameMatchingUserEntityName::default()))
}

/// Returns the ids of the keys that the portal publishes.
pub(crate) async fn published(house: &House) -> Vec<String> {
    let keys = key_set(house).await.keys.into_iter();
    keys.map(|key| key.common.key_id.unwrap()).collect()
}

async fn key_set(house: &House) -> JwkSet {
    let request = Request::get("/api/auth/.well-known/jwks.json").body(Bytes::new()).unwrap();
    serde_json::from_slice(read(house.auth.jwks(&request)).await.body()).unwrap()
}

/// Returns an identity token of the portal, and its public key.
pub(crate) async fn ours(house: &House) -> (String, Jwk) {
    let alice = house.coder.add_user("alice");
    let message = Browser::new().sign_in(house, &house.coder, &alice).await;
    let token = message["response"]["backstageIdentity"]["token"].as_str().unwrap().to_owned();
    let set = key_set(house).await;
    let kid = decoded(token.split('.').next().unwrap())["kid"].as_str().unwrap().to_owned();
    (token, set.find(&kid).unwrap().clone())
}

pub(crate) fn decoded(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// Makes the limited token that anyone can make from a full one.
fn limited(token: &str) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let (header, claims) = (decoded(parts[0]), decoded(parts[1]));
    let header = format!(r#"{{"typ":"{LIMITED}","alg":"ES256","kid":{}}}"#, header["kid"]);
    let payload =
        format!(r#"{{"sub":{},"iat":{},"exp":{}}}"#, claims["sub"], claims["iat"], claims["exp"]);
    let [header, payload] = [header, payload].map(|part| URL_SAFE_NO_PAD.encode(part));
    format!("{header}.{payload}.{}", claims["uip"].as_str().unwrap())
}

/// Tells whether the other library accepts the signature. Its clock is the real one, so it is not
/// asked about times.
pub(crate) fn oracle_accepts(token: &str, key: &Jwk, audience: bool) -> bool {
    let mut validation = Validation::new(Algorithm::ES256);
    validation.validate_exp = false;
    validation.validate_aud = audience;
    validation.set_audience(&["backstage"]);
    validation.set_required_spec_claims(&["exp", "sub"]);
    let key = DecodingKey::from_jwk(key).unwrap();
    jsonwebtoken::decode::<Value>(token, &key, &validation).is_ok()
}

/// Returns what the portal says to the holder of a token: to `userinfo`, and as a caller.
pub(crate) async fn statuses(house: &House, token: &str) -> (StatusCode, Option<StatusCode>) {
    let bearer = format!("Bearer {token}");
    let request = Request::get("/api/auth/v1/userinfo").header("authorization", &bearer);
    let userinfo = read(house.auth.userinfo(&request.body(Bytes::new()).unwrap())).await;
    let headers = HeaderMap::from_iter([(http::header::AUTHORIZATION, bearer.parse().unwrap())]);
    let caller = house.auth.caller(&headers, None).await;
    (userinfo.status(), caller.err().map(|error| error.status()))
}

const REFUSED: (StatusCode, Option<StatusCode>) =
    (StatusCode::UNAUTHORIZED, Some(StatusCode::UNAUTHORIZED));

#[tokio::test(start_paused = true)]
async fn another_library_accepts_our_tokens_and_their_proofs() {
    let house = portal();
    let (token, key) = ours(&house).await;
    assert!(oracle_accepts(&token, &key, true));
    assert!(oracle_accepts(&limited(&token), &key, false));
    let header = jsonwebtoken::decode_header(&token).unwrap();
    assert_eq!((header.typ.as_deref(), header.alg), (Some(USER), Algorithm::ES256));
    let signature = token.rfind('.').unwrap() + 1;
    let mut changed = token.into_bytes();
    changed[signature] = if changed[signature] == b'A' { b'B' } else { b'A' };
    assert!(!oracle_accepts(&String::from_utf8(changed).unwrap(), &key, true));
}

#[tokio::test(start_paused = true)]
async fn tokens_that_another_library_makes_are_accepted_with_the_keys_it_publishes() {
    let backend = Backend::new(&portal(), &[]);
    let token = backend.token(json!({}), json!({}));
    let identity = backend.verifier.verify(&token, AcceptTokens::Full).await.unwrap();
    assert_eq!(identity.user_entity_ref, "user:default/alice");
    assert_eq!(identity.expires_at.as_second(), backend.now + 3600);
    let limited = backend.token(json!({ "typ": LIMITED }), json!({ "iss": null, "aud": null }));
    assert!(!backend.accepts(&limited).await);
    let identity = backend.verifier.verify(&limited, AcceptTokens::FullOrLimited).await.unwrap();
    assert!(identity.is_limited);
}

#[tokio::test(start_paused = true)]
async fn no_other_algorithm_is_accepted_even_with_a_published_key() {
    let (p384, ed25519) = (Key::ec("p384", Algorithm::ES384), Key::ed25519("ed25519"));
    let backend = Backend::new(&portal(), &[&p384, &ed25519]);
    for key in [&p384, &ed25519] {
        let token = key.token(backend.now, json!({}), json!({}));
        assert!(!backend.accepts(&token).await, "{:?}", key.algorithm);
        let claimed = key.token(backend.now, json!({ "alg": "ES256" }), json!({}));
        assert!(!backend.accepts(&claimed).await, "{:?} as ES256", key.algorithm);
    }
    let signature = backend.token(json!({}), json!({})).rsplit('.').next().unwrap().to_owned();
    for alg in ["none", "None", "", "HS256", "RS256", "ES256K", "es256"] {
        let header = merged(backend.key.header(), json!({ "alg": alg }));
        let signed = format!("{}.{}", part(&header), part(&claims_at(backend.now)));
        assert!(!backend.accepts(&format!("{signed}.")).await, "{alg}");
        assert!(!backend.accepts(&format!("{signed}.{signature}")).await, "{alg}");
        // Signed with the right key, as if it were another algorithm.
        let token = backend.token(json!({ "alg": alg }), json!({}));
        assert!(!backend.accepts(&token).await, "{alg}");
    }
}

/// Returns what an attacker can take for a shared secret: the public key in every form it is
/// written in.
fn public_forms(key: &Jwk) -> Vec<Vec<u8>> {
    let json = serde_json::to_value(key).unwrap();
    let [x, y] =
        ["x", "y"].map(|name| URL_SAFE_NO_PAD.decode(json[name].as_str().unwrap()).unwrap());
    let point = [&[4][..], &x, &y].concat();
    // RFC 5480 §2: the header of a P-256 key.
    let header =
        b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\
                   \x03\x01\x07\x03\x42\x00";
    let spki = [&header[..], &point].concat();
    let base64 = base64::engine::general_purpose::STANDARD.encode(&spki);
    let lines: Vec<&str> =
        base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let pem =
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"));
    vec![
        [x, y].concat(),
        point,
        spki,
        pem.trim_end().as_bytes().to_vec(),
        pem.into_bytes(),
        json.to_string().into_bytes(),
        Vec::new(),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_public_key_is_no_shared_secret() {
    let house = portal();
    let backend = Backend::new(&house, &[]);
    let (token, key) = ours(&house).await;
    let claims = decoded(token.split('.').nth(1).unwrap());
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        for public in public_forms(&backend.key.public()) {
            let secret = EncodingKey::from_secret(&public);
            let header = merged(backend.key.header(), json!({ "alg": algorithm }));
            let forged = sign(&header, &claims_at(backend.now), &secret, algorithm);
            assert!(!backend.accepts(&forged).await, "{algorithm:?}");
        }
        for public in public_forms(&key) {
            let secret = EncodingKey::from_secret(&public);
            let header = json!({ "typ": USER, "alg": algorithm, "kid": key.common.key_id });
            let forged = sign(&header, &claims, &secret, algorithm);
            assert_eq!(statuses(&house, &forged).await, REFUSED, "{algorithm:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_cannot_choose_its_key() {
    let house = portal();
    let other = Key::ec("other-key", Algorithm::ES256);
    let backend = Backend::new(&house, &[&other]);
    let stranger = Key::ec("strangers-key", Algorithm::ES256);
    assert!(backend.accepts(&other.token(backend.now, json!({}), json!({}))).await);
    let jwk = serde_json::to_value(stranger.public()).unwrap();
    for header in [
        json!({ "kid": "the-key" }),
        json!({ "kid": "other-key" }),
        json!({}),
        json!({ "kid": null }),
        json!({ "kid": "" }),
        json!({ "kid": 7 }),
        json!({ "kid": "THE-KEY" }),
        json!({ "kid": "the-key", "jwk": jwk }),
        json!({ "kid": null, "jwk": jwk }),
        json!({ "kid": "../../dev/null", "jku": "https://evil.example/jwks.json" }),
        json!({ "kid": "the-key", "x5u": "https://evil.example/key.pem" }),
    ] {
        let token = stranger.token(backend.now, header.clone(), json!({}));
        assert!(!backend.accepts(&token).await, "{header}");
    }
    // One published key does not sign in the name of the other.
    let confused = other.token(backend.now, json!({ "kid": "the-key" }), json!({}));
    assert!(!backend.accepts(&confused).await);

    let (token, key) = ours(&house).await;
    let parts: Vec<&str> = token.split('.').collect();
    let forged = stranger.sign(&decoded(parts[0]), &decoded(parts[1]));
    assert!(!oracle_accepts(&forged, &key, true));
    assert_eq!(statuses(&house, &forged).await, REFUSED);
}

#[tokio::test(start_paused = true)]
async fn a_token_counts_between_its_times_only() {
    let backend = Backend::new(&portal(), &[]);
    let now = backend.now;
    for (claims, accepted) in [
        (json!({ "exp": now + 1 }), true),
        (json!({ "exp": now }), false),
        (json!({ "exp": now - 1, "iat": now - 3600 }), false),
        (json!({ "exp": 0 }), false),
        (json!({ "exp": -1 }), false),
        (json!({ "exp": null }), false),
        (json!({ "exp": (now + 3600).to_string() }), false),
        (json!({ "exp": u64::MAX }), false),
        (json!({ "exp": i64::MAX }), false),
        (json!({ "iat": now + 30 }), true),
        (json!({ "iat": now + 3600, "exp": now + 7200 }), false),
        (json!({ "iat": i64::MAX, "exp": now + 7200 }), false),
        (json!({ "iat": null }), false),
        (json!({ "iat": "now" }), false),
        (json!({ "nbf": now }), true),
        (json!({ "nbf": now + 3600 }), false),
        (json!({ "nbf": "never" }), false),
    ] {
        let token = backend.token(json!({}), claims.clone());
        assert_eq!(backend.accepts(&token).await, accepted, "{claims}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_is_of_the_exact_type_and_for_backstage() {
    let backend = Backend::new(&portal(), &[]);
    for header in [
        json!({ "typ": null }),
        json!({ "typ": "JWT" }),
        json!({ "typ": LIMITED }),
        json!({ "typ": "vnd.backstage.plugin" }),
        json!({ "typ": "application/vnd.backstage.user" }),
        json!({ "typ": "VND.BACKSTAGE.USER" }),
        json!({ "typ": [USER] }),
        json!({ "crit": ["exp"] }),
        json!({ "crit": ["b64"], "b64": false }),
    ] {
        let token = backend.token(header.clone(), json!({}));
        assert!(!backend.accepts(&token).await, "{header}");
    }
    for claims in [
        json!({ "sub": null }),
        json!({ "sub": "" }),
        json!({ "sub": 42 }),
        json!({ "sub": ["user:default/alice"] }),
        json!({ "aud": null }),
        json!({ "aud": "another" }),
        json!({ "iss": null }),
        json!({ "iss": "https://backstage.example.com/api/auth/" }),
        json!({ "iss": "https://evil.example/api/auth" }),
    ] {
        let token = backend.token(json!({}), claims.clone());
        assert!(!backend.accepts(&token).await, "{claims}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_is_in_compact_form_and_of_bounded_size() {
    let backend = Backend::new(&portal(), &[]);
    let padded = |length: usize| backend.token(json!({}), json!({ "more": "x".repeat(length) }));
    assert!(backend.accepts(&padded(20_000)).await);
    assert!(!backend.accepts(&padded(40_000)).await, "it is signed all the same");
    let token = backend.token(json!({}), json!({}));
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!("{token}") };
    // The same signature, as ASN.1 (RFC 3279 §2.2.3) and not as JWS wants it.
    let raw = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let integer = |half: &[u8]| [&[2, 33, 0][..], half].concat();
    let asn1 = [&[48, 70][..], &integer(&raw[..32]), &integer(&raw[32..])].concat();
    for malformed in [
        String::new(),
        "..".to_owned(),
        format!("{header}.{payload}"),
        format!("{header}.{payload}."),
        format!("{token}."),
        format!(".{token}"),
        format!("{token}.{signature}"),
        format!("{header}..{signature}"),
        format!("{token}="),
        format!(" {token}"),
        format!("{token}\n"),
        token.replacen('.', "=.", 1),
        format!("{header}.{payload}.{}", URL_SAFE_NO_PAD.encode(asn1)),
        format!("{header}.{payload}.{}", URL_SAFE_NO_PAD.encode([0; 64])),
        format!("{header}.{payload}.{}", URL_SAFE_NO_PAD.encode(&raw[..63])),
        format!("{header}.{}.{signature}", part(&claims_at(backend.now + 1))),
        json!({ "protected": header, "payload": payload, "signature": signature }).to_string(),
    ] {
        assert!(!backend.accepts(&malformed).await, "{malformed}");
        assert!(!oracle_accepts(&malformed, &backend.key.public(), true), "{malformed}");
    }
    assert!(backend.accepts(&token).await);
    assert!(oracle_accepts(&token, &backend.key.public(), true));
}

#[tokio::test(start_paused = true)]
async fn our_own_routes_refuse_what_is_not_ours() {
    let house = portal();
    let (token, _) = ours(&house).await;
    assert_eq!(statuses(&house, &token).await, (StatusCode::OK, None));
    let limited = limited(&token);
    let only_who = (StatusCode::OK, Some(StatusCode::UNAUTHORIZED));
    assert_eq!(statuses(&house, &limited).await, only_who, "a limited token opens nothing");

    let parts: Vec<&str> = token.split('.').collect();
    let (header, claims) = (decoded(parts[0]), decoded(parts[1]));
    for (header, claims) in [
        (json!({ "alg": "none" }), json!({})),
        (json!({ "typ": LIMITED }), json!({})),
        (json!({ "kid": "another" }), json!({})),
        (json!({}), json!({ "sub": "user:default/bob" })),
        (json!({}), json!({ "exp": claims["exp"].as_i64().unwrap() + 3600 })),
        (json!({}), json!({ "iss": format!("{PORTAL}/other") })),
    ] {
        let (header, claims) =
            (merged(decoded(parts[0]), header), merged(decoded(parts[1]), claims));
        let changed = format!("{}.{}.{}", part(&header), part(&claims), parts[2]);
        assert_eq!(statuses(&house, &changed).await, REFUSED, "{header} {claims}");
    }
    let foreign = Key::ec(header["kid"].as_str().unwrap(), Algorithm::ES256);
    let forged = foreign.sign(&header, &claims);
    assert_eq!(statuses(&house, &forged).await, REFUSED);
    house.advance(std::time::Duration::from_secs(3600));
    assert_eq!(statuses(&house, &token).await, REFUSED, "it has expired");
    assert_eq!(statuses(&house, &limited).await, REFUSED);
}
