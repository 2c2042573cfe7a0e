//! Issuing this portal's tokens.

use std::sync::Arc;

use bytes::Bytes;
use coder_core::{Secret, World};
use jiff::SignedDuration;
use url::Url;

use super::claims::{
    AUDIENCE, AcceptTokens, Claims, ExpectedClaims, GrantClaim, LimitedClaims, check,
};
use super::jwt::{self, Header, LIMITED_USER_TYPE, USER_TYPE};
use super::keys::KeyRing;
use super::static_key::StaticSigningKey;
use super::token_error::TokenError;
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
    /// Whether tokens say what their user owns through.
    says_ownership: bool,
    keys: KeyRing,
}

/// What holds for the tokens of one portal.
#[derive(Clone, Debug)]
pub(crate) struct IdentityTokenOptions {
    pub(crate) lifetime: SignedDuration,
    /// Whether tokens say what their user owns through.
    pub(crate) ownership: bool,
    /// The operator's own keys; without any, keys are drawn.
    pub(crate) keys: Vec<StaticSigningKey>,
    /// Whether keys that are drawn are lost with the process.
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

/// An identity token and how long it is good, in seconds.
#[derive(Clone, Debug)]
pub(crate) struct IdentityToken {
    pub(crate) token: Secret,
    pub(crate) expires_in: i64,
}

/// What a token of this portal says.
#[derive(Clone, Debug)]
pub(crate) struct OwnToken {
    /// The user entity ref.
    pub(crate) user: String,
    /// The claim that names the grant; limited tokens have none.
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

    /// Issues a token for this person. `grant` is the private claim that names the grant the
    /// person has signed in with; only this portal reads it.
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

    /// The user entity ref of a token of this issuer.
    pub(crate) async fn verify(
        &self,
        token: &str,
        accept: AcceptTokens,
    ) -> Result<String, AuthError> {
        let own = self.verify_if_ours(token, accept).await?;
        Ok(own.ok_or_else(|| refuse(TokenError::Signature))?.user)
    }

    /// Reads a token of this issuer; `None` when it names no key of this issuer.
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

    /// The JSON Web Key Set (RFC 7517 §5) of `/.well-known/jwks.json`.
    pub(crate) async fn jwks(&self) -> Result<Bytes, AuthError> {
        self.keys.jwks().await
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
