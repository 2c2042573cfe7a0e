//! What a signed-in browser is told: Backstage's session response.

use coder_core::Secret;
use serde::Serialize;

use crate::error::AuthError;
use crate::grant::manager::{Kept, announced_life};
use crate::grant::tokens::{seal_optional_secret as reveal_optional, seal_secret as reveal};
use crate::options::AccessTokenPolicy;
use crate::service::{Environment, Inner};
use crate::store::PersonRecord;

/// The body of `refresh`, and the `response` of the popup's message. It holds tokens: it goes to
/// the browser they belong to, and nowhere else.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionAnswer {
    profile: PublicProfile,
    provider_info: ProviderInfo,
    #[serde(skip_serializing_if = "Option::is_none")]
    backstage_identity: Option<IdentityAnswer>,
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
    #[serde(serialize_with = "reveal_optional", skip_serializing_if = "Option::is_none")]
    access_token: Option<Secret>,
    scope: String,
    expires_in_seconds: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IdentityAnswer {
    #[serde(serialize_with = "reveal")]
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

impl Inner {
    /// Says who the person is and hands out the tokens; with sign-in, resolves the identity anew,
    /// so that a changed catalog counts from the next refresh on.
    pub(crate) async fn answer(
        &self,
        environment: &Environment,
        kept: &Kept,
    ) -> Result<SessionAnswer, AuthError> {
        let now = self.world.clock.now();
        let profile = kept.grant.profile.clone();
        let backstage_identity = match &environment.sign_in {
            None => None,
            Some(sign_in) => {
                let identity = sign_in.resolve_or_log(&profile, kept.key.user).await?;
                let token = self.issuer.issue(&identity).await?;
                let person = PersonRecord {
                    user_entity_ref: identity.user.to_string(),
                    ownership_entity_refs: identity
                        .ownership
                        .iter()
                        .map(ToString::to_string)
                        .collect(),
                    grant: kept.key.clone(),
                    environment: environment.name.clone(),
                };
                let identity = Identity {
                    r#type: "user",
                    user_entity_ref: person.user_entity_ref.clone(),
                    ownership_entity_refs: person.ownership_entity_refs.clone(),
                };
                self.store.put_person(person).await?;
                Some(IdentityAnswer {
                    token: token.token,
                    identity,
                    expires_in_seconds: token.expires_in,
                })
            }
        };
        Ok(SessionAnswer {
            profile: PublicProfile {
                email: profile.email,
                picture: profile.picture,
                display_name: profile.display_name,
            },
            provider_info: ProviderInfo {
                access_token: match self.access_token {
                    AccessTokenPolicy::Browser => Some(kept.grant.tokens.access_token.clone()),
                    AccessTokenPolicy::Server => None,
                },
                scope: kept.grant.scope.join(" "),
                expires_in_seconds: announced_life(&kept.grant, now),
            },
            backstage_identity,
        })
    }
}
