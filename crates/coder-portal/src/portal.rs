//! One portal: all routes.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use coder_auth::http::ErrorResponse;
use coder_auth::{Caller, CoderAuth};
use coder_core::{Body, cleaned, timeout, with_causes};
use http::header::{HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use http::{HeaderMap, Method, Request, Response, StatusCode};

use crate::cors;
use crate::request_body;
use crate::routes::{Route, RouteError};
use crate::state::PortalState;

/// The time limit of an answer, whatever it waits for: the request's body, Coder, the store.
///
/// Reverse proxies and browsers wait for 30 seconds and longer.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(20);

/// The wait that a client is told after an answer took too long.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The backend of a portal: the login with Coder, and the workspaces of catalog entities. Cheap to
/// clone.
#[derive(Clone)]
pub struct Portal(Arc<PortalState>);

impl Portal {
    pub(crate) fn new(parts: PortalState) -> Self {
        Self(Arc::new(parts))
    }

    /// Identifies the caller of a route of your own, by the rule of the portal's own routes.
    ///
    /// # Errors
    ///
    /// Fails with the answer to give: as for [`CoderAuth::caller`], and 503 if the caller is not
    /// known within 20 seconds.
    pub async fn caller(&self, headers: &HeaderMap) -> Result<Caller, ErrorResponse> {
        let caller = self.0.auth.caller(headers, None);
        match timeout(&*self.0.world.runtime, RESPONSE_TIMEOUT, Box::pin(caller)).await {
            Some(known) => known.map_err(|error| ErrorResponse::from(&error)),
            None => Err(too_late()),
        }
    }

    /// Returns the login, for routes of your own.
    ///
    /// Call [`CoderAuth::sweep`] every 5 minutes. [`caller`](Self::caller) identifies a caller
    /// within a time limit.
    pub fn auth(&self) -> &CoderAuth {
        &self.0.auth
    }

    /// Answers a request to any route of this portal. An unknown route gets Backstage's 404.
    ///
    /// The body is read only if the route takes one, up to 64 kB and for at most 10 seconds. Any
    /// other body is refused (400, 413, 415) and not read, so that its connection must be closed.
    ///
    /// The answer begins within 20 seconds, and is complete by then unless it is a stream of
    /// events. An answer that is not ready in time is 503 with `Retry-After`. Work that must not be
    /// lost goes on.
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
            *response.body_mut() = Body::empty();
        }
        response
    }

    /// Bounds the time of every route, however many requests to Coder it makes, and turns its error
    /// into an answer.
    async fn within_time(&self, head: &mut Request<Bytes>, body: Body) -> Response<Body> {
        let runtime = &*self.0.world.runtime;
        let answer = timeout(runtime, RESPONSE_TIMEOUT, self.dispatch(head, body)).await;
        answer.unwrap_or_else(|| Err(too_late())).unwrap_or_else(|error| {
            error.log(head);
            error.to_response(head.method(), self.0.auth.local_path(head.uri().path()))
        })
    }

    /// Finds the route, reads the body that it takes, and lets it answer.
    async fn dispatch(
        &self,
        head: &mut Request<Bytes>,
        body: Body,
    ) -> Result<Response<Body>, ErrorResponse> {
        let (method, path) = (head.method(), head.uri().path());
        let route = Route::find(method, path).map_err(|error| match error {
            RouteError::NotFound => {
                let (method, path) = (cleaned(method.as_str()), cleaned(path));
                ErrorResponse::new(StatusCode::NOT_FOUND, format!("no route {method} {path}"))
            }
            RouteError::EntityRef(error) => {
                ErrorResponse::new(StatusCode::BAD_REQUEST, with_causes(&error))
            }
        })?;
        let runtime = &*self.0.world.runtime;
        let body = request_body::read(route.takes(method), head.headers(), body, runtime).await?;
        *head.body_mut() = body;
        route.answer(&self.0, head).await
    }
}

impl fmt::Debug for Portal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Portal").field("auth", &self.0.auth).finish_non_exhaustive()
    }
}

fn too_late() -> ErrorResponse {
    let message = "the answer took too long; try again in a moment";
    ErrorResponse::new(StatusCode::SERVICE_UNAVAILABLE, message).retry_after(Some(RETRY_AFTER))
}

fn no_content() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}
