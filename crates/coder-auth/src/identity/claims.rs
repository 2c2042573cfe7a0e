//! The claims of a token, and their verification.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::error::TokenError;
use super::es256::VerifyingKey;
use super::jwt::{LIMITED_USER_TYPE, Parsed, USER_TYPE};

/// The audience of every full user token.
pub(super) const AUDIENCE: &str = "backstage";
/// The difference between two clocks that is tolerated, in seconds.
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
    /// Start of validity (RFC 7519 §4.1.5). Tokens of this portal have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) nbf: Option<i64>,
    /// Entities through which the user owns things, if the portal is configured to name them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ent: Option<Vec<String>>,
    #[serde(default)]
    pub(super) uip: Option<String>,
    /// Sealed grant of the user's sign-in: a private claim (RFC 7519 §4.3).
    #[serde(default, rename = "coder_grant", skip_serializing_if = "Option::is_none")]
    pub(super) grant: Option<String>,
}

/// The private claim of a token, without the others.
#[derive(Deserialize)]
pub(super) struct GrantClaim {
    #[serde(default, rename = "coder_grant")]
    pub(super) grant: Option<String>,
}

/// The payload of a limited token. The order of the members is part of the format, because a
/// verifier writes them again.
#[derive(Serialize)]
pub(super) struct LimitedClaims<'a> {
    pub(super) sub: &'a str,
    pub(super) iat: i64,
    pub(super) exp: i64,
}

/// The kinds of token that a route accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AcceptTokens {
    /// Full user tokens only, because the caller acts for the user.
    Full,
    /// Full and limited tokens, because only the identity of the user matters.
    FullOrLimited,
}

/// The identity in a verified token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedIdentity {
    /// The canonical user entity ref: `user:default/alice`.
    pub user_entity_ref: String,
    /// Issuer of the token: its URL, or the URL of its keys if any issuer name is accepted.
    pub issuer: String,
    /// Moment at which the token expires.
    pub expires_at: Timestamp,
    /// Whether the token is a limited one.
    pub is_limited: bool,
}

/// The issuer that a full token must name, if that is known, and its audience.
#[derive(Clone, Copy)]
pub(super) struct ExpectedClaims<'a> {
    pub(super) issuer: Option<&'a str>,
    pub(super) audience: &'a str,
}

/// Verifies the signature and the claims of a token.
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
