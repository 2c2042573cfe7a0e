//! The routes of a portal: their paths and methods, the bodies they take, and who answers them.
//!
//! A new route is a variant of [`Route`], and an arm in each of its three methods; its handler
//! stands in a file of its own, as `entities.rs`. None of these can be forgotten: a variant that
//! [`Route::find`] never makes does not compile.

use bytes::Bytes;
use coder_auth::http::{ErrorResponse, json};
use coder_config::{EntityRef, EntityRefError};
use coder_core::{Body, BoxFuture};
use futures_util::{FutureExt as _, TryFutureExt as _};
use http::{Method, Request, Response, StatusCode};
use percent_encoding::percent_decode_str;

use crate::auth_routes::AuthRoute;
use crate::part::Part;
use crate::request_body::BodyKind;
use crate::state::PortalState;

/// The path of the auth backend below `backend.baseUrl`.
pub(crate) const AUTH_PATH: &str = "api/auth";

/// A route of this portal, with what its path names.
#[derive(Debug, PartialEq, Eq)]
#[deny(dead_code, reason = "a route without a path is never found")]
pub(crate) enum Route {
    Auth(AuthRoute),
    Health,
    Entities,
    EntityWorkspaces(EntityRef),
    Live,
    ShowLink,
    Link,
    Unlink,
}

/// Reasons why a request is for no route.
#[derive(Debug)]
pub(crate) enum RouteError {
    /// No route has this method and path.
    NotFound,
    /// The path holds a reference that no entity can have.
    EntityRef(EntityRefError),
}

impl Route {
    /// Finds the route of a request.
    ///
    /// As in Backstage, letter case and a trailing slash do not matter, and a `HEAD` is a `GET`. A
    /// wrong method is an unknown route.
    pub(crate) fn find(method: &Method, path: &str) -> Result<Self, RouteError> {
        let get = matches!(*method, Method::GET | Method::HEAD);
        let post = *method == Method::POST;
        let path = path.strip_suffix('/').unwrap_or(path);
        let lower = path.to_ascii_lowercase();
        let lower: Vec<&str> = lower.split('/').skip(1).collect();
        let route = match lower.as_slice() {
            ["api", "auth", rest @ ..] => {
                Self::Auth(AuthRoute::find(method, rest).ok_or(RouteError::NotFound)?)
            }
            [".backstage", "health", "v1", "readiness" | "liveness"] if get => Self::Health,
            ["api", "coder", "v1", "link"] if get => Self::ShowLink,
            ["api", "coder", "v1", "link"] if post => Self::Link,
            ["api", "coder", "v1", "link"] if *method == Method::DELETE => Self::Unlink,
            ["api", "coder", "v1", "live"] if get => Self::Live,
            ["api", "coder", "v1", "entities"] if get => Self::Entities,
            ["api", "coder", "v1", "entities", kind, namespace, name, "workspaces"] if get => {
                let decode = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
                EntityRef::new(&decode(kind), &decode(namespace), &decode(name))
                    .map(Self::EntityWorkspaces)
                    .map_err(RouteError::EntityRef)?
            }
            _ => return Err(RouteError::NotFound),
        };
        Ok(route)
    }

    /// Returns the kind of body that a request with this method may have.
    ///
    /// A body costs memory before its sender is known, so no route takes more than it needs.
    pub(crate) fn takes(&self, method: &Method) -> BodyKind {
        match self {
            Self::Auth(route) => route.takes(method),
            Self::Link => BodyKind::Json,
            Self::Health
            | Self::Entities
            | Self::EntityWorkspaces(_)
            | Self::Live
            | Self::ShowLink
            | Self::Unlink => BodyKind::Nothing,
        }
    }

    /// Returns the part of the portal that this route belongs to.
    pub(crate) fn part(&self) -> Part {
        match self {
            Self::Auth(_) => Part::Auth,
            Self::Health => Part::Health,
            Self::Live => Part::Live,
            Self::Entities
            | Self::EntityWorkspaces(_)
            | Self::ShowLink
            | Self::Link
            | Self::Unlink => Part::Workspaces,
        }
    }

