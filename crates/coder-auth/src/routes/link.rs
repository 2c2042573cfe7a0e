//! Linked tokens: a person who is signed in to Backstage, and not to Coder, hands over a Coder
//! session token.
//!
//! It is kept like a grant that cannot be rotated: sealed, for that person at that deployment,
//! until the person takes it back or Coder does not accept it any more. It never signs anybody in,
//! and it never leaves this server again. A grant of a login counts before it.

use bytes::Bytes;
use coder_core::Secret;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request, Response, StatusCode};
use serde::{Deserialize, Serialize};

use crate::caller::user::Person;
use crate::error::{AuthError, AuthErrorKind};
use crate::grant::Grant;
use crate::grant::manager::Kept;
use crate::grant::profile::Profile;
use crate::grant::tokens::TokenPair;
use crate::routes::link_error::LinkError;
use crate::service::{CoderAuth, Environment, Inner, bearer};
use crate::sign_in::SignInError;
use crate::web::request::{Params, RequestError};
use crate::web::respond;

/// Coder's tokens have 33 characters. Nothing near this is one.
const MAX_TOKEN: usize = 1024;

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
        let answer = self.inner().show_link(request).await;
        answer.unwrap_or_else(|error| respond::error(&error, request))
    }

    /// Links a Coder session token: `POST /link?env=…` with `{"token": "…"}`, in the place of one
    /// that was linked before. Callers are known as in [`show_link`](Self::show_link).
    ///
    /// The token must be good and, as far as this portal can tell, the person's own: not that of
    /// another user than the person is signed in to Coder as, and not that of a user whom the
    /// sign-in resolvers know as somebody else.
    pub async fn link(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let answer = self.inner().link(request).await;
        answer.unwrap_or_else(|error| respond::error(&error, request))
    }

    /// Forgets the linked token: `DELETE /link?env=…`. At Coder it stays what it is, since it is
    /// the person's own. Callers are known as in [`show_link`](Self::show_link).
    pub async fn unlink(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let answer = self.inner().unlink(request).await;
        answer.unwrap_or_else(|error| respond::error(&error, request))
    }
}

impl Inner {
    async fn show_link(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, AuthError> {
        let (person, environment) = self.linking(request).await?;
        let kept = self.linked(environment, &person).await?;
        Ok(answer(environment, kept.as_ref().map(|kept| &kept.grant.profile)))
    }

    async fn link(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, AuthError> {
        let (person, environment) = self.linking(request).await?;
        let token = token(request)?;
        let (user, profile) = match environment.upstream.user(&token).await {
            Ok(user) => user,
            Err(error) if error.is_about_the_token() => {
                let token_url = token_url(environment);
                tracing::info!(%error, user = %person.user(), "a token to be linked was refused");
                return Err(LinkError::TokenRefused { token_url }.into());
            }
            Err(error) => return Err(error.into()),
        };
        let other_person = || LinkError::OtherPerson { username: profile.username.clone() };
        if person.is_ours()
            && let Some(known) = self.store.person(person.user().as_str()).await?
            && known.grant.deployment == *environment.upstream.deployment().origin()
            && known.grant.user != user
        {
            return Err(other_person().into());
        }
        if let Some(sign_in) = &environment.sign_in {
            match sign_in.resolve(&profile).await {
                Ok(identity) if identity.user != *person.user() => {
                    return Err(other_person().into());
                }
                Err(error @ SignInError::Catalog(_)) => return Err(error.into()),
                // The resolvers know nobody who has this account.
                Ok(_) | Err(_) => {}
            }
        }
        let now = self.world.clock.now();
        let tokens = TokenPair {
            access_token: token,
            refresh_token: None,
            // Coder does not say; it is asked every ten minutes whether the token still lives.
            expires_in: None,
            scope: None,
        };
        let grant = Grant::new(tokens, Vec::new(), profile, now, now);
        let kept = self.grants.put(&person.link_key(environment), &grant).await?;
        let user = &kept.grant.profile.username;
        tracing::info!(person = ?person, environment = environment.name, user, "a token was linked");
        Ok(answer(environment, Some(&kept.grant.profile)))
    }

    async fn unlink(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, AuthError> {
        let (person, environment) = self.linking(request).await?;
        self.grants.forget(&person.link_key(environment)).await?;
        tracing::info!(person = ?person, environment = environment.name, "the link was removed");
        Ok(respond::empty(StatusCode::NO_CONTENT))
    }

    /// The linked token of this person, fit to be used. One that Coder does not accept any more is
    /// forgotten.
    pub(crate) async fn linked(
        &self,
        environment: &Environment,
        person: &Person,
    ) -> Result<Option<Kept>, AuthError> {
        let key = person.link_key(environment);
        match self.grants.usable(&environment.upstream, &key).await {
            Ok(kept) => Ok(Some(kept)),
            Err(error) => match error.kind() {
                AuthErrorKind::Session(_) => {
                    self.grants.forget_lost(&key).await?;
                    Ok(None)
                }
                _ => Err(error),
            },
        }
    }

    /// Who asks for one of the routes of links, and for which environment. Never somebody who only
    /// shows a token of Coder.
    async fn linking(&self, request: &Request<Bytes>) -> Result<(Person, &Environment), AuthError> {
        let named = match Params::of(request).environment() {
            Ok(name) => Some(name),
            Err(RequestError::MissingEnvironment) => None,
            Err(error) => return Err(error.into()),
        };
        let headers = request.headers();
        let (person, own) = match bearer(headers) {
            Some(token) => self.person_of_bearer(&token).await?,
            None => self.person_of_browser(headers).await?,
        };
        let environment = match named.or(own) {
            Some(name) => self.environment(&name)?,
            None => self.only_environment()?,
        };
        Ok((person, environment))
    }

    async fn person_of_bearer(
        &self,
        token: &Secret,
    ) -> Result<(Person, Option<String>), AuthError> {
        let person = self.person_of_token(token).await?;
        let known = match person.is_ours() {
            true => self.store.person(person.user().as_str()).await?,
            false => None,
        };
        Ok((person, known.map(|known| known.environment)))
    }

    async fn person_of_browser(
        &self,
        headers: &HeaderMap,
    ) -> Result<(Person, Option<String>), AuthError> {
        let (session, kept) = self.session_in_use(headers, None).await?;
        let person = self.person_of_session(&session, &kept).await?;
        Ok((person.ok_or(LinkError::NoIdentity)?, Some(session.environment)))
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
    let is_token = !token.is_empty()
        && token.expose().len() <= MAX_TOKEN
        && token.expose().bytes().all(|byte| byte.is_ascii_graphic());
    if is_token { Ok(token) } else { Err(LinkError::NoToken) }
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
