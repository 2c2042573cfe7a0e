//! Linked tokens: a person who is signed in to Backstage, and not to Coder, hands over a Coder
//! session token.
//!
//! The token is kept like a grant that cannot be rotated: sealed, for that person at that deployment,
//! until the person takes it back or Coder does not accept it any more. A linked token never
//! signs anybody in, and never leaves this server again. A grant of a login counts before it.

use std::sync::Arc;

use bytes::Bytes;
use coder_client::UserId;
use coder_core::{Body, Secret, World};
use http::{Request, Response, StatusCode};
use serde::{Deserialize, Serialize};

use crate::caller::links::{Link, Links};
use crate::caller::passed_tokens::{PassedTokens, is_token};
use crate::caller::user::{BackstageUser, BackstageUsers, IdentifiedBy, SentBy};
use crate::environment::{Environment, Environments};
use crate::error::{AuthError, AuthErrorKind};
use crate::grant::profile::Profile;
use crate::http::headers::bearer;
use crate::http::params::single_param;
use crate::http::read_json;
use crate::http::response;
use crate::observer::{AuthEvent, AuthEventKind, Events};
use crate::parts::Parts;
use crate::routes::error::LinkError;
use crate::sign_in::SignInError;

/// The response of the link routes. It never holds the token.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LinkResponse<'a> {
    environment: &'a str,
    deployment_url: &'a str,
    /// URL of Coder's page that shows a token to link.
    token_url: String,
    /// Name of the token's user at Coder; `null` when no token is linked.
    username: Option<&'a str>,
}

#[derive(Deserialize)]
struct LinkRequest {
    token: Secret,
}

/// The routes at which a person links a token, asks for it, and takes it back.
pub(crate) struct LinkRoutes {
    world: World,
    environments: Arc<Environments>,
    users: BackstageUsers,
    links: Links,
    passed_tokens: Arc<PassedTokens>,
    events: Events,
}

impl LinkRoutes {
    pub(crate) fn new(parts: &Parts) -> Self {
        Self {
            world: parts.world.clone(),
            environments: Arc::clone(&parts.environments),
            users: BackstageUsers::new(parts),
            links: parts.links.clone(),
            passed_tokens: Arc::clone(&parts.passed_tokens),
            events: parts.events.clone(),
        }
    }

    pub(crate) async fn show(&self, request: &Request<Bytes>) -> Result<Response<Body>, AuthError> {
        let (user, environment) = self.authorize(request).await?;
        let link = self.links.valid(&environment.upstream, &user.link_key(environment)).await?;
        Ok(respond(environment, link.as_ref().map(|link| &link.profile)))
    }

    pub(crate) async fn link(&self, request: &Request<Bytes>) -> Result<Response<Body>, AuthError> {
        let (user, environment) = self.authorize(request).await?;
        let token = token(request)?;
        let question = self.passed_tokens.ask(self.world.clock.now())?;
        let (account, profile) = match environment.upstream.user(&token).await {
            Ok(account) => account,
            Err(error) if error.is_about_the_token() => {
                let token_url = token_url(environment);
                let event = link_event(AuthEventKind::LinkRefused, &user, environment);
                self.events.tell(&event.reason(&error));
                return Err(LinkError::TokenRefused { token_url }.into());
            }
            Err(error) => return Err(error.into()),
        };
        question.accepted();
        if let Err(error) = self.check_owner(&user, environment, account, &profile).await {
            let event = link_event(AuthEventKind::LinkRefused, &user, environment);
            self.events.tell(&event.user(&profile.username, account).reason(&error));
            return Err(error);
        }
        let confirmed_at = self.world.clock.now();
        let link = Link { token, user: account, profile, confirmed_at };
        self.links.put(&user.link_key(environment), &link).await?;
        let event = link_event(AuthEventKind::Linked, &user, environment);
        self.events.tell(&event.user(&link.profile.username, account));
        Ok(respond(environment, Some(&link.profile)))
    }

