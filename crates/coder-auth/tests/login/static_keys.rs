//! Signing keys of the operator, made with OpenSSL.

use coder_auth::identity::{StaticSigningKey, StaticSigningKeyError as Error};
use coder_auth::{SignIn, UsernameMatchingUserEntityName};
use coder_core::Secret;
use http::StatusCode;

use crate::sign_in::{catalog, with_sign_in};
use crate::support::{House, base_options};
use crate::tokens::{decoded, oracle_accepts, ours, published, statuses};

const FIRST: &str = include_str!("keys/first.private.pem");
const FIRST_SEC1: &str = include_str!("keys/first.sec1.pem");
const FIRST_PUBLIC: &str = include_str!("keys/first.public.pem");
const SECOND: &str = include_str!("keys/second.private.pem");
const SECOND_PUBLIC: &str = include_str!("keys/second.public.pem");
const P384: &str = include_str!("keys/p384.private.pem");
const P384_PUBLIC: &str = include_str!("keys/p384.public.pem");

fn key(id: &str, private: &str, public: &str) -> Result<StaticSigningKey, Error> {
    StaticSigningKey::from_pem(id, &Secret::new(private), public)
}

fn first() -> StaticSigningKey {
    key("first", FIRST, FIRST_PUBLIC).unwrap()
}

fn second() -> StaticSigningKey {
    key("second", SECOND, SECOND_PUBLIC).unwrap()
}

/// Makes a portal that signs with these keys.
fn portal(keys: impl IntoIterator<Item = StaticSigningKey>) -> House {
    let sign_in = SignIn::new(catalog()).resolver(UsernameMatchingUserEntityName::default());
    let mut house = with_sign_in(&sign_in);
    let environment = house.environment().sign_in(sign_in);
    let options = base_options().environment("development", environment).signing_keys(keys);
    house.auth = house.portal(options);
    house
}

fn kid(token: &str) -> String {
    decoded(token.split('.').next().unwrap())["kid"].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn the_first_key_signs_and_all_are_published() {
    let house = portal([second(), first()]);
    assert_eq!(published(&house).await, ["second", "first"], "before the first token");
    let (token, jwk) = ours(&house).await;
    assert_eq!(kid(&token), "second");
    assert!(oracle_accepts(&token, &jwk, true));
    assert_eq!(statuses(&house, &token).await, (StatusCode::OK, None));
    house.advance(std::time::Duration::from_secs(30 * 24 * 3600));
    assert_eq!(published(&house).await, ["second", "first"], "nothing is rotated");
    house.auth.sweep().await.unwrap();
    assert_eq!(kid(&ours(&house).await.0), "second");
}

#[tokio::test(start_paused = true)]
async fn a_key_behind_the_first_still_verifies_what_it_has_signed() {
    let mut house = portal([first()]);
    let (token, _) = ours(&house).await;
    let sign_in = SignIn::new(catalog()).resolver(UsernameMatchingUserEntityName::default());
    let options = || {
        let environment = house.environment().sign_in(sign_in.clone());
        base_options().environment("development", environment)
    };
    let (rotated, replaced) =
        (options().signing_keys([second(), first()]), options().signing_keys([second()]));
    house.auth = house.portal(rotated);
    assert_eq!(statuses(&house, &token).await, (StatusCode::OK, None));
    house.auth = house.portal(replaced);
    assert_eq!(statuses(&house, &token).await.0, StatusCode::UNAUTHORIZED);
}

#[test]
fn a_private_key_is_read_in_both_forms_of_openssl() {
    assert_eq!(key("a", FIRST_SEC1, FIRST_PUBLIC).unwrap().id(), "a");
    let crlf = |text: &str| text.replace('\n', "\r\n");
    assert!(key("a", &crlf(FIRST), &crlf(FIRST_PUBLIC)).is_ok());
    assert!(key("a", &format!("\n{FIRST_SEC1}\n\n"), &format!("\n{FIRST_PUBLIC}\n")).is_ok());
}

#[test]
fn a_pair_that_cannot_sign_is_refused_with_what_is_wrong() {
    for (private, public, error) in [
        (FIRST, SECOND_PUBLIC, Error::Mismatch),
        (P384, P384_PUBLIC, Error::PrivateKey),
        (FIRST, P384_PUBLIC, Error::PublicKey),
        (FIRST_PUBLIC, FIRST_PUBLIC, Error::PrivateKey),
        (FIRST, FIRST, Error::PublicKey),
        ("", FIRST_PUBLIC, Error::PrivateKey),
        (FIRST, "", Error::PublicKey),
        (FIRST.trim_end_matches("-----END PRIVATE KEY-----\n"), FIRST_PUBLIC, Error::PrivateKey),
    ] {
        assert_eq!(key("a", private, public).unwrap_err(), error);
    }
    assert_eq!(key("", FIRST, FIRST_PUBLIC).unwrap_err(), Error::NoId);
    assert_eq!(format!("{:?}", first()), "StaticSigningKey(first)");
}
