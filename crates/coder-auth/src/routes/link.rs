//! Linked tokens: a person who is signed in to Backstage, and not to Coder, hands over a Coder
//! session token.
//!
//! It is kept like a grant that cannot be rotated: sealed, for that person at that deployment,
//! until the person takes it back or Coder does not accept it any more. It never signs anybody in,
//! and it never leaves this server again. A grant of a login counts before it.

use bytes::Bytes;
use coder_client::UserId;
use coder_core::Secret;
use http::header::CONTENT_TYPE;
use http::{Request, Response, StatusCode};
use serde::{Deserialize, Serialize};

use crate::caller::links::Link;
use crate::caller::passed_tokens::is_token;
use crate::caller::user::{BackstageUser, IdentifiedBy};
use crate::error::AuthError;
use crate::grant::profile::Profile;
use crate::routes::link_error::LinkError;
use crate::service::{CoderAuth, Environment, Inner, bearer};
use crate::sign_in::SignInError;
use crate::web::request::{Params, RequestError};
use crate::web::respond;

/// What the routes answer: whose token is linked, never the token.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LinkAnswer<'a> {
    environment: &'a str,
    deployment_url: &'a str,
    /// Coder's page that shows a person a token to link.
    token_url: String,
    /// The user at Coder; null when no token is linked.
    username: Option<&'a str>,
}

#[derive(Deserialize)]
struct LinkRequest {
    token: Secret,
}

impl CoderAuth {
    /// Says whose Coder token the person has linked: `GET /link?env=…`.
    ///
    /// The person is known by an identity token in `Authorization`, ours or that of a trusted
    /// issuer, or by the session cookie with `X-Requested-With: XMLHttpRequest` from a page of an
    /// allowed origin. The environment may be left out when it is that of the sign-in, or the only
    /// one.
    pub async fn show_link(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let inner = self.inner();
        let answer = inner.in_time(inner.show_link(request)).await;
        answer.unwrap_or_else(|error| respond::error(&error, request))
    }

    /// Links a Coder session token: `POST /link?env=…` with `{"token": "…"}`, in the place of one
    /// that was linked before. Callers are known as in [`show_link`](Self::show_link).
    ///
    /// The token must be good and, as far as this portal can tell, the person's own: not that of
    /// another user than the person is signed in to Coder as, and, where an environment has sign-in
    /// resolvers, that of a user whom they resolve to this very person.
    pub async fn link(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let inner = self.inner();
        let answer = inner.in_time(inner.link(request)).await;
        answer.unwrap_or_else(|error| respond::error(&error, request))
    }

    /// Forgets the linked token: `DELETE /link?env=…`. At Coder it stays what it is, since it is
    /// the person's own. Callers are known as in [`show_link`](Self::show_link).
    pub async fn unlink(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let inner = self.inner();
        let answer = inner.in_time(inner.unlink(request)).await;
        answer.unwrap_or_else(|error| respond::error(&error, request))
    }
}

impl Inner {
    async fn show_link(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, AuthError> {
        let (user, environment) = self.authorize_link_request(request).await?;
        let link = self.links.valid(&environment.upstream, &user.link_key(environment)).await?;
        Ok(answer(environment, link.as_ref().map(|link| &link.profile)))
    }

    async fn link(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, AuthError> {
        let (user, environment) = self.authorize_link_request(request).await?;
        let token = token(request)?;
        let (account, profile) = match environment.upstream.user(&token).await {
            Ok(account) => account,
            Err(error) if error.is_about_the_token() => {
                let token_url = token_url(environment);
                tracing::info!(error = error.to_string(), user = %user.entity(), "a token to be linked was refused");
                return Err(LinkError::TokenRefused { token_url }.into());
            }
            Err(error) => return Err(error.into()),
        };
        self.check_owner(&user, environment, account, &profile).await?;
        let confirmed_at = self.world.clock.now();
        let link = Link { token, user: account, profile, confirmed_at };
        self.links.put(&user.link_key(environment), &link).await?;
        let username = &link.profile.username;
        tracing::info!(?user, environment = environment.name, username, "a token was linked");
        Ok(answer(environment, Some(&link.profile)))
    }

    /// Refuses a token that is not the person's own, as far as this portal can tell. Where people
    /// sign in, the resolvers alone say whose an account is.
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
            Err(error @ SignInError::Catalog(_)) => Err(error.into()),
            Ok(_) => Ok(()),
            // Nobody has this account, as far as the resolvers know: not the caller either.
            Err(_) => Err(LinkError::UnknownPerson { username: profile.username.clone() }.into()),
        }
    }

    async fn unlink(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, AuthError> {
        let (user, environment) = self.authorize_link_request(request).await?;
        self.links.delete(&user.link_key(environment)).await?;
        tracing::info!(?user, environment = environment.name, "the link was removed");
        Ok(respond::empty(StatusCode::NO_CONTENT))
    }

    /// Authenticates a request to the link routes, and finds its environment. A Coder session token
    /// alone is not accepted.
    async fn authorize_link_request(
        &self,
        request: &Request<Bytes>,
    ) -> Result<(BackstageUser, &Environment), AuthError> {
        let named = match Params::of(request).environment() {
            Ok(name) => Some(name),
            Err(RequestError::MissingEnvironment) => None,
            Err(error) => return Err(error.into()),
        };
        let headers = request.headers();
        let user = match bearer(headers) {
            Some(token) => self.user_of_token(&token).await?,
            None => {
                let (session, stored) = self.session_in_use(headers, None).await?;
                let user = self.user_of_session(&session, &stored).await?;
                user.ok_or(LinkError::NoIdentity)?
            }
        };
        let own = match user.by() {
            IdentifiedBy::SignIn(sign_in) => Some(sign_in.environment.clone()),
            IdentifiedBy::Issuer(_) => None,
        };
        let environment = match named.or(own) {
            Some(name) => self.environment(&name)?,
            None => self.only_environment()?,
        };
        Ok((user, environment))
    }
}

/// The token of a request to link one.
fn token(request: &Request<Bytes>) -> Result<Secret, LinkError> {
    let is_json = request.headers().get(CONTENT_TYPE).is_some_and(|value| {
        let essence = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
        essence.trim_ascii().eq_ignore_ascii_case(b"application/json")
    });
    // A form of another site cannot send JSON.
    let read = is_json.then(|| serde_json::from_slice::<LinkRequest>(request.body()).ok());
    let token = read.flatten().ok_or(LinkError::NoToken)?.token;
    let token = Secret::new(token.expose().trim());
    if is_token(token.expose()) { Ok(token) } else { Err(LinkError::NoToken) }
}

fn answer(environment: &Environment, profile: Option<&Profile>) -> Response<Bytes> {
    let answer = LinkAnswer {
        environment: &environment.name,
        deployment_url: environment.upstream.deployment().as_str(),
        token_url: token_url(environment),
        username: profile.map(|profile| profile.username.as_str()),
    };
    respond::json(StatusCode::OK, &answer)
}

fn token_url(environment: &Environment) -> String {
    environment.upstream.deployment().endpoint(["cli-auth"]).into()
}
