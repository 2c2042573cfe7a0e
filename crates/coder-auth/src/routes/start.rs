//! `GET /start`: sending the browser to Coder.

use std::sync::Arc;

use bytes::Bytes;
use coder_client::{Capabilities, Capability};
use coder_core::Origin;
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue, Request, Response};
use url::Url;

use crate::error::AuthError;
use crate::login::attempt::{self, AttemptId, Flow, LoginAttempt};
use crate::routes::callback::respond_to;
use crate::service::{CoderAuth, Environment, Inner};
use crate::session::SessionHandle;
use crate::upstream::{UpstreamError, draw_verifier};
use crate::web::request::{Params, RequestError, unique_scopes};
use crate::web::respond;

impl CoderAuth {
    /// Starts a login: `GET /start?env=…[&origin=…][&scope=…][&flow=popup|redirect][&redirectUrl=…]`.
    ///
    /// Answers 302 to Coder's consent page (RFC 6749 §4.1.1 with PKCE, RFC 7636), and gives the
    /// browser the sealed attempt. Where the login is known to fail, nobody is sent to Coder: the
    /// popup, or the page of the redirect flow, is told why.
    pub async fn start(&self, request: &Request<Bytes>) -> Response<Bytes> {
        match self.inner().start(request).await {
            Ok(response) => response,
            Err(error) => respond::error(&error, request),
        }
    }
}

impl Inner {
    async fn start(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, AuthError> {
        let params = Params::of(request);
        let environment = self.environment(&params.environment()?)?;
        let origin = match params.get("origin") {
            Some(origin) => self.origins.check(origin)?,
            None => self.origins.app().clone(),
        };
        let flow = match params.get("flow") {
            Some("redirect") => Flow::Redirect(self.redirect_url(params.get("redirectUrl"))?),
            _ => Flow::Popup,
        };
        let sent = async {
            let requested = params.scopes()?;
            let headers = request.headers();
            self.send_to_coder(environment, requested, &origin, flow.clone(), headers).await
        };
        Ok(self.in_time(sent).await.unwrap_or_else(|error| {
            respond::log(&error, request);
            respond_to(flow, &origin, Err(error))
        }))
    }

    async fn send_to_coder(
        &self,
        environment: &Environment,
        requested: Vec<String>,
        origin: &Origin,
        flow: Flow,
        headers: &HeaderMap,
    ) -> Result<Response<Bytes>, AuthError> {
        let upstream = &environment.upstream;
        let release = upstream.capabilities().await;
        let known = release.as_ref().map_or(Capabilities::new(None), |known| *known);
        let scope = self.scope(environment, requested, headers).await?;
        let asked = scope_to_ask(&scope, release)?;
        upstream.check_application(&known).await?;
        let attempt = LoginAttempt {
            environment: environment.name.clone(),
            verifier: draw_verifier(&*self.world.random)?,
            origin: origin.as_str().to_owned(),
            flow,
            scope,
            started_at: self.world.clock.now(),
        };
        let (id, state, sealed) = attempt.seal(&self.keys, &*self.world.random)?;
        let url = upstream.authorize_url(state, &attempt.verifier, &asked);
        let mut response = respond::redirect(&url);
        for cookie in self.outdated_attempts(headers) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        let cookie = self.cookies.set_attempt(id.as_str(), &sealed, attempt::LIFETIME);
        response.headers_mut().append(SET_COOKIE, cookie);
        Ok(response)
    }

    /// A page of the portal, or of another allowed origin. Anything else would be an open redirect.
    fn redirect_url(&self, text: Option<&str>) -> Result<Url, RequestError> {
        let url = text.and_then(|text| Url::parse(text).ok());
        url.filter(|url| Origin::from_url(url).is_ok_and(|origin| self.origins.allows(&origin)))
            .filter(|url| url.username().is_empty() && url.password().is_none())
            .ok_or(RequestError::InvalidRedirectUrl)
    }

    /// Collects what this login is for: what is configured, what it wants, and what the browser's
    /// grant has already, since the new token replaces the old one for all.
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
        let Some(handle) = self.cookies.session(headers).map(SessionHandle::from_cookie) else {
            return Ok(Vec::new());
        };
        let session = self.store.session(&handle.id()).await?;
        let Some(session) = session.filter(|session| session.environment == environment.name)
        else {
            return Ok(Vec::new());
        };
        let stored = self.grants.read(&session.grant).await?;
        Ok(stored.map(|stored| stored.grant.scope).unwrap_or_default())
    }

    /// Removes attempts that can not be finished any more, and the oldest of too many.
    fn outdated_attempts(&self, headers: &HeaderMap) -> Vec<HeaderValue> {
        let now = self.world.clock.now();
        let mut live = Vec::new();
        let mut outdated = Vec::new();
        for (id, sealed) in self.cookies.attempts(headers) {
            match LoginAttempt::open(&self.keys, &AttemptId::from_stored(&*id), &sealed) {
                Ok(attempt) if !attempt.has_expired(now) => live.push((attempt.started_at, id)),
                _ => outdated.push(id),
            }
        }
        live.sort();
        let room = attempt::MOST_AT_ONCE - 1;
        let surplus = live.len().saturating_sub(room);
        outdated.extend(live.into_iter().take(surplus).map(|(_, id)| id));
        outdated.iter().map(|id| self.cookies.clear_attempt(id)).collect()
    }
}

/// Chooses what goes into the URL at Coder: nothing where Coder enforces no scopes (before 2.38).
/// Its tokens may do everything there, so all that was wanted counts as granted.
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
