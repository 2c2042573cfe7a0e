use std::sync::atomic::{AtomicU8, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;

struct Counter(AtomicU8);

impl Random for Counter {
    fn fill(&self, destination: &mut [u8]) -> Result<(), RandomError> {
        destination.fill(self.0.fetch_add(1, Ordering::Relaxed));
        Ok(())
    }
}

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn issuer() -> Issuer {
    let url = Url::parse("https://portal.example.com/api/auth").unwrap();
    Issuer::new(&url, SignedDuration::from_hours(1))
}

fn token(issuer: &Issuer) -> String {
    let alice = EntityRef::parse("user:default/Alice").unwrap();
    let random = Counter(AtomicU8::new(1));
    issuer.issue(&alice, now(), &random).unwrap().token.expose().to_owned()
}

/// The limited token that anyone can make from a full one.
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

#[test]
fn a_token_names_its_user_in_lower_case() {
    let issuer = issuer();
    let token = token(&issuer);
    assert_eq!(issuer.verify(&token, Accept::Full, now()).unwrap(), "user:default/alice");
}

#[test]
fn the_limited_token_made_from_the_proof_verifies_where_it_is_enough() {
    let issuer = issuer();
    let limited = limited(&token(&issuer));
    let accepted = issuer.verify(&limited, Accept::FullOrLimited, now());
    assert_eq!(accepted.unwrap(), "user:default/alice");
    assert_eq!(issuer.verify(&limited, Accept::Full, now()), Err(TokenError::Kind));
}

#[test]
fn a_token_expires_and_is_not_taken_before_its_time() {
    let issuer = issuer();
    let token = token(&issuer);
    let verify = |time| issuer.verify(&token, Accept::Full, time);
    assert_eq!(verify(now() + SignedDuration::from_hours(1)), Err(TokenError::Time));
    assert!(verify(now() + SignedDuration::from_mins(59)).is_ok());
    assert!(verify(now() - SignedDuration::from_secs(30)).is_ok(), "clocks differ a little");
    assert_eq!(verify(now() - SignedDuration::from_mins(2)), Err(TokenError::Time));
}

#[test]
fn any_change_of_a_token_is_noticed() {
    let issuer = issuer();
    let token = token(&issuer);
    for index in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        // The last character of a base64 text has bits that decode to nothing.
        if URL_SAFE_NO_PAD.decode(changed.rsplit('.').next().unwrap()).is_ok() {
            assert!(issuer.verify(&changed, Accept::FullOrLimited, now()).is_err(), "at {index}");
        }
    }
}

#[test]
fn a_token_of_another_algorithm_type_or_key_is_refused() {
    let issuer = issuer();
    let token = token(&issuer);
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
        assert!(issuer.verify(&forged, Accept::FullOrLimited, now()).is_err(), "{member} {value}");
    }
    let other = Issuer::new(
        &Url::parse("https://other.example.com/api/auth").unwrap(),
        SignedDuration::from_hours(1),
    );
    assert_eq!(other.verify(&token, Accept::Full, now()), Err(TokenError::Signature));
}

#[test]
fn a_key_signs_for_one_lifetime_and_is_published_for_three() {
    let issuer = issuer();
    let random = Counter(AtomicU8::new(1));
    let alice = EntityRef::parse("user:default/alice").unwrap();
    let published = |time| issuer.jwks(time)["keys"].as_array().unwrap().len();
    assert_eq!(published(now()), 0, "no key before the first token");
    issuer.issue(&alice, now(), &random).unwrap();
    let later = now() + SignedDuration::from_mins(59);
    issuer.issue(&alice, later, &random).unwrap();
    assert_eq!(published(later), 1);
    let later = now() + SignedDuration::from_mins(61);
    issuer.issue(&alice, later, &random).unwrap();
    assert_eq!(published(later), 2, "the new key signs, the old one still verifies");
    assert_eq!(published(now() + SignedDuration::from_hours(3)), 1);
}

#[test]
fn the_wire_formats_are_backstages() {
    let issuer = issuer();
    let token = token(&issuer);
    let decode = |part: &str| String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    insta::assert_snapshot!(format!(
        "{}\n{}\n{:#}\n{:#}",
        decode(parts[0]),
        decode(parts[1]),
        issuer.jwks(now()),
        issuer.discovery()
    ));
}
