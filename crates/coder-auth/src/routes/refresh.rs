//! `GET|POST /refresh`: a session in use.

use std::sync::Arc;

use bytes::Bytes;
use coder_core::{Body, without_causes};
use http::{Request, Response, StatusCode};

use crate::environment::{Environment, Environments};
use crate::error::{AuthError, AuthErrorKind};
use crate::grant::manager::Grants;
use crate::http::headers::require_xml_http_request;
use crate::http::origins::AllowedOrigins;
use crate::http::params::Params;
use crate::http::response::{self, ErrorResponse};
use crate::observer::{AuthEvent, AuthEventKind, Events};
use crate::parts::Parts;
use crate::session::manager::Sessions;
use crate::session::response::{SessionResponse, SessionResponses};
use crate::store::{GrantRecord, SessionRecord};

/// The route that gives a signed-in browser fresh tokens.
pub(crate) struct RefreshRoute {
    environments: Arc<Environments>,
    origins: Arc<AllowedOrigins>,
    sessions: Sessions,
    grants: Grants,
    responses: SessionResponses,
    events: Events,
}

impl RefreshRoute {
    pub(crate) fn new(parts: &Parts) -> Self {
        Self {
            environments: Arc::clone(&parts.environments),
            origins: Arc::clone(&parts.origins),
            sessions: parts.sessions.clone(),
            grants: parts.grants.clone(),
            responses: SessionResponses::new(parts),
            events: parts.events.clone(),
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
        let mut event = AuthEvent::new(AuthEventKind::Refreshed)
            .environment(&environment.name)
            .session(&session.id);
        event.user_id = Some(session.grant.user);
        let answer = self.refresh(environment, &session, read, &mut event).await;
        if let Err(error) = &answer {
            let (refused, failed) = (AuthEventKind::RefreshRefused, AuthEventKind::RefreshFailed);
            event = event.or_failed(error, refused, failed);
        }
        self.events.tell(&event);
        Ok(response::json(StatusCode::OK, &answer?))
    }

    /// Makes the answer for a session. The event names its user as far as that is known.
    async fn refresh(
        &self,
        environment: &Environment,
        session: &SessionRecord,
        read: Option<GrantRecord>,
        event: &mut AuthEvent,
    ) -> Result<SessionResponse, AuthError> {
        let valid =
            self.grants.valid_read(&environment.upstream, &session.grant, read.clone()).await;
        let stored = match valid {
            Ok(stored) => stored,
            Err(error) => {
                if let Some(stored) = read.and_then(|record| self.grants.open(record)) {
                    *event = event.clone().grant(&stored);
                }
                return Err(error);
            }
        };
        *event = event.clone().grant(&stored);
        let identity = match environment.identify(&stored.grant.profile).await {
            Ok(identity) => identity,
            Err(nobody) => {
                event.resolvers.clone_from(&nobody.tried);
                return Err(nobody.into());
            }
        };
        event.entity = identity.as_ref().map(|identity| identity.user.clone());
        self.responses.create(environment, &stored, &session.id, identity).await
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
