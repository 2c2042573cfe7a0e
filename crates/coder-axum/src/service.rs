//! A portal as a tower service.

use std::convert::Infallible;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use coder_auth::ErrorAnswer;
use coder_core::BoxFuture;
use coder_portal::Portal;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tower_service::Service;

use crate::body::ResponseBody;

/// No request to a portal comes near this; a larger one is refused with 413.
const MAX_REQUEST_BODY: usize = 1024 * 1024;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Answers requests with [`Portal::handle`]. Request bodies are read whole, up to 1 MiB; response
/// bodies are streamed.
#[derive(Clone, Debug)]
pub struct PortalService(Portal);

impl PortalService {
    /// All routes of `portal`.
    pub fn new(portal: Portal) -> Self {
        Self(portal)
    }
}

impl<B> Service<Request<B>> for PortalService
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

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let portal = self.0.clone();
        Box::pin(async move { Ok(answer(&portal, request).await) })
    }
}

async fn answer<B>(portal: &Portal, request: Request<B>) -> Response<Body>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let (head, body) = request.into_parts();
    match Limited::new(body, MAX_REQUEST_BODY).collect().await {
        Ok(body) => {
            let request = Request::from_parts(head, body.to_bytes());
            portal.handle(request).await.map(|body| Body::new(ResponseBody(body)))
        }
        Err(error) => {
            unreadable(&*error).to_response(&head.method, head.uri.path()).map(Body::from)
        }
    }
}

fn unreadable(error: &(dyn std::error::Error + Send + Sync + 'static)) -> ErrorAnswer {
    if error.is::<LengthLimitError>() {
        ErrorAnswer::new(StatusCode::PAYLOAD_TOO_LARGE, "The request is larger than 1 MiB")
    } else {
        ErrorAnswer::new(StatusCode::BAD_REQUEST, "The request could not be read to its end")
    }
}
