//! The callers of routes outside the login flow.

pub(crate) mod links;
pub(crate) mod passed_tokens;
pub(crate) mod renewing_client;
pub(crate) mod user;

use std::fmt;
use std::sync::Arc;

use coder_client::Client;
use coder_core::{Secret, World};
use http::HeaderMap;

use crate::caller::links::{Link, Links};
use crate::caller::passed_tokens::PassedTokens;
use crate::caller::user::{BackstageUser, BackstageUsers, IdentifiedBy};
use crate::environment::{Environment, Environments};
use crate::error::{AuthError, AuthErrorKind};
use crate::grant::StoredGrant;
use crate::grant::key::GrantKey;
use crate::grant::manager::Grants;
use crate::http::headers::bearer;
use crate::parts::Parts;
use crate::session::error::SessionError;
use crate::store::LinkKey;

/// A caller of a route, with a client for Coder's API.
///
/// A `Caller` exists only after the issuer of its credential has confirmed that credential.
#[derive(Clone)]
pub struct Caller {
    environment: String,
    client: Client,
    user_entity_ref: Option<String>,
    token: Secret,
    source: TokenSource,
}

/// The origin of a caller's token.
#[derive(Clone)]
enum TokenSource {
    /// The request brought the token along.
    Request,
    /// The grant of a login holds the token.
    Grant(GrantKey),
    /// The user has linked the token.
    Link(LinkKey),
}

impl Caller {
    fn new(environment: &Environment, token: Secret, source: TokenSource) -> Self {
        Self {
            environment: environment.name.clone(),
            client: environment.upstream.client_for(token.clone()),
            user_entity_ref: None,
            token,
            source,
        }
    }

    fn on_grant(environment: &Environment, stored: StoredGrant) -> Self {
        let token = stored.access_token().clone();
        Self::new(environment, token, TokenSource::Grant(stored.key))
    }

    fn on_link(environment: &Environment, key: LinkKey, link: Link) -> Self {
        Self::new(environment, link.token, TokenSource::Link(key))
    }

    fn named(self, user: &BackstageUser) -> Self {
        Self { user_entity_ref: Some(user.entity().to_string()), ..self }
    }

    /// Returns a client for Coder's API with the rights of this caller.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Returns the access token of the client; `None` for one that the request has brought.
    pub(crate) fn token(&self) -> Option<&Secret> {
        match self.source {
            TokenSource::Request => None,
            TokenSource::Grant(_) | TokenSource::Link(_) => Some(&self.token),
        }
    }

    /// Returns the token of the client, wherever it comes from.
    #[cfg(feature = "testing")]
    pub(crate) fn any_token(&self) -> &Secret {
        &self.token
    }

    /// Returns the environment that the caller uses.
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// Returns the caller's user entity ref, if the caller was identified by an identity token.
    pub fn user_entity_ref(&self) -> Option<&str> {
        self.user_entity_ref.as_deref()
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Caller")
            .field("environment", &self.environment)
            .field("user_entity_ref", &self.user_entity_ref)
            .finish_non_exhaustive()
    }
}

/// Identifies the callers of requests, and renews their tokens.
pub(crate) struct Callers {
    world: World,
    environments: Arc<Environments>,
    grants: Grants,
    links: Links,
    passed_tokens: Arc<PassedTokens>,
    users: BackstageUsers,
}

impl Callers {
    pub(crate) fn new(parts: &Parts) -> Self {
        Self {
            world: parts.world.clone(),
            environments: Arc::clone(&parts.environments),
            grants: parts.grants.clone(),
            links: parts.links.clone(),
            passed_tokens: Arc::clone(&parts.passed_tokens),
            users: BackstageUsers::new(parts),
        }
    }

    /// Renews the token of a caller that Coder has refused.
    pub(crate) async fn renew(&self, caller: &Caller) -> Result<Caller, AuthError> {
        let environment = self.environments.named(&caller.environment)?;
        let upstream = &environment.upstream;
        let renewed = match &caller.source {
            TokenSource::Request => return Err(SessionError::NeedsLogin.into()),
            TokenSource::Grant(key) => {
                let stored = self.grants.refresh_rejected(upstream, key, &caller.token).await?;
                Caller::on_grant(environment, stored)
            }
            TokenSource::Link(key) => {
                let link = self.links.refresh_rejected(upstream, key, &caller.token).await?;
                let link = link.ok_or(SessionError::NotLinked)?;
                Caller::on_link(environment, key.clone(), link)
            }
        };
        Ok(Caller { user_entity_ref: caller.user_entity_ref.clone(), ..renewed })
    }

