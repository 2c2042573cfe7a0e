//! Issuing this portal's tokens.

use std::sync::Arc;

use coder_core::{Secret, World};
use jiff::SignedDuration;
use url::Url;

use super::claims::{AUDIENCE, AcceptTokens, Claims, LimitedClaims, TokenError, check};
use super::jwt::{self, Header, LIMITED_USER_TYPE, USER_TYPE};
use super::keys::KeyRing;
use crate::error::AuthError;
use crate::seal::SealingKeys;
use crate::session::SessionError;
use crate::sign_in::BackstageIdentity;
use crate::store::AuthStore;

/// Issues and verifies the identity tokens of one portal.
pub(crate) struct Issuer {
    world: World,
    issuer: String,
    lifetime: SignedDuration,
    /// Whether tokens say what their user owns through.
    says_ownership: bool,
    keys: KeyRing,
}

/// An identity token and how long it is good, in seconds.
#[derive(Clone, Debug)]
pub(crate) struct IdentityToken {
    pub(crate) token: Secret,
    pub(crate) expires_in: i64,
}

impl Issuer {
    pub(crate) fn new(
        world: &World,
        store: Arc<dyn AuthStore>,
        sealing: SealingKeys,
        base_url: &Url,
        lifetime: SignedDuration,
        says_ownership: bool,
    ) -> Self {
        let issuer = base_url.as_str().trim_end_matches('/').to_owned();
        let keys = KeyRing::new(world.clone(), store, sealing, lifetime);
        Self { world: world.clone(), issuer, lifetime, says_ownership, keys }
    }

    /// A token for this person.
    pub(crate) async fn issue(
        &self,
        identity: &BackstageIdentity,
    ) -> Result<IdentityToken, AuthError> {
        let key = self.keys.current().await?;
        let now = self.world.clock.now();
        let (iat, lifetime) = (now.as_second(), self.lifetime.as_secs());
        let (sub, exp) = (identity.user.to_string(), iat + lifetime);
        let header = |r#type| Header { typ: r#type, alg: "ES256", kid: key.id() };
        let limited =
            jwt::sign(&header(LIMITED_USER_TYPE), &LimitedClaims { sub: &sub, iat, exp }, &key)?;
        let proof = limited.rsplit('.').next().map(str::to_owned);
        let claims = Claims {
            iss: Some(self.issuer.clone()),
            sub,
            aud: Some(AUDIENCE.to_owned()),
            iat,
            exp,
            nbf: None,
            ent: self
                .says_ownership
                .then(|| identity.ownership.iter().map(ToString::to_string).collect()),
            uip: proof,
        };
        let token = jwt::sign(&header(USER_TYPE), &claims, &key)?;
        Ok(IdentityToken { token: token.into(), expires_in: lifetime })
    }

    /// The user entity ref of a token of this issuer.
    pub(crate) async fn verify(
        &self,
        token: &str,
        accept: AcceptTokens,
    ) -> Result<String, AuthError> {
        let parsed = jwt::parse(token).map_err(refuse)?;
        let key = self.keys.published(&parsed.header.kid).await?;
        let key = key.ok_or(TokenError::Signature).map_err(refuse)?;
        let now = self.world.clock.now();
        let identity = check(&parsed, key.public(), Some(&self.issuer), accept, now);
        Ok(identity.map_err(refuse)?.user_entity_ref)
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
