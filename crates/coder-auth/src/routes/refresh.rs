//! `GET|POST /refresh`: a session in use.

use std::sync::Arc;

use bytes::Bytes;
use coder_core::{Body, without_causes};
use http::{Request, Response, StatusCode};

use crate::environment::Environments;
use crate::error::{AuthError, AuthErrorKind};
use crate::grant::manager::Grants;
use crate::http::headers::require_xml_http_request;
use crate::http::origins::AllowedOrigins;
use crate::http::params::Params;
use crate::http::response::{self, ErrorResponse};
use crate::parts::Parts;
use crate::session::manager::Sessions;
use crate::session::response::SessionResponses;

/// The route that gives a signed-in browser fresh tokens.
pub(crate) struct RefreshRoute {
    environments: Arc<Environments>,
    origins: Arc<AllowedOrigins>,
    sessions: Sessions,
    grants: Grants,
    responses: SessionResponses,
}

impl RefreshRoute {
    pub(crate) fn new(parts: &Parts) -> Self {
        Self {
            environments: Arc::clone(&parts.environments),
            origins: Arc::clone(&parts.origins),
            sessions: parts.sessions.clone(),
            grants: parts.grants.clone(),
            responses: SessionResponses::new(parts),
        }
    }

    pub(crate) async fn handle(
        &self,
        request: &Request<Bytes>,
    ) -> Result<Response<Body>, AuthError> {
        let environment = self.environments.named(Params::from_query(request)?.environment()?)?;
        require_xml_http_request(request.headers())?;
        self.origins.check_caller(request.headers())?;
        let (session, read) =
            self.sessions.find(request.headers(), Some(&environment.name)).await?;
        let stored = self.grants.valid_read(&environment.upstream, &session.grant, read).await?;
        let identity = environment.identify(&stored.grant.profile, stored.key.user).await?;
        let answer = self.responses.create(environment, &stored, &session.id, identity).await?;
        Ok(response::json(StatusCode::OK, &answer))
    }
}

/// Makes the response for a refresh that failed, in Backstage's words.
pub(crate) fn refresh_error(error: &AuthError) -> ErrorResponse {
    let response = ErrorResponse::from(error);
    match error.kind() {
        AuthErrorKind::Session(_) => {
            let told = without_causes(error);
            response.message(format!("Refresh failed; caused by InputError: {told}"))
        }
        _ => response,
    }
}