    /// Refuses a token that belongs to somebody else, as far as this portal can tell.
    ///
    /// Where the environment has sign-in resolvers, they alone tell the person of an account.
    async fn check_owner(
        &self,
        user: &BackstageUser,
        environment: &Environment,
        account: UserId,
        profile: &Profile,
    ) -> Result<(), AuthError> {
        let other_person = || LinkError::OtherPerson { username: profile.username.clone() };
        if let IdentifiedBy::SignIn(sign_in) = user.by()
            && sign_in.key.app.deployment == *environment.upstream.deployment()
            && sign_in.key.user != account
        {
            return Err(other_person().into());
        }
        let Some(sign_in) = &environment.sign_in else { return Ok(()) };
        match sign_in.resolve(profile).await {
            Ok(identity) if identity.user != *user.entity() => Err(other_person().into()),
            Err(nobody) if matches!(nobody.error, SignInError::Catalog(_)) => Err(nobody.into()),
            Ok(_) => Ok(()),
            // Nobody has this account, as far as the resolvers know: not the caller either.
            Err(_) => Err(LinkError::UnknownPerson { username: profile.username.clone() }.into()),
        }
    }

    pub(crate) async fn unlink(
        &self,
        request: &Request<Bytes>,
    ) -> Result<Response<Body>, AuthError> {
        let (user, environment) = self.authorize(request).await?;
        self.delete(&user, environment).await?;
        Ok(response::empty(StatusCode::NO_CONTENT))
    }

    /// Deletes the token that a user has linked, if there is one.
    async fn delete(
        &self,
        user: &BackstageUser,
        environment: &Environment,
    ) -> Result<(), AuthError> {
        if self.links.delete(&user.link_key(environment)).await? {
            self.events.tell(&link_event(AuthEventKind::Unlinked, user, environment));
        }
        Ok(())
    }

    /// Forgets the token that the caller has linked, if the caller has an identity. Returns the user
    /// that the request names.
    pub(crate) async fn forget(
        &self,
        request: &Request<Bytes>,
    ) -> Result<Option<BackstageUser>, AuthError> {
        let (user, environment) = match self.authorize(request).await {
            // Without an identity nobody has linked a token.
            Err(error) if matches!(error.kind(), AuthErrorKind::Link(LinkError::NoIdentity)) => {
                return Ok(None);
            }
            authorized => authorized?,
        };
        self.delete(&user, environment).await?;
        Ok(Some(user))
    }

    /// Authenticates a request to the link routes, and finds its environment. A Coder session token
    /// alone is not accepted.
    async fn authorize(
        &self,
        request: &Request<Bytes>,
    ) -> Result<(BackstageUser, &Environment), AuthError> {
        let named = single_param(request, "env")?;
        let headers = request.headers();
        let user = match bearer(headers) {
            Some(token) => self.users.of_token(&token).await?,
            None => {
                let (session, stored) =
                    self.users.session_in_use(headers, None, SentBy::Script).await?;
                let user = self.users.of_session(&session, &stored).await?;
                user.ok_or(LinkError::NoIdentity)?
            }
        };
        let own = match user.by() {
            IdentifiedBy::SignIn(sign_in) => Some(sign_in.environment.clone()),
            IdentifiedBy::Issuer(_) => None,
        };
        Ok((user, self.environments.named_or_only(named.or(own).as_deref())?))
    }
}

/// Makes an event of this user's link in an environment.
fn link_event(kind: AuthEventKind, user: &BackstageUser, environment: &Environment) -> AuthEvent {
    AuthEvent::new(kind).environment(&environment.name).entity(Some(user.entity().clone()))
}

/// Reads the token from the body of a request to link one.
fn token(request: &Request<Bytes>) -> Result<Secret, LinkError> {
    let LinkRequest { token } = read_json(request).map_err(|_| LinkError::NoToken)?;
    let token = Secret::new(token.expose().trim());
    if is_token(token.expose()) { Ok(token) } else { Err(LinkError::NoToken) }
}

fn respond(environment: &Environment, profile: Option<&Profile>) -> Response<Body> {
    let link = LinkResponse {
        environment: &environment.name,
        deployment_url: environment.upstream.deployment().as_str(),
        token_url: token_url(environment),
        username: profile.map(|profile| profile.username.as_str()),
    };
    response::json(StatusCode::OK, &link)
}

fn token_url(environment: &Environment) -> String {
    environment.upstream.deployment().endpoint(["cli-auth"]).into()
}
