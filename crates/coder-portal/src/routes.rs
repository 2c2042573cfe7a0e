//! The parts of a portal by their paths: the login, the API for pages, health.
//!
//! A new route of the API is a declaration in `api/table.rs`. A part with paths of its own is a
//! variant of [`Route`], and an arm in each of its three methods; a variant that [`Route::find`] never
//! makes does not compile.

use std::sync::Arc;

use bytes::Bytes;
use coder_auth::http::ErrorResponse;
use coder_core::{Body, BoxFuture};
use futures_util::FutureExt as _;
use http::{Method, Request, Response};

use crate::api;
use crate::auth_routes::AuthRoute;
use crate::health;
use crate::live;
use crate::matched_route::MatchedRoute;
use crate::part::Part;
use crate::request_body::BodyKind;
use crate::state::PortalState;

/// The path of the auth backend below `backend.baseUrl`.
pub(crate) const AUTH_PATH: &str = "api/auth";

/// A route of this portal.
#[deny(dead_code, reason = "a route without a path is never found")]
pub(crate) enum Route {
    Auth(AuthRoute),
    Api(api::Matched),
    Liveness,
    Readiness,
}

impl Route {
    /// Finds the route of a request.
    ///
    /// As in Backstage, letter case and a trailing slash do not matter, and a `HEAD` is a `GET`. A
    /// wrong method is an unknown route.
    pub(crate) fn find(method: &Method, path: &str) -> Option<Self> {
        let path = path.strip_suffix('/').unwrap_or(path);
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        if let Some(found) = api::find(method, &segments) {
            return Some(Self::Api(found));
        }
        let get = matches!(*method, Method::GET | Method::HEAD);
        let lower = path.to_ascii_lowercase();
        let lower: Vec<&str> = lower.split('/').skip(1).collect();
        match lower.as_slice() {
            ["api", "auth", rest @ ..] => Some(Self::Auth(AuthRoute::find(method, rest)?)),
            [".backstage", "health", "v1", "readiness"] if get => Some(Self::Readiness),
            [".backstage", "health", "v1", "liveness"] if get => Some(Self::Liveness),
            _ => None,
        }
    }

    /// Returns the kind of body that a request with this method may have.
    ///
    /// A body costs memory before its sender is known, so no route takes more than it needs.
    pub(crate) fn takes(&self, method: &Method) -> BodyKind {
        match self {
            Self::Auth(route) => route.takes(method),
            Self::Api(found) => found.route.endpoint.takes,
            Self::Liveness | Self::Readiness => BodyKind::Nothing,
        }
    }

    /// Returns the template of the path.
    pub(crate) fn template(&self) -> MatchedRoute {
        match self {
            Self::Auth(route) => MatchedRoute::new("/api/auth", route.template()),
            Self::Api(found) => MatchedRoute::new("/api/coder/v1", found.route.path),
            Self::Liveness => MatchedRoute::new("/.backstage/health/v1", "/liveness"),
            Self::Readiness => MatchedRoute::new("/.backstage/health/v1", "/readiness"),
        }
    }

    /// Returns the part of the portal that this route belongs to.
    pub(crate) fn part(&self) -> Part {
        match self {
            Self::Auth(_) => Part::Auth,
            Self::Api(found) if found.route.path == live::PATH => Part::Live,
            Self::Api(_) => Part::Workspaces,
            Self::Liveness | Self::Readiness => Part::Health,
        }
    }

    /// Returns whether the answer may be compressed: it is long at times, nothing in it is secret, and
    /// it ends.
    pub(crate) fn may_be_compressed(&self) -> bool {
        match self {
            Self::Api(found) => {
                let path = found.route.path;
                found.route.method == Method::GET
                    && (path == "/openapi.json"
                        || path.starts_with("/entities")
                        || (path.starts_with("/index/") && path != "/index/events"))
            }
            Self::Auth(_) | Self::Liveness | Self::Readiness => false,
        }
    }

    /// Answers a request to this route.
    ///
    /// The future is on the heap. Within the future of the portal it would need the room of the
    /// largest route, on every stack that polls it.
    pub(crate) fn answer<'a>(
        self,
        state: &'a Arc<PortalState>,
        request: &'a Request<Bytes>,
    ) -> BoxFuture<'a, Result<Response<Body>, ErrorResponse>> {
        match self {
            Self::Auth(AuthRoute::Logout) => Box::pin(state.logout(request).map(Ok)),
            Self::Auth(route) => Box::pin(route.answer(&state.auth, request).map(Ok)),
            Self::Api(found) => (found.route.endpoint.run)(state, request, found.path),
            Self::Liveness => Box::pin(async { Ok(health::liveness()) }),
            Self::Readiness => Box::pin(async { Ok(state.readiness().await) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the login's route of a request.
    fn login(method: &str, path: &str) -> Option<AuthRoute> {
        match Route::find(&method.parse().unwrap(), path)? {
            Route::Auth(route) => Some(route),
            Route::Api(_) | Route::Liveness | Route::Readiness => None,
        }
    }

    fn exists(method: &str, path: &str) -> bool {
        Route::find(&method.parse().unwrap(), path).is_some()
    }

    #[test]
    fn paths_are_matched_as_backstage_matches_them() {
        assert_eq!(login("GET", "/api/auth/coder/start"), Some(AuthRoute::Start));
        assert_eq!(login("HEAD", "/API/Auth/coder/START/"), Some(AuthRoute::Start));
        assert!(!exists("POST", "/api/auth/coder/start"));
        assert_eq!(login("POST", "/api/auth/coder/handler/frame"), Some(AuthRoute::Callback));
        assert_eq!(login("GET", "/api/auth/coder/handler/frame/Dev"), Some(AuthRoute::Callback));
        assert!(!exists("GET", "/api/auth/coder/handler/frame/dev/x"));
        // It finishes a login, which a look at a link must not.
        assert!(!exists("HEAD", "/api/auth/coder/handler/frame"));
        assert!(!exists("GET", "/api/auth/coder/logout"));
        assert!(!exists("GET", "/api/auth/coder/start/more"));
        assert!(!exists("GET", "/"));
        assert!(exists("DELETE", "/api/coder/v1/link/"));
        assert!(!exists("PUT", "/api/coder/v1/link"));
        assert!(!exists("GET", "/api/coder/v1"));
    }
}
