//! Backstage identity tokens: issued, published, verified.
//!
//! A token is a JWT of type `vnd.backstage.user`, signed with ES256 (RFC 7515, RFC 7518 §3.4). It
//! carries a proof (`uip`) from which anyone can make a *limited* token, which proves who the user
//! is and opens nothing. Other Backstage backends verify both against [`Issuer::jwks`].

mod jwt;
mod keys;

use std::sync::Arc;

use coder_config::EntityRef;
use coder_core::World;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::error::{AuthError, SessionError};
use crate::seal::SealingKeys;
use crate::store::AuthStore;
use jwt::{Header, LIMITED_USER_TYPE, Parsed, USER_TYPE};
use keys::{KeyRing, SigningKey};

/// Issues and verifies the identity tokens of one portal.
pub(crate) struct Issuer {
    world: World,
    issuer: String,
    lifetime: SignedDuration,
    keys: KeyRing,
}

/// An identity token and how long it is good.
#[derive(Clone, Debug)]
pub(crate) struct IdentityToken {
    pub(crate) token: coder_core::Secret,
    pub(crate) expires_in: i64,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    #[serde(default)]
    iss: Option<String>,
    sub: String,
    #[serde(default)]
    aud: Option<String>,
    iat: i64,
    exp: i64,
    #[serde(default)]
    uip: Option<String>,
}

/// The payload of a limited token. The order of the members is part of the format: whoever
/// verifies one writes them down again.
#[derive(Serialize)]
struct LimitedClaims<'a> {
    sub: &'a str,
    iat: i64,
    exp: i64,
}

/// Which tokens a route takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accept {
    /// Full user tokens only.
    Full,
    /// Limited ones, too: where it only matters who the user is.
    FullOrLimited,
}

/// Why a token is not taken. What exactly is wrong is for the log, not for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("not a JWT of the expected form")]
    Malformed,
    #[error("the token's type or algorithm is not accepted")]
    Kind,
    #[error("the token was not signed with a current key of this portal")]
    Signature,
    #[error("the token has expired or is not valid yet")]
    Time,
    #[error("the token was issued for someone else")]
    Audience,
}

impl Issuer {
    pub(crate) fn new(
        world: &World,
        store: Arc<dyn AuthStore>,
        sealing: SealingKeys,
        base_url: &Url,
        lifetime: SignedDuration,
    ) -> Self {
        let issuer = base_url.as_str().trim_end_matches('/').to_owned();
        let keys = KeyRing::new(world.clone(), store, sealing, lifetime);
        Self { world: world.clone(), issuer, lifetime, keys }
    }

    /// A token for this user.
    pub(crate) async fn issue(&self, user: &EntityRef) -> Result<IdentityToken, AuthError> {
        let key = self.keys.current().await?;
        let now = self.world.clock.now();
        let (iat, lifetime) = (now.as_second(), self.lifetime.as_secs());
        let (sub, exp) = (user.to_string(), iat + lifetime);
        let header = |r#type| Header { typ: r#type, alg: "ES256", kid: key.id() };
        let limited =
            jwt::sign(&header(LIMITED_USER_TYPE), &LimitedClaims { sub: &sub, iat, exp }, &key)?;
        let proof = limited.rsplit('.').next().map(str::to_owned);
        let claims = Claims {
            iss: Some(self.issuer.clone()),
            sub,
            aud: Some("backstage".to_owned()),
            iat,
            exp,
            uip: proof,
        };
        let token = jwt::sign(&header(USER_TYPE), &claims, &key)?;
        Ok(IdentityToken { token: token.into(), expires_in: lifetime })
    }

    /// The user entity ref of a token of this issuer.
    pub(crate) async fn verify(&self, token: &str, accept: Accept) -> Result<String, AuthError> {
        let parsed = jwt::parse(token).map_err(refuse)?;
        let key = self.keys.published(&parsed.header.kid).await?;
        let key = key.ok_or(TokenError::Signature).map_err(refuse)?;
        self.check(&parsed, &key, accept, self.world.clock.now()).map_err(refuse)
    }

    fn check(
        &self,
        parsed: &Parsed<'_>,
        key: &SigningKey,
        accept: Accept,
        now: Timestamp,
    ) -> Result<String, TokenError> {
        let limited = match &*parsed.header.typ {
            USER_TYPE => false,
            LIMITED_USER_TYPE if accept == Accept::FullOrLimited => true,
            _ => return Err(TokenError::Kind),
        };
        if parsed.header.alg != "ES256" {
            return Err(TokenError::Kind);
        }
        parsed.verify(key)?;
        let claims: Claims = parsed.claims()?;
        let now = now.as_second();
        // A minute for clocks that differ.
        if claims.exp <= now || claims.iat > now + 60 {
            return Err(TokenError::Time);
        }
        let ours = claims.iss.as_deref() == Some(&*self.issuer)
            && claims.aud.as_deref() == Some("backstage");
        if claims.sub.is_empty() || !(limited || ours) {
            return Err(TokenError::Audience);
        }
        Ok(claims.sub)
    }

    /// The JSON Web Key Set (RFC 7517 §5) of `/.well-known/jwks.json`.
    pub(crate) async fn jwks(&self) -> Result<serde_json::Value, AuthError> {
        Ok(serde_json::json!({ "keys": self.keys.jwks().await? }))
    }

    /// Forgets keys that are not published any more.
    pub(crate) async fn sweep(&self) -> Result<(), AuthError> {
        self.keys.sweep().await
    }

    /// The discovery document of `/.well-known/openid-configuration`.
    pub(crate) fn discovery(&self) -> serde_json::Value {
        let issuer = &self.issuer;
        serde_json::json!({
            "issuer": issuer,
            "userinfo_endpoint": format!("{issuer}/v1/userinfo"),
            "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "scopes_supported": ["openid"],
            "claims_supported": ["sub", "ent"],
        })
    }
}

/// The caller learns that the token is not taken; why is for the log.
fn refuse(error: TokenError) -> AuthError {
    tracing::debug!(%error, "an identity token was refused");
    SessionError::InvalidToken.into()
}

#[cfg(test)]
mod tests;
