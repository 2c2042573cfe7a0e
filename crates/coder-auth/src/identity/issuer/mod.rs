//! Issuing this portal's tokens.

use std::sync::Arc;

use bytes::Bytes;
use coder_core::{Secret, World, with_causes};
use jiff::SignedDuration;
use url::Url;

use super::claims::{
    AUDIENCE, AcceptTokens, Claims, ExpectedClaims, GrantClaim, LimitedClaims, check,
};
use super::error::TokenError;
use super::jwt::{self, Header, LIMITED_USER_TYPE, USER_TYPE};
use super::keys::KeyRing;
use super::static_key::StaticSigningKey;
use crate::error::AuthError;
use crate::seal::SealingKeys;
use crate::session::error::SessionError;
use crate::sign_in::BackstageIdentity;
use crate::store::AuthStore;

/// Issues and verifies the identity tokens of one portal.
pub(crate) struct Issuer {
    world: World,
    issuer: String,
    lifetime: SignedDuration,
    /// Whether tokens name the entities through which their user owns things.
    says_ownership: bool,
    keys: KeyRing,
}

/// The options of one portal's identity tokens.
#[derive(Clone, Debug)]
pub(crate) struct IdentityTokenOptions {
    pub(crate) lifetime: SignedDuration,
    /// Whether tokens name the entities through which their user owns things.
    pub(crate) ownership: bool,
    /// The operator's own keys. Without any, keys are generated.
    pub(crate) keys: Vec<StaticSigningKey>,
    /// Whether generated keys stay in the memory of the process.
    pub(crate) keys_in_memory: bool,
}

impl Default for IdentityTokenOptions {
    fn default() -> Self {
        Self {
            lifetime: SignedDuration::from_hours(1),
            ownership: false,
            keys: Vec::new(),
            keys_in_memory: false,
        }
    }
}

/// An identity token, with its lifetime in seconds.
#[derive(Clone, Debug)]
pub(crate) struct IdentityToken {
    pub(crate) token: Secret,
    pub(crate) expires_in: i64,
}

/// The content of a token of this portal.
#[derive(Clone, Debug)]
pub(crate) struct OwnToken {
    /// User entity ref of the holder.
    pub(crate) user: String,
    /// Sealed claim that names the grant. Limited tokens have none.
    pub(crate) grant: Option<String>,
}

impl Issuer {
    pub(crate) fn new(
        world: &World,
        store: Arc<dyn AuthStore>,
        sealing: SealingKeys,
        base_url: &Url,
        tokens: &IdentityTokenOptions,
    ) -> Self {
        let issuer = base_url.as_str().trim_end_matches('/').to_owned();
        let lifetime = tokens.lifetime;
        let keys = KeyRing::new(world.clone(), store, sealing, lifetime, &tokens.keys);
        let says_ownership = tokens.ownership;
        Self { world: world.clone(), issuer, lifetime, says_ownership, keys }
    }

    /// Issues a token for this user. `grant` is the private claim that names the grant of the
    /// sign-in; only this portal reads it.
    pub(crate) async fn issue(
        &self,
        identity: &BackstageIdentity,
        grant: String,
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
            grant: Some(grant),
        };
        let token = jwt::sign(&header(USER_TYPE), &claims, &key)?;
        Ok(IdentityToken { token: token.into(), expires_in: lifetime })
    }

    /// Verifies a token of this issuer, and returns its user entity ref.
    pub(crate) async fn verify(
        &self,
        token: &str,
        accept: AcceptTokens,
    ) -> Result<String, AuthError> {
        let own = self.verify_if_ours(token, accept).await?;
        Ok(own.ok_or_else(|| refuse(TokenError::Signature))?.user)
    }

    /// Verifies a token of this issuer; `None` if it names no key of this issuer.
    pub(crate) async fn verify_if_ours(
        &self,
        token: &str,
        accept: AcceptTokens,
    ) -> Result<Option<OwnToken>, AuthError> {
        let parsed = jwt::parse(token).map_err(refuse)?;
        let Some(key) = self.keys.published(&parsed.header.kid).await? else { return Ok(None) };
        let now = self.world.clock.now();
        let expected = ExpectedClaims { issuer: Some(&self.issuer), audience: AUDIENCE };
        let identity = check(&parsed, key.public(), expected, accept, now);
        let identity = identity.map_err(refuse)?;
        let grant = parsed.claims::<GrantClaim>().map_err(refuse)?.grant;
        Ok(Some(OwnToken { user: identity.user_entity_ref, grant }))
    }

    /// Returns the JSON Web Key Set (RFC 7517 §5) of `/.well-known/jwks.json`.
    pub(crate) async fn jwks(&self) -> Result<Bytes, AuthError> {
        self.keys.jwks().await
    }

    /// Deletes keys that are not published any more.
    pub(crate) async fn sweep(&self) -> Result<(), AuthError> {
        self.keys.sweep().await
    }

    /// Returns the discovery document of `/.well-known/openid-configuration`.
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

/// Returns the error for a token that is refused. The reason is for the log only.
fn refuse(error: TokenError) -> AuthError {
    tracing::debug!(error = with_causes(&error), "an identity token was refused");
    SessionError::InvalidToken.into()
}

#[cfg(test)]
mod tests;
