//! Which route a path is.

use coder_config::{EntityRef, EntityRefError};
use http::Method;
use percent_encoding::percent_decode_str;

use crate::request_body::Takes;

/// A route this portal serves, with what its path says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Start,
    Callback,
    Refresh,
    Logout,
    Jwks,
    OpenIdConfiguration,
    UserInfo,
    Health,
    Entities,
    EntityWorkspaces(EntityRef),
    ShowLink,
    Link,
    Unlink,
}

/// Why a path is no route.
#[derive(Debug)]
pub(crate) enum NoRoute {
    /// Nothing is there.
    NotFound,
    /// The path names an entity that cannot be.
    EntityRef(EntityRefError),
}

impl Route {
    /// The route of a request. As in Backstage, letter case and a trailing slash do not matter, a
    /// `HEAD` is a `GET`, except where a `GET` changes something: at the callback. A wrong method is a
    /// route that is not there.
    pub(crate) fn of(method: &Method, path: &str) -> Result<Self, NoRoute> {
        let get = matches!(*method, Method::GET | Method::HEAD);
        let post = *method == Method::POST;
        let path = path.strip_suffix('/').unwrap_or(path);
        let lower = path.to_ascii_lowercase();
        let lower: Vec<&str> = lower.split('/').skip(1).collect();
        let route = match lower.as_slice() {
            ["api", "auth", "coder", "start"] if get => Self::Start,
            ["api", "auth", "coder", "handler", "frame"]
            // The environment at the end is compared by the login itself.
            | ["api", "auth", "coder", "handler", "frame", _]
                if *method == Method::GET || post =>
            {
                Self::Callback
            }
            ["api", "auth", "coder", "refresh"] if get || post => Self::Refresh,
            ["api", "auth", "coder", "logout"] if post => Self::Logout,
            ["api", "auth", ".well-known", "jwks.json"] if get => Self::Jwks,
            ["api", "auth", ".well-known", "openid-configuration"] if get => {
                Self::OpenIdConfiguration
            }
            ["api", "auth", "v1", "userinfo"] if get => Self::UserInfo,
            [".backstage", "health", "v1", "readiness" | "liveness"] if get => Self::Health,
            ["api", "coder", "v1", "link"] if get => Self::ShowLink,
            ["api", "coder", "v1", "link"] if post => Self::Link,
            ["api", "coder", "v1", "link"] if *method == Method::DELETE => Self::Unlink,
            ["api", "coder", "v1", "entities"] if get => Self::Entities,
            ["api", "coder", "v1", "entities", kind, namespace, name, "workspaces"] if get => {
                let decode = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
                EntityRef::new(&decode(kind), &decode(namespace), &decode(name))
                    .map(Self::EntityWorkspaces)
                    .map_err(NoRoute::EntityRef)?
            }
            _ => return Err(NoRoute::NotFound),
        };
        Ok(route)
    }

    /// What a request with this method may bring along. A body costs memory before anybody knows
    /// who sent it, so no route takes more than it needs.
    pub(crate) fn takes(&self, method: &Method) -> Takes {
        match self {
            Self::Callback if *method == Method::POST => Takes::Form,
            Self::Link => Takes::Json,
            Self::Start
            | Self::Callback
            | Self::Refresh
            | Self::Logout
            | Self::Jwks
            | Self::OpenIdConfiguration
            | Self::UserInfo
            | Self::Health
            | Self::Entities
            | Self::EntityWorkspaces(_)
            | Self::ShowLink
            | Self::Unlink => Takes::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(method: &str, path: &str) -> Option<Route> {
        Route::of(&method.parse().unwrap(), path).ok()
    }

    #[test]
    fn paths_are_matched_as_backstage_matches_them() {
        assert_eq!(route("GET", "/api/auth/coder/start"), Some(Route::Start));
        assert_eq!(route("HEAD", "/API/Auth/coder/START/"), Some(Route::Start));
        assert_eq!(route("POST", "/api/auth/coder/start"), None);
        assert_eq!(route("POST", "/api/auth/coder/handler/frame"), Some(Route::Callback));
        assert_eq!(route("GET", "/api/auth/coder/handler/frame/Dev"), Some(Route::Callback));
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
        let empty = Route::of(&Method::GET, "/api/coder/v1/entities/component/default//workspaces");
        assert!(matches!(empty, Err(NoRoute::EntityRef(_))), "{empty:?}");
    }
}
