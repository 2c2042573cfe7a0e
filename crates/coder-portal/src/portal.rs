//! One portal: all routes.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use backstage_catalog::Catalog;
use bytes::Bytes;
use coder_auth::{AllowedOrigins, CoderAuth, ErrorAnswer};
use coder_config::{ScmIntegrations, WorkspacesConfig};
use coder_core::{Body, World, timeout};
use coder_workspaces::KnownPlaces;
use http::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{Method, Request, Response, StatusCode};
use serde::Serialize;

use crate::cors;
use crate::request_body;
use crate::routes::{NoRoute, Route};

/// How long an answer may take, whatever it waits for: the request's body, Coder, the store.
/// Reverse proxies and browsers wait for 30 seconds and longer.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// What a client is told to wait when its answer took too long.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// A portal's backend: the login with Coder, and the workspaces of catalog entities. Cheap to
/// clone.
#[derive(Clone)]
pub struct Portal(Arc<Parts>);

/// What a portal is made of.
pub(crate) struct Parts {
    pub(crate) world: World,
    pub(crate) auth: CoderAuth,
    /// The origins whose pages may read answers (CORS).
    pub(crate) readers: AllowedOrigins,
    pub(crate) catalog: Arc<dyn Catalog>,
    pub(crate) integrations: ScmIntegrations,
    /// What holds for workspaces in the portal's own environment.
    pub(crate) own_workspaces: WorkspacesConfig,
    /// The same for each environment, with links into its deployment.
    pub(crate) workspaces: BTreeMap<String, WorkspacesConfig>,
    /// Where the deployments' apps and shells are.
    pub(crate) places: KnownPlaces,
}

impl Portal {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// The login, for routes of your own: [`CoderAuth::caller`] tells who asks, and
    /// [`CoderAuth::sweep`] wants to be called every few minutes.
    pub fn auth(&self) -> &CoderAuth {
        &self.0.auth
    }

    /// Answers a request to any route of this portal. An unknown one gets Backstage's 404.
    ///
    /// The body is read only where the route takes one, up to 64 kB and for at most 10 seconds;
    /// another one is refused (400, 413, 415) and left unread, so that the connection it comes over
    /// must be closed. The answer is complete within 20 seconds: one that is not ready then is 503
    /// with `Retry-After`. Work that must not be lost goes on meanwhile.
    pub async fn handle<B: Into<Body>>(&self, request: Request<B>) -> Response<Body> {
        self.answer(request.map(Into::into)).await
    }

    async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let (head, body) = request.into_parts();
        let head = Request::from_parts(head, ());
        let origin = cors::allowed_origin(&self.0.readers, head.headers());
        let mut response = if cors::is_preflight(head.method(), head.headers()) {
            preflight(head.headers(), origin.is_some())
        } else {
            self.within_time(&head, body).await
        };
        let headers = response.headers_mut();
        if let Some(origin) = origin {
            cors::allow(origin, headers);
        }
        cors::vary(headers);
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.entry(X_FRAME_OPTIONS).or_insert(HeaderValue::from_static("sameorigin"));
        if *head.method() == Method::HEAD {
            *response.body_mut() = Bytes::new();
        }
        response.map(Body::from)
    }

    /// The one deadline of every route, however many questions to Coder its answer takes.
    async fn within_time(&self, head: &Request<()>, body: Body) -> Response<Bytes> {
        let runtime = &*self.0.world.runtime;
        let answer = match timeout(runtime, ANSWER_WITHIN, self.dispatch(head, body)).await {
            Some(Ok(response)) => return response,
            Some(Err(answer)) => answer,
            None => {
                let (method, path) = (head.method(), head.uri().path());
                tracing::warn!(%method, path, "an answer was not ready within 20 seconds");
                let message = "The answer took too long; try again in a moment";
                ErrorAnswer::new(StatusCode::SERVICE_UNAVAILABLE, message)
                    .retry_after(Some(TRY_AGAIN_AFTER))
            }
        };
        answer.to_response(head.method(), head.uri().path())
    }

    /// Finds the route, then reads the body it takes, then asks it.
    async fn dispatch(
        &self,
        head: &Request<()>,
        body: Body,
    ) -> Result<Response<Bytes>, ErrorAnswer> {
        let (method, path) = (head.method(), head.uri().path());
        let route = Route::of(method, path).map_err(|error| match error {
            NoRoute::NotFound => {
                ErrorAnswer::new(StatusCode::NOT_FOUND, format!("No route {method} {path}"))
            }
            NoRoute::EntityRef(error) => {
                ErrorAnswer::new(StatusCode::BAD_REQUEST, error.to_string())
            }
        })?;
        let runtime = &*self.0.world.runtime;
        let body = request_body::read(route.takes(method), head.headers(), body, runtime).await?;
        Ok(self.route(route, &head.clone().map(|()| body)).await)
    }

    async fn route(&self, route: Route, request: &Request<Bytes>) -> Response<Bytes> {
        let parts = &self.0;
        let auth = &parts.auth;
        match route {
            Route::Start => auth.start(request).await,
            Route::Callback => auth.callback(request).await,
            Route::Refresh => auth.refresh(request).await,
            Route::Logout => auth.logout(request).await,
            Route::Jwks => auth.jwks(request).await,
            Route::OpenIdConfiguration => auth.openid_configuration(),
            Route::UserInfo => auth.userinfo(request).await,
            Route::Health => json(&serde_json::json!({ "status": "ok" })),
            Route::Entities => parts.entities(request).await,
            Route::EntityWorkspaces(entity) => parts.workspaces_of(&entity, request).await,
            Route::ShowLink => auth.show_link(request).await,
            Route::Link => auth.link(request).await,
            Route::Unlink => auth.unlink(request).await,
        }
    }
}

impl fmt::Debug for Portal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Portal").field("auth", &self.0.auth).finish_non_exhaustive()
    }
}

fn preflight(asked: &HeaderMap, allowed: bool) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    if allowed {
        cors::allow_request(asked, response.headers_mut());
    }
    response
}

/// A JSON answer that no cache may keep: it depends on who asks.
pub(crate) fn json(body: &impl Serialize) -> Response<Bytes> {
    // Only maps with keys that are no strings cannot be written; we have none.
    let mut response = Response::new(Bytes::from(serde_json::to_vec(body).unwrap_or_default()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
