//! `GET /start`: sending the browser to Coder.

use std::sync::Arc;

use bytes::Bytes;
use coder_client::{Capabilities, Capability};
use coder_core::{Body, Origin, Secret, World};
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue, Request, Response};
use url::Url;

use crate::environment::{Environment, Environments};
use crate::error::AuthError;
use crate::grant::manager::Grants;
use crate::http::cookies::CookieRules;
use crate::http::error::RequestError;
use crate::http::origins::AllowedOrigins;
use crate::http::params::{Params, unique_scopes};
use crate::http::response;
use crate::login::attempt::{self, Flow, LoginAttempt};
use crate::parts::Parts;
use crate::random_token::{DrawnRandom, random_token};
use crate::routes::in_time;
use crate::routes::recipient::Recipient;
use crate::seal::SealingKeys;
use crate::store::AuthStore;
use crate::upstream::UpstreamError;

/// The number of random bytes in a PKCE code verifier, which make 43 characters (RFC 7636 §4.1).
const VERIFIER_BYTES: usize = 32;
/// The number of random bytes that a login needs at its start: the verifier, and a sealed attempt.
const RANDOM_BYTES: usize = VERIFIER_BYTES + attempt::RANDOM_BYTES;

/// The route that sends a browser to Coder.
pub(crate) struct StartRoute {
    world: World,
    store: Arc<dyn AuthStore>,
    keys: SealingKeys,
    environments: Arc<Environments>,
    origins: Arc<AllowedOrigins>,
    cookies: CookieRules,
    grants: Grants,
}

impl StartRoute {
    pub(crate) fn new(parts: &Parts) -> Self {
        Self {
            world: parts.world.clone(),
            store: Arc::clone(&parts.store),
            keys: parts.keys.clone(),
            environments: Arc::clone(&parts.environments),
            origins: Arc::clone(&parts.origins),
            cookies: parts.cookies.clone(),
            grants: parts.grants.clone(),
        }
    }

    pub(crate) async fn handle(
        &self,
        request: &Request<Bytes>,
    ) -> Result<Response<Body>, AuthError> {
        let params = Params::from_query(request)?;
        let environment = self.environments.named(params.environment()?)?;
        let origin = match params.single("origin")? {
            Some(origin) => self.origins.check(origin)?,
            None => self.origins.app().clone(),
        };
        let flow = match params.single("flow")? {
            Some("redirect") => Flow::Redirect(self.redirect_url(params.single("redirectUrl")?)?),
            Some(_) | None => Flow::Popup,
        };
        let recipient = Recipient { flow, origin };
        let sent = Box::pin(async {
            let requested = params.scopes()?;
            self.send_to_coder(environment, requested, &recipient, request.headers()).await
        });
        match in_time(&*self.world.runtime, sent).await {
            Ok(response) => Ok(response),
            Err(error) => Ok(recipient.respond(Err(error), request)),
        }
    }

    async fn send_to_coder(
        &self,
        environment: &Environment,
        requested: Vec<String>,
        recipient: &Recipient,
        headers: &HeaderMap,
    ) -> Result<Response<Body>, AuthError> {
        let upstream = &environment.upstream;
        let release = upstream.capabilities().await;
        let known = release.as_ref().map_or(Capabilities::new(None), |known| *known);
        let scope = self.scope(environment, requested, headers).await?;
        let asked = scope_to_ask(&scope, release)?;
        upstream.check_application(&known).await?;
        let random = DrawnRandom::<RANDOM_BYTES>::new(&*self.world.random)?;
        let attempt = LoginAttempt {
            environment: environment.name.clone(),
            verifier: Secret::new(random_token::<VERIFIER_BYTES>(&random)?),
            origin: recipient.origin.clone(),
            flow: recipient.flow.clone(),
            scope,
            started_at: self.world.clock.now(),
        };
        let sealed = attempt.seal(&self.keys, &random)?;
        let url = upstream.authorize_url(&sealed.state, &attempt.verifier, &asked);
        let mut response = response::redirect(url);
        for cookie in self.outdated_attempts(headers) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        let cookie = self.cookies.set_attempt(&sealed.cookie, attempt::LIFETIME);
        response.headers_mut().append(SET_COOKIE, cookie);
        Ok(response)
    }

    /// Checks the URL of a page of the portal or of another allowed origin. Any other URL would
    /// make an open redirect.
    fn redirect_url(&self, text: Option<&str>) -> Result<Url, RequestError> {
        let url = text.and_then(|text| Url::parse(text).ok());
        url.filter(|url| Origin::from_url(url).is_ok_and(|origin| self.origins.allows(&origin)))
            .filter(|url| url.username().is_empty() && url.password().is_none())
            .ok_or(RequestError::InvalidRedirectUrl)
    }

    /// Collects the scopes of this login: those configured, those requested, and those that the
    /// browser's grant has. The new token replaces the old one for every use.
    async fn scope(
        &self,
        environment: &Environment,
        requested: Vec<String>,
        headers: &HeaderMap,
    ) -> Result<Vec<String>, AuthError> {
        let mut wanted = environment.scopes.clone();
        wanted.extend(requested);
        if wanted.is_empty() {
            return Ok(wanted);
        }
        wanted.extend(self.granted_scope(environment, headers).await?);
        Ok(unique_scopes(wanted)?)
    }

    async fn granted_scope(
        &self,
        environment: &Environment,
        headers: &HeaderMap,
    ) -> Result<Vec<String>, AuthError> {
        let Some(handle) = self.cookies.session(headers) else { return Ok(Vec::new()) };
        let session = self.store.session(&handle.id()).await?;
        let Some(session) = session.filter(|session| session.environment == environment.name)
        else {
            return Ok(Vec::new());
        };
        let stored = self.grants.read(&session.grant).await?;
        Ok(stored.map(|stored| stored.grant.scope).unwrap_or_default())
    }

    /// Makes cookies that remove expired attempts, and the oldest of too many.
    fn outdated_attempts(&self, headers: &HeaderMap) -> Vec<HeaderValue> {
        let now = self.world.clock.now();
        let mut live = Vec::new();
        let mut outdated = Vec::new();
        for held in self.cookies.attempts(headers) {
            match held.open(&self.keys) {
                Ok(attempt) if !attempt.has_expired(now) => {
                    live.push((attempt.started_at, held.id));
                }
                Ok(_) | Err(_) => outdated.push(held.id),
            }
        }
        live.sort();
        let room = attempt::MAX_AT_ONCE - 1;
        let surplus = live.len().saturating_sub(room);
        outdated.extend(live.into_iter().take(surplus).map(|(_, id)| id));
        outdated.iter().map(|id| self.cookies.clear_attempt(id)).collect()
    }
}

/// Chooses the scopes for the URL at Coder: none if Coder does not enforce scopes (before 2.38).
///
/// The tokens of such a Coder may do everything, so every requested scope counts as granted.
fn scope_to_ask(
    scope: &[String],
    release: Result<Capabilities, Arc<coder_client::ClientError>>,
) -> Result<Vec<String>, UpstreamError> {
    if scope.is_empty() {
        // Without scopes the request is right for every version.
        return Ok(Vec::new());
    }
    let release = release.map_err(|error| UpstreamError::VersionUnknown(Some(error)))?;
    match release.has(Capability::Scopes) {
        Some(true) => Ok(scope.to_vec()),
        Some(false) => Ok(Vec::new()),
        None => Err(UpstreamError::VersionUnknown(None)),
    }
}
