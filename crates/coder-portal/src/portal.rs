//! One portal: all routes.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use backstage_catalog::Catalog;
use bytes::Bytes;
use coder_auth::{Caller, CoderAuth, ErrorAnswer};
use coder_config::{ScmIntegrations, WorkspacesConfig};
use coder_core::{Body, BoxFuture, World, cleaned, quoted, timeout};
use coder_workspaces::KnownPlaces;
use http::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use serde::Serialize;

use crate::cors::{self, Cors};
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
    /// What pages of other origins may send and read; `None` is nothing.
    pub(crate) cors: Option<Cors>,
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

    /// Tells who asks a route of your own: the same callers as the portal's own routes let in.
    ///
    /// # Errors
    ///
    /// The answer to give: as [`CoderAuth::caller`], and 503 when it is not known within 20 seconds
    /// who asks.
    pub async fn caller(&self, headers: &HeaderMap) -> Result<Caller, ErrorAnswer> {
        let caller = self.0.auth.caller(headers, None);
        match timeout(&*self.0.world.runtime, ANSWER_WITHIN, Box::pin(caller)).await {
            Some(known) => known.map_err(|error| ErrorAnswer::from(&error)),
            None => Err(too_late()),
        }
    }

    /// The login, for routes of your own. [`CoderAuth::sweep`] wants to be called every few
    /// minutes; who asks is told by [`caller`](Self::caller) within a time limit.
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
        // The body comes later, where a route takes one.
        let mut head = Request::from_parts(head, Bytes::new());
        let mut response = if cors::is_preflight(&head) {
            no_content()
        } else {
            self.within_time(&mut head, body).await
        };
        let headers = response.headers_mut();
        cors::vary(headers);
        if let Some(cors) = &self.0.cors {
            cors.answer(&head, headers);
        }
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.entry(X_FRAME_OPTIONS).or_insert(HeaderValue::from_static("sameorigin"));
        if *head.method() == Method::HEAD {
            *response.body_mut() = Bytes::new();
        }
        response.map(Body::from)
    }

    /// The one deadline of every route, however many questions to Coder its answer takes.
    async fn within_time(&self, head: &mut Request<Bytes>, body: Body) -> Response<Bytes> {
        let runtime = &*self.0.world.runtime;
        let answer = match timeout(runtime, ANSWER_WITHIN, self.dispatch(head, body)).await {
            Some(Ok(response)) => return response,
            Some(Err(answer)) => answer,
            None => {
                let method = quoted(head.method().as_str());
                let path = quoted(head.uri().path());
                tracing::warn!(method, path, "an answer was not ready within 20 seconds");
                too_late()
            }
        };
        answer.to_response(head.method(), head.uri().path())
    }

    /// Finds the route, then reads the body it takes into `head`, then asks it.
    async fn dispatch(
        &self,
        head: &mut Request<Bytes>,
        body: Body,
    ) -> Result<Response<Bytes>, ErrorAnswer> {
        let (method, path) = (head.method(), head.uri().path());
        let route = Route::of(method, path).map_err(|error| match error {
            NoRoute::NotFound => {
                let (method, path) = (cleaned(method.as_str()), cleaned(path));
                ErrorAnswer::new(StatusCode::NOT_FOUND, format!("No route {method} {path}"))
            }
            NoRoute::EntityRef(error) => {
                ErrorAnswer::new(StatusCode::BAD_REQUEST, error.to_string())
            }
        })?;
        let runtime = &*self.0.world.runtime;
        let body = request_body::read(route.takes(method), head.headers(), body, runtime).await?;
        *head.body_mut() = body;
        Ok(self.route(route, head).await)
    }

    /// The answer of a route. It stands on the heap: within [`handle`](Self::handle) it would take
    /// the room of the largest route, on every stack that polls it.
    fn route<'a>(
        &'a self,
        route: Route,
        request: &'a Request<Bytes>,
    ) -> BoxFuture<'a, Response<Bytes>> {
        let parts = &*self.0;
        let auth = &parts.auth;
        match route {
            Route::Start => Box::pin(auth.start(request)),
            Route::Callback => Box::pin(auth.callback(request)),
            Route::Refresh => Box::pin(auth.refresh(request)),
            Route::Logout => Box::pin(auth.logout(request)),
            Route::Jwks => Box::pin(auth.jwks(request)),
            Route::OpenIdConfiguration => Box::pin(async { auth.openid_configuration() }),
            Route::UserInfo => Box::pin(auth.userinfo(request)),
            Route::Health => Box::pin(async { json(&serde_json::json!({ "status": "ok" })) }),
            Route::Entities => Box::pin(parts.entities(request)),
            Route::EntityWorkspaces(entity) => {
                Box::pin(async move { parts.workspaces_of(&entity, request).await })
            }
            Route::ShowLink => Box::pin(auth.show_link(request)),
            Route::Link => Box::pin(auth.link(request)),
            Route::Unlink => Box::pin(auth.unlink(request)),
        }
    }
}

impl fmt::Debug for Portal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Portal").field("auth", &self.0.auth).finish_non_exhaustive()
    }
}

fn too_late() -> ErrorAnswer {
    let message = "The answer took too long; try again in a moment";
    ErrorAnswer::new(StatusCode::SERVICE_UNAVAILABLE, message).retry_after(Some(TRY_AGAIN_AFTER))
}

fn no_content() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
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
