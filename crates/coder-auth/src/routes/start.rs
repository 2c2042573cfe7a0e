//! `GET /start`: sending the browser to Coder.

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
use crate::web::request::Params;
use crate::web::request::RequestError;
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
        let sent =
            self.send_to_coder(environment, &params, &origin, flow.clone(), request.headers());
        Ok(sent.await.unwrap_or_else(|error| {
            respond::log(&error, request);
            respond_to(flow, &origin, Err(error))
        }))
    }

    async fn send_to_coder(
        &self,
        environment: &Environment,
        params: &Params<'_>,
        origin: &Origin,
        flow: Flow,
        headers: &HeaderMap,
    ) -> Result<Response<Bytes>, AuthError> {
        let upstream = &environment.upstream;
        let release = upstream.capabilities().await;
        let known = release.as_ref().map_or(Capabilities::of(None), |known| *known);
        let scope = self.scope(environment, params.scopes(), headers, release).await?;
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
        let url = upstream.authorize_url(state, &attempt.verifier, &attempt.scope);
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
        url.filter(|url| Origin::of(url).is_ok_and(|origin| self.origins.allows(&origin)))
            .filter(|url| url.username().is_empty() && url.password().is_none())
            .ok_or(RequestError::InvalidRedirectUrl)
    }

    /// What to ask for: what this login wants, what is configured, and what the browser's grant has
    /// already, since the new token replaces the old one for all.
    async fn scope(
        &self,
        environment: &Environment,
        requested: Vec<String>,
        headers: &HeaderMap,
        release: Result<Capabilities, coder_client::Error>,
    ) -> Result<Vec<String>, AuthError> {
        let wanted: Vec<String> = environment.scopes.iter().cloned().chain(requested).collect();
        let capabilities = match release {
            Ok(capabilities) => capabilities,
            // Without scopes the request is right for every version.
            Err(_) if wanted.is_empty() => return Ok(wanted),
            Err(error) => return Err(UpstreamError::VersionUnknown(Some(error)).into()),
        };
        match capabilities.has(Capability::Scopes) {
            _ if wanted.is_empty() => return Ok(wanted),
            None => return Err(UpstreamError::VersionUnknown(None).into()),
            Some(false) => return Ok(Vec::new()),
            Some(true) => {}
        }
        let mut scope: Vec<String> = Vec::new();
        for one in wanted.into_iter().chain(self.granted_scope(environment, headers).await?) {
            if !scope.contains(&one) {
                scope.push(one);
            }
        }
        Ok(scope)
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
