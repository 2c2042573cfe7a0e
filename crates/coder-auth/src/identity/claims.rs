//! What a token says, and when it is believed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::es256::VerifyingKey;
use super::jwt::{LIMITED_USER_TYPE, Parsed, USER_TYPE};
use super::token_error::TokenError;

/// The audience of every full user token.
pub(super) const AUDIENCE: &str = "backstage";
/// How much clocks may differ, in seconds.
const LEEWAY: i64 = 60;

#[derive(Serialize, Deserialize)]
pub(super) struct Claims {
    #[serde(default)]
    pub(super) iss: Option<String>,
    pub(super) sub: String,
    #[serde(default)]
    pub(super) aud: Option<String>,
    pub(super) iat: i64,
    pub(super) exp: i64,
    /// Before this time the token does not count (RFC 7519 §4.1.5). Ours have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) nbf: Option<i64>,
    /// What the user owns through; only where the portal is told to say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ent: Option<Vec<String>>,
    #[serde(default)]
    pub(super) uip: Option<String>,
    /// The grant that the user has signed in with, sealed: a private claim (RFC 7519 §4.3).
    #[serde(default, rename = "coder_grant", skip_serializing_if = "Option::is_none")]
    pub(super) grant: Option<String>,
}

/// The private claim alone.
#[derive(Deserialize)]
pub(super) struct GrantClaim {
    #[serde(default, rename = "coder_grant")]
    pub(super) grant: Option<String>,
}

/// The payload of a limited token. The order of the members is part of the format: whoever
/// verifies one writes them down again.
#[derive(Serialize)]
pub(super) struct LimitedClaims<'a> {
    pub(super) sub: &'a str,
    pub(super) iat: i64,
    pub(super) exp: i64,
}

/// Which tokens a route takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AcceptTokens {
    /// Full user tokens only: the caller acts for the user.
    Full,
    /// Limited ones, too: it only matters who the user is.
    FullOrLimited,
}

/// Who a token says its holder is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedIdentity {
    /// The canonical user entity ref: `user:default/alice`.
    pub user_entity_ref: String,
    /// Who says so: the URL of the issuer, or that of its keys where any name of it is believed.
    pub issuer: String,
    /// When the token ends.
    pub expires_at: Timestamp,
    /// Whether it is a limited token.
    pub is_limited: bool,
}

/// Who makes a full token, if that is known, and for whom.
#[derive(Clone, Copy)]
pub(super) struct ExpectedClaims<'a> {
    pub(super) issuer: Option<&'a str>,
    pub(super) audience: &'a str,
}

/// Believes a token that `key` has signed.
pub(super) fn check(
    parsed: &Parsed<'_>,
    key: &VerifyingKey,
    expected: ExpectedClaims<'_>,
    accept: AcceptTokens,
    now: Timestamp,
) -> Result<VerifiedIdentity, TokenError> {
    let is_limited = match &*parsed.header.typ {
        USER_TYPE => false,
        LIMITED_USER_TYPE if accept == AcceptTokens::FullOrLimited => true,
        _ => return Err(TokenError::Kind),
    };
    if parsed.header.alg != "ES256" {
        return Err(TokenError::Kind);
    }
    parsed.verify(key)?;
    let claims: Claims = parsed.claims()?;
    let soon = now.as_second().saturating_add(LEEWAY);
    let begins = claims.nbf.map_or(claims.iat, |nbf| nbf.max(claims.iat));
    if claims.exp <= now.as_second() || begins > soon {
        return Err(TokenError::Time);
    }
    // A limited token names neither.
    let addressed = claims.aud.as_deref() == Some(expected.audience)
        && expected.issuer.is_none_or(|issuer| claims.iss.as_deref() == Some(issuer));
    if claims.sub.is_empty() || !(is_limited || addressed) {
        return Err(TokenError::Audience);
    }
    let expires_at = Timestamp::from_second(claims.exp).map_err(|_| TokenError::Malformed)?;
    let issuer = expected.issuer.unwrap_or_default().to_owned();
    Ok(VerifiedIdentity { user_entity_ref: claims.sub, issuer, expires_at, is_limited })
}
