//! The routes of the login alone, for programs that are not Backstage portals.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use coder_auth::CoderAuth;
use coder_auth::http::ErrorResponse;
use coder_config::CorsConfig;
use coder_core::Body;
use http::{Request, Response};

use crate::auth_routes::AuthRoute;
use crate::cors::{self, Cors};
use crate::{frame, request_body};

/// The routes of a login: those of [`CoderAuth`], with the time limits, the bounds and the headers of
/// a [`Portal`](crate::Portal). Cheap to clone.
///
/// Pages of the allowed origins ([`CoderAuth::allowed_origins`]) may read the answers.
#[derive(Clone)]
pub struct Login(Arc<LoginState>);

struct LoginState {
    auth: CoderAuth,
    cors: Cors,
}

impl Login {
    /// Creates the routes of `auth`.
    pub fn new(auth: CoderAuth) -> Self {
        let cors = Cors::new(&CorsConfig::default(), auth.allowed_origins().clone());
        Self(Arc::new(LoginState { auth, cors }))
    }

    /// Answers a request to a route of the login. An unknown route gets Backstage's 404.
    ///
    /// The path is that below the base URL of the login, such as `/coder/start`, or the whole one.
    /// Bodies and time limits are those of [`Portal::handle`](crate::Portal::handle).
    pub async fn handle<B: Into<Body>>(&self, request: Request<B>) -> Response<Body> {
        let (mut head, body) = frame::split(request.map(Into::into));
        let response = if cors::is_preflight(&head) {
            frame::no_content()
        } else {
            let runtime = &*self.0.auth.world().runtime;
            let answer = frame::in_time(runtime, Box::pin(self.dispatch(&mut head, body))).await;
            answer.unwrap_or_else(|error| frame::error(&error, &head, &self.0.auth))
        };
        frame::finish(&head, Some(&self.0.cors), response)
    }

    async fn dispatch(
        &self,
        head: &mut Request<Bytes>,
        body: Body,
    ) -> Result<Response<Body>, ErrorResponse> {
        let auth = &self.0.auth;
        let (method, path) = (head.method(), auth.local_path(head.uri().path()));
        let lower = path.strip_suffix('/').unwrap_or(path).to_ascii_lowercase();
        let segments: Vec<&str> = lower.split('/').skip(1).collect();
        let route = AuthRoute::find(method, &segments);
        let route = route.ok_or_else(|| frame::not_found(method, path))?;
        let runtime = &*auth.world().runtime;
        *head.body_mut() =
            request_body::read(route.takes(method), head.headers(), body, runtime).await?;
        Ok(route.answer(auth, head).await)
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Login").field("auth", &self.0.auth).finish_non_exhaustive()
    }
}