    /// Returns whether the answer may be compressed: nothing in it is secret, and it ends.
    pub(crate) fn may_be_compressed(&self) -> bool {
        match self {
            Self::Entities | Self::EntityWorkspaces(_) => true,
            Self::Auth(_)
            | Self::Health
            | Self::Live
            | Self::ShowLink
            | Self::Link
            | Self::Unlink => false,
        }
    }

    /// Answers a request to this route.
    ///
    /// The future is on the heap. Within the future of the portal it would need the room of the
    /// largest route, on every stack that polls it.
    pub(crate) fn answer<'a>(
        self,
        state: &'a PortalState,
        request: &'a Request<Bytes>,
    ) -> BoxFuture<'a, Result<Response<Body>, ErrorResponse>> {
        let auth = &state.auth;
        match self {
            Self::Auth(AuthRoute::Logout) => Box::pin(state.logout(request).map(Ok)),
            Self::Auth(route) => Box::pin(route.answer(auth, request).map(Ok)),
            Self::ShowLink => Box::pin(auth.show_link(request).map(Ok)),
            Self::Link => Box::pin(auth.link(request).map(Ok)),
            Self::Unlink => Box::pin(auth.unlink(request).map(Ok)),
            Self::Health => {
                Box::pin(async { Ok(json(StatusCode::OK, &serde_json::json!({ "status": "ok" }))) })
            }
            Self::Entities => Box::pin(state.entities(request).map_err(ErrorResponse::from)),
            Self::Live => Box::pin(state.live(request).map_err(ErrorResponse::from)),
            Self::EntityWorkspaces(entity) => Box::pin(async move {
                state.workspaces_of(&entity, request).await.map_err(ErrorResponse::from)
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(method: &str, path: &str) -> Option<Route> {
        Route::find(&method.parse().unwrap(), path).ok()
    }

    #[test]
    fn paths_are_matched_as_backstage_matches_them() {
        assert_eq!(route("GET", "/api/auth/coder/start"), Some(Route::Auth(AuthRoute::Start)));
        assert_eq!(route("HEAD", "/API/Auth/coder/START/"), Some(Route::Auth(AuthRoute::Start)));
        assert_eq!(route("POST", "/api/auth/coder/start"), None);
        assert_eq!(
            route("POST", "/api/auth/coder/handler/frame"),
            Some(Route::Auth(AuthRoute::Callback))
        );
        assert_eq!(
            route("GET", "/api/auth/coder/handler/frame/Dev"),
            Some(Route::Auth(AuthRoute::Callback))
        );
        assert_eq!(route("GET", "/api/auth/coder/handler/frame/dev/x"), None);
        // It finishes a login, which a look at a link must not.
        assert_eq!(route("HEAD", "/api/auth/coder/handler/frame"), None);
        assert_eq!(route("GET", "/api/auth/coder/logout"), None);
        assert_eq!(route("GET", "/api/auth/coder/start/more"), None);
        assert_eq!(route("GET", "/"), None);
        assert_eq!(route("DELETE", "/api/coder/v1/link"), Some(Route::Unlink));
        assert_eq!(route("PUT", "/api/coder/v1/link"), None);
    }

    #[test]
    fn an_entity_is_named_by_kind_namespace_and_name() {
        let expected = EntityRef::parse("component:default/pay").unwrap();
        assert_eq!(
            route("GET", "/api/coder/v1/entities/Component/default/pay/workspaces"),
            Some(Route::EntityWorkspaces(expected))
        );
        let empty =
            Route::find(&Method::GET, "/api/coder/v1/entities/component/default//workspaces");
        assert!(matches!(empty, Err(RouteError::EntityRef(_))), "{empty:?}");
    }
}
