//! `POST /logout`: the end of a session.

use std::sync::Arc;

use bytes::Bytes;
use coder_core::{Body, World};
use http::header::SET_COOKIE;
use http::{HeaderMap, Request, Response, StatusCode};

use crate::caller::user::{BackstageUser, IdentifiedBy};
use crate::environment::Environments;
use crate::error::AuthError;
use crate::grant::detached::detached;
use crate::http::cookies::CookieRules;
use crate::http::headers::require_xml_http_request;
use crate::http::origins::AllowedOrigins;
use crate::http::params::Params;
use crate::http::response;
use crate::observer::{AuthEvent, AuthEventKind};
use crate::parts::Parts;
use crate::session::SessionId;
use crate::session::manager::Sessions;

/// The route that signs a browser out.
pub(crate) struct LogoutRoute {
    world: World,
    environments: Arc<Environments>,
    origins: Arc<AllowedOrigins>,
    cookies: CookieRules,
    sessions: Sessions,
}

impl LogoutRoute {
    pub(crate) fn new(parts: &Parts) -> Self {
        Self {
            world: parts.world.clone(),
            environments: Arc::clone(&parts.environments),
            origins: Arc::clone(&parts.origins),
            cookies: parts.cookies.clone(),
            sessions: parts.sessions.clone(),
        }
    }

    /// Returns the session that the browser brings with a request, if it brings one.
    ///
    /// # Errors
    ///
    /// When the request may not use it.
    pub(crate) fn session(&self, headers: &HeaderMap) -> Result<Option<SessionId>, AuthError> {
        let Some(handle) = self.cookies.session(headers) else { return Ok(None) };
        require_xml_http_request(headers)?;
        self.origins.check_caller(headers)?;
        Ok(Some(handle.id()))
    }

    /// Ends a session.
    pub(crate) async fn end(&self, session: SessionId) -> Result<(), AuthError> {
        let sessions = self.sessions.clone();
        // Detached: a person who closes the window is signed out all the same.
        detached(&self.world, async move { sessions.log_out(&session).await }).await?
    }

    /// Ends all sessions of the grant that a user has signed in with. Nothing ends for a user of
    /// another issuer.
    pub(crate) async fn end_all(&self, user: &BackstageUser) -> Result<(), AuthError> {
        let IdentifiedBy::SignIn(sign_in) = user.by() else { return Ok(()) };
        let event = AuthEvent::new(AuthEventKind::SignedOut)
            .environment(&sign_in.environment)
            .entity(Some(user.entity().clone()));
        let (sessions, grant) = (self.sessions.clone(), sign_in.key.clone());
        detached(&self.world, async move { sessions.log_out_all(&grant, event).await }).await?
    }

    /// Makes the response that takes the cookies of a session back.
    pub(crate) fn ended(&self, status: StatusCode, headers: &HeaderMap) -> Response<Body> {
        let mut response = response::empty(status);
        response::clear_former_cookies(&mut response, headers);
        if self.cookies.session(headers).is_some() {
            response.headers_mut().append(SET_COOKIE, self.cookies.clear_session());
        }
        response
    }

    pub(crate) async fn handle(
        &self,
        request: &Request<Bytes>,
    ) -> Result<Response<Body>, AuthError> {
        self.environments.named(Params::from_query(request)?.environment()?)?;
        require_xml_http_request(request.headers())?;
        self.origins.check_caller(request.headers())?;
        if let Some(session) = self.session(request.headers())? {
            self.end(session).await?;
        }
        Ok(self.ended(StatusCode::OK, request.headers()))
    }
}
