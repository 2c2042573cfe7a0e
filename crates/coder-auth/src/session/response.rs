//! The session response of Backstage: who is signed in, and the tokens.

use std::sync::Arc;

use coder_core::{Secret, World};
use serde::Serialize;

use crate::caller::user::SignedInGrant;
use crate::environment::Environment;
use crate::error::AuthError;
use crate::grant::StoredGrant;
use crate::grant::manager::announced_life;
use crate::identity::Issuer;
use crate::options::AccessTokenPolicy;
use crate::parts::Parts;
use crate::seal::SealingKeys;
use crate::session::SessionId;
use crate::session::placeholder::Placeholder;
use crate::sign_in::BackstageIdentity;
use crate::store::{AuthStore, PersonRecord};

/// The body of `refresh`, and the `response` of the popup's message.
///
/// This body holds tokens, so it goes only to the browser that they belong to.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionResponse {
    profile: PublicProfile,
    provider_info: ProviderInfo,
    #[serde(skip_serializing_if = "Option::is_none")]
    backstage_identity: Option<IdentityResponse>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PublicProfile {
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<String>,
    display_name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProviderInfo {
    /// The access token, or the placeholder that stands for it.
    #[serde(serialize_with = "Secret::serialize_exposed")]
    access_token: Secret,
    scope: String,
    expires_in_seconds: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IdentityResponse {
    #[serde(serialize_with = "Secret::serialize_exposed")]
    token: Secret,
    identity: Identity,
    expires_in_seconds: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    r#type: &'static str,
    user_entity_ref: String,
    ownership_entity_refs: Vec<String>,
}

/// Maker of session responses, with the identity tokens in them. Cheap to clone.
#[derive(Clone)]
pub(crate) struct SessionResponses {
    world: World,
    store: Arc<dyn AuthStore>,
    keys: SealingKeys,
    issuer: Arc<Issuer>,
    access_token: AccessTokenPolicy,
}

impl SessionResponses {
    pub(crate) fn new(parts: &Parts) -> Self {
        Self {
            world: parts.world.clone(),
            store: Arc::clone(&parts.store),
            keys: parts.keys.clone(),
            issuer: Arc::clone(&parts.issuer),
            access_token: parts.access_token,
        }
    }

    /// Creates the response of this session with the tokens of its grant. `identity` was looked up
    /// just now, so that a changed catalog counts from the next refresh on.
    pub(crate) async fn create(
        &self,
        environment: &Environment,
        stored: &StoredGrant,
        session: &SessionId,
        identity: Option<BackstageIdentity>,
    ) -> Result<SessionResponse, AuthError> {
        let now = self.world.clock.now();
        let profile = stored.grant.profile.clone();
        let backstage_identity = match identity {
            None => None,
            Some(identity) => Some(self.identity(environment, stored, &identity).await?),
        };
        Ok(SessionResponse {
            profile: PublicProfile {
                email: profile.email,
                picture: profile.picture,
                display_name: profile.display_name,
            },
            provider_info: ProviderInfo {
                access_token: self.access_token(stored, session)?,
                scope: stored.grant.scope.join(" "),
                expires_in_seconds: announced_life(&stored.grant, now),
            },
            backstage_identity,
        })
    }

    /// Returns the access token for the page of this session, or what stands for it.
    fn access_token(&self, stored: &StoredGrant, session: &SessionId) -> Result<Secret, AuthError> {
        match self.access_token {
            AccessTokenPolicy::Browser => Ok(stored.access_token().clone()),
            AccessTokenPolicy::Server => {
                let placeholder = Placeholder { session: session.clone() };
                placeholder.seal(&self.keys, &*self.world.random)
            }
        }
    }

    /// Issues an identity token that names this grant, and stores the user's ownership for
    /// `/v1/userinfo`.
    async fn identity(
        &self,
        environment: &Environment,
        stored: &StoredGrant,
        identity: &BackstageIdentity,
    ) -> Result<IdentityResponse, AuthError> {
        let sign_in = SignedInGrant::new(stored, &environment.name);
        let user_entity_ref = identity.user.to_string();
        let claim = sign_in.seal(&self.keys, &*self.world.random, &user_entity_ref)?;
        let token = self.issuer.issue(identity, claim).await?;
        let person = PersonRecord {
            user_entity_ref,
            ownership_entity_refs: identity.ownership.iter().map(ToString::to_string).collect(),
        };
        self.store.put_person(person.clone(), &stored.key).await?;
        Ok(IdentityResponse {
            token: token.token,
            identity: Identity {
                r#type: "user",
                user_entity_ref: person.user_entity_ref,
                ownership_entity_refs: person.ownership_entity_refs,
            },
            expires_in_seconds: token.expires_in,
        })
    }
}
