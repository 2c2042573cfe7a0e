//! The routes of the login, below the path of the auth backend.

use bytes::Bytes;
use coder_auth::CoderAuth;
use coder_core::{Body, BoxFuture};
use http::{Method, Request, Response};

use crate::request_body::BodyKind;

/// A route of the login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[deny(dead_code, reason = "a route without a path is never found")]
pub(crate) enum AuthRoute {
    Start,
    Callback,
    Refresh,
    Logout,
    Jwks,
    OpenIdConfiguration,
    UserInfo,
}

impl AuthRoute {
    /// Finds the route of a request by the lower-case segments of its path below the auth backend.
    ///
    /// A `HEAD` is a `GET`. The callback is an exception, because its `GET` changes something.
    pub(crate) fn find(method: &Method, segments: &[&str]) -> Option<Self> {
        let get = matches!(*method, Method::GET | Method::HEAD);
        let post = *method == Method::POST;
        match segments {
            ["coder", "start"] if get => Some(Self::Start),
            ["coder", "handler", "frame"]
            // The environment at the end is compared by the login itself.
            | ["coder", "handler", "frame", _]
                if *method == Method::GET || post =>
            {
                Some(Self::Callback)
            }
            ["coder", "refresh"] if get || post => Some(Self::Refresh),
            ["coder", "logout"] if post => Some(Self::Logout),
            [".well-known", "jwks.json"] if get => Some(Self::Jwks),
            [".well-known", "openid-configuration"] if get => Some(Self::OpenIdConfiguration),
            ["v1", "userinfo"] if get => Some(Self::UserInfo),
            _ => None,
        }
    }

    /// Returns the path below the auth backend.
    pub(crate) fn template(self) -> &'static str {
        match self {
            Self::Start => "/coder/start",
            Self::Callback => "/coder/handler/frame",
            Self::Refresh => "/coder/refresh",
            Self::Logout => "/coder/logout",
            Self::Jwks => "/.well-known/jwks.json",
            Self::OpenIdConfiguration => "/.well-known/openid-configuration",
            Self::UserInfo => "/v1/userinfo",
        }
    }

    /// Returns the kind of body that a request with this method may have.
    pub(crate) fn takes(self, method: &Method) -> BodyKind {
        match self {
            Self::Callback if *method == Method::POST => BodyKind::Form,
            Self::Callback
            | Self::Start
            | Self::Refresh
            | Self::Logout
            | Self::Jwks
            | Self::OpenIdConfiguration
            | Self::UserInfo => BodyKind::Nothing,
        }
    }

    /// Answers a request to this route. The future is on the heap, as that of every route.
    pub(crate) fn answer<'a>(
        self,
        auth: &'a CoderAuth,
        request: &'a Request<Bytes>,
    ) -> BoxFuture<'a, Response<Body>> {
        match self {
            Self::Start => Box::pin(auth.start(request)),
            Self::Callback => Box::pin(auth.callback(request)),
            Self::Refresh => Box::pin(auth.refresh(request)),
            Self::Logout => Box::pin(auth.logout(request)),
            Self::Jwks => Box::pin(auth.jwks(request)),
            Self::OpenIdConfiguration => Box::pin(async { auth.openid_configuration() }),
            Self::UserInfo => Box::pin(auth.userinfo(request)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_route_is_found_by_its_own_template() {
        for (method, route) in [
            (Method::GET, AuthRoute::Start),
            (Method::GET, AuthRoute::Callback),
            (Method::POST, AuthRoute::Callback),
            (Method::HEAD, AuthRoute::Refresh),
            (Method::POST, AuthRoute::Logout),
            (Method::GET, AuthRoute::Jwks),
            (Method::GET, AuthRoute::OpenIdConfiguration),
            (Method::GET, AuthRoute::UserInfo),
        ] {
            let segments: Vec<&str> = route.template().split('/').skip(1).collect();
            assert_eq!(AuthRoute::find(&method, &segments), Some(route), "{segments:?}");
        }
        let head = AuthRoute::find(&Method::HEAD, &["coder", "handler", "frame"]);
        assert_eq!(head, None, "it would change something");
    }
}
