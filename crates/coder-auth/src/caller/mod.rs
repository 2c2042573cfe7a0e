//! The callers of routes outside the login flow.

pub(crate) mod credential_kind;
pub(crate) mod links;
pub(crate) mod page;
pub(crate) mod passed_tokens;
mod proxied;
pub(crate) mod renewing_client;
pub(crate) mod rights;
pub(crate) mod user;

use std::fmt;
use std::sync::Arc;

use backstage_catalog::EntityRef;
use coder_client::{Client, UserId};
use coder_core::{Secret, World};
use http::HeaderMap;

use crate::caller::links::{Link, Links};
use crate::caller::passed_tokens::PassedTokens;
use crate::caller::user::{BackstageUser, BackstageUsers, IdentifiedBy, SentBy};
use crate::environment::{Environment, Environments};
use crate::error::{AuthError, AuthErrorKind};
use crate::grant::StoredGrant;
use crate::grant::former_tokens::FormerTokens;
use crate::grant::key::GrantKey;
use crate::grant::manager::Grants;
use crate::grant::profile::Profile;
use crate::http::headers::{CODER_SESSION_TOKEN, bearer};
use crate::parts::Parts;
use crate::routes::in_time;
use crate::session::error::SessionError;
use crate::session::placeholder::Placeholder;
use crate::sign_in::BackstageIdentity;
use crate::store::LinkKey;

/// A caller of a route, with a client for Coder's API.
///
/// A `Caller` exists only after the issuer of its credential has confirmed that credential.
#[derive(Clone)]
pub struct Caller {
    environment: Arc<Environment>,
    client: Client,
    user_id: UserId,
    profile: Arc<Profile>,
    /// The user that an identity token named.
    named: Option<EntityRef>,
    token: Secret,
    source: TokenSource,
}

/// The origin of a caller's token.
#[derive(Clone)]
enum TokenSource {
    /// The request brought the token along.
    Request,
    /// The grant of a login holds the token.
    Grant {
        key: GrantKey,
        /// The tokens that the grant had before.
        former: FormerTokens,
    },
    /// The user has linked the token.
    Link(LinkKey),
}

impl Caller {
    fn new(
        environment: &Arc<Environment>,
        (user_id, profile): (UserId, Arc<Profile>),
        token: Secret,
        source: TokenSource,
    ) -> Self {
        Self {
            environment: Arc::clone(environment),
            client: environment.upstream.client_for(token.clone()),
            user_id,
            profile,
            named: None,
            token,
            source,
        }
    }

    fn on_grant(environment: &Arc<Environment>, stored: StoredGrant) -> Self {
        let token = stored.access_token().clone();
        let account = (stored.key.user, Arc::new(stored.grant.profile));
        let source = TokenSource::Grant { key: stored.key, former: stored.grant.former };
        Self::new(environment, account, token, source)
    }

    fn on_link(environment: &Arc<Environment>, key: LinkKey, link: Link) -> Self {
        let account = (link.user, Arc::new(link.profile));
        Self::new(environment, account, link.token, TokenSource::Link(key))
    }

    fn named(self, user: &BackstageUser) -> Self {
        Self { named: Some(user.entity().clone()), ..self }
    }

    /// Returns a client for Coder's API with the rights of this caller.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Returns the access token of the client; `None` for one that the request has brought.
    pub(crate) fn token(&self) -> Option<&Secret> {
        match self.source {
            TokenSource::Request => None,
            TokenSource::Grant { .. } | TokenSource::Link(_) => Some(&self.token),
        }
    }

    /// Returns the token that [`client`](Self::client) sends, wherever it comes from.
    ///
    /// The token is for a request that a program passes on to the caller's deployment itself, in the
    /// header `Coder-Session-Token`, and for nothing else.
    pub fn access_token(&self) -> &Secret {
        &self.token
    }

    /// Returns the environment that the caller uses.
    pub fn environment(&self) -> &str {
        &self.environment.name
    }

    /// Returns the id of the caller's user at Coder.
    pub fn user_id(&self) -> UserId {
        self.user_id
    }