    /// Identifies the caller of a request with these headers.
    pub(crate) async fn find(
        &self,
        headers: &HeaderMap,
        environment: Option<&str>,
    ) -> Result<Caller, AuthError> {
        if let Some(token) = coder_session_token(headers) {
            return self.caller_from_coder_token(token, environment).await;
        }
        let Some(token) = bearer(headers) else {
            return self.caller_from_session(headers, environment).await;
        };
        let user = self.users.of_token(&token).await?;
        match user.by() {
            IdentifiedBy::SignIn(_) => self.caller_from_own_token(&user, environment).await,
            IdentifiedBy::Issuer(_) => {
                self.caller_from_trusted_issuer(&user, headers, environment).await
            }
        }
    }

    /// Identifies the holder of a Coder token.
    async fn caller_from_coder_token(
        &self,
        token: Secret,
        environment: Option<&str>,
    ) -> Result<Caller, AuthError> {
        let environment = self.environments.named_or_only(environment)?;
        let now = self.world.clock.now();
        self.passed_tokens.confirm(&environment.upstream, &token, now).await?;
        Ok(Caller::new(environment, token, TokenSource::Request))
    }

    /// Identifies the user of an identity token of this portal.
    async fn caller_from_own_token(
        &self,
        user: &BackstageUser,
        environment: Option<&str>,
    ) -> Result<Caller, AuthError> {
        let IdentifiedBy::SignIn(sign_in) = user.by() else {
            return Err(SessionError::InvalidToken.into());
        };
        let environment = self.environments.named(environment.unwrap_or(&sign_in.environment))?;
        let stored = if sign_in.environment == environment.name
            && sign_in.key.app == *environment.upstream.app()
        {
            let valid = self.grants.valid(&environment.upstream, &sign_in.key).await;
            // A grant that has ended does not come back with the next login.
            valid.and_then(|stored| {
                if stored.grant.name == sign_in.name {
                    Ok(stored)
                } else {
                    Err(SessionError::Ended.into())
                }
            })
        } else {
            Err(SessionError::OtherEnvironment.into())
        };
        let stored = stored.map(|stored| Caller::on_grant(environment, stored));
        Ok(self.or_linked_token(stored, environment, Some(user)).await?.named(user))
    }

    /// Identifies the user of another issuer's identity token, who may be signed in here as well.
    async fn caller_from_trusted_issuer(
        &self,
        user: &BackstageUser,
        headers: &HeaderMap,
        environment: Option<&str>,
    ) -> Result<Caller, AuthError> {
        match self.users.session_in_use(headers, environment).await {
            Ok((session, stored)) => {
                let holder = self.users.of_session(&session, &stored).await?;
                let caller =
                    Caller::on_grant(self.environments.named(&session.environment)?, stored);
                match holder {
                    Some(holder) if holder.entity() == user.entity() => {
                        return Ok(caller.named(user));
                    }
                    // Somebody else has signed in in this browser.
                    Some(_) => {}
                    None => return Ok(caller),
                }
            }
            // No session, or no page of ours: it does not count.
            Err(error) if is_about_the_session(&error) || is_about_the_request(&error) => {}
            Err(error) => return Err(error),
        }
        let environment = self.environments.named_or_only(environment)?;
        let refusal = Err(SessionError::NotLinked.into());
        Ok(self.or_linked_token(refusal, environment, Some(user)).await?.named(user))
    }

    /// Identifies the user of a session. In another environment than the session's own, the user's
    /// linked token counts.
    async fn caller_from_session(
        &self,
        headers: &HeaderMap,
        environment: Option<&str>,
    ) -> Result<Caller, AuthError> {
        let (session, stored) = self.users.session_in_use(headers, None).await?;
        let own = self.environments.named(&session.environment)?;
        match environment {
            Some(name) if name != own.name => {
                let environment = self.environments.named(name)?;
                let user = self.users.of_session(&session, &stored).await?;
                let refusal = Err(SessionError::OtherEnvironment.into());
                self.or_linked_token(refusal, environment, user.as_ref()).await
            }
            _ => Ok(Caller::on_grant(own, stored)),
        }
    }

    /// Returns the caller or, if there is no usable grant, a caller with the user's linked token.
    async fn or_linked_token(
        &self,
        caller: Result<Caller, AuthError>,
        environment: &Environment,
        user: Option<&BackstageUser>,
    ) -> Result<Caller, AuthError> {
        match (caller, user) {
            (Err(error), Some(user)) if is_about_the_session(&error) => {
                let key = user.link_key(environment);
                let link = self.links.valid(&environment.upstream, &key).await?.ok_or(error)?;
                Ok(Caller::on_link(environment, key, link))
            }
            (caller, _) => caller,
        }
    }
}

fn is_about_the_session(error: &AuthError) -> bool {
    matches!(error.kind(), AuthErrorKind::Session(_))
}

fn is_about_the_request(error: &AuthError) -> bool {
    matches!(error.kind(), AuthErrorKind::Request(_))
}

fn coder_session_token(headers: &HeaderMap) -> Option<Secret> {
    let token = headers.get("coder-session-token")?.to_str().ok()?;
    (!token.is_empty()).then(|| Secret::new(token))
}
