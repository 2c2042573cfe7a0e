//! `POST /logout`: the end of a session.

use std::sync::Arc;

use bytes::Bytes;
use coder_core::{Body, World};
use http::header::SET_COOKIE;
use http::{Request, Response, StatusCode};

use crate::environment::Environments;
use crate::error::AuthError;
use crate::grant::detached::detached;
use crate::http::cookies::CookieRules;
use crate::http::headers::require_xml_http_request;
use crate::http::origins::AllowedOrigins;
use crate::http::params::Params;
use crate::http::response;
use crate::parts::Parts;
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

    pub(crate) async fn handle(
        &self,
        request: &Request<Bytes>,
    ) -> Result<Response<Body>, AuthError> {
        self.environments.named(Params::from_query(request)?.environment()?)?;
        require_xml_http_request(request.headers())?;
        self.origins.check_caller(request.headers())?;
        let mut response = response::empty(StatusCode::OK);
        response::clear_former_cookies(&mut response, request.headers());
        let Some(handle) = self.cookies.session(request.headers()) else { return Ok(response) };
        let sessions = self.sessions.clone();
        // Detached: a person who closes the window is signed out all the same.
        detached(&self.world, async move { sessions.log_out(&handle.id()).await }).await??;
        response.headers_mut().append(SET_COOKIE, self.cookies.clear_session());
        Ok(response)
    }
}
