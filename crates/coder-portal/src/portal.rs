//! One portal: all routes.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use backstage_catalog::Catalog;
use bytes::Bytes;
use coder_auth::{AllowedOrigins, CoderAuth, ErrorAnswer};
use coder_config::{ScmIntegrations, WorkspacesConfig};
use coder_core::{Body, World};
use coder_workspaces::KnownPlaces;
use http::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{Method, Request, Response, StatusCode};
use serde::Serialize;

use crate::cors;
use crate::routes::{NoRoute, Route};

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
    pub async fn handle(&self, request: Request<Bytes>) -> Response<Body> {
        let origin = cors::allowed_origin(&self.0.readers, request.headers());
        let mut response = if cors::is_preflight(request.method(), request.headers()) {
            preflight(request.headers(), origin.is_some())
        } else {
            self.route(&request).await
        };
        let headers = response.headers_mut();
        if let Some(origin) = origin {
            cors::allow(origin, headers);
        }
        cors::vary(headers);
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.entry(X_FRAME_OPTIONS).or_insert(HeaderValue::from_static("sameorigin"));
        if *request.method() == Method::HEAD {
            *response.body_mut() = Bytes::new();
        }
        response.map(Body::from)
    }

    async fn route(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let parts = &self.0;
        let auth = &parts.auth;
        let path = request.uri().path();
        let answer = |status, message: String| {
            ErrorAnswer::new(status, message).to_response(request.method(), path)
        };
        match Route::of(request.method(), path) {
            Ok(Route::Start) => auth.start(request).await,
            Ok(Route::Callback) => auth.callback(request).await,
            Ok(Route::Refresh) => auth.refresh(request).await,
            Ok(Route::Logout) => auth.logout(request).await,
            Ok(Route::Jwks) => auth.jwks(request).await,
            Ok(Route::OpenIdConfiguration) => auth.openid_configuration(),
            Ok(Route::UserInfo) => auth.userinfo(request).await,
            Ok(Route::Health) => json(&serde_json::json!({ "status": "ok" })),
            Ok(Route::Entities) => parts.entities(request).await,
            Ok(Route::EntityWorkspaces(entity)) => parts.workspaces_of(&entity, request).await,
            Ok(Route::ShowLink) => auth.show_link(request).await,
            Ok(Route::Link) => auth.link(request).await,
            Ok(Route::Unlink) => auth.unlink(request).await,
            Err(NoRoute::NotFound) => {
                answer(StatusCode::NOT_FOUND, format!("No route {} {path}", request.method()))
            }
            Err(NoRoute::EntityRef(error)) => answer(StatusCode::BAD_REQUEST, error.to_string()),
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