    /// Returns the profile of the caller's user at Coder, as Coder last gave it: within the last
    /// minute, or within the last 10 minutes if Coder does not answer.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Returns the caller's user entity ref, if the caller was identified by an identity token.
    ///
    /// [`identity`](Self::identity) tells it for every caller.
    pub fn user_entity_ref(&self) -> Option<&str> {
        self.named.as_ref().map(EntityRef::as_str)
    }

    /// Looks up the caller's Backstage identity; `None` if a login in this environment does not sign
    /// in to Backstage and no identity token named the caller.
    ///
    /// The user of an identity token counts, with the ownership that the catalog of the environment
    /// gives. Any other caller is identified by the sign-in resolvers of the environment
    /// ([`EnvironmentOptions::sign_in`](crate::EnvironmentOptions::sign_in)), as at a login.
    ///
    /// # Errors
    ///
    /// Fails if the resolvers find nobody (403), and if the catalog does not answer (503).
    pub async fn identity(&self) -> Result<Option<BackstageIdentity>, AuthError> {
        let found = Box::pin(async {
            match (&self.named, &self.environment.sign_in) {
                (None, _) => Ok(self.environment.identify(&self.profile).await?),
                (Some(user), Some(sign_in)) => Ok(Some(sign_in.identity_of(user).await?)),
                (Some(user), None) => {
                    Ok(Some(BackstageIdentity::outside_the_catalog(user.clone())))
                }
            }
        });
        in_time(&*self.client.world().runtime, found).await
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Caller")
            .field("environment", &self.environment.name)
            .field("user_id", &self.user_id)
            .field("user_entity_ref", &self.named)
            .finish_non_exhaustive()
    }
}

/// Identification of the callers of requests, and renewal of their tokens.
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
        let environment = self.environments.named(&caller.environment.name)?;
        let upstream = &environment.upstream;
        let renewed = match &caller.source {
            TokenSource::Request => return Err(SessionError::NeedsLogin.into()),
            TokenSource::Grant { key, .. } => {
                let stored = self.grants.refresh_rejected(upstream, key, &caller.token).await?;
                Caller::on_grant(environment, stored)
            }
            TokenSource::Link(key) => {
                let link = self.links.refresh_rejected(upstream, key, &caller.token).await?;
                let link = link.ok_or(SessionError::NotLinked)?;
                Caller::on_link(environment, key.clone(), link)
            }
        };
        Ok(Caller { named: caller.named.clone(), ..renewed })
    }

    /// Identifies the caller of a request with these headers.
    pub(crate) async fn find(
        &self,
        headers: &HeaderMap,
        environment: Option<&str>,
        sent_by: SentBy,
    ) -> Result<Caller, AuthError> {
        match coder_session_token(headers) {
            Some(token) if Placeholder::is_claimed_by(&token) => {
                let identified = self.find_by_identity(headers, environment, sent_by).await;
                self.behind_placeholder(&token, headers, identified).await
            }
            Some(token) => self.caller_from_coder_token(token, environment).await,
            None => self.find_by_identity(headers, environment, sent_by).await,
        }
    }

    /// Identifies the caller by an identity token, else by the session cookie.
    async fn find_by_identity(
        &self,
        headers: &HeaderMap,
        environment: Option<&str>,
        sent_by: SentBy,
    ) -> Result<Caller, AuthError> {
        let Some(token) = bearer(headers) else {
            return self.caller_from_session(headers, environment, sent_by).await;
        };
        let user = self.users.of_token(&token).await?;
        match user.by() {
            IdentifiedBy::SignIn(_) => self.caller_from_own_token(&user, environment).await,
            IdentifiedBy::Issuer(_) => {
                self.caller_from_trusted_issuer(&user, headers, environment, sent_by).await
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
        let account = self.passed_tokens.confirm(&environment.upstream, &token, now).await?;
        Ok(Caller::new(environment, account, token, TokenSource::Request))
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
        sent_by: SentBy,
    ) -> Result<Caller, AuthError> {
        match self.users.session_in_use(headers, environment, sent_by).await {
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
        sent_by: SentBy,
    ) -> Result<Caller, AuthError> {
        let (session, stored) = self.users.session_in_use(headers, None, sent_by).await?;
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
        environment: &Arc<Environment>,
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
    let token = headers.get(CODER_SESSION_TOKEN)?.to_str().ok()?;
    (!token.is_empty()).then(|| Secret::new(token))
}
