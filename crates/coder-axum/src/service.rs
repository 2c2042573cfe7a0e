//! A portal as a tower service.

use std::convert::Infallible;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use coder_core::BoxFuture;
use coder_portal::{Login, Portal, PortalPart};
use http::header::{CONNECTION, HeaderValue};
use http::{Request, Response, Version};
use tower_service::Service;

use crate::body::{RequestBody, ResponseBody};
use crate::web_socket;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Implements `Service` for a wrapper of routes that answer with `handle`. `$open_web_socket` answers
/// requests that open a WebSocket.
macro_rules! impl_service {
    ($service:ty, $open_web_socket:expr) => {
        impl<B> Service<Request<B>> for $service
        where
            B: http_body::Body<Data = Bytes> + Send + 'static,
            B::Error: Into<BoxError>,
        {
            type Response = Response<Body>;
            type Error = Infallible;
            type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

            fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
                Poll::Ready(Ok(()))
            }

            fn call(&mut self, mut request: Request<B>) -> Self::Future {
                let routes = self.0.clone();
                Box::pin(async move {
                    if let Some(answer) = $open_web_socket(&routes, &mut request).await {
                        return Ok(answer);
                    }
                    Ok(answer(request, move |request| async move { routes.handle(request).await })
                        .await)
                })
            }
        }
    };
}

/// A tower service that answers requests with [`Portal::handle`].
///
/// The portal reads a request's body if the route takes one. A connection with an unread body is
/// closed after the answer (RFC 9112 §9.3). Bodies are streamed in both directions. A WebSocket of
/// [`Portal::open_web_socket`] needs a server with upgrades, and a tokio runtime.
#[derive(Clone, Debug)]
pub struct PortalService(Portal);

impl PortalService {
    /// Creates a service for all routes of `portal`.
    pub fn new(portal: Portal) -> Self {
        Self(portal)
    }
}

impl_service!(PortalService, web_socket::answer);

/// A tower service that answers requests with [`PortalPart::handle`], with bodies as in
/// [`PortalService`].
///
/// It answers the path that it gets, so a router that nests it must take off the prefix, as
/// [`axum::Router::nest_service`] does.
#[derive(Clone, Debug)]
pub struct PartService(PortalPart);

impl PartService {
    /// Creates a service for the routes of one part of a portal.
    pub fn new(part: PortalPart) -> Self {
        Self(part)
    }
}

impl_service!(PartService, async |_: &PortalPart, _: &mut Request<B>| None);

/// A tower service that answers requests with [`Login::handle`], with bodies as in
/// [`PortalService`].
#[derive(Clone, Debug)]
pub struct LoginService(Login);

impl LoginService {
    /// Creates a service for all routes of `login`.
    pub fn new(login: Login) -> Self {
        Self(login)
    }
}

impl_service!(LoginService, async |_: &Login, _: &mut Request<B>| None);

async fn answer<B, F>(
    request: Request<B>,
    handle: impl FnOnce(Request<coder_core::Body>) -> F,
) -> Response<Body>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
    F: Future<Output = Response<coder_core::Body>>,
{
    // Later versions have no such header, and need none.
    let has_connections = request.version() <= Version::HTTP_11;
    let (head, body) = request.into_parts();
    let body = RequestBody::new(body);
    let ended = body.ended();
    let mut response = handle(Request::from_parts(head, body.into_body())).await;
    if has_connections && !ended.get() {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response.map(|body| Body::new(ResponseBody(body)))
}
